#!/usr/bin/perl
# What this library does to the network is in the journal, whoever listens: bindings, and interfaces of containers. A journal
# that cannot be written is no reason not to do it.

use strict;
use warnings;

use File::Path qw(make_path);
use File::Temp qw(tempdir);
use POSIX ();
use Sys::Hostname qw(hostname);
use Test::More;
use Time::HiRes qw(sleep);

use lib 'perl/lib', 't/lib';
use Command qw(must);
use OwnNamespace;
use PVE::Network::Rust::EventBus;
use PVE::Network::Rust::Hotplug;
use PVE::Network::Rust::LXC::Config;
use PVE::Network::Rust::VNetBinding;

my $root = $ENV{PVE_RUST_ROOT} = tempdir(CLEANUP => 1);
my $node = hostname() =~ s/\..*//r;
my $events = "$root/var/lib/pve-network-rust/events";

sub spew {
    my ($file, $text) = @_;
    open(my $out, '>', $file) or die "$file: $!\n";
    print {$out} $text;
    close($out) or die "$file: $!\n";
    return;
}

my $test = $$;
my $pid = fork() // die "fork: $!\n";
if ($pid == 0) {
    exec {'unshare'} 'unshare', '--net', 'sleep', '300' or POSIX::_exit(1);
}
my $own = readlink('/proc/self/ns/net');
sleep(0.01) while (readlink("/proc/$pid/ns/net") // $own) eq $own;
END { kill('KILL', $pid) if $pid && $$ == $test }

must('ip', 'link', 'add', 'vmbr0', 'type', 'bridge');
must('ip', 'link', 'set', 'vmbr0', 'up');

make_path("$root/etc/pve/nodes/$node/lxc", "$root/etc/pve/sdn");
spew("$root/etc/pve/sdn/zones.cfg", "simple: here\n\n");
spew("$root/etc/pve/sdn/vnets.cfg", "vnet: blue\n\tzone here\n\n");
spew(
    "$root/etc/pve/sdn/.running-config",
    '{"version":1,"vnets":{"ids":{"blue":{"type":"vnet","zone":"here"}}},"zones":{"ids":{}}}'
);

my $follower = PVE::Network::Rust::EventBus::Follower->new({ from => 'oldest' });
my $bus = PVE::Network::Rust::EventBus->new();
my @noted;
$bus->register_listener('note', sub { push @noted, $_[0]->{event}->{event} });

sub journalled {
    return [map { $_->{event} } $follower->read()->@*];
}

my $bindings = PVE::Network::Rust::VNetBinding->new();
$bindings->bind_vnet('blue', 100, 'net0', { owner => 'a' });
my %binding = (vnet => 'blue', vmid => 100, iface => 'net0', metadata => { owner => 'a' });
is_deeply(journalled(), [{ event => 'vnet_bound', %binding }], 'a binding');
ok(!eval { $bindings->bind_vnet('blue', 100, 'net0'); 1 }, 'the same again');
ok(!eval { $bindings->unbind_vnet('blue', 100, 'net1'); 1 }, '… and one that is none');
is_deeply(journalled(), [], '… are no events');
$bindings->unbind_vnet('blue', 100, 'net0');
is_deeply(journalled(), [{ event => 'vnet_unbound', %binding }], 'its end');
$bindings->bind_vnet('blue', 100, $_) for qw(net1 net2);
$bindings->cleanup_container(100);
my @kinds = map { "$_->{event} $_->{iface}" } journalled()->@*;
my @wanted = map {
    my $kind = $_;
    map { "vnet_$kind net$_" } 1, 2
} qw(bound unbound);
is_deeply(\@kinds, \@wanted, 'a container that is cleaned up');

my $hotplug = PVE::Network::Rust::Hotplug->new();
my $target = { pid => $pid };
my $net = PVE::Network::Rust::LXC::Config->parse_lxc_network(
    'name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:00:01,ip=10.0.0.2/24'
);

sub change {
    my ($event, $netid, $operation) = @_;
    return {
        event => "interface_$event",
        vmid => 100,
        netid => $netid,
        iface => "veth100i$netid",
        operation => $operation,
    };
}

my $added = $hotplug->hotplug_add(100, 0, $net, $target)->{id};
is_deeply(journalled(), [change('plugged', 0, $added)], 'plugged in');
ok(!eval { $hotplug->hotplug_add(100, 0, $net, $target); 1 }, 'twice');
is_deeply(journalled(), [], '… is no event');
my $updated =
    $hotplug->hotplug_update(100, 0, { %$net, ip => '10.0.0.3/24' }, { %$target, old => $net });
is_deeply(journalled(), [change('updated', 0, $updated->{id})], 'changed');
$hotplug->cancel_operation($updated->{id});
is_deeply(journalled(), [change('updated', 0, $updated->{id})], 'changed back');
my $removed = $hotplug->hotplug_remove(100, 0, $target)->{id};
is_deeply(journalled(), [change('unplugged', 0, $removed)], 'taken out');
$hotplug->cancel_operation($removed);
is_deeply(journalled(), [change('plugged', 0, $removed)], '… which is undone');
my $operation = $hotplug->hotplug_remove(100, 0, { %$target, async => 1 });
$operation->result();
is_deeply(journalled(), [change('unplugged', 0, $operation->id())], 'without waiting');

my @nets = map { { %$net, name => "eth$_", hwaddr => "BC:24:11:00:00:0$_" } } 1 .. 3;
my $done = $hotplug->hotplug_batch(
    [map { { op => 'add', vmid => 100, netid => $_, net => $nets[$_ - 1], pid => $pid } } 1 .. 3]
);
my %ids = map { $_->{netid} // $_->{name} => $_->{id} } grep { ref } @$done;
my $of_batch = journalled();
is_deeply(
    [sort map { "$_->{event} $_->{netid}" } @$of_batch],
    [map { "interface_plugged $_" } 1 .. 3], 'many at once'
);
is_deeply(
    [sort map { $_->{operation} } @$of_batch],
    [sort map { $_->{id} } @$done], '… with the ids of their operations'
);

is(scalar(@noted), 0, 'listeners are not told meanwhile');
$bus->dispatch();
is_deeply(
    [@noted[6 .. $#noted]],
    [
        qw(interface_plugged interface_updated interface_updated interface_unplugged),
        qw(interface_plugged interface_unplugged), ('interface_plugged') x 3
    ],
    '… but when events are dispatched'
);

# Where there can be no journal.
rename($events, "$events.away") or die "rename: $!\n";
spew($events, '');
ok(eval { $hotplug->hotplug_add(100, 0, $net, $target); 1 }, 'plugged in without a journal')
    or diag($@);
ok(eval { $hotplug->hotplug_remove(100, 0, $target); 1 }, '… and taken out') or diag($@);
ok(eval { $bindings->bind_vnet('blue', 100, 'net5'); 1 }, '… and bound') or diag($@);
unlink($events);
rename("$events.away", $events) or die "rename: $!\n";
is_deeply(journalled(), [], 'nothing was journalled');

# Another process has it, and was stopped.
open(my $state, '+<', "$events/state") or die "state: $!\n";
flock($state, 2) or die "flock: $!\n";
ok(eval { $hotplug->hotplug_add(100, 0, $net, $target); 1 }, 'nor waited for') or diag($@);
close($state);
$hotplug->hotplug_remove(100, 0, $target);
is(scalar(journalled()->@*), 1, 'the next one is journalled');

done_testing();
