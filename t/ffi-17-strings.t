# Bytes and characters; the caller's scalar is left as it was.

use strict;
use warnings;

use Test::More;

use lib 't/lib';
use PerlXS::Test;

sub describe { return PerlXS::Test::Structures::describe(@_) }

# Row 17
{
    no warnings qw(surrogate non_unicode nonchar portable);
    for my $bad ("\x{d800}", "a\x{dfff}b", "\x{110000}", "\x{7fffffff}", "\x{7fffffffffffffff}") {
        my $name = sprintf('U+%X', ord($bad =~ s/^a//r));
        for my $call (
            sub { PerlXS::Test::text($bad) },
            sub { PerlXS::Test::bytes($bad) },
            sub { PerlXS::Test::optional_text($bad) },
            sub { describe($bad) },
            sub { describe([{ a => $bad }]) },
            sub { describe({ $bad => 1 }) },
            sub { PerlXS::Test::Structures::texts({ a => $bad }) },
            sub { PerlXS::Test::Structures::texts({ $bad => 'a' }) },
            )
        {
            ok(!eval { $call->(); 1 }, "row 17: $name is refused");
            like($@, qr/is not valid Unicode\n\z/, "row 17: $name is named");
        }
    }
    is(
        PerlXS::Test::text("\x{10ffff}\x{fffe}"),
        "\x{10ffff}\x{fffe}", 'row 17: the last code point and a noncharacter'
    );
}

# Row 18
for my $call (
    [text => sub { PerlXS::Test::text($_[0]) }],
    [bytes => sub { PerlXS::Test::bytes($_[0]) }],
    [data => sub { PerlXS::Test::Structures::texts({ key => $_[0] }) }],
    [any => sub { describe([$_[0]]) }],
    )
{
    my ($name, $code) = @$call;
    my $latin = "caf\xe9";
    my $upgraded = $latin;
    utf8::upgrade($upgraded);
    $code->($latin);
    ok(!utf8::is_utf8($latin), "row 18: $name: a Latin-1 argument is not upgraded");
    $code->($upgraded);
    ok(utf8::is_utf8($upgraded), "row 18: $name: and an upgraded one not downgraded");
    is($latin, $upgraded, "row 18: $name: both are what they were");
}

# Row 19
{
    my $latin = "caf\xe9";
    my $upgraded = $latin;
    utf8::upgrade($upgraded);
    my $bytes = "caf\xc3\xa9";
    is(PerlXS::Test::characters($latin), 4, 'row 19: text: characters of a Latin-1 scalar');
    is(PerlXS::Test::characters($upgraded), 4, 'row 19: text: of an upgraded one');
    is(PerlXS::Test::characters($bytes), 5, 'row 19: text: bytes are characters below 256');
    is(PerlXS::Test::text($_), $_, 'row 19: text: and back')

        for $latin, $upgraded, $bytes, "\x{263a}", "\0", '';
    is(PerlXS::Test::bytes($_), $_, 'row 19: bytes: and back')
        for $latin, $upgraded, $bytes, "\0\xff", '';
    ok(!utf8::is_utf8(PerlXS::Test::bytes($upgraded)), 'row 19: bytes: have no UTF-8 flag');
    ok(utf8::is_utf8(PerlXS::Test::text("\x{263a}")), 'row 19: text: has it where it is needed');
    ok(!eval { PerlXS::Test::bytes("\x{263a}"); 1 }, 'row 19: bytes: a wide character is refused');
    is(
        $@,
        "PerlXS::Test::bytes: argument 1 (\$value): expected bytes, got a wide character; encode the text first\n",
        'row 19: bytes: and named',
    );
    is(
        describe([$latin, $upgraded, $bytes]),
        '[bytes caf\xe9, text caf\u{e9}, bytes caf\xc3\xa9]',
        'row 19: data keeps them apart'
    );
    is_deeply(
        PerlXS::Test::Structures::echo([$latin, $upgraded, $bytes]),
        [$latin, $upgraded, $bytes],
        'row 19: and back'
    );
    is(
        PerlXS::Test::Structures::name_of({ name => $bytes, rest => 1 }),
        $bytes, 'row 19: borrowed bytes'
    );
    is(PerlXS::Test::characters('x' x 100_000 . "\xe9"), 100_001, 'row 19: a long text');
    is(PerlXS::Test::utf8_length('x' x 100_000 . "\xe9"), 100_002, 'row 19: in UTF-8');
}

done_testing();
