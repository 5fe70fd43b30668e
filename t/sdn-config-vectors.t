#!/usr/bin/perl
# Every recorded file of SDN's configuration: what is parsed, warned and written.

use strict;
use warnings;

use Test::More;

use lib qw(t/lib);
use Vectors qw(canonical cases outcome);

my %FILES = (
    zones => 'Zones',
    vnets => 'Vnets',
    subnets => 'Subnets',
    # Each case names its package.
    odd => undef,
);

# What the reference leaves to the order of Perl's hashes: which of several missing options is named, and the order of
# nodes.
sub ordered {
    my ($text) = @_;
    $text =~ s/(missing value for required option )'[^']+'/$1'...'/;
    $text =~ s/^(\t(?:exit)?nodes )(.+)$/$1 . join(',', sort split(m{,}, $2))/gem;
    return $text;
}

sub compare {
    my ($package, $filename, $case) = @_;
    my $raw = $case->{input};
    utf8::downgrade($raw);
    my ($got, $warnings) = outcome(sub { $package->parse_config($filename, $raw) });
    my $recorded = Vectors::recorded_messages($case->{warnings});
    is_deeply([map { ordered($_) } @$warnings], [map { ordered($_) } @$recorded], 'warnings');
    is(canonical($got->{ok}), canonical($case->{parsed}), 'parsed') or diag(canonical($got));
    my ($written, $write_warnings) =
        outcome(sub { $package->write_config($filename, $got->{ok}) });
    my $expected = Vectors::recorded($case->{written});

    if (ref($expected)) {
        is(canonical($written), canonical($expected), 'error of writing');
    } else {
        is(ordered($written->{ok} // canonical($written)), ordered($expected), 'written');
        for my $list ($written->{ok} =~ m/^\t(?:exit)?nodes (.+)$/gm) {
            is($list, join(',', sort split(m{,}, $list)), 'a sorted list');
        }
    }
    is_deeply($write_warnings, [], 'no warnings of writing');
    return;
}

for my $set (sort keys %FILES) {
    for my $case (cases("sdn/$set")) {
        my $name = $FILES{$set} // $case->{package};
        my $package = "PVE::Network::Rust::SDN::$name";
        require $package =~ s{::}{/}gr . '.pm';
        subtest(
            "$set $case->{file}",
            sub { compare($package, 'sdn/' . lc($name) . '.cfg', $case) }
        );
    }
}

done_testing();
