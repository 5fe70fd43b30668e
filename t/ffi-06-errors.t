# What a failed call raises.

use strict;
use warnings;

use Test::More;
use Test::LeakTrace;

use lib 't/lib';
use PerlXS::Test;

sub error_of {
    my ($code) = @_;
    return eval { $code->(); 1 } ? undef : $@;
}

my $name = 'PerlXS::Test::Errors';
is(error_of(sub { PerlXS::Test::Errors::fail("plain\n") }), "plain\n", 'row 6: a text as it is');
is(
    error_of(sub { PerlXS::Test::Errors::fail("caf\x{e9} \x{263a}\n") }),
    "caf\x{e9} \x{263a}\n",
    'row 6: of characters',
);
is(
    error_of(sub { PerlXS::Test::Errors::fail_bytes("caf\xc3\xa9\n") }),
    "caf\xc3\xa9\n",
    'row 6: of bytes',
);
is(
    error_of(sub { PerlXS::Test::Errors::fail_at_caller('here') }),
    "here at $0 line " . (__LINE__ - 1) . ".\n",
    'row 6: Perl appends the place where the newline is missing',
);

# Where in an argument the trouble is.
my %bad = (
    '->{x}): is missing' => sub { PerlXS::Test::Structures::point({}) },
    '->{x}): expected an unsigned integer, got \'red\'' =>
        sub { PerlXS::Test::Structures::point({ x => 'red' }) },
    '->{list}[2]): expected an unsigned integer, got undef' =>
        sub { PerlXS::Test::Structures::integer_lists({ list => [1, 2, undef] }) },
    '->{path}{points}[1]{y}): expected an unsigned integer, got 1.5' =>
        sub {
        PerlXS::Test::Structures::shape(
            { path => { points => [{ x => 1 }, { x => 1, y => 1.5 }] } }
        );
        },
    '): expected a hash reference, got an array reference' =>
        sub { PerlXS::Test::Structures::point([]) },
    "->{\x{263a}}): expected an unsigned integer, got a hash reference" =>
        sub { PerlXS::Test::Structures::integers({ "\x{263a}" => {} }) },
);
for my $wanted (sort keys %bad) {
    my $error = error_of($bad{$wanted});
    like(
        $error,
        qr/^PerlXS::Test::Structures::\w+: argument 1 \(\$value\Q$wanted\E\n\z/,
        'row 6: the path is named',
    );
}
is(
    error_of(sub { PerlXS::Test::add(1, 'b') }),
    "PerlXS::Test::add: argument 2 (\$b): expected an integer, got 'b'\n",
    'row 6: the argument is named',
);
like(
    error_of(sub { PerlXS::Test::u8('9' x 100_000) }),
    qr/^PerlXS::Test::u8: .* got '9{40}\x{2026}'\n\z/,
    'row 6: a long value is cut in the error',
);

# Objects.
my $line = __LINE__ + 1;
my $error = error_of(sub { PerlXS::Test::Errors::fail_object('config', "no \x{263a}") });
is(
    ref($error), 'PerlXS::Test::Failure',
    'row 6: an object, of the fallback class where its own is not installed'
);
is_deeply(
    {%$error},
    { kind => 'config', message => "no \x{263a}", filename => $0, line => $line },
    'row 6: kind, message and place can be read',
);
ok(!exists $INC{'PerlXS/Test/NotInstalled.pm'}, 'row 6: nothing is recorded in %INC');
ok(
    !exists $INC{'PerlXS/Test/Loaded.pm'},
    'row 6: a class that is installed is not loaded beforehand'
);
$error = error_of(sub { PerlXS::Test::Errors::fail_loaded('yes') });
is(ref($error), 'PerlXS::Test::Loaded', 'row 6: but is when an error needs it');
is("$error", "yes\n", 'row 6: with its own stringification');
like(
    error_of(sub { PerlXS::Test::Errors::fail_broken() }),
    qr/^internal error: .*cannot be raised/,
    'row 6: no fields'
);

{
    my @died;
    local $SIG{__DIE__} = sub { push @died, $_[0] };
    error_of(sub { PerlXS::Test::Errors::fail_object('config', 'x') });
    is(
        scalar(@died), 1,
        'row 6: $SIG{__DIE__} hears of the error, not of the module that is not there'
    );
    is(ref($died[0]), 'PerlXS::Test::Failure', 'row 6: as an object');
}

for my $fail (
    sub { PerlXS::Test::Errors::fail("text\n") },
    sub { PerlXS::Test::Errors::fail_at_caller('x') },
    sub { PerlXS::Test::Errors::fail_loaded('x') },
    sub { PerlXS::Test::Structures::point({ x => [] }) },
    sub { PerlXS::Test::add(1) },
    )
{
    error_of($fail);
    no_leaks_ok { error_of($fail) } 'row 6: a failed call leaks nothing';
}

# Row 7: a handler that calls back while the error is raised.
{
    my $counter = PerlXS::Test::Counter->new(1);
    my @seen;
    local $SIG{__DIE__} = sub { push @seen, $counter->value, $counter->add(10) };
    $error = error_of(sub { $counter->fail("failed\n") });
    is($error, "failed\n", 'row 7: the error arrives');
    is_deeply(\@seen, [2, 12], 'row 7: $SIG{__DIE__} may use the object of the failing call');

    local $SIG{__WARN__} = sub { push @seen, $counter->value };
    local $SIG{__DIE__} = sub { $counter = undef };
    $error = error_of(sub { $counter->fail("again\n") });
    is($error, "again\n", 'row 7: or drop it');
    is(PerlXS::Test::Counter::alive(), 0, 'row 7: which is then gone');
}

# A handler that dies while warnings are given.
{
    local $SIG{__WARN__} = sub { die "from the handler: $_[0]" };
    for my $call (
        sub { PerlXS::Test::Effects::warn("one\n") },
        sub { PerlXS::Test::Effects::warn_and_fail("one\n", "two\n") },
        )
    {
        is(
            error_of($call),
            "from the handler: one\n",
            'row 7: a warning handler that dies ends the call'
        );
        no_leaks_ok { error_of($call) } 'row 7: and leaks nothing';
    }
}
{
    my @warnings;
    local $SIG{__WARN__} = sub { push @warnings, @_ };
    my $place = "$0 line " . (__LINE__ + 1);
    my $failed = error_of(sub { PerlXS::Test::Effects::warn_and_fail("one\n", 'two') });
    is($failed, "failed\n", 'row 7: warnings, then the error');
    is_deeply(\@warnings, ["one\n", "two at $place.\n"], 'row 7: in order, with their place');
}

done_testing();
