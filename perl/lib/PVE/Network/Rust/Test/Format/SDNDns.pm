package PVE::Network::Rust::Test::Format::SDNDns;

# sdn/dns.cfg.

use strict;
use warnings;

use parent 'PVE::Network::Rust::Test::SectionFormat';

sub name { return 'sdn-dns' }
sub reference_module { return 'PVE::Network::SDN::Dns' }
sub rust_module { return 'PVE::Network::Rust::SDN::Dns' }
sub base_plugin { return 'PVE::Network::SDN::Dns::Plugin' }
sub filename { return 'sdn/dns.cfg' }

1;
