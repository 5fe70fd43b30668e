package Measure;

# What the benchmarks of changes of the host have in common: the reference's commands as the reference runs them, times,
# and rows of a table that say whether what was wanted was reached.

use strict;
use warnings;

use parent 'Exporter';

use IO::Handle;
use IO::Select;
use IPC::Open3 qw(open3);
use Symbol qw(gensym);
use Time::HiRes qw(clock_gettime sleep CLOCK_MONOTONIC);

use PVE::Network::Rust::Test::Reference;

our @EXPORT_OK =
    qw(disable_ipv6 in_namespaces median resident row run_here run_reference timed under_uml);

# Runs this program again in namespaces of its own.
sub in_namespaces {
    my (@namespaces) = @_;
    return if $ENV{PVE_BENCH_NAMESPACE};
    local $ENV{PVE_BENCH_NAMESPACE} = 1;
    my @root = $> == 0 ? () : ('--map-root-user');
    my @perl = ($^X, (map { "-I$_" } grep { !ref } @INC), $0, @ARGV);
    exec('unshare', @root, @namespaces, @perl) or die "unshare: $!\n";
}

# What a benchmark of this project prints under User-Mode Linux.
sub under_uml {
    my (@benchmark) = @_;
    local $ENV{PVE_BENCH_NAMESPACE};
    open(my $out, '-|', 'perl/uml', $^X, '-Mblib', @benchmark) or die "perl/uml: $!\n";
    my @lines = <$out>;
    close($out) or die "perl/uml: failed\n";
    return @lines;
}

# Runs a command as PVE::Cmd::run does: one fork and exec, its output read through select.
sub run_here {
    my ($command, %param) = @_;
    my ($in, $out, $err) = (IO::Handle->new, IO::Handle->new, gensym());
    my @command = ref($command) ? @$command : ($command);
    local $ENV{LC_ALL} = 'C';
    my $pid = open3($in, $out, $err, @command);
    close($in);
    my $select = IO::Select->new($out, $err);
    while ($select->count) {
        for my $handle ($select->can_read(1)) {
            $select->remove($handle) if !sysread($handle, my $text, 4096);
        }
    }
    waitpid($pid, 0);
    die "command '@command' failed: exit code $?\n" if $? && !$param{noerr};
    return;
}

# Runs a command of the reference. Where PVE_SRC names the reference's sources, this process loads PVE::LXC for it, as each
# that plugs an interface in with the reference has, and its own PVE::Cmd runs it.
my $run;

sub run_reference {
    $run //= _reference();
    return $run->(@_);
}

sub _reference {
    return \&run_here if !$ENV{PVE_SRC};
    my $why = PVE::Network::Rust::Test::Reference::unavailable('PVE::LXC');
    die "the reference cannot be loaded: $why\n" if defined($why);
    return \&PVE::Cmd::run;
}

# The memory of this process in MiB, in words.
sub resident {
    open(my $in, '<', '/proc/self/status') or die "/proc/self/status: $!\n";
    my ($kib) = map { m/^VmRSS:\s+(\d+)/ } <$in>;
    my $loaded = $ENV{PVE_SRC} ? ' that has loaded PVE::LXC' : '';
    return sprintf('a process of %.0f MiB%s', $kib / 1024, $loaded);
}

sub disable_ipv6 {
    my ($link) = @_;
    my $file = "/proc/sys/net/ipv6/conf/$link/disable_ipv6";
    return if !-e $file;
    open(my $out, '>', $file) or die "$file: $!\n";
    print {$out} "1\n";
    close($out) or die "$file: $!\n";
    return;
}

# How long code takes, in milliseconds.
sub timed {
    my ($code) = @_;
    my $start = clock_gettime(CLOCK_MONOTONIC);
    $code->();
    my $took = 1000 * (clock_gettime(CLOCK_MONOTONIC) - $start);
    # What the kernel does afterwards must not count for the next.
    sleep(0.02);
    return $took;
}

sub median {
    my @sorted = sort { $a <=> $b } @_;
    return $sorted[$#sorted / 2];
}

sub _shown {
    my ($ms) = @_;
    return sprintf($ms < 10 ? '%.2f' : '%.0f', $ms);
}

# A row: what, the times of the reference and of this library in milliseconds, how many times faster it is, and what was
# wanted, if anything.
sub row {
    my ($what, $reference, $library, $wanted) = @_;
    my $ratio = median(@$reference) / median(@$library);
    my @cells = ($what, (map { _shown(median(@$_)) } $reference, $library));
    push @cells, sprintf($ratio < 10 ? '%.1f' : '%.0f', $ratio);
    push @cells, defined($wanted) ? "$wanted" . ($ratio < $wanted ? ' (missed)' : '') : "\x{2013}";
    my $row = '| ' . join(' | ', @cells) . " |\n";
    utf8::encode($row);
    return $row;
}

1;
