# What differed in shadow, recorded by many processes at once.

use strict;
use warnings;

use File::Temp qw(tempdir);
use POSIX ();
use Test::More;

# What another process does before this one has its lock.
my $meanwhile;

BEGIN {
    $ENV{PVE_RUST_ROOT} = tempdir(CLEANUP => 1);
    *CORE::GLOBAL::flock = sub (*$) {
        my ($file, $operation) = @_;
        my $code = $meanwhile;
        undef $meanwhile;
        $code->() if $code;
        return CORE::flock($file, $operation);
    };
}

use PVE::Network::Rust::Takeover::Divergences;

my $path = PVE::Network::Rust::Takeover::Divergences::path();
my $size = 100_000;

# Until so many records were written: one that finds the file in use is left out.
sub fill {
    my ($seam, $records) = @_;
    for my $number (1 .. $records) {
        my $written = 0;
        until ($written) {
            $written = eval {
                PVE::Network::Rust::Takeover::Divergences::record(
                    "$seam$number", ['x' x $size], {}, {}
                );
                1;
            };
        }
    }
    return;
}

# Each of them comes by the time when the file has to be put aside.
my @pids = map {
    my $number = $_;
    my $pid = fork() // die "fork: $!\n";
    if (!$pid) {
        fill("process${number}_", 14);
        POSIX::_exit(0);
    }
    $pid;
} 1 .. 4;
waitpid($_, 0) for @pids;
cmp_ok(-s "$path.1", '>', 5_000_000, 'a file is put aside once it is full, and only then');
my %seen;
$seen{ $_->{seam} }++ for @{ PVE::Network::Rust::Takeover::Divergences::list() };
is(scalar(keys %seen), 56, 'no record is lost');
is_deeply([grep { $_ != 1 } values %seen], [], '… or there twice');

PVE::Network::Rust::Takeover::Divergences::clear();

sub seams {
    return [map { $_->{seam} } @{ PVE::Network::Rust::Takeover::Divergences::list() }];
}
fill('old_', 1);
truncate($path, 6_000_000) or die "truncate $path: $!\n";
$meanwhile = sub { fill('other_', 1) };
fill('own_', 1);
is_deeply(
    seams(),
    [qw(old_1 other_1 own_1)],
    'a file that another process has put aside meanwhile is not put aside again'
);
done_testing();
