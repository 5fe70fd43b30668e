package PVE::Network::Rust::EventBus::Follower;

use strict;
use warnings;

use PVE::Network::Rust;

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::EventBus::Follower - reads the journal of events from a place on

=head1 SYNOPSIS

    use AnyEvent;
    use PVE::Network::Rust::EventBus::Follower;

    my $follower = PVE::Network::Rust::EventBus::Follower->new({ from_time => time() - 3600 });
    my $watcher = AnyEvent->io(
        fh => $follower->fileno(),
        poll => 'r',
        cb => sub { print "$_->{event}->{event}\n" for $follower->read()->@* },
    );

=head1 DESCRIPTION

Reads the events of all processes of this node, see EVENTS in L<PVE::Network::Rust::EventBus>, in the order of their numbers.
It is not remembered: what should go on after a crash is a L<PVE::Network::Rust::EventBus::Subscriber>.

A record that is damaged is passed over; C<lost> tells which events are missing.

=head1 METHODS

=for perlxs functions

=head1 FORKS

Parent and child of a fork both read all events from the place where the object was. The child asks for C<fileno> anew. Objects do
not cross into ithreads.

=head1 SEE ALSO

L<PVE::Network::Rust::EventBus>, L<AnyEvent>, inotify(7)

=cut
