#!/usr/bin/perl
# usage: prove -b t/stress.t, or make stress
# Processes plug 2,000 interfaces in and out at random, as containers' and as host's, on bridges and in containers that they share:
# nothing fails, nothing hangs, and in the end nothing is left of links, namespaces, descriptors or threads.
#   STRESS_KIND        mixed: some have firewall bridges; firewall: all have; filtering: some have, on bridges that filter VLANs, with
#                      tags, trunks and limits, for which make stress starts User-Mode Linux (mixed)
#   STRESS_SECONDS     how long (10)
#   STRESS_PROCESSES   how many (8)
#   STRESS_SEED        the numbers of another run, which prints its own

use strict;
use warnings;

use File::Path qw(make_path);
use File::Temp qw(tempdir);
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

use lib 'perl/lib', 't/lib';
use Command qw(must);
use OwnNamespace;
use PVE::Network::Rust::Container;
use PVE::Network::Rust::Host;
use PVE::Network::Rust::Hotplug;
use PVE::Network::Rust::LXC::Config;

my $SECONDS = $ENV{STRESS_SECONDS} // 10;
my $PROCESSES = $ENV{STRESS_PROCESSES} // 8;
my $KIND = $ENV{STRESS_KIND} // 'mixed';
$KIND =~ /^(?:mixed|firewall|filtering)$/ or die "STRESS_KIND: there is no kind '$KIND'\n";
my @FIREWALL = $KIND eq 'firewall' ? 1 : (0, 1);
my $SEED = $ENV{STRESS_SEED} // time() % 1_000_000;
my ($GUESTS, $NICS, $CONTAINERS) = (250, 8, 25);
my @BRIDGES = map { "vmbr$_" } 0 .. 3;
# A process that has not ended one operation in this time hangs; under User-Mode Linux all share one processor.
my $PATIENCE = $ENV{UML} ? 240 : 60;

sub read_file {
    my ($path) = @_;
    open(my $in, '<', $path) or return '';
    local $/ = undef;
    return <$in> // '';
}

sub entries {
    my ($folder) = @_;
    opendir(my $dh, $folder) or return ();
    my @entries = sort grep { !/^\./ } readdir($dh);
    return @entries;
}

# The host's modules that PVE::Network::Rust::Container calls.
{
    no warnings 'once';
    *PVE::LXC::Config::write_config = sub { };
    *PVE::LXC::Setup::new = sub { return bless {}, 'PVE::LXC::Setup' };
    *PVE::LXC::Setup::setup_network = sub { };
}
my $root = $ENV{PVE_RUST_ROOT} = tempdir(CLEANUP => 1);
make_path("$root/run", "$root/var/lock", "$root/progress");
# Firewall bridges are made where the node's firewall is not the one on nftables.
open(my $flag, '>', "$root/run/proxmox-nftables-firewall-force-disable") or die "open: $!\n";
close($flag) or die "close: $!\n";

must(qw(mount -t sysfs sysfs /sys));
for my $number (0 .. $#BRIDGES) {
    my @filtering = $KIND eq 'filtering' ? qw(vlan_filtering 1) : ();
    must(
        qw(ip link add), $BRIDGES[$number], 'address', "02:00:00:00:00:0$number",
        qw(type bridge), @filtering
    );
    must(qw(ip link set), $BRIDGES[$number], 'up');
}
my $own = readlink('/proc/self/ns/net');
my @containers = map {
    my $pid = fork() // die "fork: $!\n";
    if (!$pid) {
        exec {'unshare'} qw(unshare --net sleep 100000) or POSIX::_exit(127);
    }
    $pid;
} 1 .. $CONTAINERS;
for my $pid (@containers) {
    sleep(0.01) while (readlink("/proc/$pid/ns/net") // $own) eq $own;
    must('nsenter', "--net=/proc/$pid/ns/net", qw(ip link set lo up));
}

# Links that go with the namespaces of the containers, when nobody holds those any longer.
my @witnesses = map { "witness$_" } 0 .. $#containers;
must(qw(ip link add), $witnesses[$_], qw(type veth peer name witness netns), $containers[$_])
    for 0 .. $#containers;

# One process's interfaces: those whose number is its own modulo the number of processes.
sub play {
    my ($me, $deadline) = @_;
    srand($SEED + $me);
    my $hotplug = PVE::Network::Rust::Hotplug->new();
    my $log = "$root/progress/$me";
    my (%plugged, %count);
    my $any = sub { return $_[rand @_] };
    my $vary = sub {
        my ($net) = @_;
        my %varied = (%$net, bridge => $any->(@BRIDGES), firewall => $any->(@FIREWALL));
        if ($KIND eq 'filtering') {
            delete @varied{qw(tag trunks rate)};
  # A port without either is in all VLANs, which the kernel takes seconds for under User-Mode Linux.
            $varied{tag} = 2 + int(rand(20)) if rand() < 0.8;
            $varied{trunks} = $any->('30', '30;40-45', '100-120')
                if rand() < 0.3 || (!$varied{tag} && rand() < 0.98);
            $varied{rate} = $any->(1, 12.5, 100) if rand() < 0.5;
        }
        return \%varied;
    };
    my $nic = sub {
        my ($number) = @_;
        my ($guest, $netid) = (int($number / $NICS), $number % $NICS);
        my $mac = sprintf('BC:24:11:%02X:%02X:%02X', $me, $number >> 8, $number & 255);
        my %net = (
            type => 'veth',
            # Interfaces of several guests are in one container here.
            name => "eth$number",
            hwaddr => $mac,
        );
        $net{ip} = sprintf('10.%d.%d.2/24', $number >> 8, $number & 255) if rand() < 0.5;
        $net{ip6} = sprintf('fd00:%x::2/64', $number) if rand() < 0.5;
        my %nic = (vmid => 1000 + $guest, netid => $netid, net => $vary->(\%net));
        $nic{host} = "veth$nic{vmid}i$netid";
        $nic{place} = { netns => '/proc/' . $containers[$guest % $CONTAINERS] . '/ns/net' };
        return \%nic;
    };
    my $update = sub {
        my ($nic) = @_;
        my $conf = $nic->{conf} //= { hostname => 'ct' };
        PVE::Network::Rust::Container::update_net(
            $nic->{vmid}, $conf, 'net0', { %{ $nic->{net} } },
            $nic->{netid}, '/rootfs', $nic->{place}
        );
    };
    my %add = (
        hotplug => sub {
            my ($nic) = @_;
            $hotplug->hotplug_add($nic->@{qw(vmid netid net place)});
        },
        container => $update,
        host => sub {
            my ($nic) = @_;
            my ($link, $net) = $nic->@{qw(host net)};
            PVE::Network::Rust::Host::veth_create($link, "${link}p", $net->@{qw(bridge hwaddr)});
            PVE::Network::Rust::Host::tap_plug(
                $link, $net->@{qw(bridge tag firewall trunks rate)},
                { learning => $any->(0, 1), mac => $net->{hwaddr}, isolation => $any->(0, 1) }
            );
        },
    );
    my %remove = (
        hotplug => sub { $hotplug->hotplug_remove($_[0]->@{qw(vmid netid)}) },
        container => sub { PVE::Network::Rust::Host::veth_delete($_[0]{host}) },
        host => sub { PVE::Network::Rust::Host::veth_delete($_[0]{host}) },
    );
    my %change = (
        container => sub {
            my ($nic) = @_;
            $nic->{net} = $vary->($nic->{net});
            $update->($nic);
        },
        host => sub {
            my ($nic) = @_;
            return PVE::Network::Rust::Host::tap_unplug($nic->{host}) if rand() < 0.3;
            PVE::Network::Rust::Host::tap_plug(
                $nic->{host}, $vary->({})->@{qw(bridge tag firewall trunks rate)},
                { learning => 1 }
            );
        },
    );
    my $do = sub {
        my ($what, $kind, $nic, $function) = @_;
        open(my $out, '>', $log) or die "$log: $!\n";
        print {$out} join(' ', time(), $what, $kind, $nic->{host}), "\n";
        close($out);
        eval { $function->($nic); 1 } or die "$what $kind $nic->{host}: $@";
        $count{"$what $kind"}++;
    };
    local $SIG{__WARN__} = sub { die "a warning: @_" };
    my @numbers = grep { $_ % $PROCESSES == $me } 0 .. $GUESTS * $NICS - 1;
    my $open = () = entries('/proc/self/fd');
    while (time() < $deadline) {
        my $number = $any->(@numbers);
        if (my $there = $plugged{$number}) {
            my ($kind, $nic) = @$there;
            if ($change{$kind} && rand() < 0.5) {
                $do->('change', $kind, $nic, $change{$kind});
            } else {
                $do->('remove', $kind, $nic, $remove{$kind});
                delete $plugged{$number};
            }
        } else {
            my $kind = $any->(sort keys %add);
            $plugged{$number} = [$kind, $nic->($number)];
            $do->('add', $kind, $plugged{$number}[1], $add{$kind});
        }
    }
    $count{most} = keys %plugged;
    for my $there (values %plugged) {
        my ($kind, $nic) = @$there;
        $do->('remove', $kind, $nic, $remove{$kind});
    }
    my $left = () = entries('/proc/self/fd');
    die "$left descriptors instead of $open\n" if $left != $open;
    my @threads = entries('/proc/self/task');
    die @threads . " threads\n" if @threads != 1;
    my $namespace = readlink('/proc/thread-self/ns/net');
    die "in namespace $namespace instead of $own\n" if $namespace ne $own;
    return \%count;
}

# What a process does that does not come to an end.
sub where {
    my ($me, $pid) = @_;
    my ($since, $what) = read_file("$root/progress/$me") =~ /^(\S+) (.*)/;
    my @lines =
        sprintf('process %d: for %.1f s: %s', $me, time() - ($since // time()), $what // '?');
    for my $thread (entries("/proc/$pid/task")) {
        my $of =
            sub { return read_file("/proc/$pid/task/$thread/$_[0]") =~ s/\n(?=.)/ < /gr =~ s/\n//r };
        push @lines,
            "  thread $thread: " . join('; ', map { $of->($_) } qw(comm wchan syscall stack));
    }
    return @lines;
}

my $start = time();
my %processes;
for my $me (0 .. $PROCESSES - 1) {
    my $pid = fork() // die "fork: $!\n";
    if (!$pid) {
        my $count = eval { play($me, $start + $SECONDS) };
        my $error = "$@";
        open(my $out, '>', "$root/progress/$me.part") or POSIX::_exit(2);
        print {$out} $count ? join("\n", map { "$_=$count->{$_}" } sort keys %$count) : $error;
        close($out);
        rename("$root/progress/$me.part", "$root/progress/$me.end") or POSIX::_exit(2);
        # Whatever it holds it still holds while that is looked for.
        my $parent = getppid();
        sleep(0.05) while !-e "$root/over" && getppid() == $parent;
        POSIX::_exit($count ? 0 : 1);
    }
    $processes{$pid} = $me;
}
my (%count, @hang, %ended);
while (!@hang && keys %ended < $PROCESSES) {
    sleep(0.05);
    for my $me (grep { !$ended{$_} } 0 .. $PROCESSES - 1) {
        $ended{$me} = -e "$root/progress/$me.end";
        my $since = (stat("$root/progress/$me"))[9] // $start;
        @hang = map { where($processes{$_}, $_) } sort keys %processes
            if !$ended{$me} && time() - $since > $PATIENCE;
    }
    delete @ended{ grep { !$ended{$_} } keys %ended };
}
ok(!@hang, 'no process hangs') or diag(join("\n", @hang));
kill('KILL', keys %processes) if @hang;
my $took = time() - $start;

is_deeply(
    [grep { -d "/sys/class/net/$_" } entries('/sys/class/net')],
    [sort 'lo', @BRIDGES, @witnesses],
    'no link is left on the host'
);
is_deeply(
    [map { entries("/sys/class/net/$_/brif") } @BRIDGES],
    [], 'and none is a port'
);
my @inside = map { read_file("/proc/$_/net/dev") =~ /^\s*(\S+):/mg } @containers;
is_deeply([@inside], [(qw(lo witness)) x $CONTAINERS], 'or in a container');
for my $pid (@containers) {
    kill('KILL', $pid);
    waitpid($pid, 0);
}
my @held;
for (1 .. 20 * $PATIENCE) {
    @held = grep { /^witness/ } entries('/sys/class/net') or last;
    sleep(0.05);
}
is_deeply(\@held, [], 'no namespace is held');
open(my $over, '>', "$root/over") or die "open: $!\n";
close($over) or die "close: $!\n";
for my $pid (sort { $processes{$a} <=> $processes{$b} } keys %processes) {
    waitpid($pid, 0);
    my $said = read_file("$root/progress/$processes{$pid}.end");
    is($?, 0, "process $processes{$pid}") or diag($said);
    $count{$1} += $2 while $said =~ /^(.+)=(\d+)$/mg;
}
my $total = 0;
$total += $count{$_} for grep { / / } keys %count;
note(sprintf(
    '%s: %d operations in %.0f s by %d processes, seed %d; %d plugged in at the end',
    $KIND, $total, $took, $PROCESSES, $SEED, $count{most} // 0
));
note("$_: $count{$_}") for grep { / / } sort keys %count;

done_testing();
