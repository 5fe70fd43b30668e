package PVE::Network::Rust::Test::Random;

# Random choices that a seed repeats.

use strict;
use warnings;

use Exporter qw(import);

our @EXPORT_OK = qw(chance number_of pick seed shuffled subset);

sub seed {
    my ($seed, $case) = @_;
    # Neighbouring seeds of srand give similar first numbers.
    srand(($seed * 1_000_003 + $case * 7_919) % 2**32);
    rand() for 1 .. 3;
    return;
}

# True with the given probability.
sub chance {
    my ($probability) = @_;
    return rand() < $probability;
}

sub pick {
    return $_[int(rand(@_))];
}

# A whole number from $from to $to, small ones more often.
sub number_of {
    my ($from, $to) = @_;
    return $from + int(rand(1) * rand(1) * ($to - $from + 1));
}

sub shuffled {
    my (@items) = @_;
    for my $last (reverse 1 .. $#items) {
        my $other = int(rand($last + 1));
        @items[$last, $other] = @items[$other, $last];
    }
    return @items;
}

# Each item with the given probability, in order.
sub subset {
    my ($probability, @items) = @_;
    return grep { chance($probability) } @items;
}

1;
