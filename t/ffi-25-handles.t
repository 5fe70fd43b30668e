# Objects that own a Rust value.

use strict;
use warnings;

use File::Temp qw(tempdir);
use Storable qw(dclone);
use Test::More;
use Test::LeakTrace;
use Time::HiRes qw(ualarm);

use lib 't/lib';
use PerlXS::Test;

my $class = 'PerlXS::Test::Counter';
my $folder = tempdir(CLEANUP => 1);

sub error_of {
    my ($code) = @_;
    return eval { $code->(); 1 } ? undef : $@;
}

sub alive { return PerlXS::Test::Counter::alive() }

sub lines_of {
    my ($path) = @_;
    open(my $in, '<', $path) or return ();
    return <$in>;
}

# Row 25
{
    my $counter = $class->new(5);
    my $grump = bless({}, 'PerlXS::Test::Grump');
    my $wanted = "expected an object of class $class, got";
    my %wrong = (
        'undef' => undef,
        'a plain value' => 'text',
        'an unblessed reference' => {},
        'Some::Class' => bless([], 'Some::Class'),
        'PerlXS::Test::Grump' => $grump,
        "Caf\x{e9}::\x{263a}" => bless({}, "Caf\x{e9}::\x{263a}"),
    );
    for my $got (sort keys %wrong) {
        is(
            error_of(sub { PerlXS::Test::Counter::value($wrong{$got}) }),
            "${class}::value: argument 1 (\$this): $wanted $got\n",
            'row 25: a wrong object, with both classes',
        );
    }
    my $copy = 'that holds no such value: it is a copy, or was not made by the constructor';
    for my $case (
        ['one made by hand', bless(\my $x, $class)],
        ['a hash in the class', bless({}, $class)],
        ['a clone', dclone($counter)],
        ['a clone of a clone', dclone([dclone($counter)])->[0]],
        )
    {
        my ($name, $object) = @$case;
        is(
            error_of(sub { PerlXS::Test::Counter::value($object) }),
            "${class}::value: argument 1 (\$this): expected a live object of class $class, "
                . "got one of class $class $copy of $class\n",
            "row 25: $name",
        );
    }

    bless($counter, 'Some::Class');
    is(
        error_of(sub { PerlXS::Test::Counter::value($counter) }),
        "${class}::value: argument 1 (\$this): $wanted Some::Class\n",
        'row 25: a reblessed object',
    );
    bless($counter, 'PerlXS::Test::Grump');
    like(
        error_of(sub { PerlXS::Test::Grump::text($counter) }),
        qr/^PerlXS::Test::Grump::text: .* expected a live object of class PerlXS::Test::Grump/,
        'row 25: reblessed into another class of objects',
    );
    bless($counter, $class);
    is($counter->value, 5, 'row 25: reblessed back');
    undef $$counter;
    $$counter = 17;
    is($counter->value, 5, 'row 25: what the reference refers to is of no account');

    @PerlXS::Derived::ISA = ($class);
    my $derived = PerlXS::Derived->new(6);
    is(ref($derived), 'PerlXS::Derived', 'row 25: a derived class');
    is($derived->value, 6, 'row 25: has its methods');
    is(ref($derived->new(7)), 'PerlXS::Derived', 'row 25: and makes more of itself');
    is(ref(PerlXS::Test::Counter::new(undef, 1)), $class, 'row 25: without a class, its own');
}
is(alive(), 0, 'row 25: all gone');

# Row 26
{
    my $counter = $class->new(1);
    is($counter->close, 1, 'row 26: closed');
    is(alive(), 0, 'row 26: which drops the value');
    for my $method (qw(value close)) {
        is(
            error_of(sub { $counter->$method }),
            "${class}::$method: argument 1 (\$this): handle is closed\n",
            'row 26: a closed object says so',
        );
    }
    is(
        error_of(sub { $counter->add(1) }),
        "${class}::add: argument 1 (\$this): handle is closed\n",
        'row 26: to all'
    );

    $counter = $class->new(1);
    my @seen;
    local $SIG{ALRM} = sub {
        for my $method (qw(value close fail)) {
            push @seen,
                error_of(sub { $counter->$method('x') if $method eq 'fail'; $counter->$method });
        }
        my $gone = $counter;
        undef $counter;
    };
    my $object = $counter;
    ualarm(20_000);
    is($object->hold(200), 2, 'row 26: a call during which a handler uses the same object');
    is_deeply(
        \@seen,
        [
            map {
                "${class}::$_: argument 1 (\$this): handle is busy: it is used by a call that has not returned yet\n"
            } qw(value close fail),
        ],
        'row 26: which is busy',
    );
    @seen = ();
    local $SIG{ALRM} = sub {
        push @seen, $object->value, error_of(sub { $object->add(1) });
    };
    ualarm(20_000);
    is($object->watch(100), 2, 'row 26: while it is only read');
    is($seen[0], 2, 'row 26: it can be read');
    like($seen[1], qr/handle is busy/, 'row 26: but not changed');

    my $last = $class->new(8);
    local $SIG{ALRM} = sub { undef $last };
    ualarm(20_000);
    is($last->hold(100), 9, 'row 26: a handler that drops the last reference');
    is(alive(), 1, 'row 26: ends it after the call');
    undef $object;
    is(alive(), 0, 'row 26: all gone');

    my $panicked = $class->new(1);
    open(my $stderr, '>&', \*STDERR) or die "dup: $!\n";
    open(STDERR, '>', '/dev/null') or die "open: $!\n";
    error_of(sub { $panicked->panic });
    open(STDERR, '>&', $stderr) or die "dup: $!\n";
    is($panicked->value, 2, 'row 26: after a panic it is usable');
}

# Row 28
{
    my $journal = "$folder/fork";
    my $counter = $class->new(1, $journal);
    my $unused = $class->new(2, $journal);
    my $pid = fork() // die "fork: $!\n";
    if (!$pid) {
        undef $unused;
        my $ok = $counter->forks == 1 && $counter->value == 1 && $counter->forks == 1;
        undef $counter if $ok;
        require POSIX;
        POSIX::_exit($ok ? 0 : 1);
    }
    waitpid($pid, 0);
    is($?, 0, 'row 28: a child that uses an object is told to renew it, once');
    is_deeply(
        [lines_of($journal)],
        ["dropped 1 in $pid\n"],
        'row 28: what it did not use has no effect outside when it goes',
    );
    is($counter->forks, 0, 'row 28: the parent goes on as before');
    undef $counter;
    undef $unused;
    is_deeply(
        [lines_of($journal)],
        ["dropped 1 in $pid\n", "dropped 1 in $$\n", "dropped 2 in $$\n"],
        'row 28: and ends its own',
    );

    my $exits = $class->new(3, "$folder/exit");
    $pid = fork() // die "fork: $!\n";
    exit 0 if !$pid;
    waitpid($pid, 0);
    is_deeply([lines_of("$folder/exit")], [], 'row 28: nor does a child that exits');

    my $grandchild = $class->new(4);
    pipe(my $in, my $out) or die "pipe: $!\n";
    $pid = fork() // die "fork: $!\n";
    if (!$pid) {
        my @forks = ($grandchild->forks);
        my $inner = fork() // die "fork: $!\n";
        if (!$inner) {
            syswrite($out, "@forks " . $grandchild->forks);
            require POSIX;
            POSIX::_exit(0);
        }
        waitpid($inner, 0);
        require POSIX;
        POSIX::_exit(0);
    }
    waitpid($pid, 0);
    close($out);
    is(scalar(<$in>), '1 2', 'row 28: each fork counts');
}

# A handler that forks inside a call: the child cannot finish it.
{
    my $counter = $class->new(1);
    pipe(my $in, my $out) or die "pipe: $!\n";
    my $child;
    local $SIG{ALRM} = sub { $child = fork() // die "fork: $!\n" };
    ualarm(20_000);
    my $error = error_of(sub { $counter->hold(100) });
    if (defined($child) && !$child) {
        syswrite($out, $error // 'finished');
        require POSIX;
        POSIX::_exit(0);
    }
    waitpid($child, 0);
    close($out);
    is($error, undef, 'row 28: a handler that forks leaves the parent\'s call alone');
    like(
        scalar(<$in>),
        qr/^the process was forked by a signal handler/,
        'row 28: and ends the child\'s'
    );
}

# Row 31
{
    my $counter = $class->new(1);
    local ($@, $!, $?) = ('error', 2, 256);
    undef $counter;
    is("$@ " . ($! + 0) . " $?", 'error 2 256', 'row 31: $@, $! and $? are kept');
    is(alive(), 0, 'row 31: when an object goes');

    eval { my $inner = $class->new(2); die "kept\n" };
    is($@, "kept\n", 'row 31: also while an error unwinds');

    $counter = $class->new(1);
    my $again = $counter;
    undef $counter;
    is(alive(), 1, 'row 31: not while there is a reference');
    undef $again;
    is(alive(), 0, 'row 31: once');

    my @list = map { $class->new($_) } 1 .. 100;
    push @list, \@list;
    is(alive(), 100, 'row 31: many');
    pop @list;
    @list = ();
    is(alive(), 0, 'row 31: all dropped');
    no_leaks_ok { my $object = $class->new(1); $object->add(2); $object->close }
    'row 31: nothing leaks';

    my @last;
    @PerlXS::WithDestroy::ISA = ($class);
    *PerlXS::WithDestroy::DESTROY = sub { my ($self) = @_; push @last, $self->value; return };
    undef(my $object = PerlXS::WithDestroy->new(3));
    is_deeply(\@last, [3], 'row 31: DESTROY of a derived class has the value');
    {
        local $PerlXS::Keep::kept;
        no warnings 'redefine';
        local *PerlXS::WithDestroy::DESTROY = sub { $PerlXS::Keep::kept = $_[0] };
        undef($object = PerlXS::WithDestroy->new(4));
        is($PerlXS::Keep::kept->value, 4, 'row 31: and may keep it');
    }
    is(alive(), 0, 'row 31: for a while');
}
for my $case (
    ['a global' => 'our $c = PerlXS::Test::Counter->new(1, $ARGV[0])', 1],
    ['a lexical of the file' => 'my $c = PerlXS::Test::Counter->new(1, $ARGV[0]); sub f { $c }', 1],
    ['a cycle' => 'my $c = PerlXS::Test::Counter->new(1, $ARGV[0]); my $l = [$c]; push @$l, $l', 1],
    [
        'in a closure that refers to itself' =>
            'my $c = PerlXS::Test::Counter->new(1, $ARGV[0]); my $s; $s = sub { $c, $s }',
        1
    ],
    [
        'in an object that is destroyed' =>
            'our $o = bless([PerlXS::Test::Counter->new(1, $ARGV[0])], "O"); sub O::DESTROY { $_[0][0]->add(1) if $_[0][0] }',
        1
    ],
    ['after exit' => 'our $c = PerlXS::Test::Counter->new(1, $ARGV[0]); exit 0', 1],
    ['after die' => 'our $c = PerlXS::Test::Counter->new(1, $ARGV[0]); close STDERR; die', 1],
    [
        'in a tied hash' =>
            'require Tie::Hash; tie our %h, "Tie::StdHash"; $h{c} = PerlXS::Test::Counter->new(1, $ARGV[0])',
        1
    ],
    )
{
    my ($name, $program, $drops) = @$case;
    my $journal = "$folder/" . ($name =~ s/ /-/gr);
    system($^X, '-It/lib', '-MPerlXS::Test', '-e', $program, $journal);
    my @dropped = lines_of($journal);
    is(scalar(@dropped), $drops, "row 31: global destruction: $name: dropped once");
    is($? & 127, 0, "row 31: global destruction: $name: without a crash");
}

done_testing();
