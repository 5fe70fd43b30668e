# What a call takes and gives, and what it leaves alone.

use strict;
use warnings;

use Test::More;

use lib 't/lib';
use PerlXS::Test;

# Row 32: one documented return, whatever the context.
{
    my @list = PerlXS::Test::add(1, 2);
    my $scalar = PerlXS::Test::add(1, 2);
    PerlXS::Test::add(1, 2);
    is_deeply([@list, $scalar], [3, 3], 'row 32: a value is one value');
    is_deeply([PerlXS::Test::nop()], [undef], 'row 32: undef is one value, too');
    is_deeply([PerlXS::Test::Results::undefined()], [undef], 'row 32: likewise None');
    is_deeply([PerlXS::Test::Results::list(3)], [1, 2, 3], 'row 32: a list');
    is_deeply([PerlXS::Test::Results::list(0)], [], 'row 32: an empty list');
    is(scalar(PerlXS::Test::Results::list(3)), 3, 'row 32: in scalar context its last element');
    is(scalar(PerlXS::Test::Results::list(0)), undef, 'row 32: or undef');
    is(scalar(my @many = PerlXS::Test::Results::list(100_000)), 100_000, 'row 32: a long list');
    is_deeply([PerlXS::Test::Results::maybe(1)], [1], 'row 32: return $value');
    is_deeply([PerlXS::Test::Results::maybe(0)], [], 'row 32: return');
    is(scalar(PerlXS::Test::Results::maybe(0)), undef, 'row 32: which is undef in scalar context');
    PerlXS::Test::Results::maybe($_) for 0, 1;
    PerlXS::Test::Results::list(3);
    my ($first, @rest) = (PerlXS::Test::Results::maybe(0), PerlXS::Test::nop(), 7);
    is_deeply([$first, @rest], [undef, 7], 'row 32: among others');
    my %hash = (a => PerlXS::Test::Results::maybe(1), b => PerlXS::Test::add(1, 1));
    is_deeply(\%hash, { a => 1, b => 2 }, 'row 32: in a hash');
    sub last_value { return PerlXS::Test::add($_[0], 1) }
    is_deeply([map { last_value($_) } 1 .. 3], [2, 3, 4], 'row 32: as a sub\'s own result');
    is(join(',', sort { PerlXS::Test::add($b, -$a) } 1 .. 3), '3,2,1', 'row 32: in a sort block');
    sub sorted { return reverse sort PerlXS::Test::descending 3, 1, 2 }
    is(join(',', sorted(1)), '1,2,3', 'row 32: as the comparison of a sort');
    my @deep = map { [PerlXS::Test::add($_, 0), PerlXS::Test::text($_)] } 1 .. 3;
    is_deeply(\@deep, [[1, '1'], [2, '2'], [3, '3']], 'row 32: results are values of their own');
}

# Row 33
{
    my %usage = (
        'PerlXS::Test::nop()' => [[1], [1, 2]],
        'PerlXS::Test::add($a, $b)' => [[], [1], [1, 2, 3]],
        'PerlXS::Test::optional_u32($value = undef)' => [[1, 2]],
        'PerlXS::Test::optional_first($first = undef, $second, $third = undef)' =>
            [[], [1], [1, 2, 3, 4]],
        'PerlXS::Test::Counter::new($class, $value = undef, $journal = undef)' => [[], [1 .. 4]],
        'PerlXS::Test::Counter::value($this)' => [[], [1, 2]],
        'PerlXS::Test::Waiting::wait($milliseconds, $text)' => [[1], [1, 2, 3], [(1) x 100_000]],
        'PerlXS::Test::Effects::warn($text)' => [[], [1, 2]],
        'PerlXS::Test::Panics::in_decode($first, $second)' => [[1]],
    );
    for my $usage (sort keys %usage) {
        my ($name) = $usage =~ /^([\w:]+)/;
        for my $args (@{ $usage{$usage} }) {
            my $code = \&{$name};
            my $line = __LINE__ + 1;
            ok(!eval { $code->(@$args); 1 }, "row 33: $name with " . @$args . ' arguments');
            is(
                $@,
                "Usage: $usage at $0 line $line.\n",
                'row 33: dies with its usage and the place'
            );
        }
    }
    ok(
        eval { PerlXS::Test::optional_first(1, 2); PerlXS::Test::optional_first(1, 2, 3); 1 },
        'row 33: or fits'
    );
}

# Row 34
{
    local $! = 2;
    for my $call (
        sub { PerlXS::Test::Results::change_errno() },
        sub { PerlXS::Test::Counter->new(1)->close },
        sub { PerlXS::Test::Waiting::wait(10, 'x') },
        sub { PerlXS::Test::Waiting::thread(1) },
        sub { PerlXS::Test::Results::list(10_000) },
        sub { PerlXS::Test::Structures::echo([1, { a => 2 }]) },
        sub {
            local $SIG{__WARN__} = sub { $! = 9 };
            PerlXS::Test::Effects::warn('x');
        },
        )
    {
        $call->();
        is($! + 0, 2, 'row 34: $! is unchanged after success');
    }
}

done_testing();
