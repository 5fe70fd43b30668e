package PVE::Network::Rust::Monitor;

use strict;
use warnings;

use PVE::Network::Rust;

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Monitor - changes of links, addresses and VLANs

=head1 SYNOPSIS

    use AnyEvent;
    use PVE::Network::Rust::Monitor;

    my $monitor = PVE::Network::Rust::Monitor->new({ links => 1, addresses => 1 });
    my $watcher = AnyEvent->io(
        fh => $monitor->fileno(),
        poll => 'r',
        cb => sub {
            print "$_->{type} $_->{action} $_->{name}\n" for @{ $monitor->read() };
        },
    );

=head1 DESCRIPTION

Tells what changes in a network namespace as it happens, from the kernel's own messages: no process is started and nothing
is polled. The object knows the namespace's state, and an event is a difference to that. So none comes twice, and none is
missing: where the kernel drops messages because they are not read in time, the whole state is read and compared.

=head1 EVENTS

An event is a hash. All have C<type> (C<link>, C<address>, C<vlan>), C<action> (C<new>, C<change>, C<delete>), and C<index>
and C<name> of the link that it is about. An event of a deletion tells how the object was last. Truth values are 1 and 0.

=over

=item link

C<kind> (such as C<veth>; undef for a network card), C<mtu>, C<address> (the hardware address, or undef), C<master> (the name
of the bridge or bond that it is a port of, or undef), C<up> (whether it is set up), C<operstate> (as ip(8) has it: C<UP>,
C<DOWN>, C<LOWERLAYERDOWN>, ...). A change has C<old>, a hash of those keys that were otherwise, with what they were.

=item address

C<family> (C<inet>, C<inet6>), C<address>, C<prefix>, C<peer> (only where the link leads to one host), C<scope> (C<global>,
C<site>, C<link>, C<host>, or a number), C<tentative> (whether duplicate address detection is under way). With another prefix
or peer it is another address.

=item vlan

Of a bridge or its port: C<vid>, C<pvid> (whether frames without a tag belong to it), C<untagged> (whether its frames leave
without a tag).

=back

=head1 METHODS

=for perlxs functions

=head1 FORKS

A child of a fork that uses the object gets sockets of its own, and what changed since the fork as events; parent and child
do not take each other's. It asks for C<fileno> anew. Objects do not cross into ithreads.

=head1 SEE ALSO

L<PVE::Network::Rust>, L<PVE::Network::Rust::Error>, L<AnyEvent>, ip-monitor(8)

=cut
