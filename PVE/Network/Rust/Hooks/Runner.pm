package PVE::Network::Rust::Hooks::Runner;

use strict;
use warnings;

use PVE::Network::Rust::EventBus::Subscriber;
use PVE::Network::Rust::Takeover::Log;

my $SUBSCRIBER = 'hooks';

# A signal that comes just before it waits is noticed after that time.
my $SECONDS = 5;

# All events that there are now. Returns how many.
sub run_once {
    my ($hooks, $subscriber) = @_;
    my $events = $subscriber->next();
    my @done;
    for my $event (@$events) {
        my $wrong = $hooks->tell($event);
        if (!@$wrong) {
            push @done, $event->{sequence};
            next;
        }
        my $error = join('; ', map { "hook '$_->{hook}': $_->{error}" } @$wrong);
        my $is_dead = $subscriber->nack($event->{sequence}, $error);
        PVE::Network::Rust::Takeover::Log::error("event $event->{sequence} is given up: $error")
            if $is_dead;
    }
    $subscriber->ack(\@done) if @done;
    return scalar(@$events);
}

sub run {
    my ($hooks, $name) = @_;
    my $subscriber = PVE::Network::Rust::EventBus::Subscriber->new($name // $SUBSCRIBER);
    my $is_ending = 0;
    local @SIG{qw(TERM INT)} = (sub { $is_ending = 1 }) x 2;
    while (!$is_ending) {
        next if run_once($hooks, $subscriber);
        my $readable = '';
        vec($readable, $subscriber->fileno(), 1) = 1;
        select($readable, undef, undef, $SECONDS);
    }
    $subscriber->close();
    return;
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Hooks::Runner - hooks for all events of a node

=head1 SYNOPSIS

    perl -MPVE::Network::Rust::Hooks -MPVE::Network::Rust::Hooks::Runner -e '
        my $hooks = PVE::Network::Rust::Hooks->new();
        $hooks->register_built_in();
        PVE::Network::Rust::Hooks::Runner::run($hooks);
    '

=head1 DESCRIPTION

Tells hooks of everything that is journalled on this node, by any process, also of what came while nothing ran. An event for which a
hook fails is told again to all of them, later and later, and after eight times is a dead letter of the subscriber.

The package's service F<pve-network-rust-hooks.service> does that with the built-in hooks, once an administrator enables it.

=head1 FUNCTIONS

=head2 run($hooks, $name)

Goes on until the process gets SIGTERM or SIGINT. C<$name> is that of the subscriber (L<PVE::Network::Rust::EventBus::Subscriber>),
C<hooks> without it; one process at a time can be it.

=head2 run_once($hooks, $subscriber)

Tells the hooks of the events that there are now. Returns how many these were.

=head1 SEE ALSO

L<PVE::Network::Rust::Hooks>, L<PVE::Network::Rust::EventBus>

=cut
