package PVE::Network::Rust::Host;

use strict;
use warnings;

use Scalar::Util ();

# The class of true and false in what describes a link; small, and a part of Perl.
use JSON::PP::Boolean ();

use PVE::Network::Rust;

sub iface_create : prototype($$@) {
    my ($iface, $type, @args) = @_;
    return iface_create_with($iface, $type, \@args);
}

sub iface_set : prototype($@) {
    my ($iface, @opts) = @_;
    return iface_set_with($iface, \@opts);
}

# As in PVE::Network. A native function has no prototype of its own.
&Scalar::Util::set_prototype(\&check_iface_name, '$');
&Scalar::Util::set_prototype(\&iface_delete, '$');
&Scalar::Util::set_prototype(\&iface_set_master, '$$');

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Host - the network of the host, and interfaces of guests on it

=head1 SYNOPSIS

    use PVE::Network::Rust::Host;

    PVE::Network::Rust::Host::tap_create('tap100i0', 'vmbr0');
    PVE::Network::Rust::Host::tap_plug('tap100i0', 'vmbr0', 5, 1, undef, 12.5, { learning => 1 });
    PVE::Network::Rust::Host::tap_rate_limit('tap100i0', 25);
    PVE::Network::Rust::Host::tap_unplug('tap100i0');

    my $links = PVE::Network::Rust::Host::ip_link_details();
    print "$links->{vmbr0}->{linkinfo}->{info_data}->{vlan_filtering}\n";

=head1 DESCRIPTION

The functions of the same name of C<PVE::Network> and C<PVE::IPRoute2>, in Rust: plain functions with the same arguments, results and
effects. What C<ip>, C<bridge> and C<tc> show afterwards is what they show after the commands that the Perl functions
run, but no process is started, except for Open vSwitch.

Errors have the same texts, including those that name a command and its exit code, as if it had been run. What such a
command would write to its standard error comes as a warning. Unlike the Perl functions, these leave everything as it was
when they fail; what cannot be undone is one more warning.

While a call waits for the kernel, pending Perl signal handlers run; one that dies ends the call, and what was done is
undone.

=head1 FUNCTIONS

=head2 iface_create($iface, $type, @args)

Stands for C<PVE::Network::iface_create>: makes a link of type C<$type>. C<@args> are the arguments that C<ip link add
... type ...> takes after it. Bridges, dummy links and pairs of links are made here; for others C<ip> is run.

Dies with C<failed to create interface '...'>.

=head2 iface_set($iface, @opts)

Stands for C<PVE::Network::iface_set>: sets options of a link. C<@opts> are the arguments that C<ip link set> takes.
C<up>, C<down>, C<mtu>, C<promisc>, C<address>, C<master> and C<nomaster> are set here; for others C<ip> is run.

Dies with C<failed to set interface options for '...' (...)>.

=for perlxs functions

=head1 FILES

=over

=item F</var/lock/pve-network.lck>

Held while the bridge of a VLAN is made.

=item F</etc/network/interfaces>

Read for C<bridge-disable-mac-learning>.

=back

C<PVE_RUST_ROOT> puts both below another folder, for tests.

=head1 SEE ALSO

L<PVE::Network::Rust>, L<PVE::Network::Rust::Hotplug>, ip-link(8), bridge(8), tc(8)

=cut
