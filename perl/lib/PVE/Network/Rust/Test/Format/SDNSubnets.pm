package PVE::Network::Rust::Test::Format::SDNSubnets;

# sdn/subnets.cfg.

use strict;
use warnings;

use parent 'PVE::Network::Rust::Test::SectionFormat';

sub name { return 'sdn-subnets' }
sub reference_module { return 'PVE::Network::SDN::Subnets' }
sub rust_module { return 'PVE::Network::Rust::SDN::Subnets' }
sub base_plugin { return 'PVE::Network::SDN::SubnetPlugin' }
sub filename { return 'sdn/subnets.cfg' }
sub seeds { return 'sdn/subnets' }
sub only_type { return 'subnet' }

1;
