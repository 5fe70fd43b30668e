#!/usr/bin/perl
# Events from Perl: published, journalled, told to listeners, followed, subscribed to.

use strict;
use warnings;

use File::Temp qw(tempdir);
use IO::Poll qw(POLLIN);
use IO::Select;
use JSON::PP;
use POSIX ();
use Storable qw(dclone);
use Sys::Hostname qw(hostname);
use Test::More;
use Time::HiRes qw(sleep ualarm);

use PVE::Network::Rust::EventBus;

my $root = $ENV{PVE_RUST_ROOT} = tempdir(CLEANUP => 1);
my $node = hostname() =~ s/\..*//r;
my $BUS = 'PVE::Network::Rust::EventBus';

sub refused {
    my ($code) = @_;
    return 'not refused' if eval { $code->(); 1 };
    return ref($@) ? "$@->{kind}: $@->{message}" : $@;
}

sub started { return { event => 'container_started', id => $_[0] } }

sub ids {
    return [map { $_->{event}->{id} } @{ $_[0] }];
}

sub readable {
    my ($fd) = @_;
    my $poll = IO::Poll->new();
    open(my $handle, '<&', $fd) or die "dup $fd: $!\n";
    $poll->mask($handle, POLLIN);
    return $poll->poll(0.005) > 0;
}

# A bus with listeners that note what they are told.
sub noting {
    my (@names) = @_;
    my ($bus, @noted) = ($BUS->new());
    for my $name (@names) {
        $bus->register_listener($name, sub { push @noted, "$name:$_[0]->{event}->{id}" });
    }
    return ($bus, \@noted);
}

subtest 'the recorded cases' => sub {
    my $follower = PVE::Network::Rust::EventBus::Follower->new();
    open(my $cases, '<:raw', 't/vectors/events.jsonl') or die "t/vectors/events.jsonl: $!\n";
    my $json = JSON::PP->new()->canonical();
    for my $case (map { decode_json($_) } <$cases>) {
        my $input = $case->{input} // $case->{event};
        my $journalled =
            eval { PVE::Network::Rust::EventBus::journal([$input], 1)->[0]->{event} };
        if (defined($case->{error})) {
            is(substr("$@", 0, length($case->{error})), $case->{error}, $case->{case});
            next;
        }
        # As JSON, numbers and strings are told apart.
        is($json->encode($journalled), $json->encode($case->{event}), $case->{case});
        my ($read) = $follower->read()->@*;
        is(
            $json->encode($read->{event}), $json->encode($case->{event}),
            '… and from the journal'
        );
        my ($file) = reverse sort glob("$root/var/lib/pve-network-rust/events/segments/*.log");
        open(my $segment, '<:raw', $file) or die "$file: $!\n";
        my $bytes = do { local $/ = undef; <$segment> };
        my ($last) = $bytes =~ /(\{"version":1,"sequence":$read->{sequence},.*)\z/s;
        is($json->encode(decode_json($last)), $json->encode($read), '… and on disk');
    }
    is(POSIX::fmod($follower->next_sequence(), 1), 0, 'a number');
};

subtest 'an event is journalled and told' => sub {
    my ($bus, $noted) = noting(qw(b a c));
    is_deeply($bus->listeners(), [qw(b a c)], 'in the order in which they came');
    my $before = time();
    my $event = { event => 'container_started', id => '100' };
    my $same = dclone($event);
    my $journalled = $bus->publish($event);
    is_deeply($noted, [qw(b:100 a:100 c:100)], 'all are told, in order');
    is_deeply($event, $same, 'what was given is not changed');
    is_deeply([sort keys %$journalled], [qw(event node sequence time version)], 'the envelope');
    is($journalled->{version}, 1, 'its version');
    is($journalled->{node}, $node, 'its node');
    cmp_ok($journalled->{time}, '>=', $before - 0.001, 'its time');
    my $next = $bus->publish(started(101));
    is($next->{sequence}, $journalled->{sequence} + 1, 'numbers follow each other');
    is($bus->dispatch(), 0, 'none is told twice');
    my $many = $bus->publish_all([map { started($_) } 1 .. 50]);
    is(scalar(@$many), 50, 'many at once');
    is(scalar(@$noted), 156, '… are told to all');
    is_deeply($bus->publish_all([]), [], 'none at all');
    my ($mode) = map { (stat("$root/var/lib/pve-network-rust/events/$_"))[2] & 07777 } 'segments';
    is($mode, oct(700), 'the folder is for root alone');
};

subtest 'listeners come and go' => sub {
    my ($bus, $noted) = noting(qw(a b));
    like(
        refused(sub {
            $bus->register_listener('a', sub { });
        }),
        qr/^config: name: .*there is a listener 'a' already/,
        'a name twice'
    );
    for my $name (undef, '', []) {
        like(
            refused(sub {
                $bus->register_listener($name, sub { });
            }),
            qr/^config: name/,
            'no name'
        );
    }
    for my $listener (undef, {}, 'none', \'x') {
        my $error = refused(sub { $bus->register_listener('x', $listener) });
        like($error, qr/^config: listener: invalid value/, 'no listener');
    }
    is_deeply($bus->listeners(), [qw(a b)], 'nothing came of it');
    is($bus->unregister_listener('a'), 1, 'one goes');
    is($bus->unregister_listener('a'), 0, 'it is gone');
    $bus->publish(started(1));
    is_deeply($noted, ['b:1'], '… and not called');

    # While they are called.
    $bus->register_listener(
        'once',
        sub {
            $bus->unregister_listener('once');
            push @$noted, 'once';
        }
    );
    $bus->register_listener(
        'other',
        sub {
            $bus->unregister_listener('last');
            $bus->register_listener('new', sub { push @$noted, "new:$_[0]->{event}->{id}" })
                if !grep { $_ eq 'new' } $bus->listeners()->@*;
        }
    );
    $bus->register_listener('last', sub { push @$noted, 'last' });
    @$noted = ();
    $bus->publish(started(2));
    is_deeply($noted, [qw(b:2 once)], 'one that goes by itself, one that others send away');
    @$noted = ();
    $bus->publish(started(3));
    is_deeply($noted, [qw(b:3 new:3)], 'the next event');
    is_deeply($bus->listeners(), [qw(b other new)], 'who is left');
    my $changed;
    $bus->register_listener('vandal', sub { $_[0]->{event}->{id} = 'x'; $_ = 'x'; $@ = 'x' });
    $bus->register_listener('after', sub { $changed = $_[0]->{event}->{id} });
    local $_ = 'mine';
    local $@ = 'mine';
    is($bus->publish(started(4))->{event}->{id}, 4, 'what a listener changes is its own');
    is($changed, 4, '… for others, too');
    is("$_ $@", 'mine mine', 'and the caller\'s variables are its own');
};

subtest 'what listeners die with is one error' => sub {
    my ($bus, $noted) = noting('first');
    my $object = bless({ code => 7 }, 'Some::Error');
    $bus->register_listener('text', sub { die "no room\n" });
    $bus->register_listener('object', sub { die $object });
    $bus->register_listener('empty', sub { die {} });
    $bus->register_listener('last', sub { push @$noted, 'last' });
    my @logged;
    my $error = do {
        no warnings 'redefine';
        local *PVE::Network::Rust::Takeover::Log::error = sub { push @logged, @_ };
        ok(!eval { $bus->publish(started(5)); 1 }, 'it dies');
        $@;
    };
    is(scalar(@logged), 3, 'the log has each');
    like($logged[0], qr/^listener 'text' failed on event \d+ .*: no room$/, '… with its reason');
    is_deeply($noted, [qw(first:5 last)], 'after all others were called');
    isa_ok($error, 'PVE::Network::Rust::Error');
    is($error->kind(), 'service', 'its kind');
    is_deeply([sort keys $error->errors()->%*], [qw(empty object text)], 'who failed');
    like(
        $error->errors()->{text}, qr/'text' failed on event \d+ \(container_started\): no room$/,
        'why'
    );
    like("$error", qr/'text' failed.*'object' failed.*'empty' failed.*\n\z/, 'as a text');
    my ($text, $of_object) = $error->{failures}->@*;
    is($text->{error}, "no room\n", 'what it died with');
    is($of_object->{error}, $object, '… itself');
    is_deeply([@$text{qw(listener event)}], [qw(text container_started)], '… and on what');
    my $read = $bus->follow({ from => $text->{sequence} })->read()->[0];
    is($read->{event}->{id}, 5, 'the event is in the journal');
    @$noted = ();
    $bus->unregister_listener($_) for qw(text object empty);
    $bus->publish(started(6));
    is_deeply($noted, [qw(first:6 last)], 'the next one is told as ever');
};

subtest 'an event published in a listener waits' => sub {
    my $bus = $BUS->new();
    my @noted;
    $bus->register_listener(
        'one',
        sub {
            my $id = $_[0]->{event}->{id};
            push @noted, "one:$id";
            return if $id > 3;
            my $journalled = $bus->publish(started($id + 1));
            push @noted, 'journalled:' . ($journalled->{sequence} - $_[0]->{sequence});
            is($bus->dispatch(), 0, 'nothing is dispatched meanwhile');
        }
    );
    $bus->register_listener('two', sub { push @noted, "two:$_[0]->{event}->{id}"; die "x\n" });
    ok(!eval { $bus->publish(started(2)); 1 }, 'failures');
    my @wanted = qw(one:2 journalled:1 two:2 one:3 journalled:1 two:3 one:4 two:4);
    is_deeply(\@noted, \@wanted, 'in order, each to all');
    is(scalar($@->{failures}->@*), 3, '… are in the error of the outer one');
    is($bus->dispatch(), 0, 'and none is told again');
};

subtest 'what is not valid is not journalled' => sub {
    my ($bus, $noted) = noting('a');
    my $follower = $bus->follow();
    my @cases = (
        [{ event => 'nothing' }, qr/^config: event 'nothing': unknown variant/],
        [{ event => 'container_started' }, qr/missing field 'id'/],
        [{ event => 'container_started', id => 1, x => 1 }, qr/unknown field 'x'/],
        [{}, qr/a field 'event' with its name/],
        [[], qr/hash reference/],
        ['x', qr/hash reference/],
        [undef, qr/hash reference/],
        [{ event => 'custom', name => 'n', data => sub { } }, qr/code/i],
        [{ event => 'custom', name => 'n', data => 9**9**9 }, qr/finite/],
        [{ event => 'custom', name => 'n', data => 'x' x (1 << 20) }, qr/too large/],
    );
    for my $case (@cases) {
        my ($event, $why) = @$case;
        like(refused(sub { $bus->publish($event) }), $why, "$why");
    }
    like(refused(sub { $bus->publish_all([started(1), {}]) }), qr/field 'event'/, 'one of two');
    ok(eval { $bus->publish({ event => 'nothing' }); 1 } || $@->errors()->{event}, 'by parameter');
    is_deeply($follower->read(), [], 'none is in the journal');
    is_deeply($noted, [], '… and none was told');
};

subtest 'data keeps its kinds' => sub {
    my $bus = $BUS->new();
    my $data =
        {
        number => 7,
        text => '7',
        none => undef,
        list => [1.5, -2],
        "schl\x{fc}ssel" => "\x{263a}"
        };
    my $json = JSON::PP->new()->canonical()->allow_nonref();
    my $read = $bus->publish({ event => 'custom', name => 'test', data => $data })->{event}->{data};
    is($json->encode($read), $json->encode($data), 'numbers, strings, undef, characters');
    my $latin = $bus->publish({ event => 'custom', name => "M\xfcller", data => 1 });
    is($latin->{event}->{name}, "M\xfcller", 'a string of bytes is its characters');
};

subtest 'what others journal is dispatched' => sub {
    my ($bus, $noted) = noting('a');
    my $other = $BUS->new();
    ok(readable($bus->fileno()), 'readable at first');
    is($bus->dispatch(), 0, 'there is nothing');
    ok(!readable($bus->fileno()), '… then it is not');
    $other->publish(started(1));
    ok(readable($bus->fileno()), 'readable');
    $bus->publish(started(2));
    is_deeply($noted, ['a:2'], 'its own at once');
    $bus->append([started(3), started(4)]);
    is_deeply($noted, ['a:2'], 'not what was only appended');

    if (!(my $pid = fork())) {
        $BUS->new()->publish(started(5));
        POSIX::_exit(0);
    } else {
        waitpid($pid, 0);
    }
    is($bus->dispatch(), 4, 'the others');
    is_deeply($noted, [qw(a:2 a:1 a:3 a:4 a:5)], '… in order, and none twice');
    ok(!readable($bus->fileno()), 'all is read');
    $bus->append([started($_)]) for 1 .. 2500;
    is($bus->dispatch(), 2500, 'many');
    $bus->register_listener('dies', sub { die "x\n" });
    $bus->append([started(1), started(2)]);
    ok(!eval { $bus->dispatch(); 1 }, 'a listener dies');
    is(scalar($@->{failures}->@*), 2, '… on each');
    is_deeply($bus->lost(), [], 'nothing was lost');
};

subtest 'a built-in listener' => sub {
    my $names = PVE::Network::Rust::EventBus::built_in_listeners();
    ok((grep { $_ eq 'event-logger' } @$names), 'there is one');
    my ($bus, $noted) = noting('a');
    $bus->register_listener('log', 'event-logger');
    $bus->publish(started(1));
    is_deeply($bus->listeners(), [qw(a log)], 'registered by its name');
    my $event = $bus->publish(started(2));
    like(
        refused(sub { PVE::Network::Rust::EventBus::tell_built_in('none', $event) }),
        qr/no built-in listener 'none'/, 'another one'
    );
    like(
        refused(sub { PVE::Network::Rust::EventBus::tell_built_in('event-logger', {}) }),
        qr/missing field 'version'/, 'no event'
    );
};

subtest 'followers' => sub {
    my $bus = $BUS->new();
    my $first = $bus->publish(started(11))->{sequence};
    sleep(0.01);
    my $time = $bus->publish(started(12))->{time};
    my $follow = sub { ids($bus->follow(@_)->read()) };
    is_deeply($follow->(), [], 'new');
    is_deeply($follow->({ from => 'new' }), [], '… said so');
    is_deeply($follow->({ from => $first }), [11, 12], 'from a number');
    is_deeply($follow->({ from => "$first" }), [11, 12], '… as a string');
    is_deeply($follow->({ from_time => $time }), [12], 'from a time');
    cmp_ok(scalar($bus->follow({ from => 'oldest' })->read()->@*), '>', 100, 'from the oldest');

    for my $options ({ from => 'x' }, { from => -1 }, { from => 1, from_time => 1 }, { to => 1 }) {
        like(refused(sub { $bus->follow($options) }), qr/from|to/, 'no such place');
    }
    my $follower = $bus->follow({ from => $first });
    is_deeply(ids($follower->read(1)), [11], 'one at a time');
    ok(readable($follower->fileno()), 'there is more');
    is_deeply(ids($follower->read(1)), [12], '… the other');
    $follower->read();
    ok(!readable($follower->fileno()), 'all is read');
    is($follower->next_sequence(), $first + 2, 'what comes next');
    $follower->seek({ from => $first + 1 });
    is_deeply(ids($follower->read()), [12], 'back');
    $follower->close();
    like(refused(sub { $follower->read() }), qr/closed/, 'closed');
};

subtest 'subscribers' => sub {
    my $bus = $BUS->new();
    my %soon = (attempts => 2, retry_after => 0.001);
    my $subscriber = $bus->subscribe('s', \%soon);
    is($subscriber->name(), 's', 'its name');
    like(refused(sub { $bus->subscribe('s') }), qr/^resource: .*in use already/, 'one at a time');
    like(refused(sub { $bus->subscribe('../s') }), qr/^config: .*no name/, 'no name');
    like(refused(sub { $bus->subscribe('x', { attempts => 0 }) }), qr/attempts/, 'no attempts');
    like(refused(sub { $bus->subscribe('x', { retry_after => -1 }) }), qr/retry_after/, 'no time');
    my ($one, $two, $three) = map { $bus->publish(started($_))->{sequence} } 1 .. 3;
    ok(readable($subscriber->fileno()), 'readable');
    my $events = $subscriber->next();
    is_deeply(ids($events), [1, 2, 3], 'all');
    is_deeply([map { $_->{attempt} } @$events], [1, 1, 1], '… for the first time');
    $subscriber->ack([$one, $three]);
    is($subscriber->acknowledged(), $one, 'acknowledged');
    like(refused(sub { $subscriber->ack([$one]) }), qr/not waiting/, 'once');
    is($subscriber->nack($two, 'no'), 0, 'it fails');
    ok(readable($subscriber->fileno()), 'readable when it is due');
    sleep(0.01);
    is($subscriber->next()->[0]->{attempt}, 2, 'again');
    is($subscriber->nack($two, "n\x{f6}"), 1, 'it is given up');
    my ($letter) = $subscriber->dead_letters()->@*;
    is_deeply(
        [$letter->{event}->{id}, $letter->{attempts}, $letter->{error}],
        [2, 2, "n\x{f6}"], 'a dead letter'
    );
    is($subscriber->dropped_letters(), 0, 'there is room');
    $subscriber->redeliver($two);
    is_deeply(ids($subscriber->next()), [2], 'delivered again');
    $subscriber->ack([$two]);
    is_deeply($subscriber->dead_letters(), [], 'it is no letter any more');
    like(
        refused(sub { $subscriber->discard($two) }),
        qr/no dead letter/,
        '… that could be discarded'
    );
    $subscriber->replay({ from => $two });
    is_deeply(ids($subscriber->next()), [2, 3], 'replayed');
    is_deeply($subscriber->lost(), [], 'nothing was lost');
    $subscriber->close();
    $subscriber = $bus->subscribe('s');
    is_deeply(ids($subscriber->next()), [2, 3], 'what was not acknowledged comes to the next one');
    $subscriber->forget();
    is_deeply($bus->subscribe('s')->next(), [], 'one that was forgotten begins anew');
};

subtest 'forks' => sub {
    my ($bus, $noted) = noting('a');
    my $subscriber = $bus->subscribe('forked');
    my $follower = $bus->follow();
    $follower->fileno();
    pipe(my $out, my $in) or die "pipe: $!\n";
    my $pid = fork() // die "fork: $!\n";
    if (!$pid) {
        my $events = eval {
            $bus->publish(started(7));
            is_deeply($noted, ['a:7'], 'the child has the listeners');
            ok(readable($follower->fileno()), 'its follower has a descriptor of its own');
            ids($follower->read());
        };
        my $refused = refused(sub { $subscriber->next() });
        syswrite($in, join('|', "@$events", $refused));
        POSIX::_exit(Test::More->builder->is_passing() ? 0 : 1);
    }
    close($in);
    my $told = do { local $/ = undef; <$out> };
    waitpid($pid, 0);
    is($?, 0, 'the child');
    like(
        $told,
        qr/^7\|resource: subscriber 'forked' belongs to the process/,
        '… is not subscribed'
    );
    is($bus->dispatch(), 1, 'the parent gets its event');
    is_deeply($noted, ['a:7'], '… by its own listeners');
    is_deeply(ids($follower->read()), [7], '… and follower');
    is_deeply(ids($subscriber->next()), [7], '… and is subscribed still');
    undef $subscriber;
    ok($bus->subscribe('forked'), 'until it is not');
};

subtest 'many processes' => sub {
    my $follower = PVE::Network::Rust::EventBus::Follower->new();
    my @pids;
    for my $process (1 .. 8) {
        my $pid = fork() // die "fork: $!\n";
        if (!$pid) {
            my $bus = $BUS->new();
            $bus->publish(started($process * 1000 + $_)) for 1 .. 50;
            POSIX::_exit(0);
        }
        push @pids, $pid;
    }
    waitpid($_, 0) for @pids;
    my $events = $follower->read();
    is(scalar(@$events), 400, 'all are there');
    my @sequences = map { $_->{sequence} } @$events;
    is_deeply(\@sequences, [$sequences[0] .. $sequences[0] + 399], '… in order');
    for my $process (1 .. 8) {
        my @own = grep { int($_ / 1000) == $process } @{ ids($events) };
        is_deeply(\@own, [map { $process * 1000 + $_ } 1 .. 50], '… as each of them published');
    }
};

subtest 'signal handlers' => sub {
    my ($bus, $noted) = noting('a');
    $bus->register_listener('slow', sub { sleep(5) });
    $bus->register_listener('last', sub { push @$noted, 'last' });
    local $SIG{ALRM} = sub { die "alarm\n" };
    ualarm(20_000);
    ok(!eval { $bus->publish(started(1)); 1 }, 'a handler that dies in a listener');
    is($@->{failures}->[0]->{error}, "alarm\n", '… has it fail');
    is_deeply($noted, [qw(a:1 last)], '… and no other');

    # While another process keeps the journal for itself.
    $bus->unregister_listener('slow');
    @$noted = ();
    open(my $state, '+<', "$root/var/lib/pve-network-rust/events/state") or die "state: $!\n";
    flock($state, 2) or die "flock: $!\n";
    ualarm(50_000);
    ok(!eval { $bus->publish(started(2)); 1 }, 'a handler that dies in a wait');
    is($@, "alarm\n", '… ends it with its error');
    ualarm(50_000);
    ok(!eval { $bus->append([started(2)]); 1 }, '… of append, too');
    is($@, "alarm\n", '… likewise');
    close($state);
    is($bus->dispatch(), 0, 'nothing was journalled');
    is_deeply($noted, [], '… or told');
    $bus->publish(started(3));
    is_deeply($noted, [qw(a:3 last)], 'the next one');
};

subtest 'a journal that cannot be written' => sub {
    my ($bus, $noted) = noting('a');
    my $folder = "$root/var/lib/pve-network-rust/events";
    rename($folder, "$folder.away") or die "rename: $!\n";
    open(my $file, '>', $folder) or die "$folder: $!\n";
    close($file);
    like(refused(sub { $bus->publish(started(1)) }), qr/^resource: .*\Q$root\E/, 'says where');
    is_deeply($noted, [], 'no listener is told');
    unlink($folder);
    rename("$folder.away", $folder) or die "rename: $!\n";
    $bus->publish(started(2));
    is_deeply($noted, ['a:2'], 'it goes on');
};

subtest 'descriptors' => sub {
    my $count = sub { scalar(() = glob('/proc/self/fd/*')) };
    $BUS->new()->publish(started(1));
    my $before = $count->();
    for (1 .. 100) {
        my $bus = $BUS->new();
        $bus->fileno();
        $bus->publish(started(1));
        $bus->dispatch();
        my $subscriber = $bus->subscribe('fd');
        $subscriber->fileno();
        $subscriber->next();
    }
    is($count->(), $before, 'as many as before');
};

SKIP: {
    require Config;
    skip 'this Perl has no threads', 2 if !$Config::Config{useithreads};
    require threads;
    my $bus = $BUS->new();
    $bus->register_listener('a', sub { });
    my $kind = threads->create(sub { return ref($bus) . (defined($$bus) ? 'x' : '') })->join();
    is($kind, 'SCALAR', 'it does not cross into threads');
    ok($bus->publish(started(1)), '… and goes on in its own');
}

# Left to global destruction.
our $left = $BUS->new();
our $subscribed = $left->subscribe('left');
$left->register_listener('self', sub { $left->listeners() });

done_testing();
