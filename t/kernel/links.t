#!/usr/bin/perl
# The details of links of every kind that a Debian kernel makes, against `ip -details -json link show`.

use strict;
use warnings;

use Test::More;

use lib 't/lib';
use OwnNamespace;
use LinkDetails qw(compare_links_read make_links);
use PVE::Network::Rust::Host;

my @modules =
    qw(geneve gre ip_gre ip6_gre ip6_tunnel ipip sit ip_vti ip6_vti fou fou6 nlmon team hsr
    vrf ipvlan macvtap vcan tun);
system('modprobe', '-q', '-d', '/mnt', $_) for @modules;

is_deeply([make_links()], [], 'all kinds of links are made');
my (undef, @differs) = compare_links_read(\&PVE::Network::Rust::Host::ip_link_details);
is_deeply(\@differs, [], 'as iproute2 shows them');

# Ports that lead out are bonds and VLANs here: there is no network card.
system(qw(ip link set vb.5 nomaster));
system(qw(ip link set), $_, qw(master br0)) for qw(bond1 vb.5 mv0);
is_deeply(
    [sort(PVE::Network::Rust::Host::get_physical_bridge_ports('br0'))],
    [qw(bond1 vb.5)],
    'the ports of a bridge that lead out'
);

done_testing();
