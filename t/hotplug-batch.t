#!/usr/bin/perl
# Many interfaces plugged in and taken out at once from Perl, in namespaces of this test's own.

use strict;
use warnings;

use File::Temp qw(tempdir);
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep ualarm);

use lib 'perl/lib', 't/lib';
use Command qw(must printed);
use OwnNamespace;
use PVE::Network::Rust::Hotplug;
use PVE::Network::Rust::LXC::Config;

$ENV{PVE_RUST_ROOT} = tempdir(CLEANUP => 1);

sub links {
    open(my $out, '-|', 'ip', '-brief', 'link') or die "start ip: $!\n";
    my @links = sort map { m/^([^\s@]+)/ } <$out>;
    close($out) or die "ip failed\n";
    return "@links";
}

sub entries {
    my ($folder) = @_;
    opendir(my $dh, $folder) or die "open $folder: $!\n";
    return scalar grep { !m/^\./ } readdir($dh);
}

my $pid = fork() // die "fork: $!\n";
if ($pid == 0) {
    exec {'unshare'} 'unshare', '--net', 'sleep', '300' or POSIX::_exit(1);
}
my $own = readlink('/proc/self/ns/net');
sleep(0.01) while (readlink("/proc/$pid/ns/net") // $own) eq $own;
END { kill('KILL', $pid) if $pid }

must(qw(ip link add vmbr0 address 02:00:00:00:00:01 mtu 1400 type bridge));
must(qw(ip link set vmbr0 up));

my $hotplug = PVE::Network::Rust::Hotplug->new();
my $before = links();

sub net {
    my ($text) = @_;
    return PVE::Network::Rust::LXC::Config->parse_lxc_network($text);
}

sub add {
    my ($netid, %more) = @_;
    my $net = net("name=eth$netid,bridge=vmbr0,ip=10.0.$netid.2/24");
    return { op => 'add', vmid => 100, netid => $netid, net => $net, pid => $pid, %more };
}

sub remove { return { op => 'remove', vmid => 100, netid => $_[0] } }

is_deeply($hotplug->hotplug_batch([]), [], 'nothing to do');

my @containers = map { add($_) } 0 .. 4;
$containers[1]{netns} = "/proc/$pid/ns/net";
delete $containers[1]{pid};
my $results = $hotplug->hotplug_batch(\@containers, {});
is_deeply(
    [map { [$_->{id}, $_->{kind}, $_->{state}, $_->{netid}] } @{ $hotplug->list_operations() }],
    [map { [$results->[$_]{id}, 'add', 'succeeded', $_] } 0 .. 4],
    'each is an operation',
);
is_deeply(
    [map { { %$_, id => 1, index => 1, peer_index => 1 } } @$results],
    [
        map {
            { id => 1, name => "veth100i$_", index => 1, peer_name => "eth$_", peer_index => 1 }
        } 0 .. 4
    ],
    'what hotplug_add returns, in the order of the list',
);
ok(!(grep { ref($_) ne 'HASH' } @$results), 'as plain hashes');
is(
    links(), join(' ', sort split(/ /, $before), map { "veth100i$_" } 0 .. 4),
    'the links are there'
);
is(
    system('nsenter', "--net=/proc/$pid/ns/net", qw(ip -brief address show dev eth4)),
    0, 'and their other ends'
);

$results = $hotplug->hotplug_batch([
    remove(0),
    remove(9),
    add(5, net => { name => 'eth5', bridge => 'none' }),
    add(5, net => { name => 'eth5', bridge => 'vmbr0', ip => 'nowhere' }),
    add(5, op => 'change'),
    add(5, pid => undef),
    add(5, netns => '/proc/self/ns/net'),
    add(5, pid => undef, netns => '/proc/self/ns/net'),
    add(5, net => undef),
    add(32),
    add(5),
    remove(1),
]);
my @said = map { ref($_) eq 'HASH' ? $_->{name} : $_->kind() . ": $_" } @$results;
my @wanted = (
    qr/^veth100i0$/,
    qr/^resource: interface 'veth100i9' does not exist/,
    qr/^resource: bridge 'none' does not exist/,
    qr/^config: ip: invalid value 'nowhere'/,
    qr/^config: op: invalid value 'change': it must be add, remove or update/,
    qr/^resource: container 100 is not running: LXC does not know/,
    qr/^config: pid: invalid value '$pid': netns is given, too/,
    qr/^resource: .*own network namespace/,
    qr/^config: net: missing value/,
    qr/^config: netid: invalid value '32'/,
    qr/^veth100i5$/,
    qr/^veth100i1$/,
);
is(scalar(@said), scalar(@wanted), 'a result for each');
like($said[$_], $wanted[$_], "result $_") for 0 .. $#wanted;
isa_ok($results->[3], 'PVE::Network::Rust::Error');
like($results->[3]->errors()->{ip}, qr/prefix/, 'with what is wrong with the parameter');

eval { $hotplug->hotplug_batch([{ op => 'add', vmid => 100, netid => 0, bridge => 'vmbr0' }]) };
like($@, qr/bridge/, 'a key that there is not is named');
eval { $hotplug->hotplug_batch([remove(2), { op => 'remove', vmid => 'x', netid => 0 }]) };
like($@, qr/\[1\].*vmid/, 'and where in the list something is no number');
eval { $hotplug->hotplug_batch([remove(2)], { fast => 1 }) };
like($@, qr/fast/, 'an unknown option is named');
like(links(), qr/veth100i2/, 'and nothing is touched');

$results = $hotplug->hotplug_batch([
    { %{ add(2) }, op => 'update', net => net('name=eth2,bridge=vmbr0,ip=10.0.22.2/24') },
    add(6),
]);
is($results->[0]{name}, 'veth100i2', 'one is changed');
like(
    join('', printed('nsenter', "--net=/proc/$pid/ns/net", qw(ip -brief address))),
    qr/\s10\.0\.22\.2\/24/, '… as it should'
);
is($hotplug->cancel_operation($results->[1]{id})->{state}, 'undone', 'one is undone');
unlike(links(), qr/veth100i6/, '… and gone');
is($hotplug->reconcile() && @{ $hotplug->reconcile() }, 0, 'nothing is left to be finished');

my @rest = map { remove($_) } 2 .. 5;
ok(!(grep { ref($_) ne 'HASH' } @{ $hotplug->hotplug_batch(\@rest) }), 'taken out');
is(links(), $before, 'as before');

my $open = join(' ', entries('/proc/self/fd'), entries('/proc/self/task'));
for (1 .. 10) {
    $hotplug->hotplug_batch([map { add($_) } 0 .. 9]);
    $hotplug->hotplug_batch([map { remove($_) } 0 .. 9]);
}
is(
    join(' ', entries('/proc/self/fd'), entries('/proc/self/task')),
    $open, 'no descriptor and no thread is left'
);

{
    # Fewer descriptors than many at once take.
    my $limited = fork() // die "fork: $!\n";
    if ($limited == 0) {
        must(qw(prlimit --nofile=60: --pid), $$);
        my @all = map {
            add($_ % 32, vmid => 300 + int($_ / 32), net => net("name=far$_,bridge=vmbr0"))
        } 0 .. 63;
        my @results = map { @{ $hotplug->hotplug_batch($_) } } \@all,
            [map { { %{ remove($_->{netid}) }, vmid => $_->{vmid} } } @all];
        my ($failed) = grep { ref($_) ne 'HASH' } @results;
        diag($failed) if $failed;
        POSIX::_exit($failed ? 1 : 0);
    }
    waitpid($limited, 0);
    is($?, 0, 'with few descriptors');
}

{
    my $stopped = 0;
    for my $try (1 .. 10) {
        local $SIG{ALRM} = sub { die "alarm\n" };
        eval {
            ualarm(3_000 * $try);
            $hotplug->hotplug_batch([map { add($_ % 32, vmid => 200 + int($_ / 32)) } 0 .. 99]);
            ualarm(0);
        };
        ualarm(0);
        $stopped++ if $@ eq "alarm\n";
        my %there = map { $_ => 1 } split(/ /, links());
        my @there = grep { $there{"veth$_->{vmid}i$_->{netid}"} }
            map { { op => 'remove', vmid => 200 + int($_ / 32), netid => $_ % 32 } } 0 .. 99;
        $hotplug->hotplug_batch(\@there);
    }
    is(links(), $before, "a handler that dies ends it ($stopped calls ended)");
}

done_testing();
