#!/usr/bin/perl
# VNet bindings from Perl: kept, refused, checked against configurations and the kernel, by many processes at once.

use strict;
use warnings;

use File::Path qw(make_path);
use File::Temp qw(tempdir);
use POSIX ();
use Sys::Hostname qw(hostname);
use Test::More;
use Time::HiRes qw(sleep ualarm);

use lib 't/lib';
use OwnNamespace;
use PVE::Network::Rust::VNetBinding;

my $root = $ENV{PVE_RUST_ROOT} = tempdir(CLEANUP => 1);
my $node = hostname() =~ s/\..*//r;
my $state = "$root/var/lib/pve-network-rust/vnet-bindings.json";
make_path("$root/etc/pve/nodes/$node/lxc", "$root/etc/pve/sdn");

sub spew {
    my ($file, $text) = @_;
    open(my $out, '>', $file) or die "$file: $!\n";
    print {$out} $text;
    close($out) or die "$file: $!\n";
    return;
}

sub slurp {
    my ($file) = @_;
    open(my $in, '<', $file) or die "$file: $!\n";
    local $/ = undef;
    return scalar <$in>;
}

sub running {
    my (@vnets) = @_;
    my $vnets = join(',', map { qq("$_->[0]":{"type":"vnet","zone":"$_->[1]"}) } @vnets);
    spew(
        "$root/etc/pve/sdn/.running-config",
        qq({"version":1,"vnets":{"ids":{$vnets}},"zones":{"ids":{}}})
    );
}

sub container {
    my ($vmid, $text) = @_;
    spew("$root/etc/pve/nodes/$node/lxc/$vmid.conf", $text);
}

sub ip {
    my (@words) = @_;
    system('ip', @words) == 0 or die "ip @words failed\n";
    return;
}

spew("$root/etc/pve/sdn/zones.cfg", "simple: here\n\nsimple: there\n\tnodes other\n\n");
spew(
    "$root/etc/pve/sdn/vnets.cfg",
    join('', map { "vnet: $_->[0]\n\tzone $_->[1]\n\n" } [qw(blue here)], [qw(late here)])
);
running([qw(blue here)], [qw(green here)], [qw(far there)], [qw(lost nowhere)]);

my $bindings = PVE::Network::Rust::VNetBinding->new();

sub refused {
    my ($code) = @_;
    return "not refused" if eval { $code->(); 1 };
    return ref($@) ? "$@->{kind}: $@->{message}" : $@;
}

subtest 'a binding is kept' => sub {
    is_deeply($bindings->list_bindings(), [], 'none at first');
    my $before = time();
    my $bound = $bindings->bind_vnet('blue', 100, 'net0', { owner => "M\x{fc}ller", level => 3 });
    my $when = delete $bound->{bound};
    cmp_ok($when, '>=', $before, 'when it was bound');
    my $wanted = {
        vnet => 'blue',
        vmid => 100,
        iface => 'net0',
        metadata => { owner => "M\x{fc}ller", level => 3 },
    };
    is_deeply($bound, $wanted, 'what was bound');
    my $again = PVE::Network::Rust::VNetBinding->new()->get_binding(100, 'net0');
    is_deeply($again, { %$wanted, bound => $when }, 'and is there for others');
    is($bindings->get_binding(100, 'net1'), undef, 'another interface is not bound');
    my ($mode, $folder) = map { (stat($_))[2] & 07777 } $state, $state =~ s{/[^/]+\z}{}r;
    is(sprintf('%o %o', $mode, $folder), '600 700', 'the state is for root alone');

    $bindings->bind_vnet('green', 100, 'eth1', undef);
    $bindings->bind_vnet('green', 99_999, 'net0', { deep => [1, { two => '3' }, undef] });
    my $names = sub {
        join(' ', map { "$_->{vnet}:$_->{vmid}:$_->{iface}" } $_[0]->@*);
    };
    my $list = sub { $names->($bindings->list_bindings(@_)) };
    is($list->(), 'green:100:eth1 blue:100:net0 green:99999:net0', 'all');
    is($list->({ vnet => 'green' }), 'green:100:eth1 green:99999:net0', 'by VNet');
    is($list->({ vmid => 100 }), 'green:100:eth1 blue:100:net0', 'by container');
    is($list->({ vmid => 100, vnet => 'blue' }), 'blue:100:net0', 'by both');
    like(refused(sub { $bindings->list_bindings({ vm => 1 }) }), qr/vm/, 'no other key is taken');

    my $ended = $bindings->unbind_vnet('blue', 100, 'net0');
    is_deeply($ended->{metadata}, $wanted->{metadata}, 'the binding that ended is returned');
    is($bindings->get_binding(100, 'net0'), undef, 'and is gone');
    is($names->($bindings->cleanup_container(100)), 'green:100:eth1', 'a container is cleaned up');
    is($names->($bindings->cleanup_container(100)), '', 'a second time there is nothing to do');
    is($list->(), 'green:99999:net0', 'others stay');
    $bindings->cleanup_container(99_999);
};

subtest 'what cannot be bound is refused, and says why' => sub {
    $bindings->bind_vnet('blue', 100, 'net0', undef);
    my $bound = 'resource: interface \'net0\' of container 100 is bound to VNet \'blue\' already';
    my $before = slurp($state);
    my @cases = (
        ['none', 100, 'net1', "resource: VNet 'none' does not exist"],
        ['late', 100, 'net1', "resource: VNet 'late' is not in effect yet: apply the SDN"],
        ['far', 100, 'net1', "resource: VNet 'far' is not allowed on node '$node': vnet far is"],
        ['lost', 100, 'net1', "resource: VNet 'lost' is not allowed on node '$node': cannot"],
        ['blue', 100, 'net0', "$bound: unbind"],
        ['green', 100, 'net0', "$bound: unbind"],
        ['blue', 100, 'a/b', "config: 'a/b' is no interface"],
        ['blue', 100, '', "config: '' is no interface"],
        ['blue', 100, 'sixteen-bytes-xx', "config: 'sixteen-bytes-xx' is no interface"],
    );
    for my $case (@cases) {
        my ($vnet, $vmid, $iface, $why) = @$case;
        my $error = refused(
            sub { $bindings->bind_vnet($vnet, $vmid, $iface, undef) }
        );
        is(substr($error, 0, length($why)), $why, $why);
    }
    like(refused(sub { $bindings->bind_vnet('blue', 'x', 'net1', undef) }), qr/vmid/, 'no number');
    like(refused(sub { $bindings->bind_vnet('blue', 1, 'net1', [1]) }), qr/metadata/, 'no hash');
    like(
        refused(sub { $bindings->unbind_vnet('green', 100, 'net0') }),
        qr/is not bound to VNet 'green', but to VNet 'blue'/, 'bound to another'
    );
    like(
        refused(sub { $bindings->unbind_vnet('green', 100, 'net9') }),
        qr/is not bound to VNet 'green'$/,
        'not bound'
    );
    is(slurp($state), $before, 'nothing was changed');
    running([qw(green here)]);
    is($bindings->unbind_vnet('blue', 100, 'net0')->{vnet}, 'blue', 'the VNet may be gone');
    running([qw(blue here)], [qw(green here)]);
};

subtest 'a damaged state is not overwritten' => sub {
    my $good = slurp($state);
    for my $case (['{"version":1,', qr/it is damaged/], ['{"version":2,"x":1}', qr/version 2/]) {
        my ($text, $why) = @$case;
        spew($state, $text);
        for my $call (
            sub { $bindings->bind_vnet('blue', 1, 'net0', undef) },
            sub { $bindings->list_bindings() },
            sub { $bindings->cleanup_container(1) },
            )
        {
            like(refused(sub { $call->() }), $why, "$why");
        }
        is(slurp($state), $text, 'it is left as it is');
    }
    spew($state, $good);
};

sub in_processes {
    my ($count, $code) = @_;
    my @pids;
    for my $number (0 .. $count - 1) {
        my $pid = fork() // die "fork: $!\n";
        if (!$pid) {
            my $ok = eval { $code->($number); 1 };
            print STDERR $@ if !$ok;
            POSIX::_exit($ok ? 0 : 1);
        }
        push @pids, $pid;
    }
    return scalar grep { waitpid($_, 0); $? != 0 } @pids;
}

subtest '16 processes at once' => sub {
    my $failed = in_processes(
        16,
        sub {
            my ($number) = @_;
            my $own = PVE::Network::Rust::VNetBinding->new();
            for my $round (0 .. 9) {
                $own->bind_vnet('blue', 1000 + $number, "net$round", { by => $number });
                # Contended: one of all gets it.
                eval { $own->bind_vnet('green', 2000, "net$round", { by => $number }) };
                die $@ if $@ && $@->{message} !~ m/already/;
            }
            $own->unbind_vnet('blue', 1000 + $number, 'net9');
        }
    );
    is($failed, 0, 'none failed');
    is(scalar $bindings->list_bindings({ vnet => 'blue' })->@*, 16 * 9, 'every change was kept');
    is(scalar $bindings->list_bindings({ vnet => 'green' })->@*, 10, 'none was bound twice');
};

subtest 'a process killed at any moment leaves all or nothing' => sub {
    my $pid = fork() // die "fork: $!\n";
    if (!$pid) {
        setpgrp(0, 0);
        for my $vmid (3000 .. 9000) {
            my $worker = fork() // POSIX::_exit(1);
            if (!$worker) {
                for my $net (0 .. 31) {
                    eval { $bindings->bind_vnet('blue', $vmid, "net$net", undef) };
                }
                POSIX::_exit(0);
            }
            sleep(rand(0.02));
            kill('KILL', $worker);
            waitpid($worker, 0);
        }
        POSIX::_exit(0);
    }
    my ($reads, $bad) = (0, 0);
    my $end = time() + 3;
    while (time() < $end) {
        $reads++;
        $bad++ if !eval { $bindings->list_bindings(); 1 };
    }
    kill('KILL', -$pid);
    waitpid($pid, 0);
    is($bad, 0, "all of $reads reads found whole bindings");
    ok(eval { $bindings->bind_vnet('blue', 9999, 'net0', undef) }, 'and the next change succeeds');
};

subtest 'a signal handler that dies ends the wait for the lock' => sub {
    open(my $lock, '>>', $state =~ s/json\z/lock/r) or die "open: $!\n";
    my $holder = fork() // die "fork: $!\n";
    if (!$holder) {
        flock($lock, 2) or POSIX::_exit(1);
        sleep(60);
        POSIX::_exit(0);
    }
    close($lock);
    sleep(0.2);
    local $SIG{ALRM} = sub { die "enough\n" };
    ualarm(200_000);
    is(
        refused(sub { $bindings->bind_vnet('blue', 5, 'net0', undef) }),
        "enough\n", 'its error is raised'
    );
    ualarm(0);
    kill('KILL', $holder);
    waitpid($holder, 0);
    is($bindings->get_binding(5, 'net0'), undef, 'and nothing was bound');
};

subtest 'validate and reconcile' => sub {
    unlink($state) or die "$state: $!\n";
    running([qw(blue here)], [qw(green here)], [qw(far here)], [qw(red here)]);
    $bindings->bind_vnet(@$_, undef)
        for ['blue', 101, 'net0'], ['blue', 101, 'eth1'], ['green', 101, 'net2'],
        ['blue', 102, 'net0'], ['red', 103, 'net0'], ['far', 103, 'net1'], ['green', 103, 'net3'],
        ['blue', 104, 'net0'];
    container(
        101,
        "net0: name=eth0,bridge=blue\nnet1: name=eth1,bridge=blue\nnet2: name=eth2,bridge=vmbr0\n"
    );
    container(103, "net0: name=eth0,bridge=red\nnet1: name=eth1,bridge=far\n");
    container(104, "net0: name=eth0,bridge=blue\n");
    running([qw(blue here)], [qw(green here)], [qw(far there)]);

    my $shown = sub { [map { "$_->{vmid} $_->{iface} $_->{problem}" } $_[0]->@*] };
    my @others = ('101 net2 other-bridge-configured', '103 net1 not-allowed');
    my @gone = ('102 net0 no-container', '103 net0 no-vnet', '103 net3 no-interface');
    is_deeply([sort $shown->($bindings->validate())->@*], [sort @others, @gone], 'what differs');
    is(
        $bindings->validate()->[0]{message},
        "interface 'net2' of container 101 is bound to VNet 'green', but configured on 'vmbr0'",
        'in words'
    );

    # Plugged in: 101 as bound, through a firewall bridge; 104 into another bridge.
    ip('link', 'add', $_, 'type', 'bridge') for qw(blue vmbr0 fwbr101i0);
    ip(qw(link add), $_->[0], qw(type veth peer name), $_->[1])
        for [qw(veth101i0 p0)], [qw(fwln101i0 fwpr101p0)], [qw(veth101i1 p1)], [qw(veth104i0 p2)];
    ip(qw(link set), $_->[0], 'master', $_->[1])
        for [qw(veth101i0 fwbr101i0)], [qw(fwln101i0 fwbr101i0)], [qw(fwpr101p0 blue)],
        [qw(veth101i1 blue)], [qw(veth104i0 vmbr0)];
    push @others, '104 net0 other-bridge-plugged';
    is_deeply([sort $shown->($bindings->validate())->@*], [sort @others, @gone], 'and the kernel');
    ip(qw(link set fwpr101p0 master vmbr0));
    is(
        (grep { $_->{iface} eq 'net0' && $_->{vmid} == 101 } $bindings->validate()->@*)[0]{message},
        "interface 'net0' of container 101 is bound to VNet 'blue', but plugged in on 'vmbr0'",
        'behind its firewall bridge too'
    );
    ip(qw(link set fwpr101p0 nomaster));
    like(join(' ', map { $_->{message} } $bindings->validate()->@*), qr/plugged in on no bridge/);
    ip(qw(link set fwpr101p0 master blue));

    my $done = $bindings->reconcile();
    is_deeply([sort $shown->($done->{removed})->@*], [sort @gone], 'what is gone is unbound');
    is_deeply([sort $shown->($done->{problems})->@*], [sort @others], 'the rest is told');
    is_deeply([sort $shown->($bindings->validate())->@*], [sort @others], 'and stays bound');
    is_deeply($bindings->reconcile()->{removed}, [], 'a second time there is nothing to do');
};

done_testing();
