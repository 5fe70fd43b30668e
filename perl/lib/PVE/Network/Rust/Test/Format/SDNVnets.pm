package PVE::Network::Rust::Test::Format::SDNVnets;

# sdn/vnets.cfg.

use strict;
use warnings;

use parent 'PVE::Network::Rust::Test::SectionFormat';

sub name { return 'sdn-vnets' }
sub reference_module { return 'PVE::Network::SDN::Vnets' }
sub rust_module { return 'PVE::Network::Rust::SDN::Vnets' }
sub base_plugin { return 'PVE::Network::SDN::VnetPlugin' }
sub filename { return 'sdn/vnets.cfg' }
sub seeds { return 'sdn/vnets' }
sub only_type { return 'vnet' }

1;
