package Command;

# Commands in list form, for the developer tools and the tests. Needs perl-base only.

use strict;
use warnings;

use parent 'Exporter';

our @EXPORT_OK = qw(attempt capture must on_path printed run);

# Runs a command; true when it exits with 0.
sub attempt {
    my (@command) = @_;
    system { $command[0] } @command;
    return $? == 0;
}

# Runs a command; dies where it does not exit with 0.
sub must {
    my (@command) = @_;
    attempt(@command) or die "'@command' failed\n";
    return;
}

# Runs a command and ends this program with its status when that is not 0.
sub run {
    my (@command) = @_;
    return if attempt(@command);
    die "$command[0] could not be started: $!\n" if $? == -1;
    warn "failed: @command\n";
    exit($? >> 8 || 1);
}

# Runs a command without its standard error; returns what it printed and whether it exited with 0.
sub capture {
    my (@command) = @_;
    my $pid = open(my $out, '-|') // die "fork: $!\n";
    if (!$pid) {
        open(STDERR, '>', '/dev/null') or exit 126;
        no warnings 'exec';
        exec { $command[0] } @command or exit 127;
    }
    my $text = do { local $/ = undef; <$out> };
    my $ok = close($out);
    return ($text // '', $ok);
}

# Runs a command; what it printed, whatever it exits with.
sub printed {
    my (@command) = @_;
    open(my $out, '-|', @command) or die "start $command[0]: $!\n";
    local $/ = undef;
    my $text = <$out> // '';
    close($out);
    return $text;
}

# Where a program is, or the empty string.
sub on_path {
    my ($name) = @_;
    my ($folder) = grep { -x "$_/$name" } split(/:/, $ENV{PATH});
    return defined($folder) ? "$folder/$name" : '';
}

1;
