package PVE::Network::Rust::Test::Tracing;

# A process gets a signal where one of its threads is about to enter a system call, by ptrace(2).

use strict;
use warnings;

use Config;
use Time::HiRes qw(sleep time);

# By architecture: ptrace, wait4 (waitpid does not tell of stops), and the calls that change the kernel's network, a file or a
# lock, or where the thread is.
my %CALLS = (
    x86_64 => { ptrace => 101, wait4 => 61, steps => [1, 41, 42, 44, 73, 308] },
    aarch64 => { ptrace => 117, wait4 => 260, steps => [64, 198, 203, 206, 32, 268] },
);
my ($ARCHITECTURE) = $Config{archname} =~ /^([^-]+)/;
my $CALLS = $CALLS{$ARCHITECTURE} // die "system calls of $ARCHITECTURE are not known\n";
my %STEPS = map { $_ => 1 } @{ $CALLS->{steps} };

my ($SYSCALL, $SEIZE, $INTERRUPT) = (24, 0x4206, 0x4207);
# PTRACE_O_TRACESYSGOOD, _TRACECLONE, _EXITKILL
my $OPTIONS = 1 | 8 | 0x100000;
my ($WALL, $WNOHANG, $SIGTRAP) = (0x40000000, 1, 5);
# As long as a call that waits may take until it runs signal handlers, and twice that for a busy machine.
my $HOLD = 0.15;

sub _ptrace {
    my ($request, $pid, $data) = @_;
    return syscall($CALLS->{ptrace}, $request + 0, $pid + 0, 0, ($data // 0) + 0);
}

# What happened to any thread that is traced: its id, or 0, and its status.
sub _wait {
    my ($flags) = @_;
    my $status = pack('i', 0);
    my $thread = syscall($CALLS->{wait4}, -1, $status, $WALL | $flags, 0);
    return ($thread, unpack('i', $status));
}

# Takes hold of a process that waits for something. At its system call number `stop` of those that matter it gets `signal`.
sub seize {
    my ($class, $pid, $stop, $signal) = @_;
    my $self = bless {
        pid => $pid,
        stop => $stop,
        signal => $signal,
        stops => 0,
        inside => {},
        held => undef,
        until => 0,
    }, $class;
    _ptrace($SEIZE, $pid, $OPTIONS) == 0 or die "ptrace: $!\n";
    _ptrace($INTERRUPT, $pid) == 0 or die "ptrace: $!\n";
    (_wait(0))[0] == $pid or die "wait4: $!\n";
    _ptrace($SYSCALL, $pid);
    return $self;
}

sub _enters_step {
    my ($self, $thread) = @_;
    return 0 if delete $self->{inside}{$thread};
    $self->{inside}{$thread} = 1;
    open(my $in, '<', "/proc/$self->{pid}/task/$thread/syscall") or return 0;
    my ($number) = (<$in> // '') =~ /^(\d+)/;
    return defined($number) && $STEPS{$number};
}

sub _stopped {
    my ($self, $thread, $status) = @_;
    my ($signal, $event) = (($status >> 8) & 0xff, $status >> 16);
    if ($signal == ($SIGTRAP | 0x80)) {
        if ($self->_enters_step($thread) && $self->{stops}++ == $self->{stop}) {
            kill($self->{signal}, $self->{pid}) == 1 or die "kill: $!\n";
            @$self{qw(held until)} = ($thread, time() + $HOLD);
            return;
        }
        $signal = 0;
    } elsif ($event || $signal == $SIGTRAP) {
        $signal = 0;
    }
    _ptrace($SYSCALL, $thread, $signal);
    return;
}

# Lets it go on until &$over says so, or it ends.
sub go_on {
    my ($self, $over) = @_;
    while (1) {
        my ($thread, $status) = _wait($WNOHANG);
        if ($thread > 0) {
            if (($status & 0xff) == 0x7f) {
                $self->_stopped($thread, $status);
            } elsif ($thread == $self->{pid}) {
                return;
            }
            next;
        }
        if (defined($self->{held}) && time() > $self->{until}) {
            _ptrace($SYSCALL, delete $self->{held});
        }
        return if $over->();
        sleep(0.0005);
    }
    return;
}

1;
