package TakeoverReport;

# `-MTakeoverReport=MODE`: the takeover in that mode or phase, with the reference's modules. Where TAKEOVER_REPORT names a
# file, the end of each process adds a line for each seam that was called: its name, calls, failures and divergences.

use strict;
use warnings;

use PVE::Network::Rust::Takeover ();
use PVE::Network::Rust::Test::Reference;

sub import {
    my (undef, $mode) = @_;
    return PVE::Network::Rust::Takeover->import($mode);
}

END {
    if (my $path = $ENV{TAKEOVER_REPORT}) {
        my @called = grep { $_->{calls} } @{ PVE::Network::Rust::Takeover::status() };
        open(my $out, '>>', $path) or die "open $path: $!\n";
        print {$out} map { join(' ', @$_{qw(name calls failures divergences)}) . "\n" } @called;
        close($out) or die "close $path: $!\n";
    }
}

1;
