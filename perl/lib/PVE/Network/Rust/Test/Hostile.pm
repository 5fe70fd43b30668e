package PVE::Network::Rust::Test::Hostile;

# Values that find the edges of parsers, and mutations of texts.

use strict;
use warnings;

use Exporter qw(import);

use PVE::Network::Rust::Test::Random qw(chance number_of pick);

our @EXPORT_OK = qw(hostile_scalar hostile_text mutated number_text size_text word);

my @NUMBERS = (
    qw(0 1 2 -1 +1 00 01 0512 007 1. .5 1.5 -0 -0.0 1e3 1E3 1e400 -1e400 0x10 0b1 0o7 1_000 inf),
    qw(nan Inf NaN),
    qw(127 128 255 256 32767 32768 65535 65536 2147483647 2147483648 4294967295 4294967296),
    qw(9007199254740993),
    qw(9223372036854775807 9223372036854775808 18446744073709551615 18446744073709551616),
    qw(99999999999999999999),
    qw(0.1 0.30000000000000004 123456789.123456789 1e15 1e16 1e21 000000000000000000000001),
    ' 1', '1 ', "1\n", "1\t", '1 2', '--1', '1-', "\xb2", "\xd9\xa1", '१',
);
my @SIZES = (
    qw(0 0G 1 1K 1M 1G 1T 1P 1.5G 0.5K 1023 1024 1025 1048576 8G 08G 1KiB 1MiB 1GiB 1TiB 1kB 1k),
    qw(1g 1B 1024K 1536M),
    qw(9999999999999T 0.1T 1.G .5G -1G 1e3G 18446744073709551616 999999999999999999999G),
    qw(1.0000000001G 4.75T),
);
my @CHARACTERS = (
    "\0", "\r", "\t", "\x0b", "\x0c", "\x1b", "\x7f", "\x80", "\x85", "\xa0", "\xff", "\xc3\xa9",
    "\xe2\x80\xa8",
    "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc0\xaf", "\xef\xbb\xbf", "\xf0\x9f\x98\x80",
    split(//, q{ %=,;:#[](){}/\\.*?+-_!'"$@&|<>~^`}),
    '%0A', '%00', '%0D', '%FF', '%C3%A9', '%25', '%zz', '%', '${x}', '\\n',
);
my @TEXTS = (
    '', ' ', '  ', '0', '00', '0.0', '0E0', '1', 'a', 'A', 'none', 'undef', 'null', 'true',
    'true ', 'yes', '=', ',', ',,', '==',
    'a=b', 'a=', '=b', 'a=b=c', ' a', 'a ', '#', '#x', '[x]', '[pve:pending]', 'a:b', 'a: b', '..',
    '../..', '/', '//',
    'x' x 64, 'x' x 255, 'x' x 256, '0' x 40, '9' x 400, 'a,' x 50, '%' x 20, "\xe4\xf6\xfc",
    "caf\xc3\xa9",
);

sub number_text {
    return chance(0.6) ? number_of(0, 5000) : pick(@NUMBERS);
}

sub size_text {
    return chance(0.4) ? number_of(1, 600) . pick('', qw(K M G T)) : pick(@SIZES);
}

# A name.
sub word {
    my @letters = ('a' .. 'z', 0 .. 9, chance(0.3) ? ('-', '_', 'A' .. 'Z', '.') : ());
    return pick('a' .. 'z') . join('', map { pick(@letters) } 1 .. number_of(0, 12));
}

# Text that fits nowhere in particular.
sub hostile_text {
    my $kind = rand();
    return pick(@TEXTS) if $kind < 0.35;
    return number_text() if $kind < 0.55;
    return size_text() if $kind < 0.65;
    return join('', map { chance(0.5) ? pick(@CHARACTERS) : word() } 1 .. number_of(1, 6));
}

# A scalar of any kind: undef, numbers, text with and without characters above 255.
sub hostile_scalar {
    my $kind = rand();
    return undef if $kind < 0.12;
    return pick(0, 1, -1, 2**31, 2**53, 2**63, 1e20, 0.1, 1.5, -0.0, 1e-7, 512, 9**20)
        if $kind < 0.4;
    return pick("\x{263a}", "\x{e9}\x{263a}", "line\nline", "\n", "a\n", "\x{10ffff}")
        if $kind < 0.5;
    return hostile_text();
}

sub _insertion {
    return chance(0.7) ? pick(@CHARACTERS) : hostile_text();
}

# The text with a few small changes.
sub mutated {
    my ($text) = @_;
    for (1 .. number_of(1, 3)) {
        my $at = int(rand(length($text) + 1));
        my $length = number_of(1, 4);
        my $kind = rand();
        if ($kind < 0.35) {
            substr($text, $at, 0, _insertion());
        } elsif ($kind < 0.6) {
            substr($text, $at, $length, '');
        } elsif ($kind < 0.8) {
            substr($text, $at, $length, _insertion());
        } elsif ($kind < 0.9) {
            substr($text, $at, 0, substr($text, int(rand(length($text) + 1)), number_of(1, 10)));
        } else {
            substr($text, $at, 1) =~ tr/a-zA-Z0-9/A-Za-z1-90/;
        }
    }
    return $text;
}

1;
