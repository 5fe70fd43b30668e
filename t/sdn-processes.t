#!/usr/bin/perl
# Addresses and real processes: 16 that take addresses at once never get one twice, and one that is killed leaves the
# old or the new state, whole.

use strict;
use warnings;

use File::Path qw(make_path);
use File::Temp qw(tempdir);
use JSON::PP;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep);

use PVE::Network::Rust::SDN;
use PVE::Network::Rust::SDN::Subnets;

my $PROCESSES = 16;
my $EACH = 8;
my $root = tempdir(CLEANUP => 1);
local $ENV{PVE_RUST_ROOT} = $root;
make_path("$root/etc/pve/sdn", "$root/etc/pve/priv/lock", "$root/etc/pve/nodes/here");
symlink('nodes/here', "$root/etc/pve/local") or die "symlink: $!\n";

my $state = "$root/etc/pve/sdn/pve-ipam-state.json";
my $macs = "$root/etc/pve/sdn/mac-cache.json";
my $lock = "$root/etc/pve/priv/lock/file-sdn_pve-ipam-state_json";
my $zone = { type => 'simple', ipam => 'pve', dhcp => 'dnsmasq' };
# Gateways are amid what may be given out. What a killed process has taken stays taken: there is more than all want.
my %subnets = (
    'z-10.0.0.0-24' => {
        type => 'subnet',
        vnet => 'v1',
        gateway => '10.0.0.30',
        'dhcp-range' => [
            'start-address=10.0.0.20,end-address=10.0.0.99',
            'start-address=10.0.0.120,end-address=10.0.0.250'
        ],
    },
    'z-fd00::-64' => { type => 'subnet', vnet => 'v1', gateway => 'fd00::5' },
);

sub write_file {
    my ($name, $text) = @_;
    open(my $out, '>', "$root/etc/pve/$name") or die "open $name: $!\n";
    print $out $text;
    close($out) or die "close $name: $!\n";
    return;
}

sub read_json {
    my ($path) = @_;
    open(my $in, '<', $path) or die "open $path: $!\n";
    local $/ = undef;
    return decode_json(scalar(<$in>));
}

# The guests that have addresses, or the gateways, by address.
sub used {
    my ($gateways) = @_;
    my $in_zone = read_json($state)->{zones}->{z}->{subnets};
    my %all = map { %{ $_->{ips} } } values %$in_zone;
    return { map { $_ => $all{$_} } grep { !$all{$_}->{gateway} == !$gateways } keys %all };
}

sub spawn {
    my ($code) = @_;
    my $pid = fork() // die "fork: $!\n";
    return $pid if $pid;
    my $fine = eval { $code->(); 1 };
    print STDERR "# $@" if !$fine;
    POSIX::_exit($fine ? 0 : 1);
}

write_file('sdn/zones.cfg', "simple: z\n\tipam pve\n\tdhcp dnsmasq\n");
write_file('sdn/vnets.cfg', "vnet: v1\n\tzone z\n");
write_file('sdn/.running-config', encode_json({ subnets => { ids => \%subnets } }));
for my $id (sort keys %subnets) {
    PVE::Network::Rust::SDN::Subnets::add_subnet($zone, $id, $subnets{$id});
    my ($network, $mask) = $id =~ /^z-(.*)-(.*)$/;
    my %subnet = (%{ $subnets{$id} }, zone => 'z', id => $id, cidr => "$network/$mask");
    PVE::Network::Rust::SDN::Subnets::add_ip(
        $zone, $id, \%subnet, $subnet{gateway}, 'gateway', undef, undef, 1
    );
}

my @pids = map {
    my $process = $_;
    spawn(sub {
        for my $number (1 .. $EACH) {
            my $mac = sprintf('BC:24:11:00:%02X:%02X', $process, $number);
            PVE::Network::Rust::SDN::add_next_free_cidr('v1', "host$process", $mac, $process);
        }
    })
} 1 .. $PROCESSES;
my $failed = 0;
for my $pid (@pids) {
    waitpid($pid, 0);
    $failed++ if $?;
}
is($failed, 0, "$PROCESSES processes take addresses at once");

my $used = used();
is(scalar(keys %$used), 2 * $PROCESSES * $EACH, '… each gets its own');
my %of_mac;
push @{ $of_mac{ $used->{$_}->{mac} } }, $_ for sort keys %$used;
my @odd = grep { @{ $of_mac{$_} } != 2 } keys %of_mac;
is_deeply(\@odd, [], '… one of each version');
my @outside =
    grep { /^10\.0\.0\.(\d+)$/ && ($1 < 20 || $1 > 99 && $1 < 120 || $1 > 250) } keys %$used;
is_deeply(\@outside, [], '… those of IPv4 from the ranges');
is_deeply([sort keys %{ used('gateways') }], ['10.0.0.30', 'fd00::5'], '… and no gateway');
my $known = read_json($macs)->{macs};
my @wrong = grep { join(' ', @{ $known->{$_} }{qw(ip4 ip6)}) ne join(' ', @{ $of_mac{$_} }) }
    keys %of_mac;
is_deeply(\@wrong, [], '… and the cache knows them all');
ok(!-e $lock, 'the lock is given back');

# A process that does nothing but take and give back is killed again and again.
my ($kills, $locks_left, $broken) = (40, 0, 0);
for my $round (1 .. $kills) {
    my $pid = spawn(sub {
        while (1) {
            my $mac = 'BC:24:11:FF:00:01';
            PVE::Network::Rust::SDN::add_next_free_cidr('v1', 'victim', $mac, 999);
            PVE::Network::Rust::SDN::del_ips_from_mac('v1', $mac, 'victim');
        }
    });
    sleep(0.005 + rand(0.02));
    kill('KILL', $pid);
    waitpid($pid, 0);
    my $whole = eval {
        my %others = map { $_->{mac} => 1 } grep { $_->{vmid} ne '999' } values %{ used() };
        read_json($macs);
        keys %others == $PROCESSES * $EACH;
    };
    $broken++ if !$whole;

    # What pmxcfs does with the lock of a process that is gone.
    for my $left (glob("$root/etc/pve/priv/lock/*")) {
        rmdir($left) or die "rmdir $left: $!\n";
        $locks_left++;
    }
}
is($broken, 0, "$kills kills leave whole files, with everything that others have");
cmp_ok($locks_left, '>', 0, '… some of them in the midst of a change');
my $mac = 'BC:24:11:FF:00:02';
ok(
    eval { PVE::Network::Rust::SDN::add_next_free_cidr('v1', 'next', $mac, 1000); 1 },
    'the next process is not hindered'
) or diag($@);
is_deeply([glob("$root/etc/pve/sdn/*.tmp*")], [], '… and removes what was left behind');

# A held lock.
mkdir($lock) or die "mkdir: $!\n";
my $took = eval {
    local $SIG{ALRM} = sub { die "enough\n" };
    alarm(1);
    PVE::Network::Rust::SDN::add_next_free_cidr('v1', 'late', 'BC:24:11:FF:00:03', 1001);
    1;
};
my $error = $@;
alarm(0);
ok(!$took, 'a lock that others hold is waited for');
is($error, "enough\n", '… until a signal handler has enough');
open(my $stderr, '>&', \*STDERR) or die "dup: $!\n";
open(STDERR, '>', "$root/stderr") or die "open: $!\n";
$took = eval {
    PVE::Network::Rust::SDN::add_ip('v1', '10.0.0.250', 'late', 'BC:24:11:FF:00:03', 1001);
    1;
};
$error = $@;
open(STDERR, '>&', $stderr) or die "dup: $!\n";
my $text = "cfs-lock 'file-sdn_pve-ipam-state_json' error: got lock request timeout\n";
is($error, $text, '… or the time is up');
open(my $told, '<', "$root/stderr") or die "open: $!\n";
my @told = <$told>;
is($told[0], "trying to acquire cfs lock 'file-sdn_pve-ipam-state_json' ...\n", '… and told of');

chmod(0500, "$root/etc/pve/nodes/here");
unlink("$root/etc/pve/local");
$took = eval {
    local $SIG{ALRM} = sub { die "enough\n" };
    rmdir($lock);
    rmdir("$root/etc/pve/priv/lock");
    open(my $file, '>', "$root/etc/pve/priv/lock");
    PVE::Network::Rust::SDN::add_ip('v1', '10.0.0.250', 'late', 'BC:24:11:FF:00:03', 1001);
    1;
};
$text = "cfs-lock 'file-sdn_pve-ipam-state_json' error: no quorum!\n";
is($@, $text, 'without a majority of the cluster nothing is changed');

done_testing();
