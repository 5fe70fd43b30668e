package PVE::Network::Rust::Test::Format::SDNZones;

# sdn/zones.cfg.

use strict;
use warnings;

use parent 'PVE::Network::Rust::Test::SectionFormat';

sub name { return 'sdn-zones' }
sub reference_module { return 'PVE::Network::SDN::Zones' }
sub rust_module { return 'PVE::Network::Rust::SDN::Zones' }
sub base_plugin { return 'PVE::Network::SDN::Zones::Plugin' }
sub filename { return 'sdn/zones.cfg' }
sub seeds { return 'sdn/zones' }
sub sets { return qr/(?:exit)?nodes/ }

1;
