#!/usr/bin/perl
# The process id and the interfaces of a container that LXC runs.

use strict;
use warnings;

use File::Path qw(make_path);
use File::Temp qw(tempdir);
use Test::More;

use lib 'perl/lib', 't/lib';
use OwnNamespace;
use Command qw(must);
use ContainerInterfaces qw(expected_interfaces);
use PVE::Network::Rust::Container;

my $root = $ENV{PVE_RUST_ROOT} = tempdir(CLEANUP => 1);
my $folder = "$root/var/lib/lxc";
make_path("$folder/100");
open(my $config, '>', "$folder/100/config") or die "open: $!\n";
print {$config} <<'CONFIG';
lxc.uts.name = ct100
lxc.net.0.type = empty
lxc.apparmor.profile = unconfined
lxc.console.path = none
lxc.tty.max = 0
CONFIG
close($config) or die "close: $!\n";
must(qw(mount -t cgroup2 none /sys/fs/cgroup));

sub lxc_info {
    open(my $out, '-|', 'lxc-info', '-P', $folder, '-n', 100, '-p') or die "start lxc-info: $!\n";
    my ($pid) = join('', <$out>) =~ /^PID:\s+(\d+)$/m;
    return $pid;
}

sub error {
    my ($code) = @_;
    eval { $code->() };
    return "$@";
}

my $stopped = "unable to get PID for CT 100 (not running?)\n";
my $pid_of = \&PVE::Network::Rust::Container::find_lxc_pid;
my $interfaces = \&PVE::Network::Rust::Container::get_interfaces;

is(error(sub { $pid_of->(100) }), $stopped, 'not running');
must('lxc-start', '-P', $folder, '-n', 100, '--', '/bin/sleep', 600);
my $pid = $pid_of->(100);
is($pid, lxc_info(), 'the process id is what lxc-info prints');

must(qw(ip link add veth100i0 type veth peer name eth0 netns), $pid);
my @inside = ('nsenter', "--net=/proc/$pid/ns/net", 'ip');
must(@inside, qw(link set), $_, 'up') for qw(lo eth0);
must(@inside, qw(address add 10.0.0.2/24 dev eth0));
must(@inside, qw(address add fd00::2/64 dev eth0 nodad));
is_deeply($interfaces->(100), expected_interfaces($pid), 'the interfaces');
is_deeply($interfaces->({ pid => $pid }), $interfaces->(100), '… by a process');

must('lxc-stop', '-P', $folder, '-n', 100, '-k');
is(error(sub { $pid_of->(100) }), $stopped, 'stopped');
is_deeply([$interfaces->(100)], [], 'nothing of it');

done_testing();
