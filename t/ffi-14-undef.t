# undef, what is absent, and holes.

use strict;
use warnings;

use Test::More;

use lib 't/lib';
use PerlXS::Test;

sub error_of {
    my ($code) = @_;
    return eval { $code->(); 1 } ? undef : $@;
}

# Row 14
my $structures = 'PerlXS::Test::Structures';
is(
    error_of(sub { PerlXS::Test::Structures::point({ x => undef }) }),
    "${structures}::point: argument 1 (\$value->{x}): expected an unsigned integer, got undef\n",
    'row 14: undef for a required field names the field',
);
is(
    error_of(sub { PerlXS::Test::u32(undef) }),
    "PerlXS::Test::u32: argument 1 (\$value): expected an unsigned integer, got undef\n",
    'row 14: undef for a required argument names it',
);
is(
    error_of(sub { PerlXS::Test::text(undef) }),
    "PerlXS::Test::text: argument 1 (\$value): expected a string, got undef\n",
    'row 14: likewise a string',
);
is(
    error_of(sub { PerlXS::Test::Structures::point(undef) }),
    "${structures}::point: argument 1 (\$value): expected a hash reference, got undef\n",
    'row 14: likewise data',
);
is(PerlXS::Test::optional_u32(undef), undef, 'row 14: undef for an optional argument');
is(PerlXS::Test::optional_u32(), undef, 'row 14: or none');
is(PerlXS::Test::optional_text(undef), undef, 'row 14: likewise a string');
is(PerlXS::Test::optional_text(''), '', 'row 14: an empty string is a string');
is(PerlXS::Test::optional_first(undef, 2), 123, 'row 14: an optional one before a required one');
is_deeply(
    PerlXS::Test::Structures::point({ x => 1, y => undef }),
    { x => 1, y => undef, label => undef },
    'row 14: undef and absent keys of a structure',
);
is(PerlXS::Test::Structures::optional_point(undef), undef, 'row 14: an optional structure');
is(PerlXS::Test::Structures::describe(undef), 'undef', 'row 14: undef as data');

# Row 15
my $nothings = PerlXS::Test::Results::nothings();
is_deeply(
    $nothings,
    { none => undef, unit => undef, list => [undef, 1, undef] },
    'row 15: nothings'
);
ok(
    eval {
        $nothings->{none} = 1;
        $nothings->{unit} .= 'x';
        $nothings->{list}[0]++;
        $nothings->{list}[2] = {};
        1;
    },
    'row 15: each can be assigned to',
) or diag($@);
is_deeply($nothings, { none => 1, unit => 'x', list => [1, 1, {}] }, 'row 15: and is its own');
is_deeply(
    PerlXS::Test::Results::nothings(), { none => undef, unit => undef, list => [undef, 1, undef] },
    'row 15: the next result is untouched',
);
ok(
    eval { $_ = 1 for PerlXS::Test::Results::undefined(), PerlXS::Test::nop(); 1 },
    'row 15: an undef result too'
);
is(PerlXS::Test::nop(), undef, 'row 15: the next is undef again');
my @references = map { \PerlXS::Test::add($_, 1) } 1 .. 3;
is_deeply([map { $$_ } @references], [2, 3, 4], 'row 15: each result is a value of its own');

# Row 16
my @holes;
$holes[0] = 1;
$holes[3] = 4;
is(PerlXS::Test::Structures::describe(\@holes), '[int 1, undef, undef, int 4]', 'row 16: holes');
is_deeply(PerlXS::Test::Structures::echo(\@holes), [1, undef, undef, 4], 'row 16: and back');
ok(!exists $holes[1], 'row 16: the hole is still one');
$#holes = 5;
is(
    PerlXS::Test::Structures::describe(\@holes),
    '[int 1, undef, undef, int 4, undef, undef]',
    'row 16: at the end'
);
shift @holes;
is(
    PerlXS::Test::Structures::describe(\@holes),
    '[undef, undef, int 4, undef, undef]',
    'row 16: at the start'
);
is(
    PerlXS::Test::Structures::describe([(undef) x 2, my @none]),
    '[undef, undef]',
    'row 16: undef elements'
);
is(PerlXS::Test::optional_first(@holes[0, 2]), 143, 'row 16: a hole as an argument');

done_testing();
