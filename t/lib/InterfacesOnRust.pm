package InterfacesOnRust;

# Points PVE::Network::Interfaces' reading and writing at Rust. Where RUST_CALLS names a file, the
# number of calls that Rust got is added to it.

use strict;
use warnings;
no warnings 'redefine';

use PVE::Network::Rust::Interfaces;
use PVE::Network::Rust::Test::Reference;

my $calls = 0;
PVE::Network::Rust::Test::Reference::unavailable('PVE::Network::Interfaces')
    and die "no PVE::Network::Interfaces\n";
for my $name (qw(read_etc_network_interfaces write_etc_network_interfaces)) {
    my $rust = PVE::Network::Rust::Interfaces->can($name);
    no strict 'refs';    ## no critic (ProhibitNoStrict)
    *{"PVE::Network::Interfaces::__$name"} = sub { $calls++; goto &$rust };
}

END {
    if (my $path = $ENV{RUST_CALLS}) {
        open(my $out, '>>', $path) or die "open $path: $!\n";
        print $out "$calls\n";
    }
}

1;
