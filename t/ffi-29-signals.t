# Signals: handlers run during calls that wait, and only on Perl's own thread.

use strict;
use warnings;

use POSIX qw(SIGUSR1);
use Test::More;
use Test::LeakTrace;
use Time::HiRes qw(sleep time ualarm usleep);

use lib 't/lib';
use PerlXS::Test;

sub error_of {
    my ($code) = @_;
    return eval { $code->(); 1 } ? undef : $@;
}

# Row 29
{
    my $alarms = 0;
    local $SIG{ALRM} = sub { $alarms++ };
    my $signals = 0;
    local $SIG{USR1} = sub {
        my @work = map { { $_ => $_ } } 1 .. 10;
        $signals++;
    };
    my $parent = $$;
    my $pid = fork() // die "fork: $!\n";
    if (!$pid) {
        for (1 .. 200) { kill('USR1', $parent); usleep(500) }
        POSIX::_exit(0);
    }
    ualarm(10_000, 1_000);
    ok(PerlXS::Test::Waiting::thread(50), 'row 29: a thread has all signals masked') for 1 .. 3;
    ualarm(0);
    waitpid($pid, 0);
    ok($alarms > 10 && $signals > 0, 'row 29: signals arrive while threads exist')
        or diag("$alarms alarms, $signals signals");
    my $mask = POSIX::SigSet->new;
    POSIX::sigprocmask(POSIX::SIG_BLOCK(), POSIX::SigSet->new, $mask);
    ok(!$mask->ismember(POSIX::SIGALRM()), 'row 29: Perl\'s thread masks none afterwards');
}

# Row 30
{
    my @seen;
    local $SIG{ALRM} = sub { push @seen, time() };
    my $start = time();
    ualarm(50_000);
    is(PerlXS::Test::Waiting::wait(1000, 'text'), 'text', 'row 30: a call that waits is finished');
    my $end = time();
    is(scalar(@seen), 1, 'row 30: the handler ran');
    ok($seen[0] < $end - 0.5, 'row 30: during the call') or diag("$start $seen[0] $end");

    for my $die ("timeout\n", "timeout \x{263a}\n", { code => 5 }, bless([], 'Some::Error')) {
        local $SIG{ALRM} = sub { die $die };
        my $waited = sub { ualarm(10_000); PerlXS::Test::Waiting::wait(60_000, 'text') };
        my $error = error_of($waited);
        is_deeply($error, $die, 'row 30: a handler that dies ends the call with its error');
        is(ref($error), ref($die), 'row 30: of whatever kind');
    }
    is(PerlXS::Test::Waiting::wait(1, 'text'), 'text', 'row 30: the next call is fine');

    {
        my $deaths = 0;
        local $SIG{ALRM} = sub { die "timeout\n" };
        local $SIG{__DIE__} = sub { $deaths++ };
        error_of(sub { ualarm(10_000); sleep(60) });
        my $in_perl = $deaths;
        error_of(sub { ualarm(10_000); PerlXS::Test::Waiting::wait(60_000, 'text') });
        is($deaths, 2 * $in_perl, 'row 30: $SIG{__DIE__} hears of it as often as in Perl itself');
        error_of(sub { die "another\n" });
        is($deaths, 2 * $in_perl + 1, 'row 30: and hears again afterwards');
    }

    local $SIG{ALRM} = sub {
        eval { die "inner\n" };
        $! = 5;
        $? = 7;
    };
    local $@ = 'kept';
    local $! = 2;
    ualarm(10_000);
    PerlXS::Test::Waiting::wait(50, 'text');
    is($@, 'kept', 'row 30: a handler that returns leaves $@');
    is($! + 0, 2, 'row 30: and the call $!');

    my $text = 'a' x 100;
    my $data = { list => [1, 2, 3] };
    local $SIG{ALRM} = sub { $text = 'b'; undef $data };
    ualarm(10_000);
    is(
        PerlXS::Test::Waiting::wait(50, $text),
        'a' x 100, 'row 30: a handler that changes an argument'
    );
    is($text, 'b', 'row 30: may');

    my $raised = 0;
    local $SIG{USR1} = sub {
        undef $data;
        my @x = map { [$_] } 1 .. 100;
        $raised++;
    };
    $data = { list => [1, 2, { three => 3 }] };
    is_deeply(
        PerlXS::Test::Waiting::raise(SIGUSR1, $data), { list => [1, 2, { three => 3 }] },
        'row 30: a handler that drops the data',
    );
    is($raised, 1, 'row 30: ran');

    my $hash = { a => 1, b => 2 };
    my $same = $hash;
    local $SIG{USR1} = sub { $hash = { a => 5 } };
    PerlXS::Test::Effects::raise_and_delete(SIGUSR1, $hash, 'a');
    is_deeply(
        [$hash, $same],
        [{ a => 5 }, { b => 2 }],
        'row 30: an effect is on the hash that was passed'
    );

    sub deep { my ($n) = @_; no warnings 'recursion'; return $n ? 1 + deep($n - 1, 1 .. 50) : 0 }
    local $SIG{USR1} = sub { deep(2000) };
    is_deeply(
        PerlXS::Test::Waiting::raise(SIGUSR1, [1]),
        [1], 'row 30: a handler that makes Perl move its stack'
    );

    local $SIG{USR1} = sub { PerlXS::Test::Waiting::wait(1, 'inner') };
    is_deeply(
        PerlXS::Test::Waiting::raise(SIGUSR1, [1]),
        [1], 'row 30: a handler that waits itself'
    );

    local $SIG{USR1} = sub { die "stop\n" };
    no_leaks_ok {
        eval { PerlXS::Test::Waiting::raise(SIGUSR1, $same) };
    }
    'row 30: nothing leaks';
}

# Leaving by exit.
for my $case (
    ['in a call' => 'PerlXS::Test::Waiting::wait(60_000, "x")', 7, "end\n"],
    [
        'in eval' => 'eval { PerlXS::Test::Waiting::wait(60_000, "x") }; print "not here\n"',
        7, "end\n"
    ],
    [
        'in a sort block' => 'my @x = sort { PerlXS::Test::Waiting::wait(60_000, "x") } 1, 2',
        7, "end\n"
    ],
    ['in a method of an object' => 'PerlXS::Test::Counter->new(1)->hold(60_000)', 7, "end\n"],
    [
        'in a destructor' =>
            'sub O::DESTROY { PerlXS::Test::Waiting::wait(60_000, "x") if !$O::seen++ } { my $o = bless([], "O") }',
        7, "end\n"
    ],
    )
{
    my ($name, $call, $status, $output) = @$case;
    my $program =
        'use Time::HiRes qw(ualarm); $| = 1; $SIG{ALRM} = sub { exit 7 }; END { print "end\n" } '
        . 'our $kept = PerlXS::Test::Counter->new(1); my @data = map { [$_] } 1 .. 100; ualarm(30_000); '
        . $call;
    open(my $out, '-|', $^X, '-It/lib', '-MPerlXS::Test', '-e', $program) or die "$!\n";
    my $text = join('', <$out>);
    close($out);
    is($text, $output, "row 30: a handler that exits $name runs END");
    is($?, $status << 8, "row 30: a handler that exits $name gives its status");
}

# An unhandled signal ends the process as ever.
{
    my $pid = open(
        my $out, '-|', $^X, '-It/lib', '-MPerlXS::Test', '-e',
        '$| = 1; print "x\n"; PerlXS::Test::Waiting::wait(60_000, "x")'
        )
        or die "$!\n";
    my $line = <$out>;
    kill('TERM', $pid);
    waitpid($pid, 0);
    is($? & 127, 15, 'row 30: SIGTERM without a handler ends a call that waits');
}

done_testing();
