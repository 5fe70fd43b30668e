# Numbers and strings: by the scalar's public flags, exact or refused.

use strict;
use warnings;

use B ();
use Scalar::Util qw(dualvar);
use Test::More;

use lib 't/lib';
use PerlXS::Test;

sub describe { return PerlXS::Test::Structures::describe(@_) }

sub refused {
    my ($type, $value, $name) = @_;
    my $code = \&{"PerlXS::Test::$type"};
    my $ok = eval { $code->($value); 1 };
    my $shown = defined($value) ? $value : 'undef';
    ok(
        !$ok && $@ =~ /^PerlXS::Test::$type: argument 1 \(\$value\): expected /,
        $name // "$type: $shown is refused"
        )
        or diag($ok ? 'accepted' : $@);
    return;
}

sub exact {
    my ($row, $type, $value, $wanted) = @_;
    my $code = \&{"PerlXS::Test::$type"};
    is($code->($value), $wanted, "row $row: $type: $wanted");
    return;
}

exact(8, 'u32', '42', 42);
exact(8, 'text', 42, '42');
exact(8, 'text', -1, '-1');
exact(8, 'text', 1.5, '1.5');
exact(8, 'text', 1e15, 1e15);
exact(8, 'text', 1e20, '1e+20');
exact(8, 'text', 0.1 + 0.2, 0.1 + 0.2);
exact(8, 'text', 18446744073709551615, '18446744073709551615');
exact(8, 'text', 9**9**9, 9**9**9);
exact(8, 'text', -sin(9**9**9), '' . -sin(9**9**9));
exact(8, 'text', -0.0, '' . -0.0);
exact(8, 'bytes', 42, '42');
exact(8, 'i64', '+42', 42);
exact(8, 'i64', '-0', 0);
exact(8, 'f64', '1.5e3', 1500);
exact(8, 'f64', 3, 3);
exact(8, 'u32', !!1, 1);
refused('u32', $_, "row 8: '$_' is no u32")

    for '', ' 42', "42\n", '4 2', '0x10', '1e3', '3.0', '--1', '-', '+';
refused('f64', $_, "row 8: '$_' is no number") for '', 'inf', 'nan', '1_000', 'x', '1e';
refused($_, "\x{661}", "row 8: an Arabic digit is no $_") for qw(u32 f64);

# Row 9: what a string was used as before makes no difference.
{
    my $string = 'abc';
    { no warnings 'numeric'; my $number = $string + 0; }
    refused('u32', $string, 'row 9: "abc" once used as a number is still no number');
    is(describe($string), 'bytes abc', 'row 9: but a string');
    my $three = '3 apples';
    { no warnings 'numeric'; my $number = $three + 0; }
    refused('u32', $three, 'row 9: nor is "3 apples"');
    my $used = '42';
    my $number = $used + 0;
    is(describe($used), 'bytes 42', 'row 9: "42" once used as a number is still a string');
    is(PerlXS::Test::u32($used), 42, 'row 9: which is one');
    my $part = '3.7';
    $number = int($part);
    refused('u32', $part, 'row 9: "3.7" of which the integer part was used');
    is(describe(dualvar(5, 'five')), 'bytes five', 'row 9: of both, the string counts');
    is(describe(dualvar(0, '')), 'bytes ', 'row 9: even an empty one');
}

# Row 10
exact(10, 'u32', 3.0, 3);
exact(10, 'i8', -3.0, -3);
exact(10, 'u64', -0.0, 0);
refused($_, 3.9, "row 10: 3.9 is no $_") for qw(i8 i16 i32 i64 u8 u16 u32 u64);
refused('u32', 9**9**9, 'row 10: infinity is no u32');
refused('u32', -9**9**9, 'row 10: nor is its negative');
refused('u32', -sin(9**9**9), 'row 10: nor is what is no number');

# Row 11: the edges of every type.
my %range = (
    i8 => ['-128', '127'],
    i16 => ['-32768', '32767'],
    i32 => ['-2147483648', '2147483647'],
    i64 => ['-9223372036854775808', '9223372036854775807'],
    u8 => ['0', '255'],
    u16 => ['0', '65535'],
    u32 => ['0', '4294967295'],
    u64 => ['0', '18446744073709551615'],
);
my %outside = (
    i8 => [-129, 128],
    i16 => [-32769, 32768],
    i32 => [-2147483649, 2147483648],
    i64 =>
        ['-9223372036854775809', 9223372036854775808, 2**63, -2**63 * 1.5, '9223372036854775808'],
    u8 => [-1, 256, 300],
    u16 => [-1, 65536],
    u32 => [-1, 4294967296],
    u64 => [-1, '18446744073709551616', 2**64, 1e30, '9' x 100],
);
for my $type (sort keys %range) {
    for my $text (@{ $range{$type} }) {
        exact(11, $type, $text, $text);
        exact(11, $type, 0 + $text, $text);
    }
    refused($type, $_, "row 11: $_ is no $type") for @{ $outside{$type} };
}
exact(11, 'u64', 2**63, '9223372036854775808');
exact(11, 'u64', 9.223372036854775808e18, '9223372036854775808');
exact(11, 'i64', -9.223372036854775808e18, '-9223372036854775808');
is(
    describe([18446744073709551615, ~0]),
    '[uint 18446744073709551615, uint 18446744073709551615]',
    'row 11: in data'
);
is_deeply(
    PerlXS::Test::Structures::echo([18446744073709551615, -9223372036854775808]),
    [18446744073709551615, -9223372036854775808],
    'row 11: and back',
);

# Row 12: printing a number leaves it a number.
{
    my ($integer, $float, $negative, $big) = (100, 1.5, -7, 18446744073709551615);
    my $printed = "$integer $float $negative $big";
    is(
        describe([$integer, $float, $negative, $big]),
        '[int 100, num 1.5, int -7, uint 18446744073709551615]',
        'row 12: a printed number is still a number',
    );
    my $result = PerlXS::Test::u32(100);
    $printed = "$result";
    is(describe($result), 'int 100', 'row 12: likewise one that came from here');
    my $flags = B::svref_2object(\PerlXS::Test::u32(100))->FLAGS;
    ok($flags & B::SVf_IOK && !($flags & B::SVf_POK), 'row 12: a result is a number only');
    $flags = B::svref_2object(\PerlXS::Test::text(100))->FLAGS;
    ok($flags & B::SVf_POK && !($flags & B::SVf_IOK), 'row 12: or a string only');
    my $string = '100';
    PerlXS::Test::u32($string);
    is(
        B::svref_2object(\$string)->FLAGS & (B::SVf_IOK | B::SVp_IOK),
        0, 'row 12: an argument caches nothing'
    );
    PerlXS::Test::text($integer = 5);
    is(
        B::svref_2object(\$integer)->FLAGS & (B::SVf_POK | B::SVp_POK),
        0, 'row 12: nor does a number its string'
    );
}

# Row 13
ok(PerlXS::Test::boolean($_), "row 13: '$_' is true") for '1', 1, 1.0, !!1;
is(PerlXS::Test::boolean($_), 0, 'row 13: ' . (defined($_) ? "'$_'" : 'undef') . ' is false')
    for '', '0', 0, 0.0, -0.0, undef, !!0;
refused('boolean', $_, "row 13: '$_' is no boolean")
    for 'no', 'yes', 'true', 'off', 2, -1, '00', 0.5, ' ', [];
is(
    describe([!!1, !!0, 1 == 1]),
    '[bool true, bool false, bool true]',
    'row 13: comparisons are booleans in data'
);
is(PerlXS::Test::text(!!1), '1', 'row 13: and have their text');
is(PerlXS::Test::text(!!0), '', 'row 13: both');
is_deeply(PerlXS::Test::Results::booleans(), [1, 0], 'row 13: results are 1 and 0');

my @json = @{ PerlXS::Test::Results::json_booleans() };
is_deeply([map { ref } @json], [('JSON::PP::Boolean') x 3], 'row 13: JSON\'s own booleans');
is(${ $json[0] }, 1, 'row 13: true');
is(${ $json[1] }, 0, 'row 13: false');
is(\${ $json[0] }, \${ $json[2] }, 'row 13: there is one true');
SKIP: {
    eval { require JSON::XS } or skip('JSON::XS is not installed', 2);
    is(JSON::XS::encode_json(PerlXS::Test::Results::json_booleans()), '[true,false,true]', 'encoded');
    my $decoded = JSON::XS::decode_json('[true]');
    is(\${ PerlXS::Test::Results::json_booleans()->[0] }, \${ $decoded->[0] }, 'the same true');
}
{
    my @warnings;
    local $SIG{__WARN__} = sub { push @warnings, @_ };
    is(PerlXS::Test::Results::comparison(1), 1, 'row 13: a comparison that holds');
    is(PerlXS::Test::Results::comparison(0), '', 'row 13: one that does not');
    is(PerlXS::Test::Results::comparison(0) + 0, 0, 'row 13: as a number');
    is_deeply(\@warnings, [], 'row 13: without a warning');
}

done_testing();
