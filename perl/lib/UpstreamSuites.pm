package UpstreamSuites;

# Runs the test suites that upstream's repositories ship, below PVE_SRC.

use strict;
use warnings;

use Cwd qw(abs_path);
use Exporter qw(import);
use File::Temp qw(tempdir);
use FindBin;

use Command qw(attempt);

our @EXPORT_OK = qw(@NAMESPACES read_lines run_suite);

# Some of the containers' mount and change owners: they get namespaces of their own.
our @NAMESPACES = qw(unshare --user --map-root-user --mount);

my $SECONDS = 300;
my $root = abs_path("$FindBin::Bin/..");
my $work = tempdir(CLEANUP => 1);

sub read_lines {
    my ($path) = @_;
    open(my $in, '<', $path) or return ();
    return <$in>;
}

# Stands in for systemd's program where none is running.
sub _make_timedatectl {
    return if -d "$work/bin";
    mkdir("$work/bin") or die "mkdir $work/bin: $!\n";
    open(my $out, '>', "$work/bin/timedatectl") or die "open: $!\n";
    print {$out} "#!/bin/sh\necho Etc/UTC\n";
    close($out) or die "close: $!\n";
    chmod(0755, "$work/bin/timedatectl") or die "chmod: $!\n";
    return;
}

# Runs a suite in a copy of its sources, with `module` loaded first: the exit status, and the lines of what it printed. `source`
# is what of PVE_SRC it needs, `folder` where in it it runs, `command` how. %environment is for it alone.
sub run_suite {
    my ($suite, $module, %environment) = @_;
    _make_timedatectl();
    my $source = abs_path($ENV{PVE_SRC});
    my $copy = "$work/copy";
    attempt(qw(rm -rf), $copy) && attempt(qw(cp -a), "$source/$suite->{source}", $copy)
        or die "copy the suite\n";
    local @ENV{ keys %environment } = values %environment;
    local $ENV{PATH} = "$work/bin:$ENV{PATH}";
    local $ENV{PVE_SRC} = $source;
    local $ENV{PERL5LIB} = join(':', map { "$root/$_" } qw(blib/arch blib/lib perl/lib t/lib));
    local $ENV{PERL5OPT} = "-M$module";
    my $pid = fork() // die "fork: $!\n";

    if ($pid == 0) {
        open(STDIN, '<', '/dev/null')
            && open(STDOUT, '>', "$work/log")
            && open(STDERR, '>&', \*STDOUT)
            && chdir("$copy/$suite->{folder}")
            or exit 126;
        exec('timeout', $SECONDS, @{ $suite->{command} }) or exit 127;
    }
    waitpid($pid, 0);
    return ($?, read_lines("$work/log"));
}

1;
