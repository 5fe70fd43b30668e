package PVE::Network::Rust::Test::Format::SDNIpams;

# sdn/ipams.cfg.

use strict;
use warnings;

use parent 'PVE::Network::Rust::Test::SectionFormat';

sub name { return 'sdn-ipams' }
sub reference_module { return 'PVE::Network::SDN::Ipams' }
sub rust_module { return 'PVE::Network::Rust::SDN::Ipams' }
sub base_plugin { return 'PVE::Network::SDN::Ipams::Plugin' }
sub filename { return 'sdn/ipams.cfg' }

1;
