package PVE::Network::Rust::SDN;

use strict;
use warnings;

use PVE::Network::Rust;
use PVE::Network::Rust::SDN::Dns;
use PVE::Network::Rust::SDN::Ipams;
use PVE::Network::Rust::SDN::Zones;

my @PLUGINS = (
    ['PVE::Network::Rust::SDN::Zones', 'PVE::Network::SDN::Zones::Plugin'],
    ['PVE::Network::Rust::SDN::Ipams', 'PVE::Network::SDN::Ipams::Plugin'],
    ['PVE::Network::Rust::SDN::Dns', 'PVE::Network::SDN::Dns::Plugin'],
);

# By the number of plugins that the reference has: whether all of them are known.
my ($plugins, $are_known) = (0, 1);

sub knows_plugins {
    my @theirs = map { $_->[1]->can('private') ? $_->[1]->private()->{plugins} : {} } @PLUGINS;
    my $count = 0;
    $count += keys %$_ for @theirs;
    return $are_known if $count == $plugins;
    my @unknown;
    for my $index (0 .. $#PLUGINS) {
        my $types = $PLUGINS[$index][0]->create_schema()->{properties}{type}{enum};
        my %known = map { $_ => 1 } @$types;
        push @unknown, grep { !$known{$_} } keys %{ $theirs[$index] };
    }
    ($plugins, $are_known) = ($count, !@unknown);
    return $are_known;
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::SDN - zones and VNets, interfaces of guests on them, and their addresses

=head1 SYNOPSIS

    use PVE::Network::Rust::SDN;

    my $vnet = PVE::Network::Rust::SDN::get_vnet('vnet1', 1);
    print "zone $vnet->{zone}\n" if $vnet;

    my $mac = 'BC:24:11:00:00:01';
    PVE::Network::Rust::SDN::add_next_free_cidr('vnet1', 'web', $mac, 100);
    my ($ip4, $ip6) = PVE::Network::Rust::SDN::get_ips_from_mac('vnet1', $mac);
    PVE::Network::Rust::SDN::add_dhcp_mapping('vnet1', $mac, 100, 'web');
    PVE::Network::Rust::SDN::del_ips_from_mac('vnet1', $mac, 'web');

    PVE::Network::Rust::SDN::tap_create('tap100i0', 'vnet1');
    PVE::Network::Rust::SDN::tap_plug('tap100i0', 'vnet1', undef, 1, undef, 12.5);
    PVE::Network::Rust::SDN::add_bridge_fdb('tap100i0', $mac, 'vnet1');

    PVE::Network::Rust::SDN::regenerate_config();

    print PVE::Network::Rust::SDN::generate_raw_etc_network_config($running);
    print PVE::Network::Rust::SDN::diff($running, $pending)->{text};
    my ($zones, $vnets) = PVE::Network::Rust::SDN::status();

=head1 DESCRIPTION

The functions of the same name of C<PVE::Network::SDN>, C<PVE::Network::SDN::Vnets>, C<PVE::Network::SDN::Zones> and
C<PVE::Network::SDN::Dhcp>, in Rust: same arguments, same results, same warnings and error texts, same files and same requests to servers.

Those that plug interfaces in take the name of any bridge. What is no VNet is treated as L<PVE::Network::Rust::Host> does.
They leave everything as it was when they fail.

Zones and VNets are those that are written in F<sdn/zones.cfg> and F<sdn/vnets.cfg>, subnets those in effect, as there.
Addresses are managed by the zone's IPAM: the cluster's own, whose state is F<sdn/pve-ipam-state.json>, NetBox, or
phpIPAM. Names go to the zone's PowerDNS servers. F<sdn/mac-cache.json> holds what each hardware address has.

Files of the cluster are changed under the cluster's locks, the same that the Perl functions take, and replaced as a
whole: a process that is killed leaves the old or the new one. While a call waits for a lock or a server, pending Perl
signal handlers run; one that dies ends the call.

Keys of JSON are written in the order of strings, where the Perl functions leave it to Perl's hashes.

=head2 The node

What is generated depends on the node. C<$env> of C<generate_raw_etc_network_config> and C<diff> is a reference to a hash that
says what the node is; for a key that is not there, or undef, the node itself is asked. Any other key is refused.

=over

=item nodename

Its name, which zones with a list of nodes are for or not. By default uname(2)'s, up to the first dot.

=item interfaces

The content of F</etc/network/interfaces>, bytes, or a reference to a hash as L<PVE::Network::Rust::Interfaces> and
C<PVE::INotify::read_file('interfaces')> return it: which of the node's addresses the peers of VXLAN and EVPN zones know. By
default the file.

=item bridges

A reference to a hash of the bridges that there are, by name, each a reference to a hash: C<ovs>, whether it is one of Open
vSwitch, C<vlan_aware>, whether it filters VLANs, both false by default, and C<ports>, a reference to a list of its ports that
lead out of the node. By default the kernel's links and Open vSwitch.

=item routes

A reference to a hash of how addresses are reached, each a reference to a hash: C<src>, the source address, and C<dev>, the
outgoing interface. C<default> stands for all other addresses; without it they cannot be reached. Asked for are C<8.8.8.8> and
C<2001:4860:4860::8888> where the addresses of a subnet are to be translated, and the first peer of a zone of which none is on
the node. By default the kernel's routes.

=back

=head2 What is generated

For each VNet of a zone that is for the node, in interfaces by these names, with I<V> the VNet, I<Z> the zone, I<B> the zone's
C<bridge> and I<T> a C<tag>:

=over

=item simple

I<V>, a bridge without ports; gateways of subnets are its addresses, a subnet of one address is routed to it, and addresses of
subnets with C<snat> are translated on their way out. C<mac> of the VNet, C<mtu> of the zone.

=item vlan

I<V>, on I<B.T> if I<B> filters VLANs; on the pair C<ln_>I<V> and C<pr_>I<V> into the bridge I<B>C<v>I<T> of the VLANs on I<B>'s
ports if it does not; on C<ln_>I<V>, a port of I<B>, if that is one of Open vSwitch.

=item qinq

I<V>, on C<z_>I<Z>I<.T>, or on C<pr_>I<Z> without a tag; C<z_>I<Z>, a bridge on the zone's VLAN, which is I<B.T> or C<sv_>I<Z>,
with C<vlan-protocol>.

=item vxlan

I<V> and C<vxlan_>I<V>, to C<peers> or the nodes of C<fabric>; C<vxlan-port>; C<mtu>, 1450 by default.

=item evpn

I<V> and C<vxlan_>I<V> for BGP, in C<vrf_>I<Z>; C<vrfvx_>I<Z> and C<vrfbr_>I<Z> between the VRFs; on a node among C<exitnodes>
C<xvrf_>I<Z> and C<xvrfp_>I<Z> with C<exitnodes-local-routing>, and translation of subnets with C<snat>.

=back

C<alias> of a VNet is that of its bridge, C<vlanaware> makes it filter VLANs. C<isolate-ports> shows where guests are plugged
in, not here. The interfaces of C<fabrics> follow.

=head1 FUNCTIONS

=head2 knows_plugins()

Returns whether this knows the types of all zones, IPAM and DNS servers whose plugins Proxmox VE has loaded.

=for perlxs functions

=head1 FILES

=over

=item F</etc/pve/sdn/.running-config>

The configuration in effect.

=item F</etc/pve/sdn/zones.cfg>, F<vnets.cfg>, F<subnets.cfg>, F<ipams.cfg>, F<dns.cfg>

The configuration as written.

=item F</etc/pve/sdn/pve-ipam-state.json>, F<mac-cache.json>

The addresses in use.

=item F</etc/pve/priv/lock/>

The cluster's locks.

=item F</etc/dnsmasq.d/E<lt>zoneE<gt>/ethers>

What dnsmasq gives whom.

=item F</etc/dnsmasq.d/E<lt>zoneE<gt>/*.conf>, F</etc/default/dnsmasq.E<lt>zoneE<gt>>,
F</etc/dbus-1/system.d/dnsmasq.E<lt>zoneE<gt>.conf>

How dnsmasq serves a zone.

=item F</var/lock/pve-network-rust-dhcp.lck>

The lock under which these are written.

=item F</etc/network/interfaces>

Whether a bridge learns addresses, where no zone says so; the node's own addresses; and with the files that it names what
C<status> compares with the kernel.

=item F</etc/network/interfaces.d/sdn>

What was generated last, and its version.

=back

=head1 ENVIRONMENT

=over

=item PVE_RUST_ROOT

A folder below which all files are looked for, for tests.

=back

=head1 SEE ALSO

L<PVE::Network::Rust::SDN::Zones>, L<PVE::Network::Rust::SDN::Vnets>, L<PVE::Network::Rust::SDN::Subnets>,
L<PVE::Network::Rust::SDN::Controllers>, L<PVE::Network::Rust::SDN::Ipams>, L<PVE::Network::Rust::SDN::Dns>,
L<PVE::Network::Rust::SDN::Fabrics>, L<PVE::Network::Rust::SDN::Options>, L<PVE::Network::Rust>, L<PVE::Network::Rust::Host>,
dnsmasq(8)

=cut
