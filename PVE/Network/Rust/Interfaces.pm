package PVE::Network::Rust::Interfaces;

use strict;
use warnings;

use Encode ();

use PVE::Network::Rust;
use PVE::Network::Rust::Host;

sub read_etc_network_interfaces {
    my ($fh, @links_and_active) = @_;
    my $start = tell($fh);
    my $text = do { local $/ = undef; <$fh> }
        // '';
    # As if it had been read by lines, which is told of in warnings.
    my $lines = ($text =~ tr/\n//) + ($text =~ /[^\n]\z/);
    $. = $lines;    ## no critic (RequireLocalizedPunctuationVars)
    my ($config, $error);
    {
        local $@ = '';
        $config = eval { parse_etc_network_interfaces($text, @links_and_active) };
        $error = $@;
    }
    return $config if defined($config);
    # Whoever goes on with the handle, as Perl's own function may, finds it as it was.
    seek($fh, $start, 0) if $start >= 0;
    die $error;
}

sub read_file {
    my ($filename, $fh) = @_;
    my $links = PVE::Network::Rust::Host::ip_link_details();
    my @active = grep {
        grep { $_ eq 'UP' } @{ $links->{$_}{flags} }
    } keys %$links;
    return read_etc_network_interfaces($fh, $links, \@active);
}

sub write_file {
    my ($filename, $fh, $config) = @_;
    my $ifupdown2 = -e (($ENV{PVE_RUST_ROOT} // '') . '/usr/share/ifupdown2/ifupdown2');
    my $text = Encode::encode('UTF-8', write_etc_network_interfaces($config, $ifupdown2));
    print {$fh} $text or die "write to '$filename' failed\n";
    return;
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Interfaces - the host's network configuration

=head1 SYNOPSIS

    use PVE::Network::Rust::Host;
    use PVE::Network::Rust::Interfaces;

    open(my $fh, '<', '/etc/network/interfaces') or die "open: $!\n";
    my $config = PVE::Network::Rust::Interfaces::read_file('/etc/network/interfaces', $fh);
    $config->{ifaces}{vmbr0}{mtu} = 9000;
    for my $finding (@{ PVE::Network::Rust::Interfaces::validate($config) }) {
        warn "$finding->{file} line $finding->{line}: $finding->{message}\n";
    }
    print PVE::Network::Rust::Interfaces::write_etc_network_interfaces($config, 1);

=head1 DESCRIPTION

C<read_etc_network_interfaces> and C<write_etc_network_interfaces> stand for C<__read_etc_network_interfaces> and
C<__write_etc_network_interfaces> of C<PVE::Network::Interfaces> (and C<PVE::INotify>), C<read_file> and C<write_file>
for the functions without the underscores that C<PVE::INotify> has for the file: same structure, same warnings and error
texts, same effects on what the caller hands in.

Four things differ. Where the Perl functions take what they do first from Perl's hash order (which of several errors is
told, the order of C<ovs_options>, the order of interfaces of an unknown type among others), these go by the names, by the
order in the file, and by the priorities. Where the Perl function would write the address of a reference into the file,
C<write_etc_network_interfaces> dies. A file handle must give bytes: characters above 255 are refused. The links that the
Perl function asks for when it is given none have no effect there; they are not asked for here.

=head2 The structure

A reference to a hash: C<ifaces>, a hash by name, and C<options>, a list of C<[priority, line]> for the lines that are in no
stanza, such as C<source>, C<source-directory> and C<mapping>. Values are strings as they are in the file unless said
otherwise. An interface has, where there is something to say:

=over

=item type

C<loopback>, C<eth>, C<bridge>, C<bond>, C<vlan>, C<vxlan>, C<dummy>, C<alias>, C<OVSBridge>, C<OVSPort>, C<OVSIntPort>,
C<OVSBond> or C<unknown>: by the options, the name and the kernel's link.

=item priority

A number: the place in the file. That of an added C<lo> is 1.

=item exists, active, autostart

1, or 0 or undef for C<exists> of what is on another interface: whether the host has the card, whether the interface is up,
and whether C<auto>, C<allow-auto>, C<allow-ovs> or C<allow-hotplug> name it.

=item families

A list of C<inet>, C<inet6> and undef, for a stanza without a family as of ifupdown2; C<['inet']> if there is no stanza.

=item method, method6

The method of each family, C<manual> if there is none.

=item address, netmask, gateway, broadcast, address6, netmask6, gateway6, broadcast6

Addresses. C<netmask> is a prefix length after reading.

=item cidr, cidr6

Address and prefix length; C</32> or C</128> if the file has none.

=item comments

The C<#> lines of the stanzas, decoded from UTF-8, each with its newline, IPv6's after IPv4's.

=item options, options6

Lists of the lines with options that are not known. A later stanza of the same family replaces them.

=item mtu

Also from C<ovs_mtu>.

=item bridge_ports, slaves

Interfaces, sorted; C<none> gives the empty string. From C<bridge_ports> and C<bridge-ports>; C<slaves>, C<bond-slaves> and
C<bond_slaves>.

=item bridge_stp, bridge_fd, bridge_vlan_aware, bridge_vids

C<on> or C<off>, C<off> by default; the delay in seconds, the number 0 by default without spanning tree; 1; VLANs. An
underscore in the file may be a hyphen.

=item bond_mode, bond_miimon, bond_xmit_hash_policy, bond-primary

The mode by name, also where the file has its number. Of an C<OVSBond>, it comes out of C<ovs_options>:
C<active-backup>, C<balance-slb>, C<lacp-balance-slb> or C<lacp-balance-tcp>.

=item vlan-raw-device, vlan-id, vlan-protocol

Also from a name such as C<eth0.5>; the number from C<vlan5> too.

=item vxlan-id, vxlan-svcnodeip, vxlan-physdev, vxlan-local-tunnelip, vxlan-remoteip

C<vxlan-remoteip> is a list.

=item ovs_type, ovs_bridge, ovs_ports, ovs_bonds, ovs_options, ovs_tag

C<ovs_tag> is the C<tag> that was among C<ovs_options>.

=item bridge-access, bridge-learning, bridge-arp-nd-suppress, bridge-unicast-flood, bridge-multicast-flood, bridge-disable-mac-learning, link-type, uplink-id

As in the file.

=back

Any other key whose value is true is written as an option of that name.

=head1 FUNCTIONS

=over

=item read_etc_network_interfaces($fh, $ip_link_details, $active)

Stands for C<PVE::Network::Interfaces::__read_etc_network_interfaces>.

C<$fh> is a file handle, read to its end. C<$ip_link_details> is a reference to a hash of links as
L<PVE::Network::Rust::Host>'s C<ip_link_details> returns it; without it, no interface is known to exist. As by the Perl
function, network cards in it that have no C<altnames> get an empty list. C<$active> is a reference to a list of the names of
interfaces that are up.

Returns a reference to a hash, the structure above.

=item read_file($filename, $fh)

Stands for C<PVE::Network::Interfaces::read_etc_network_interfaces>: reads with the links that the kernel has now.

=item write_file($filename, $fh, $config)

Stands for C<PVE::Network::Interfaces::write_etc_network_interfaces>: writes UTF-8, for ifupdown2 if that is installed.
Dies with C<write to '...' failed>.

=back

=for perlxs functions

=head1 FILES

=over

=item F</usr/share/ifupdown2/ifupdown2>

Tells that ifupdown2 is installed.

=back

=head1 ENVIRONMENT

=over

=item PVE_RUST_ROOT

A folder below which that file is looked for, for tests.

=back

=head1 SEE ALSO

L<PVE::Network::Rust>, L<PVE::Network::Rust::Host>, interfaces(5)

=cut
