#!/usr/bin/perl
# Perl processes that publish, listen and subscribe are killed at random: what publish has returned is in the journal, and a
# subscriber gets what it has not acknowledged. EVENTS_KILLS says how often. The same in Rust, a thousand times:
# rust/pve-events/tests/killed.rs.

use strict;
use warnings;

use File::Temp qw(tempdir);
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep);

use PVE::Network::Rust::EventBus;

$ENV{PVE_RUST_ROOT} = tempdir(CLEANUP => 1);
my $kills = $ENV{EVENTS_KILLS} // 60;

# A child that goes on until it is killed; what it has written then.
sub killed_after {
    my ($seconds, @codes) = @_;
    my @children;
    for my $code (@codes) {
        pipe(my $out, my $in) or die "pipe: $!\n";
        my $pid = fork() // die "fork: $!\n";
        if (!$pid) {
            close($out);
            eval {
                $code->(sub { syswrite($in, "@_\n") });
            };
            syswrite($in, "died: $@\n");
            POSIX::_exit(1);
        }
        close($in);
        push @children, [$pid, $out];
    }
    sleep($seconds);
    kill('KILL', map { $_->[0] } @children);
    my @texts;
    for my $child (@children) {
        my ($pid, $out) = @$child;
        waitpid($pid, 0);
        push @texts, do { local $/ = undef; <$out> }
            // '';
    }
    return @texts;
}

sub publish_on {
    my ($tell, $first) = @_;
    my $bus = PVE::Network::Rust::EventBus->new();
    $bus->register_listener('tell', sub { $tell->("told $_[0]->{sequence}") });
    for (my $id = $first;; $id++) {
        my $journalled = $bus->publish({ event => 'container_started', id => $id });
        $tell->("published $journalled->{sequence} $id");
    }
}

sub subscribe_on {
    my ($tell) = @_;
    my $subscriber =
        PVE::Network::Rust::EventBus::Subscriber->new('killed', { from => 'oldest' });
    while (1) {
        my @sequences = map { $_->{sequence} } $subscriber->next(5)->@*;
        sleep(0.001) if !@sequences;
        next if !@sequences;
        $tell->("shown @sequences");
        $subscriber->ack(\@sequences);
        $tell->("acknowledged @sequences");
    }
}

my (%id_of, %told, %shown, %acknowledged, @died);
my $next = 1;
srand(1);
for (1 .. $kills) {
    my @texts = killed_after(
        0.01 + rand(0.04),
        (
            map {
                my $from = $next + $_ * 1_000_000;
                sub { publish_on($_[0], $from) }
            } 0,
            1
        ),
        \&subscribe_on
    );
    for my $line (map { split(/\n/) } @texts) {
        my ($what, @numbers) = split(/ /, $line);
        push @died, $line if $what eq 'died:';
        $id_of{ $numbers[0] } = $numbers[1] if $what eq 'published';
        $told{ $numbers[0] } = 1 if $what eq 'told';
        $shown{$_} = 1 for $what eq 'shown' ? @numbers : ();
        $acknowledged{$_} = 1 for $what eq 'acknowledged' ? @numbers : ();
    }
    $next += 1000;
}
is_deeply(\@died, [], 'none died by itself');
cmp_ok(scalar(keys %id_of), '>', $kills, 'they published');
cmp_ok(scalar(keys %acknowledged), '>', $kills / 2, '… and acknowledged');

my $bus = PVE::Network::Rust::EventBus->new();
my $last = $bus->publish({ event => 'custom', name => 'last' })->{sequence};
my $events = $bus->follow({ from => 'oldest' })->read();
is_deeply(
    [map { $_->{sequence} } @$events],
    [1 .. $last],
    'the journal has no gap and no event twice'
);
my %read = map { $_->{sequence} => $_->{event}->{id} } @$events;
is_deeply(
    [grep { !defined($read{$_}) || $read{$_} != $id_of{$_} } keys %id_of],
    [], 'what publish has returned is there, as it was'
);
is_deeply([grep { !exists($read{$_}) } keys %told], [], '… and what a listener was told');

my $subscriber = $bus->subscribe('killed');
my %left;
while (my @sequences = map { $_->{sequence} } $subscriber->next(1000)->@*) {
    $subscriber->ack(\@sequences);
    @left{@sequences} = ();
}
is_deeply(
    [grep { exists($left{$_}) } keys %acknowledged],
    [], 'none that was acknowledged comes again'
);
is_deeply([grep { !exists($left{$_}) && !$shown{$_} } 1 .. $last], [], 'each came');
is($subscriber->acknowledged(), $last, 'all is dealt with');

done_testing();
