#!/usr/bin/perl
# The differential fuzzer itself: what it takes for equal, what it shrinks a case to, and that it
# survives a crash.

use strict;
use warnings;

use File::Temp qw(tempfile);
use Test::More;

use lib 'perl/lib';
use PVE::Network::Rust::Test::Fuzz;
use PVE::Network::Rust::Test::Outcome qw(message outcome);
use PVE::Network::Rust::Test::Shrink qw(shrink);
use PVE::Network::Rust::Test::Value qw(copy describe differences source);

# A format with one argument, a text, in which the side under test gets what $wrong says about it.
package Toy {
    use parent -norequire, 'PVE::Network::Rust::Test::Format';
    use PVE::Network::Rust::Test::Format;
    use PVE::Network::Rust::Test::Outcome qw(outcome);
    use PVE::Network::Rust::Test::Random qw(number_of pick);

    our $wrong;

    sub name { return 'toy' }

    sub generate {
        my $text = join('', map { pick('a' .. 'f', "\n") } 0 .. number_of(0, 40));
        return { what => 'text', arguments => [$text] };
    }

    sub observe {
        my ($self, $side, $case) = @_;
        return {
            call =>
                outcome(sub { $side eq 'rust' ? $wrong->($_[0]) : $_[0] }, @{ $case->{arguments} })
        };
    }
}

# What the fuzzer prints about the toy, and its answer.
sub fuzz {
    my ($wrong, %options) = @_;
    $Toy::wrong = $wrong;
    my ($out, $path) = tempfile(UNLINK => 1);
    open(my $stdout, '>&', \*STDOUT) or die "dup: $!\n";
    open(STDOUT, '>', $path) or die "open $path: $!\n";
    my $fuzz = PVE::Network::Rust::Test::Fuzz->new(
        formats => [Toy->new('reference', 'rust')],
        seed => 5,
        cases => 2_000,
        %options
    );
    my $found = $fuzz->run();
    open(STDOUT, '>&', $stdout) or die "dup: $!\n";
    my $printed = do { local $/ = undef; <$out> };
    return ($found, $printed);
}

subtest 'values' => sub {
    is(describe(5), '5', 'a number');
    is(describe('5'), '"5"', 'a string');
    my $number = 5;
    my $text = "$number";
    is(describe($number), '5', 'a number that was printed stays one');
    is(
        describe("\x{e9}"),
        describe(do { my $wide = "\x{e9}"; utf8::upgrade($wide); $wide }),
        'code points count'
    );
    is(describe("$text " . []), '"5 ARRAY(0x...)"', 'no address');
    my @differences =
        differences(describe({ a => [1, 2], b => undef }), describe({ a => [1, '2'], c => 1 }));
    is_deeply(
        \@differences,
        [['{a}[1]', '2', '"2"'], ['{b}', 'undef', 'nothing'], ['{c}', 'nothing', '1']],
        'differences have a path',
    );
    my $data =
        { 'a b' => [1, '1', undef, "\$x\n\x{263a}\0"], e => {}, o => bless([], 'Some::Class') };
    my $again = eval source($data);    ## no critic (ProhibitStringyEval)
    is_deeply(
        [differences(describe($data), describe($again))],
        [], 'data written as Perl is the same data'
    );
    is_deeply([differences(describe($data), describe(copy($data)))], [], 'a copy is the same data');
};

subtest 'outcomes' => sub {
    is(message("bad at /x/y.pm line 7.\n"), "bad.\n", 'where it was raised is left out');
    is(
        message("format error\nb: 2\na: 1\n"),
        "format error\na: 1\nb: 2\n",
        'lines in hash order are sorted'
    );
    my $changes =
        outcome(sub { $_[0]{x} = 1; warn "w\n"; my $text = undef . ''; die { a => 1 } }, {});
    is_deeply($changes->{arguments}, [{ x => '1' }], 'what is left in the arguments');
    is_deeply($changes->{warnings}, ['"w\n"'], 'warnings, but not about undef');
    is_deeply($changes->{error}, { a => '1' }, 'an error that is a structure');
};

subtest 'shrinking' => sub {
    my $config = join('', map { "key$_: value$_\n" } 1 .. 200);
    my $small =
        shrink([$config, 'x'], sub { $_[0][0] =~ /key7:/ && $_[0][0] =~ /value9/ && $_[0][1] });
    is($small->[0], 'key7:value9', 'text');
    is($small->[1], 'x', 'another argument, down to what matters');
    my $conf = { map { $_ => { net => [0 .. 5], name => "n$_" } } 1 .. 20 };
    $small = shrink(
        [$conf],
        sub {
            ($_[0][0]{13} // {})->{net} && grep { defined && /4/ } @{ $_[0][0]{13}{net} };
        }
    );
    is_deeply($small, [{ 13 => { net => [4] } }], 'a structure');
};

subtest 'no difference' => sub {
    my ($found, $printed) = fuzz(sub { return $_[0] });
    is($found, 0);
    like($printed, qr/^2000 cases in \d+ s, seed 5: no difference$/);
};

subtest 'a difference' => sub {
    my ($found, $printed) = fuzz(sub { return $_[0] =~ /c.*fa/ ? $_[0] . 'x' : $_[0] });
    is($found, 1);
    like($printed, qr/arguments => \[\n\s+"cfa",\n/, 'shrunk');
    like($printed, qr/at \{call\}\{ok\}\n\s+reference: "cfa"\n\s+rust:      "cfax"/, 'and shown');
};

subtest 'a changed argument, a warning, an error' => sub {
    my %changes = (
        arguments => sub { my $text = $_[0]; $_[0] .= 'x'; return $text },
        warnings => sub { warn "careful\n"; return $_[0] },
        error => sub { die "no\n" },
    );
    for my $what (sort keys %changes) {
        my ($found, $printed) = fuzz($changes{$what});
        is($found, 1, $what);
        like($printed, qr/at \{call\}\{$what\}/);
    }
};

subtest 'a crash' => sub {
    my ($found, $printed) = fuzz(sub { kill('KILL', $$) if $_[0] =~ /bad/; return $_[0] });
    is($found, 1);
    like($printed, qr/^Killed by SIGKILL in case \d+ of seed 5/m);
    like($printed, qr/arguments => \[\n\s+"bad",\n/, 'shrunk');
};

subtest 'stopped from outside' => sub {
    my $parent = $$;
    my ($found, $printed) = fuzz(
        sub { kill('TERM', $parent) if $_[0] =~ /bad/; return $_[0] },
        cases => undef
    );
    is($found, 0);
    like($printed, qr/^\d+ cases in \d+ s, seed 5: no difference$/);
};

subtest 'an answer that depends on hash order is no difference' => sub {
    my $first = sub {
        return (keys %{ { map { $_ => 1 } 'a' .. 'z' } })[0];
    };
    no warnings 'redefine';
    local *Toy::observe = sub { return { call => outcome($first) } };
    my ($found, $printed) = fuzz($first, cases => 20);
    is($found, 0);
    like($printed, qr/left out: the reference's answer depends on Perl's hash order/);
};

done_testing();
