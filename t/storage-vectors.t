#!/usr/bin/perl
# Every recorded storage.cfg: what is parsed, warned and written.

use strict;
use warnings;

use Test::More;

use lib qw(t/lib t/lib/without-pve perl/lib);
use Vectors qw(canonical cases outcome);

use PVE::Network::Rust::Storage::Config;
use PVE::Network::Rust::Test::ExamplePlugin;

my $CONFIG = 'PVE::Network::Rust::Storage::Config';

# What the reference leaves to the order of Perl's hashes: which of several missing options is named, the order of
# content and nodes, and that of a storage's warnings.
sub ordered {
    my ($text) = @_;
    $text =~ s/(missing value for required option )'[^']+'/$1'...'/;
    $text =~ s/^(\t(?:content|nodes) )(.+)$/$1 . join(',', sort split(m{,}, $2))/gem;
    return $text;
}

sub sorted_warnings {
    my ($warnings) = @_;
    return [sort map { ordered($_) } @$warnings];
}

sub compare {
    my ($case) = @_;
    my $raw = $case->{input};
    utf8::downgrade($raw);
    my ($got, $warnings) = outcome(sub { $CONFIG->parse_config('storage.cfg', $raw) });
    is(
        canonical(sorted_warnings($warnings)),
        canonical(sorted_warnings(Vectors::recorded_messages($case->{warnings}))),
        'warnings'
    );
    is(canonical($got->{ok}), canonical($case->{parsed}), 'parsed') or diag(canonical($got));
    my ($written, $write_warnings) =
        outcome(sub { $CONFIG->write_config('storage.cfg', $got->{ok}) });
    my $expected = Vectors::recorded($case->{written});
    if (ref($expected)) {
        is(canonical($written), canonical($expected), 'error of writing');
    } else {
        is(ordered($written->{ok} // canonical($written)), ordered($expected), 'written');
        for my $list ($written->{ok} =~ m/^\t(?:content|nodes) (.+)$/gm) {
            is($list, join(',', sort split(m{,}, $list)), 'a sorted list');
        }
    }
    is(canonical($write_warnings), canonical([]), 'no warnings of writing');
    return;
}

for my $set (qw(storage storage-odd storage-plugin)) {
    $CONFIG->register_plugin('PVE::Network::Rust::Test::ExamplePlugin') if $set eq 'storage-plugin';
    subtest("$set $_->{file}", sub { compare($_) }) for cases($set);
}

done_testing();
