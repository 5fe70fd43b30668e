package PVE::Network::Rust::Test::Seeds;

# Texts to start from: the inputs of the recorded cases, and the examples.

use strict;
use warnings;

use Exporter qw(import);
use JSON::XS;

our @EXPORT_OK = qw(seed_texts seed_texts_of);

my @texts;

sub _read {
    my ($path) = @_;
    open(my $in, '<:raw', $path) or die "open $path: $!\n";
    local $/ = undef;
    return scalar(<$in>) // '';
}

sub _inputs {
    my (@names) = @_;
    my $json = JSON::XS->new;
    my @inputs;
    for my $path (map { "t/vectors/$_.jsonl" } @names) {
        for my $line (split(/\n/, _read($path))) {
            my $input = $json->decode($line)->{input};
            utf8::downgrade($input);
            push @inputs, $input;
        }
    }
    return @inputs;
}

sub _load {
    push @texts, _inputs(qw(lxc lxc-strict));
    push @texts, map { _read($_) } sort glob('examples/*.conf');
    die "no recorded cases below t/vectors: run this in a checkout\n" if !@texts;
    return;
}

my %texts_of;

# The inputs of the recorded cases of another format, as bytes.
sub seed_texts_of {
    my ($name) = @_;
    $texts_of{$name} //= [_inputs($name)];
    return @{ $texts_of{$name} };
}

# Texts of container configurations, as bytes.
sub seed_texts {
    _load() if !@texts;
    return @texts;
}

1;
