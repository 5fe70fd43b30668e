package PVE::Network::Rust::EventBus::Subscriber;

use strict;
use warnings;

use PVE::Network::Rust;

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::EventBus::Subscriber - gets each event until it has acknowledged it

=head1 SYNOPSIS

    use PVE::Network::Rust::EventBus::Subscriber;

    my $subscriber = PVE::Network::Rust::EventBus::Subscriber->new('billing', { from => 'oldest' });
    while (my @events = $subscriber->next(100)->@*) {
        my @done;
        for my $event (@events) {
            if (eval { bill($event); 1 }) {
                push @done, $event->{sequence};
            } else {
                $subscriber->nack($event->{sequence}, "$@");
            }
        }
        $subscriber->ack(\@done);
    }

    for my $letter ($subscriber->dead_letters()->@*) {
        warn "$letter->{sequence} failed $letter->{attempts} times: $letter->{error}";
    }
    $subscriber->replay({ from => 1000 });

=head1 DESCRIPTION

A subscriber has a name, under which this node remembers which events it has dealt with. It gets each event at least once: what
was delivered and not acknowledged when its process ended is delivered again to the next one of that name. What fails is delivered
again later, and after some attempts is put with the dead letters.

It does not get what was removed from the journal, which has a bound, before it read it: C<lost> tells which.

=head1 METHODS

=for perlxs functions

=head1 FORKS

The subscriber stays the process that subscribed; in a child of a fork its methods die. Objects do not cross into ithreads.

=head1 FILES

F</var/lib/pve-network-rust/events/subscribers/>, for root alone: a file for each.

=head1 SEE ALSO

L<PVE::Network::Rust::EventBus>, L<PVE::Network::Rust::EventBus::Follower>

=cut
