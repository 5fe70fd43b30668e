package PVE::Network::Rust::Test::Seeds;

# Texts to start from: the inputs of the recorded cases, and the examples.

use strict;
use warnings;

use Exporter qw(import);
use JSON::XS;

our @EXPORT_OK = qw(seed_texts);

# By the name of a format, the recorded cases and the examples.
my %SOURCES = (
    'lxc' => [[qw(lxc lxc-strict)], 'examples/*.conf'],
    'interfaces' => [['interfaces']],
    'storage' => [['storage']],
    (map { ("sdn/$_" => [["sdn/$_"]]) } qw(zones vnets subnets)),
);
my %texts;

sub _read {
    my ($path) = @_;
    open(my $in, '<:raw', $path) or die "open $path: $!\n";
    local $/ = undef;
    return scalar(<$in>) // '';
}

sub _load {
    my ($cases, @examples) = @_;
    my @texts;
    my $json = JSON::XS->new;
    for my $path (map { "t/vectors/$_.jsonl" } @$cases) {
        for my $line (split(/\n/, _read($path))) {
            my $input = $json->decode($line)->{input};
            utf8::downgrade($input);
            push @texts, $input;
        }
    }
    push @texts, map { _read($_) } map { sort glob($_) } @examples;
    die "no recorded cases below t/vectors: run this in a checkout\n" if !@texts;
    return \@texts;
}

# All texts of a format (lxc without a name), as bytes.
sub seed_texts {
    my $name = shift // 'lxc';
    $texts{$name} //= _load(@{ $SOURCES{$name} });
    return @{ $texts{$name} };
}

1;
