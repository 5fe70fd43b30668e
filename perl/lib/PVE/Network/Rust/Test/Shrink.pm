package PVE::Network::Rust::Test::Shrink;

# Delta debugging: smaller data that still shows a failure.

use strict;
use warnings;

use Exporter qw(import);

use PVE::Network::Rust::Test::Value qw(is_number);

our @EXPORT_OK = qw(shrink);

# The items that remain when chunks are left out, from halves down to single ones, as long as
# $fails still says so.
sub _fewer {
    my ($items, $fails) = @_;
    my $chunk = @$items;
    while ($chunk >= 1) {
        my $start = 0;
        my $removed = 0;
        while ($start < @$items) {
            my @rest = @$items;
            splice(@rest, $start, $chunk);
            if ($fails->(\@rest)) {
                $items = \@rest;
                $removed = 1;
            } else {
                $start += $chunk;
            }
        }
        $chunk = $chunk == 1 && $removed ? 1 : int($chunk / 2);
    }
    return $items;
}

sub _smaller_text {
    my ($text, $fails) = @_;
    my $joined = sub { return $fails->(join('', @{ $_[0] })) };
    for my $parts (qr/(?<=\n)/, qr/(?<=,)/, qr//) {
        $text = join('', @{ _fewer([split($parts, $text)], $joined) });
    }
    return $text;
}

sub _smaller_hash {
    my ($hash, $fails) = @_;
    my $of_keys = sub {
        return { map { $_ => $hash->{$_} } @{ $_[0] } };
    };
    $hash = $of_keys->(_fewer([sort keys %$hash], sub { $fails->($of_keys->($_[0])) }));
    for my $key (sort keys %$hash) {
        $hash->{$key} = _smaller($hash->{$key}, sub { $fails->({ %$hash, $key => $_[0] }) });
    }
    return $hash;
}

sub _smaller_array {
    my ($array, $fails) = @_;
    return _smaller_items(_fewer($array, $fails), $fails);
}

sub _smaller_items {
    my ($array, $fails) = @_;
    my @items = @$array;
    for my $index (0 .. $#items) {
        my $with = sub {
            my @candidate = @items;
            $candidate[$index] = $_[0];
            return $fails->(\@candidate);
        };
        $items[$index] = _smaller($items[$index], $with);
    }
    return \@items;
}

sub _smaller {
    my ($data, $fails) = @_;
    return $data if !defined($data);
    my $type = ref($data);
    return _smaller_hash($data, $fails) if $type eq 'HASH';
    return _smaller_array($data, $fails) if $type eq 'ARRAY';
    return $data if $type ne '';
    my $is_number = is_number($data);
    for my $simple ($is_number ? (0, 1) : '') {
        return $data if $data eq $simple;
        return $simple if $fails->($simple);
    }
    return $is_number ? $data : _smaller_text($data, $fails);
}

# A list of as many arguments, each as small as it can be while $fails, called with the list, is
# true. Gives up improving after $limit calls.
sub shrink {
    my ($arguments, $fails, $limit) = @_;
    my $left = $limit // 20_000;
    my $counted = sub { return $left-- > 0 && $fails->($_[0]) };
    my $calls_that_improve;
    do {
        $calls_that_improve = 0;
        my $watched = sub {
            my $still = $counted->($_[0]);
            $calls_that_improve++ if $still;
            return $still;
        };
        $arguments = _smaller_items($arguments, $watched);
    } while ($calls_that_improve && $left > 0);
    return $arguments;
}

1;
