# Every export has a call in PerlXS::Calls, leaks nothing, opens nothing, and keeps no memory over 100,000 calls.

use strict;
use warnings;

use Test::LeakTrace qw(leaked_count);
use Test::More;

use lib 't/lib';
use PerlXS::Calls qw(call_of exports product_is_built rounds_of);
use PerlXS::Test;

my @packages = ('PerlXS::Test');
if (product_is_built()) {
    push @packages, 'PVE::Network::Rust';
} else {
    diag('the product is not built: run make');
}

# Half of a page for each 1,000 calls would be a leak of two bytes a call.
my $allowed = 512 * 1024;

sub resident {
    open(my $in, '<', '/proc/self/statm') or die "statm: $!\n";
    return (split(' ', <$in>))[1] * 4096;
}

sub descriptors { return scalar(my @open = glob('/proc/self/fd/*')) }

$SIG{USR1} = sub { return };
$SIG{__WARN__} = sub { return };
open(my $stderr, '>&', \*STDERR) or die "dup: $!\n";
open(STDERR, '>', '/dev/null') or die "open: $!\n";

my $scale = $ENV{MEMORY_ROUNDS} // 1;
for my $export (map { exports($_) } @packages) {
    my $call = call_of($export);
    ok($call, "$export has a call in t/lib/PerlXS/Calls.pm") or next;
    my $rounds = rounds_of($export) * $scale;

    $call->() for 1 .. 3;
    is(leaked_count(sub { $call->(); return }), 0, "$export leaks no Perl value");

    my $before = descriptors();
    $call->() for 1 .. 100;
    is(descriptors(), $before, "$export: 100 calls leave the descriptors") if $rounds;

    for my $round (1 .. $rounds / 10) { $call->() }
    my $start = resident();
    for my $round (1 .. $rounds) { $call->() }
    my $grown = resident() - $start;
    cmp_ok($grown, '<=', $allowed, "$export: $rounds calls grow the process by less than 512 KiB");
}

open(STDERR, '>&', $stderr) or die "dup: $!\n";
done_testing();
