package CPUTime;

# What the benchmarks of formats have in common: the CPU time of a call in this process, beside the reference where PVE_SRC
# names it, and a table that says whether what was wanted was reached.

use strict;
use warnings;

use parent 'Exporter';

use Time::HiRes qw(clock_gettime CLOCK_PROCESS_CPUTIME_ID);

use Measure qw(median);
use PVE::Network::Rust::Test::Reference;

our @EXPORT_OK = qw(compare heading reference);

my $ROUNDS = 9;

# Whether the reference is at hand: PVE_SRC names it and this module of it is loaded.
sub reference {
    my ($module) = @_;
    return 0 if ($ENV{PVE_SRC} // '') eq '';
    my $why = PVE::Network::Rust::Test::Reference::unavailable($module);
    die "the reference cannot be loaded: $why\n" if defined($why);
    return 1;
}

# A section of results and the head of its table.
sub heading {
    my ($title, $reference) = @_;
    print "## $title\n\n";
    print "The reference was not at hand (PVE_SRC is not set): Rust alone.\n\n" if !$reference;
    print
        "| CPU time of one call, µs | Rust | reference | ratio | wanted |\n|---|---|---|---|---|\n";
    return;
}

# CPU time of one call in µs: enough calls to fill about 20 ms. With a preparation, each call is given what it made, which
# is not measured.
sub _cost {
    my ($code, $prepare) = @_;
    my $calls = $prepare ? 3 : 1;
    while (1) {
        my @given = $prepare ? map { $prepare->() } 1 .. $calls : (undef) x $calls;
        my $start = clock_gettime(CLOCK_PROCESS_CPUTIME_ID);
        $code->($_) for @given;
        my $time = clock_gettime(CLOCK_PROCESS_CPUTIME_ID) - $start;
        return $time / $calls * 1e6 if $prepare || $time > 0.02 || $calls > 1e6;
        $calls *= 4;
    }
}

# Prints a row: the medians of two codes that take turns, so that both see the same noise, and how many times faster the first
# one is. The second one may be undefined, and so may be what is wanted.
sub compare {
    my ($what, $wanted, $rust, $reference, $prepare) = @_;
    my @codes = grep { defined } $rust, $reference;
    _cost($_, $prepare) for @codes;
    my @times;
    for (1 .. $ROUNDS) {
        push @{ $times[$_] }, _cost($codes[$_], $prepare) for 0 .. $#codes;
    }
    my ($ours, $perl) = map { median(@$_) } @times;
    my $ratio = defined($perl) ? $perl / $ours : undef;
    my $missed = defined($wanted) && defined($ratio) && $ratio < $wanted ? ' (missed)' : '';
    printf(
        "| %s | %.2f | %s | %s | %s |\n",
        $what, $ours,
        defined($perl) ? sprintf('%.1f', $perl) : '–',
        defined($ratio) ? sprintf('%.0f×', $ratio) : '–',
        defined($wanted) ? "≥ $wanted×$missed" : '–',
    );
    return $ours;
}

1;
