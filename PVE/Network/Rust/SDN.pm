package PVE::Network::Rust::SDN;

use strict;
use warnings;

use PVE::Network::Rust;

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::SDN - VNets, interfaces of guests on them, and their addresses

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

=head1 DESCRIPTION

The functions of the same name of C<PVE::Network::SDN::Vnets>, C<PVE::Network::SDN::Zones> and C<PVE::Network::SDN::Dhcp>,
in Rust: same arguments, same results, same warnings and error texts, same files and same requests to servers.

Those that plug interfaces in take the name of any bridge. What is no VNet is treated as L<PVE::Network::Rust::Host> does.
They leave everything as it was when they fail.

Zones and VNets are those that are written in F<sdn/zones.cfg> and F<sdn/vnets.cfg>, subnets those in effect, as there.
Addresses are managed by the zone's IPAM: the cluster's own, whose state is F<sdn/pve-ipam-state.json>, NetBox, or
phpIPAM. Names go to the zone's PowerDNS servers. F<sdn/mac-cache.json> holds what each hardware address has.

Files of the cluster are changed under the cluster's locks, the same that the Perl functions take, and replaced as a
whole: a process that is killed leaves the old or the new one. While a call waits for a lock or a server, pending Perl
signal handlers run; one that dies ends the call.

Keys of JSON are written in the order of strings, where the Perl functions leave it to Perl's hashes.

=head1 FUNCTIONS

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

Whether a bridge learns addresses, where no zone says so.

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
