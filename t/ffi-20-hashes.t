# Hashes: their keys, and what the caller does with them at the same time.

use strict;
use warnings;

use Hash::Util qw(lock_keys lock_hash hidden_keys);
use Test::More;

use lib 't/lib';
use PerlXS::Test;

sub describe { return PerlXS::Test::Structures::describe(@_) }

# Row 20
{
    my $was_utf8 = "\x{e9}\x{263a}";
    chop $was_utf8;
    for my $key (
        "caf\xe9", "caf\x{e9}\x{263a}", "caf\xc3\xa9", "\x{263a}",
        $was_utf8, "\0", '', "\xff",
        'x' x 1000
        )
    {
        my $shown = $key =~ s/([^ -~])/sprintf('\x{%x}', ord($1))/ger;
        $shown = substr($shown, 0, 20);
        is_deeply(PerlXS::Test::Structures::echo({ $key => 1 }), { $key => 1 }, "row 20: '$shown'");
        is_deeply(
            PerlXS::Test::Structures::texts({ $key => $key }),
            { $key => $key },
            "row 20: '$shown' as text"
        );
        my ($back) = keys %{ PerlXS::Test::Structures::echo({ $key => 1 }) };
        is(length($back), length($key), "row 20: '$shown' keeps its length");
    }
    my $upgraded = "caf\xe9";
    utf8::upgrade($upgraded);
    my %both = ("caf\xe9" => 1);
    $both{$upgraded}++;
    is_deeply(
        PerlXS::Test::Structures::echo(\%both),
        { "caf\xe9" => 2 },
        'row 20: one key written both ways is one'
    );
    is(describe({ "caf\xe9" => 1 }), '{bytes caf\xe9 => int 1}', 'row 20: bytes are bytes');
    is(
        describe({ $upgraded => 1 }),
        '{text caf\u{e9} => int 1}',
        'row 20: characters are characters'
    );
    is_deeply(
        PerlXS::Test::Structures::by_number({ 1 => 1, -5 => 0 }),
        { 1 => 1, -5 => 0 },
        'row 20: integers'
    );
    ok(!eval { PerlXS::Test::Structures::by_number({ x => 1 }); 1 }, 'row 20: or not');
    like($@, qr/\(\$value->\{x\}\): expected an integer as the key\n/, 'row 20: as is said');
}

# Row 21
{
    my %hash = map { $_ => 1 } 'a' .. 'z';
    my %seen;
    while (my ($key) = each %hash) {
        die "each was reset\n" if $seen{$key}++;
        describe(\%hash);
        PerlXS::Test::Structures::integers(\%hash);
    }
    is(scalar(keys %seen), 26, 'row 21: each goes on where it was');

    my $inner = { map { $_ => 1 } 'a' .. 'c' };
    keys %$inner;
    my ($first) = each %$inner;
    describe({ x => [$inner] });
    my ($second) = each %$inner;
    isnt($second, $first, 'row 21: inside data too');
    %hash = (%hash, magic => 1);
    keys %hash;
    $first = each %hash;
    'text' =~ /(x)/;
    $hash{magic} = \$1;
    describe([\%ENV, 1]);
    eval { describe(\%hash) };
    isnt(scalar(each %hash), $first, 'row 21: and where a value is magical');
}

# Restricted hashes: keys that are allowed but not there.
{
    my %locked = (a => 1, b => 2);
    lock_keys(%locked, qw(a b c));
    is(describe(\%locked), '{bytes a => int 1, bytes b => int 2}', 'row 20: a restricted hash');
    delete $locked{a};
    is(describe(\%locked), '{bytes b => int 2}', 'row 20: with a deleted key');
    is_deeply([sort(hidden_keys(%locked))], ['a', 'c'], 'row 20: which is still allowed');
    is_deeply(PerlXS::Test::Structures::integers(\%locked), { b => 2 }, 'row 20: typed');
    my %one = (circle => 3, gone => 1);
    lock_keys(%one);
    delete $one{gone};
    is_deeply(PerlXS::Test::Structures::shape(\%one), { circle => 3 }, 'row 20: the only key left');
    lock_hash(%one);
    ok(
        !eval { PerlXS::Test::Effects::delete(\%one, 'circle'); 1 },
        'row 20: a locked hash cannot be changed'
    );
    like($@, qr/^Attempt to delete readonly key 'circle'/, 'row 20: as Perl says');
}

done_testing();
