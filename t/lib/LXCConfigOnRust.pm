package LXCConfigOnRust;

# Points PVE::LXC::Config's functions at Rust. PVE::Cluster keeps references to two of them, so
# those are exchanged when they are registered. Where RUST_CALLS names a file, the number of
# calls that Rust got is added to it.

use strict;
use warnings;
no warnings 'redefine';

use PVE::Network::Rust::LXC::Config;
use PVE::Network::Rust::Test::Reference;

my $calls = 0;
my %on_rust;
for my $name (
    qw(parse_pct_config write_pct_config parse_lxc_network print_lxc_network parse_volume),
    qw(print_volume parse_device print_device parse_features),
    )
{
    my $rust = PVE::Network::Rust::LXC::Config->can($name);
    $on_rust{$name} = sub { $calls++; goto &$rust };
}

PVE::Network::Rust::Test::Reference::unavailable('PVE::Cluster') and die "no PVE::Cluster\n";
my $register = \&PVE::Cluster::cfs_register_file;
*PVE::Cluster::cfs_register_file = sub {
    my ($file, @functions) = @_;
    return $register->(
        $file, $file eq '/lxc/' ? @on_rust{qw(parse_pct_config write_pct_config)} : @functions
    );
};
PVE::Network::Rust::Test::Reference::unavailable('PVE::LXC::Config')
    and die "no PVE::LXC::Config\n";
no strict 'refs';    ## no critic (ProhibitNoStrict)
*{"PVE::LXC::Config::$_"} = $on_rust{$_} for keys %on_rust;

END {
    if (my $path = $ENV{RUST_CALLS}) {
        open(my $out, '>>', $path) or die "open $path: $!\n";
        print $out "$calls\n";
    }
}

1;
