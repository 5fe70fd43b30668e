package PVE::Network::Rust::Test::Format::SDNControllers;

# sdn/controllers.cfg.

use strict;
use warnings;

use parent 'PVE::Network::Rust::Test::SectionFormat';

sub name { return 'sdn-controllers' }
sub reference_module { return 'PVE::Network::SDN::Controllers' }
sub rust_module { return 'PVE::Network::Rust::SDN::Controllers' }
sub base_plugin { return 'PVE::Network::SDN::Controllers::Plugin' }
sub filename { return 'sdn/controllers.cfg' }

1;
