package SDNGenerateOnRust;

# Points the reference's generate_raw_etc_network_config at Rust, for upstream's test suite of zones, which mocks what the
# node is: the questions that it mocks are asked here, and go along as the node. The suite's other half, about FRR, stays
# the reference's.

use strict;
use warnings;

use PVE::Network::Rust::SDN;
use PVE::Network::Rust::Test::Reference;

die "PVE::Network::SDN cannot be loaded\n"
    if PVE::Network::Rust::Test::Reference::unavailable('PVE::Network::SDN');

my $calls = 0;
my $plugin = 'PVE::Network::SDN::Zones::Plugin';

sub _node {
    my ($running) = @_;
    my $interfaces = PVE::INotify::read_file('interfaces');
    my ($address, $device) = $plugin->can('get_local_route_ip')->('8.8.8.8');
    my %bridges;
    for my $zone (values %{ $running->{zones}{ids} }) {
        my $bridge = $zone->{bridge} // next;
        local $SIG{__WARN__} = sub { };
        $bridges{$bridge} = {
            vlan_aware => $plugin->can('is_vlanaware')->($bridge),
            ovs => scalar(PVE::Network::is_ovs_bridge($bridge)),
            ports => [$plugin->can('get_bridge_ifaces')->($bridge)],
        };
    }
    return {
        interfaces => $interfaces,
        nodename => PVE::INotify::nodename(),
        routes => { default => { src => $address, dev => $device } },
        bridges => \%bridges,
    };
}

{
    no warnings 'redefine';    ## no critic (ProhibitNoWarnings)
    *PVE::Network::SDN::generate_raw_etc_network_config = sub {
        my ($running) = @_;
        $calls++;
        return PVE::Network::Rust::SDN::generate_raw_etc_network_config($running, _node($running));
    };
}

END {
    if (my $path = $ENV{RUST_CALLS}) {
        open(my $out, '>>', $path) or die "open $path: $!\n";
        print $out "$calls\n";
    }
}

1;
