package PVE::Network::Rust::Test::Fuzz;

# The differential fuzzer: random cases through the reference and through Rust, in one process,
# until they differ.
#
# The work is done in a child process, which notes the number of the case that it is at: when a
# case kills it or takes too long, the parent makes that case again and finds out, one child a
# try, what of it is needed.

use strict;
use warnings;

use Config;
use POSIX qw(SIGALRM SIGINT SIGTERM SIG_BLOCK SIG_SETMASK sigprocmask);
use Time::HiRes qw(time);

use PVE::Network::Rust::Test::Random qw(seed);
use PVE::Network::Rust::Test::Shrink qw(shrink);
use PVE::Network::Rust::Test::Value qw(source);

my $CASE_SECONDS = 60;
my $REPORT_EVERY = 10;
my $DIFFERENCE = 1;

# new(formats => [...], seed => N, and optionally cases => N, seconds => N): when to stop without
# a difference.
sub new {
    my ($class, %options) = @_;
    open(my $note, '+>', undef) or die "temporary file: $!\n";
    return bless({ %options, note => $note, unstable => 0 }, $class);
}

sub _note {
    my ($self, @numbers) = @_;
    sysseek($self->{note}, 0, 0) && syswrite($self->{note}, pack('QQ', @numbers))
        or die "note the case: $!\n";
    return;
}

# The case that was begun last, and how many were left out as unstable.
sub _noted {
    my ($self) = @_;
    sysseek($self->{note}, 0, 0) or die "read the note: $!\n";
    my $read = sysread($self->{note}, my $bytes, 16);
    return $read ? unpack('QQ', $bytes) : (0, 0);
}

sub _case {
    my ($self, $number) = @_;
    seed($self->{seed}, $number);
    my $formats = $self->{formats};
    my $format = $formats->[$number % @$formats];
    return ($format, $format->generate());
}

# Runs $code in a child process: its exit status, and the signal that ended it. Whoever stops this
# process stops the child.
sub _in_child {
    my ($code) = @_;
    # Until both know what to do about it.
    my $stops = POSIX::SigSet->new(SIGINT, SIGTERM);
    my $before = POSIX::SigSet->new();
    sigprocmask(SIG_BLOCK, $stops, $before) or die "block signals: $!\n";
    my $pid = fork() // die "fork: $!\n";
    local @SIG{qw(INT TERM)} = $pid ? (sub { kill('TERM', $pid) }) x 2 : ('DEFAULT') x 2;
    sigprocmask(SIG_SETMASK, $before) or die "unblock signals: $!\n";
    if ($pid == 0) {
        my $status = eval { $code->() };
        print STDERR $@ if $@;
        close(STDOUT);
        POSIX::_exit($status // 255);
    }
    waitpid($pid, 0);
    return ($? >> 8, $? & 127);
}

# Where the first difference is, whatever its place in a list.
sub _first_place {
    my ($format, $case) = @_;
    my ($difference) = $format->compare($case);
    return $difference ? $difference->[0] =~ s/\[\d+\]/[]/gr : '';
}

# The case with as little as still gives a true $fails.
sub _shrunk {
    my ($format, $case, $fails) = @_;
    my @all = @{ $case->{arguments} };
    my @fixed = @all[0 .. $format->fixed_arguments() - 1];
    my @variable = @all[@fixed .. $#all];
    my $with = sub { return { %$case, arguments => [@fixed, @{ $_[0] }] } };
    return $with->(shrink(\@variable, sub { $fails->($with->($_[0])) }));
}

sub _print_case {
    my ($self, $number, $format, $case, $what) = @_;
    my $name = $format->name();
    print
        "\n$what in case $number of seed $self->{seed}, format $name; what of it shows it:\n\n";
    print source({ format => $name, %$case }), "\n\n";
    print "Put that into a file and repeat it with: perl/fuzz-reference --replay FILE\n";
    return;
}

sub print_differences {
    my (@differences) = @_;
    for my $difference (@differences) {
        my ($path, $reference, $rust) = @$difference;
        print "\nat $path\n  reference: $reference\n  rust:      $rust\n";
    }
    return;
}

sub _report_difference {
    my ($self, $number, $format, $case) = @_;
    my $place = _first_place($format, $case);
    my $shows =
        sub { return _first_place($format, $_[0]) eq $place && !$format->is_unstable($_[0]) };
    my $small = _shrunk($format, $case, $shows);
    $self->_print_case($number, $format, $small, 'A difference');
    print_differences($format->compare($small));
    return;
}

# The child: cases from $first on. Exits with $DIFFERENCE after reporting one.
sub _work {
    my ($self, $first, $until) = @_;
    my $number = $first;
    while (
        (!defined($self->{cases}) || $number < $self->{cases})
        && (!defined($until) || time() < $until)
        )
    {
        $self->_note($number, $self->{unstable});
        alarm($CASE_SECONDS);
        my ($format, $case) = $self->_case($number);
        if ($format->compare($case)) {
            alarm(0);
            if ($format->is_unstable($case)) {
                $self->{unstable}++;
            } else {
                $self->_report_difference($number, $format, $case);
                return $DIFFERENCE;
            }
        }
        $number++;
    }
    $self->_note($number, $self->{unstable});
    return 0;
}

sub _signal_name {
    my ($signal) = @_;
    return 'SIG' . (split(/ /, $Config{sig_name}))[$signal];
}

# What a fatal case needs is found by trying in children that may die.
sub _report_death {
    my ($self, $number, $signal) = @_;
    my ($format, $case) = $self->_case($number);
    my $dies = sub {
        my ($candidate) = @_;
        my (undef, $by) =
            _in_child(sub { alarm($CASE_SECONDS); $format->compare($candidate); return 0 });
        return $by == $signal;
    };
    my $small = $dies->($case) ? _shrunk($format, $case, $dies) : $case;
    my $what =
        $signal == SIGALRM
        ? "No answer within $CASE_SECONDS s"
        : 'Killed by ' . _signal_name($signal);
    $self->_print_case($number, $format, $small, $what);
    return;
}

# Runs until a difference is found (returns 1) or the given number of cases or seconds is reached
# (returns 0).
sub run {
    my ($self) = @_;
    my $start = time();
    my $until = defined($self->{seconds}) ? $start + $self->{seconds} : undef;
    $| = 1;
    my ($status, $signal) = _in_child(sub { $self->_work(0, $until) });
    my ($number, $unstable) = $self->_noted();
    my $seconds = time() - $start;
    if ($signal && $signal != SIGINT && $signal != SIGTERM) {
        $self->_report_death($number, $signal);
        return 1;
    }
    return $status if $status;
    printf("%d cases in %.0f s, seed %d: no difference", $number, $seconds, $self->{seed});
    printf(" (%d left out: the reference's answer depends on Perl's hash order)", $unstable)
        if $unstable;
    print "\n";
    return 0;
}

1;
