package Container;

# A container for benchmarks: started by LXC where that is installed and can start one here, so that the commands that
# the reference runs on a container can be run as they are; else a process in a network namespace of its own, with
# nsenter and ip in place of LXC's commands.

use strict;
use warnings;

use File::Path qw(make_path remove_tree);
use File::Temp qw(tempdir);
use Time::HiRes qw(sleep);

use Command qw(capture on_path);

my $CONFIGURATION = <<'CONF';
lxc.uts.name = %s
lxc.net.0.type = empty
lxc.init.cmd = /bin/sleep 3600
lxc.apparmor.profile = unconfined
lxc.autodev = 0
lxc.console.path = none
lxc.pty.max = 0
lxc.tty.max = 0
CONF

# A configuration that LXC can start on any host: an empty network, and a program that only waits.
sub configuration {
    my ($vmid) = @_;
    return sprintf($CONFIGURATION, $vmid);
}

# Starts the container. LXC wants the process 1 of the caller's namespace of processes to be in the caller's network
# namespace.
sub start {
    my ($class, $vmid) = @_;
    my $self = bless { vmid => $vmid }, $class;
    $self->_start_lxc() or $self->_start_process();
    return $self;
}

sub stop {
    my ($self) = @_;
    for my $pid (grep { defined } $self->@{qw(pid monitor)}) {
        kill('KILL', $pid);
        waitpid($pid, 0);
    }
    remove_tree($self->{path}) if $self->{path};
    return;
}

# Whether LXC runs it.
sub is_lxc { return defined($_[0]{path}) }

# The path of its network namespace.
sub netns { return "/proc/$_[0]{pid}/ns/net" }

# The command that runs a command in its network namespace.
sub attach {
    my ($self, @command) = @_;
    return ['lxc-attach', $self->_name(), '-s', 'NETWORK', '--', @command] if $self->is_lxc();
    return ['nsenter', '--net=' . $self->netns(), '--', @command];
}

# The command that makes a link of the host one of its own, under another name.
sub add_device {
    my ($self, $link, $name) = @_;
    return ['lxc-device', $self->_name(), 'add', $link, $name] if $self->is_lxc();
    return [qw(/sbin/ip link set dev), $link, 'netns', $self->netns(), 'name', $name];
}

sub _name {
    my ($self) = @_;
    return ('-P', $self->{path}, '-n', $self->{vmid});
}

sub _start_lxc {
    my ($self) = @_;
    on_path($_) or return 0 for qw(lxc-start lxc-info lxc-attach lxc-device);
    my $path = $self->{path} = tempdir('container.XXXXXX', TMPDIR => 1);
    make_path("$path/$self->{vmid}");
    open(my $out, '>', "$path/$self->{vmid}/config") or die "write a configuration: $!\n";
    print {$out} configuration($self->{vmid});
    close($out) or die "write a configuration: $!\n";

    $self->{monitor} = _in_background('lxc-start', '-F', $self->_name());
    for (1 .. 300) {
        my ($pid) = capture('lxc-info', $self->_name(), '-p', '-H');
        ($self->{pid}) = ($pid // '') =~ m/^(\d+)$/m;
        return 1 if $self->{pid};
        last if waitpid($self->{monitor}, 1) != 0;
        sleep(0.01);
    }
    $self->stop();
    delete $self->@{qw(pid monitor path)};
    return 0;
}

sub _start_process {
    my ($self) = @_;
    $self->{pid} = _in_background('unshare', '--net', 'sleep', '3600');
    my $own = readlink('/proc/self/ns/net');
    sleep(0.01) while (readlink($self->netns()) // $own) eq $own;
    return;
}

sub _in_background {
    my (@command) = @_;
    my $pid = fork() // die "fork: $!\n";
    return $pid if $pid;
    open(STDIN, '<', '/dev/null') or exit 126;
    open(STDOUT, '>', '/dev/null') or exit 126;
    open(STDERR, '>', '/dev/null') or exit 126;
    no warnings 'exec';
    exec { $command[0] } @command or exit 127;
}

1;
