package PVE::Network::Rust::Test::Seeds;

# Texts to start from: the inputs of the recorded cases, and the examples.

use strict;
use warnings;

use Exporter qw(import);
use JSON::XS;

our @EXPORT_OK = qw(seed_texts);

my @texts;

sub _read {
    my ($path) = @_;
    open(my $in, '<:raw', $path) or die "open $path: $!\n";
    local $/ = undef;
    return scalar(<$in>) // '';
}

sub _load {
    my $json = JSON::XS->new;
    for my $path (map { "t/vectors/$_.jsonl" } qw(lxc lxc-strict)) {
        for my $line (split(/\n/, _read($path))) {
            my $input = $json->decode($line)->{input};
            utf8::downgrade($input);
            push @texts, $input;
        }
    }
    push @texts, map { _read($_) } sort glob('examples/*.conf');
    die "no recorded cases below t/vectors: run this in a checkout\n" if !@texts;
    return;
}

# All texts, as bytes.
sub seed_texts {
    _load() if !@texts;
    return @texts;
}

1;
