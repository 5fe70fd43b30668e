# Tied and magical arguments: read once, in C, before Rust starts; what reading them does harms nothing.

use strict;
use warnings;

use Test::More;
use Test::LeakTrace;

use lib 't/lib';
use PerlXS::Test;
use PerlXS::Tied;

sub describe { return PerlXS::Test::Structures::describe(@_) }

# Row 4: FETCH dies.
{
    tie my $dies, 'PerlXS::Tied::Scalar', on_read => sub { die "no value\n" };
    my $other = { list => [1, 2, 3] };
    my $inner = $other->{list};
    my $attempt = sub {
        eval { PerlXS::Test::add(1, $dies) };
        eval { PerlXS::Test::Structures::describe_both($other, $dies) };
        eval {
            PerlXS::Test::Structures::describe_both(
                { deep => [\my @x, { in => $other }] },
                [$dies]
            );
        };
    };
    $attempt->();
    is($@, "no value\n", 'row 4: the FETCH error arrives as it is');
    my $before = Internals::SvREFCNT(%$other) . ' ' . Internals::SvREFCNT(@$inner);
    $attempt->() for 1 .. 1000;
    my $after = Internals::SvREFCNT(%$other) . ' ' . Internals::SvREFCNT(@$inner);
    is($after, $before, 'row 4: 1,000 deaths in FETCH leave the reference counts');
    no_leaks_ok { $attempt->() } 'row 4: and leak nothing';

    tie my %hash, 'PerlXS::Tied::Hash', a => 1, die => 2;
    no_leaks_ok {
        eval { describe({ inside => [\%hash, {%$other}] }) };
    }
    'row 4: nor does one deep inside data';
}

# Row 5: exactly once.
{
    my $tied = tie my $value, 'PerlXS::Tied::Scalar', value => 41;
    is(PerlXS::Test::add($value, 1), 42, 'row 5: a tied number');
    is($tied->{reads}, 1, 'row 5: read once');

    $tied->{reads} = 0;
    is(PerlXS::Test::optional_u32($value), 41, 'row 5: a tied optional number');
    is($tied->{reads}, 1, 'row 5: read once');

    $tied->{reads} = 0;
    is(describe([$value, { a => $value }]), '[int 41, {bytes a => int 41}]', 'row 5: inside data');
    is($tied->{reads}, 2, 'row 5: read once for each place');

    $tied->{value} = { x => 5, y => undef };
    $tied->{reads} = 0;
    is_deeply(
        PerlXS::Test::Structures::point($value),
        { x => 5, y => undef, label => undef },
        'row 5: tied data'
    );
    is($tied->{reads}, 1, 'row 5: read once');

    my $counter = PerlXS::Test::Counter->new(7);
    $tied->{value} = $counter;
    $tied->{reads} = 0;
    is(PerlXS::Test::Counter::value($value), 7, 'row 5: a tied object');
    is($tied->{reads}, 1, 'row 5: read once');

    my $array = tie my @array, 'PerlXS::Tied::Array', 1, 'two', undef;
    is(describe(\@array), '[int 1, bytes two, undef]', 'row 5: a tied array');
    is($array->{reads}, 3, 'row 5: each element once');

    my $hash = tie my %hash, 'PerlXS::Tied::Hash', a => 1, b => 'two';
    is(describe(\%hash), '{bytes a => int 1, bytes b => bytes two}', 'row 5: a tied hash');
    is($hash->{reads}, 2, 'row 5: each value once');
    $hash->{reads} = 0;
    is(PerlXS::Test::add($hash{a}, 1), 2, 'row 5: an element of it');
    is($hash->{reads}, 1, 'row 5: once');

    my ($object, $deleted) = (tie(my %caller, 'PerlXS::Tied::Hash', a => 1, b => 2));
    is(PerlXS::Test::Effects::delete(\%caller, 'a'), 2, 'row 5: an effect on a tied hash');
    is_deeply($object->{values}, { b => 2 }, 'row 5: goes through its DELETE');

    my $inside = tie my %inside, 'PerlXS::Tied::Hash', b => 1, c => 2;
    my %outside = (x => { y => \%inside });
    PerlXS::Test::Effects::change_inside(\%outside, 'x', 'y', 'a', [1, { z => 2 }], 'b');
    is_deeply($inside->{values}, { a => [1, { z => 2 }], c => 2 }, 'row 5: effects inside');
    PerlXS::Test::Effects::change_inside(\%outside, 'x', 'nowhere', 'a', 1, 'b');
    is_deeply([keys %outside, keys %{ $outside{x} }], ['x', 'y'], 'row 5: no place, no effect');

    my $reference = tie my $scalar, 'PerlXS::Tied::Scalar', value => { a => 1, b => 2 };
    PerlXS::Test::Effects::delete($scalar, 'a');
    is($reference->{reads}, 1, 'row 5: a tied reference to a hash to change is read once');
    is_deeply($reference->{value}, { b => 2 }, 'row 5: and its hash is changed');
}

# Row 5: values that Perl itself makes magical.
{
    'vmid 100' =~ /(\d+)/;
    is(PerlXS::Test::u32($1), 100, 'row 5: $1');
    is(describe([$1, $&]), '[bytes 100, bytes 100]', 'row 5: $1 inside data');
    is(describe(\@-), '[int 5, int 5]', 'row 5: \@-');
    'x' =~ /(?<name>x)/;
    is(describe(\%+), '{bytes name => bytes x}', 'row 5: \%+');

    local $ENV{PERLXS_TEST} = 'from the environment';
    is(PerlXS::Test::text($ENV{PERLXS_TEST}), 'from the environment', 'row 5: $ENV{X}');
    like(describe(\%ENV), qr/bytes PERLXS_TEST => bytes from the environment/, 'row 5: \%ENV');
    local $SIG{USR1} = 'IGNORE';
    is(PerlXS::Test::text($SIG{USR1}), 'IGNORE', 'row 5: $SIG{X}');
    like(describe({ %SIG{USR1} }), qr/bytes USR1 => bytes IGNORE/, 'row 5: from %SIG');

    my $string = 'abcdef';
    is(PerlXS::Test::text(substr($string, 1, 2)), 'bc', 'row 5: substr');
    is(PerlXS::Test::u32(vec($string, 0, 8)), 97, 'row 5: vec');
    is(PerlXS::Test::u32(pos($string) // 7), 7, 'row 5: pos');
    my %hash;
    is(PerlXS::Test::optional_u32($hash{missing}), undef, 'row 5: a missing element');
    ok(!exists $hash{missing}, 'row 5: is not made');
    my @array;
    is(PerlXS::Test::optional_u32($array[5]), undef, 'row 5: likewise of an array');
    is(scalar(@array), 0, 'row 5: is not made either');
    is(PerlXS::Test::text(v1.22), "\x01\x16", 'row 5: a version string');
    is(PerlXS::Test::u32($#{ [1, 2, 3] }), 2, 'row 5: $#array');
    local $! = 2;
    like(PerlXS::Test::text($!), qr/No such file/, 'row 5: $! has a string');
    local $0 = 'perlxs';
    is(PerlXS::Test::text($0), 'perlxs', 'row 5: $0');
    is(PerlXS::Test::u32($$), $$, 'row 5: $$');

    sub through { return PerlXS::Test::add($_[0], $_[1]) }
    tie my $tied, 'PerlXS::Tied::Scalar', value => 3;
    is(through($tied, 4), 7, 'row 5: an alias in @_');
    is(PerlXS::Test::add(map { $_ } 1, 2), 3, 'row 5: temporaries');
    for my $alias (substr($string, 0, 1)) {
        is(PerlXS::Test::text($alias), 'a', 'row 5: an alias of an lvalue');
    }
}

# Row 5: tainted values, in a process of their own.
{
    open(my $out, '-|', $^X, '-T', '-It/lib', 't/lib/taint.pl', 'tainted argument') or die "$!\n";
    chomp(my @lines = <$out>);
    close($out);
    is_deeply(
        \@lines,
        ['ok 16', 'ok tainted argument', 'ok [bytes tainted argument]', 'ok clean'],
        'row 5: tainted values',
    );
}

# Reading an argument may do anything to the others.
{
    my @list = ('a' x 100, 'b' x 100);
    tie my $clears, 'PerlXS::Tied::Scalar', value => 1, on_read => sub { @list = () };
    is(
        PerlXS::Test::Structures::describe_both($list[0], $clears),
        'bytes ' . ('a' x 100) . ' and int 1',
        'row 5: a FETCH that frees an argument before it',
    );
    @list = ('a' x 100, 'b' x 100);
    is(
        PerlXS::Test::Structures::describe_both($clears, $list[1]),
        'int 1 and bytes ' . ('b' x 100),
        'row 5: and one after it',
    );

    my $plain = 'before';
    tie my $changes, 'PerlXS::Tied::Scalar',
        value => 1,
        on_read => sub { $plain = 'after' };
    is(
        PerlXS::Test::Structures::describe_both($plain, $changes),
        'bytes before and int 1',
        'row 5: a FETCH that changes an argument before it',
    );
    my $counter = PerlXS::Test::Counter->new(5);
    tie my $undefines, 'PerlXS::Tied::Scalar', value => 1, on_read => sub { undef $counter };
    is($counter->plus($undefines), 6, 'row 5: a FETCH that drops the object of the call');
    is(PerlXS::Test::Counter::alive(), 0, 'row 5: which is then gone');

    my $data = { deep => 1 };
    tie my $deepens, 'PerlXS::Tied::Scalar',
        value => 1,
        on_read => sub {
        my $deep = 1;
        $deep = [$deep] for 1 .. 1000;
        $data->{deep} = $deep;
        };
    is(
        PerlXS::Test::Structures::describe_both($data, $deepens),
        '{bytes deep => int 1} and int 1',
        'row 5: a FETCH that makes earlier data too deep',
    );

    my $inner = { gone => 1, die => 2 };
    my $outer = { a => $inner };
    $inner->{list} = [1, 2];
    tie $inner->{list}[0], 'PerlXS::Tied::Scalar',
        value => 1,
        on_read => sub { undef $outer; undef $inner };
    like(
        describe($outer),
        qr/list => \[int 1, int 2\]/,
        'row 5: a FETCH that drops the data it is in'
    );

    my $grow = sub {
        my ($n) = @_;
        my @x = map { [$_] } 1 .. $n;
        return scalar(@x);
    };
    tie my $grows, 'PerlXS::Tied::Scalar',
        value => 1,
        on_read => sub { deep_call(2000); $grow->(100_000) };

    sub deep_call {
        my ($n) = @_;
        no warnings 'recursion';
        return $n ? 1 + deep_call($n - 1, 1 .. 50) : 0;
    }
    is(PerlXS::Test::add($grows, 41), 42, 'row 5: a FETCH that makes Perl move its stack');
    my @result = (1, 2, PerlXS::Test::Results::list($grows), 3);
    is_deeply(\@result, [1, 2, 1, 3], 'row 5: likewise with a list as the result');
}

done_testing();
