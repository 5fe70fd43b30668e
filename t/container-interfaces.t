#!/usr/bin/perl
# The interfaces of a running container, in namespaces of this test's own; the container is known by a process, by its
# namespace, or by a VMID, for which a socket answers as LXC's does. With LXC itself: t/kernel/container-interfaces.t.

use strict;
use warnings;

use File::Path qw(make_path);
use File::Temp qw(tempdir);
use POSIX ();
use Socket qw(AF_UNIX SOCK_STREAM pack_sockaddr_un);
use Test::More;
use Time::HiRes qw(sleep);

use lib 'perl/lib', 't/lib';
use OwnNamespace;
use Command qw(must);
use ContainerInterfaces qw(expected_interfaces);
use LinkDetails qw(type_of);
use PVE::Network::Rust::Container;

my $root = $ENV{PVE_RUST_ROOT} = tempdir(CLEANUP => 1);

my @children;
my $test = $$;
END { kill('KILL', @children) if @children && $$ == $test }

sub container {
    my $pid = fork() // die "fork: $!\n";
    if ($pid == 0) {
        exec {'unshare'} 'unshare', '--net', 'sleep', '300' or POSIX::_exit(1);
    }
    push @children, $pid;
    my $own = readlink('/proc/self/ns/net');
    sleep(0.01) while (readlink("/proc/$pid/ns/net") // $own) eq $own;
    return $pid;
}

# Answers requests for the process id with each of these in turn, then with the last one; undef hangs up.
sub lxc {
    my ($vmid, @pids) = @_;
    my $name = "\0$root/var/lib/lxc/$vmid/command";
    socket(my $server, AF_UNIX, SOCK_STREAM, 0) or die "socket: $!\n";
    # Without the zeros that fill the structure up.
    bind($server, pack('S a*', AF_UNIX, $name)) or die "bind: $!\n";
    listen($server, 5) or die "listen: $!\n";
    my $child = fork() // die "fork: $!\n";
    if ($child) {
        push @children, $child;
        return $child;
    }
    while (accept(my $client, $server)) {
        sysread($client, my $request, 16);
        my $pid = @pids > 1 ? shift(@pids) : $pids[0];
        my $right = $request eq pack('L L Q', 4, 0, 0);
        syswrite($client, pack('l l Q', 0, 0, $right ? $pid : 0)) if defined($pid);
        close($client);
    }
    POSIX::_exit(0);
}

sub interfaces { return PVE::Network::Rust::Container::get_interfaces(@_) }

my $pid = container();
my @inside = ('nsenter', "--net=/proc/$pid/ns/net", 'ip');
must(@inside, qw(link add eth0 address bc:24:11:00:00:01 type veth peer name other));
must(@inside, qw(link set), $_, 'up') for qw(lo eth0 other);
must(@inside, qw(address add 10.0.0.2/24 dev eth0));
must(@inside, qw(address add 10.0.0.3/24 dev eth0));
must(@inside, qw(address add 10.0.1.1 peer 10.0.1.2/32 dev eth0));
must(@inside, qw(address add fd00::2/64 dev eth0 nodad));
must(@inside, qw(tuntap add tun0 mode tun));

my $expected = expected_interfaces($pid);
is(scalar(@$expected), 4, 'four interfaces');
my $found = interfaces({ pid => $pid });
is_deeply($found, $expected, 'by a process');
is_deeply(interfaces({ netns => "/proc/$pid/ns/net" }), $expected, 'by its namespace');
my ($eth0) = grep { $_->{name} eq 'eth0' } @$found;
is(type_of($eth0->{'ip-addresses'}->[0]->{prefix}), 'integer', 'a prefix is a number');
my ($tun0) = grep { $_->{name} eq 'tun0' } @$found;
ok(exists($tun0->{hwaddr}) && !defined($tun0->{hwaddr}), 'a link without a hardware address');

lxc(100, $pid);
is(PVE::Network::Rust::Container::find_lxc_pid(100), $pid, 'the process id of a VMID');
is_deeply(interfaces(100), $expected, 'by VMID');
is_deeply(interfaces('100'), $expected, '… as text');
is_deeply(interfaces({ vmid => 100 }), $expected, '… by name');
my $other = container();
lxc(103, $other, $pid);
is_deeply(interfaces(103), $expected, 'the container was started anew meanwhile');

make_path("$root/var/lib/lxc/101");
open(my $config, '>', "$root/var/lib/lxc/101/config") or die "open: $!\n";
close($config);
eval { PVE::Network::Rust::Container::find_lxc_pid(101) };
is($@, "unable to get PID for CT 101 (not running?)\n", 'not running');
eval { PVE::Network::Rust::Container::find_lxc_pid(102) };
is($@, "command 'lxc-info -n 102 -p' failed: exit code 1\n", 'no such container');
is_deeply([interfaces($_)], [], 'nothing of it') for 101, 102;
lxc(101, undef);
eval { PVE::Network::Rust::Container::find_lxc_pid(101) };
is($@, "unable to get PID for CT 101 (not running?)\n", 'about to end');

for my $case (
    ['no such process', { pid => 4_000_000_000 }],
    ['no namespace', { netns => '/proc/self/status' }],
    )
{
    my ($what, $container) = @$case;
    eval { interfaces($container) };
    is(ref($@) && $@->kind(), 'resource', $what) or diag($@);
}
eval { interfaces({ pd => 1 }) };
like($@, qr/get_interfaces: argument 1 \(\$container\)/, 'an unknown way to name it');

my $own = readlink('/proc/self/ns/net');
my $open = () = glob('/proc/self/fd/*');
interfaces(100) for 1 .. 50;
is(() = glob('/proc/self/fd/*'), $open, 'no descriptor is left open');
is(readlink('/proc/self/ns/net'), $own, 'this process stays where it is');

done_testing();
