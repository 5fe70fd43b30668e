# Data that is none: too deep, cyclic, code, objects.

use strict;
use warnings;

use Test::More;
use Test::LeakTrace;

use lib 't/lib';
use PerlXS::Overloaded;
use PerlXS::Test;
use PerlXS::Tied;

my @readers = (
    [describe => \&PerlXS::Test::Structures::describe],
    [describe_perl => \&PerlXS::Test::Structures::describe_perl],
    [echo => \&PerlXS::Test::Structures::echo],
    [name_of => sub { PerlXS::Test::Structures::name_of({ name => 'x', rest => $_[0] }) }],
);

sub nested {
    my ($depth, $value) = @_;
    $value = $_ % 2 ? [$value] : { in => $value } for 1 .. $depth;
    return $value;
}

# Row 22
for my $reader (@readers) {
    my ($name, $code) = @$reader;
    my $cycle = { name => 'x' };
    $cycle->{list} = [1, $cycle];
    ok(!eval { $code->($cycle); 1 }, "row 22: $name: a cycle");
    like(
        $@,
        qr/^PerlXS::Test::Structures::\w+: argument 1 \(\$value\): data is nested deeper than 128 levels, or refers to itself\n\z/,
        "row 22: $name: is named",
    );
    delete $cycle->{list};

    my $deep = nested(200_000, 1);
    ok(!eval { $code->($deep); 1 }, "row 22: $name: 200,000 levels");
    like($@, qr/nested deeper than 128 levels/, "row 22: $name: are named");
    # Perl itself frees nested data level by level on its stack.
    while (ref($deep)) { $deep = ref($deep) eq 'ARRAY' ? shift @$deep : delete $deep->{in} }
}
ok(eval { PerlXS::Test::Structures::describe(nested(128, 1)); 1 }, 'row 22: 128 levels are fine');
ok(!eval { PerlXS::Test::Structures::describe(nested(129, 1)); 1 }, 'row 22: 129 are not');
tie my $tied, 'PerlXS::Tied::Scalar', value => nested(129, 1);
ok(!eval { PerlXS::Test::Structures::describe($tied); 1 }, 'row 22: nor in a tied value');
{
    my $cycle = [];
    tie my $loop, 'PerlXS::Tied::Scalar', value => $cycle;
    push @$cycle, \$loop, $cycle;
    my $tie = tie my @endless, 'PerlXS::Tied::Array', [];
    $tie->{values}[0] = \@endless;
    ok(!eval { PerlXS::Test::Structures::describe(\@endless); 1 }, 'row 22: nor a cycle of ties');
    like($@, qr/nested deeper/, 'row 22: which is named');
    no_leaks_ok {
        eval { PerlXS::Test::Structures::describe(\@endless) }
    }
    'row 22: and leaks nothing';
    @$cycle = ();
    $tie->{values} = [];
}
{
    # 10 ** 9 values in eighteen arrays.
    my $shared = [(1) x 10];
    $shared = [($shared) x 10] for 1 .. 8;
    ok(
        !eval { PerlXS::Test::Structures::describe($shared); 1 },
        'row 22: shared data that unfolds without end'
    );
    like($@, qr/data has more than 20000000 values\n/, 'row 22: is named');
}

# Row 23
open(my $handle, '<', '/dev/null') or die "open: $!\n";
my %none = (
    'a code reference' => sub { 1 },
    'a blessed hash' => bless({ a => 1 }, 'Some::Class'),
    'a blessed array' => bless([1], 'Some::Class'),
    'a reference to a number' => \5,
    'a reference to a string' => \'text',
    'a reference to a reference' => \\5,
    'a reference to undef' => \undef,
    'a glob' => *STDOUT,
    'a reference to a glob' => \*STDOUT,
    'a file handle' => $handle,
    'a format' => *STDOUT{IO},
    'a compiled pattern' => qr/x/,
    'the body of one' => ${qr/x/},
    'a reference to a version string' => \v1.2,
    'a reference to an lvalue' => \substr(my $text = 'abc', 1, 1),
);
for my $name (sort keys %none) {
    for my $place (
        ['alone', sub { $_[0] }],
        ['in an array', sub { [$_[0]] }],
        ['in a hash', sub { { k => $_[0] } }]
        )
    {
        my ($where, $wrap) = @$place;
        ok(
            !eval { PerlXS::Test::Structures::describe($wrap->($none{$name})); 1 },
            "row 23: $name $where is refused"
        );
        like(
            $@,
            qr/\(\$value(?:->(?:\[0\]|\{k\}))?\): expected plain data, got /,
            "row 23: $name $where is named"
        );
    }
    for my $type (qw(text bytes u32 f64 boolean)) {
        my $code = \&{"PerlXS::Test::$type"};
        ok(!eval { $code->($none{$name}); 1 }, "row 23: $name is no $type");
    }
}
is(
    PerlXS::Test::Structures::describe_perl($none{'a blessed hash'}),
    '{bytes a => int 1}',
    'row 23: unless the parameter asks for objects as Perl reads them',
);
ok(
    !eval {
        PerlXS::Test::Structures::describe_perl(sub { 1 });
        1;
    },
    'row 23: which code still is not'
);

# Row 24
my $object = bless({ text => "caf\x{e9}\x{263a}", read => 0 }, 'PerlXS::Overloaded::Text');
for my $type (qw(text bytes u32 f64 boolean Structures::describe Structures::echo)) {
    my $code = \&{"PerlXS::Test::$type"};
    ok(
        !eval { $code->($object); 1 },
        "row 24: an object with overloaded strings is no $type"
    );
    like(
        $@,
        qr/got an object of class PerlXS::Overloaded::Text; if its text is meant, pass "\$x"\n\z/,
        'row 24: the hint'
    );
}
is($object->{read}, 0, 'row 24: nothing was called');
is(
    PerlXS::Test::Structures::describe_perl([$object]),
    '[text caf\u{e9}\u{263a}]',
    'row 24: as Perl reads it, it is its string',
);
is($object->{read}, 1, 'row 24: read once');
is(
    PerlXS::Test::Structures::describe_perl(bless({ a => 1 }, 'PerlXS::Overloaded::Adds')),
    '{bytes a => int 1}',
    'row 24: an object that overloads something else is what it is built of',
);
is(
    PerlXS::Test::Structures::describe_perl(bless([], 'PerlXS::Overloaded::Number')),
    'bytes 42', 'row 24: or its number'
);
{
    my $dies = bless({}, 'PerlXS::Overloaded::Dies');
    my $call = sub {
        eval { PerlXS::Test::Structures::describe_perl([{ a => [1] }, { a => $dies }]) }
    };
    $call->();
    is($@, "no text\n", 'row 24: an overload that dies');
    no_leaks_ok { $call->() } 'row 24: leaks nothing';
}

done_testing();
