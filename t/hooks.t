#!/usr/bin/perl
# Hooks: in which order they run and for what, what stops them, what is known of them afterwards; and what the built-in ones do.

use strict;
use warnings;

use File::Path qw(make_path);
use File::Temp qw(tempdir);
use POSIX ();
use Sys::Hostname qw(hostname);
use Test::More;
use Time::HiRes ();

use lib 't/lib';
use OwnNamespace;
use PVE::Network::Rust::Hooks;
use PVE::Network::Rust::Hooks::ContainerIntegration;
use PVE::Network::Rust::Hooks::EventLogger;
use PVE::Network::Rust::Hooks::MigrationState;
use PVE::Network::Rust::Hooks::StorageStatus;
use PVE::Network::Rust::Hooks::VNetValidation;
use PVE::Network::Rust::VNetBinding;

my $root = $ENV{PVE_RUST_ROOT} = tempdir(CLEANUP => 1);
my $node = hostname() =~ s/\..*//r;
make_path("$root/etc/pve/nodes/$node/lxc", "$root/etc/pve/nodes/other", "$root/etc/pve/sdn");

sub spew {
    my ($file, $text) = @_;
    open(my $out, '>', $file) or die "$file: $!\n";
    print {$out} $text;
    close($out) or die "$file: $!\n";
    return;
}

my $sequence = 0;

sub envelope {
    my ($name, %fields) = @_;
    return {
        version => 1,
        sequence => ++$sequence,
        time => 1_700_000_000.5,
        node => $node,
        event => { event => $name, %fields },
    };
}

sub refused {
    my ($code) = @_;
    return 'not refused' if eval { $code->(); 1 };
    return ref($@) ? "$@->{kind}: $@->{message}" : $@;
}

subtest 'order' => sub {
    my $hooks = PVE::Network::Rust::Hooks->new();
    my @ran;
    my $note = sub {
        my ($name) = @_;
        return { on_lifecycle_event => sub { push @ran, $name; return } };
    };
    $hooks->register('late', $note->('late'), { priority => 90 });
    $hooks->register('first', $note->('first'), { priority => -1.5 });
    $hooks->register('second', $note->('second'));
    $hooks->register('third', $note->('third'), { priority => 50 });
    is_deeply($hooks->tell(envelope('container_started', id => 100)), [], 'nothing went wrong');
    is_deeply(\@ran, [qw(first second third late)], 'by priority, then as registered');
    is_deeply([map { $_->{name} } @{ $hooks->list() }], \@ran, '… as they are listed');
    is($hooks->unregister('second'), 1, 'taken away');
    is($hooks->unregister('second'), 0, '… once');
    @ran = ();
    $hooks->tell(envelope('container_started', id => 100));
    is_deeply(\@ran, [qw(first third late)], '… and does not run');
};

subtest 'what for' => sub {
    my $hooks = PVE::Network::Rust::Hooks->new();
    my @ran;
    my %methods = (
        container => [qw(on_lifecycle_event on_network_change on_system_event)],
        storage => [qw(on_status_change on_vlan_change on_system_event)],
        migration => [qw(on_phase_change on_network_change on_system_event)],
    );
    for my $for (sort keys %methods) {
        my %hook = map {
            my $method = $_;
            ($method => sub { push @ran, "$for $method"; return });
        } @{ $methods{$for} };
        $hooks->register($for, \%hook, { for => $for });
    }
    my @all = map { "$_ on_system_event" } sort keys %methods;
    my %expected = (
        container_stopped => ['container on_lifecycle_event'],
        interface_plugged => ['container on_network_change'],
        vnet_bound => ['container on_network_change'],
        network_applied => ['container on_network_change', 'migration on_network_change'],
        migration_phase_changed => ['migration on_phase_change'],
        storage_vlan_created => ['storage on_status_change', 'storage on_vlan_change'],
        share_created => ['storage on_status_change'],
        custom => [],
    );
    for my $name (sort keys %expected) {
        @ran = ();
        $hooks->tell(envelope($name));
        is_deeply([sort @ran], [sort(@all, @{ $expected{$name} })], $name);
    }
};

subtest 'what fails' => sub {
    my $hooks = PVE::Network::Rust::Hooks->new();
    my $after = 0;
    $hooks->register('dies', { on_system_event => sub { die "a reason\n" } });
    $hooks->register(
        'late',
        { on_system_event => sub { Time::HiRes::sleep(30) } },
        { timeout => 0.1 }
    );
    $hooks->register(
        'stubborn',
        {
            on_system_event => sub {
                eval { Time::HiRes::sleep(30) };
                return;
            }
        },
        { timeout => 0.1 }
    );
    $hooks->register('fine', { on_system_event => sub { $after++; $_ = 'changed'; return } });
    local $_ = 'kept';
    local $@ = 'kept';
    my $rang = 0;
    local $SIG{ALRM} = sub { $rang++ };
    Time::HiRes::alarm(0.5);
    my $wrong = $hooks->tell(envelope('custom', name => 'x'));
    is_deeply(
        [map { [@$_{qw(hook outcome error)}] } @$wrong],
        [
            ['dies', 'failed', 'a reason'],
            ['late', 'timeout', 'it took longer than 0.1 s'],
            ['stubborn', 'timeout', 'it took longer than 0.1 s'],
        ],
        'is told'
    );
    is($after, 1, '… and stops nobody else');
    is("$_$@", 'keptkept', "the caller's variables");
    is($rang, 0, "… and alarm, which has not come");
    Time::HiRes::sleep(5) if !$rang;
    is($rang, 1, '… and then comes');
    my $statistics = $hooks->statistics();
    is_deeply(
        [@{ $statistics->{dies} }{qw(calls failures timeouts vetoes)}],
        [1, 1, 0, 0],
        'it is counted'
    );
    is_deeply(
        [@{ $statistics->{late} }{qw(calls failures timeouts vetoes)}],
        [1, 0, 1, 0],
        '… as what it is'
    );
    cmp_ok($statistics->{late}{longest}, '>=', 0.1, 'with the time');
    is_deeply(
        [map { "$_->{hook} $_->{method} $_->{outcome}" } @{ $hooks->history() }],
        [
            'dies on_system_event failed',
            'late on_system_event timeout',
            'stubborn on_system_event timeout',
            'fine on_system_event ok'
        ],
        'the history'
    );
    is(scalar(@{ $hooks->history({ hook => 'fine' }) }), 1, '… of one');
    $hooks->unregister($_) for qw(late stubborn);
    $hooks->tell(envelope('custom', name => 'x')) for 1 .. 600;
    is(scalar(@{ $hooks->history() }), 1_000, '… which is bounded');
};

subtest 'vetoes' => sub {
    my $hooks = PVE::Network::Rust::Hooks->new();
    my $seen;
    $hooks->register('fine', { on_validation => sub { ($seen) = @_; return } });
    $hooks->register('against', { on_validation => sub { return 'no rate' } });
    $hooks->register('broken', { on_validation => sub { die "broken\n" } });
    $hooks->register('needed', { on_validation => sub { die "broken\n" } }, { required => 1 });
    my $change = { vmid => 100, netid => 0, net => {} };
    is_deeply(
        $hooks->validate($change),
        [{ hook => 'against', reason => 'no rate' }, { hook => 'needed', reason => 'broken' }],
        'those that are against it, and those that must be asked'
    );
    is($seen, $change, 'they are told of it');
    is($hooks->statistics()->{against}{vetoes}, 1, 'it is counted');
};

subtest 'what is refused' => sub {
    my $hooks = PVE::Network::Rust::Hooks->new();
    my $hook = { on_system_event => sub { } };
    $hooks->register('taken', $hook);
    for my $case (
        [[undef, $hook], 'name: invalid value: it is the name of a hook'],
        [['', $hook], 'name: invalid value: it is the name of a hook'],
        [['taken', $hook], q(name: invalid value: there is a hook 'taken' already)],
        [['a', sub { }], 'hook: invalid value: it is an object, or a reference to a hash of subs'],
        [
            ['a', {}],
            'hook: invalid value: a hook for container has on_lifecycle_event, on_network_change, on_system_event, on_validation'
        ],
        [
            ['a', { on_event => sub { } }],
            'on_event: invalid value: a hook for container has on_lifecycle_event, on_network_change, on_system_event, on_validation'
        ],
        [
            ['a', { on_system_event => 1 }],
            'on_system_event: invalid value: it is a reference to a sub'
        ],
        [
            ['a', $hook, { for => 'vm' }],
            'for: invalid value: there are container, migration, storage'
        ],
        [['a', $hook, { priority => 'high' }], 'priority: invalid value: it is a number'],
        [['a', $hook, { timeout => 0 }], 'timeout: invalid value: it is above 0'],
        [['a', $hook, { prio => 1 }], 'prio: invalid value: there is no such option'],
        )
    {
        my ($arguments, $why) = @$case;
        is(refused(sub { $hooks->register(@$arguments) }), "config: $why", $why);
    }
    like(
        refused(sub { $hooks->tell({ event => 'x' }) }),
        qr/^config: event: invalid value/,
        'no event'
    );
    like(
        refused(sub { $hooks->register_built_in('x') }),
        qr/^config: name: invalid value: there are/,
        'no built-in one'
    );
    $hooks->register_built_in();
    is_deeply(
        [sort map { $_->{name} } @{ $hooks->list() }],
        [sort 'taken', @{ $hooks->built_in() }],
        'all built-in ones'
    );
};

spew(
    "$root/etc/pve/sdn/zones.cfg",
    "simple: here\n\tmtu 1400\n\nsimple: there\n\tnodes elsewhere\n\n"
);
spew(
    "$root/etc/pve/sdn/vnets.cfg",
    join('', map { "vnet: $_\n\tzone here\n\n" } qw(blue green late))
);
spew(
    "$root/etc/pve/sdn/.running-config",
    '{"version":1,"vnets":{"ids":{'
        . join(
        ',',
        '"blue":{"type":"vnet","zone":"here"}',
        '"green":{"type":"vnet","zone":"here","vlanaware":1}',
        '"far":{"type":"vnet","zone":"there"}',
        '"lost":{"type":"vnet","zone":"gone"}'
        )
        . '}},"zones":{"ids":{}}}'
);

subtest 'VNets' => sub {
    system(qw(ip link add vmbr0 type bridge)) == 0 or die "ip failed\n";
    my $hook = PVE::Network::Rust::Hooks::VNetValidation->new();
    for my $case (
        [{ bridge => 'blue' }, undef],
        [{ bridge => 'vmbr0', tag => 5 }, undef],
        [{}, undef],
        [{ bridge => 'none0' }, 'there is neither a VNet nor a bridge none0'],
        [{ bridge => 'late' }, 'VNet late is not in effect yet: apply the SDN configuration'],
        [{ bridge => 'far' }, "VNet far is not allowed on node $node: its zone there is not there"],
        [{ bridge => 'lost' }, q(the zone 'gone' of VNet lost does not exist)],
        [{ bridge => 'blue', tag => 5 }, 'VNet blue is not aware of VLANs: no tag is possible'],
        [
            { bridge => 'blue', trunks => '5;6' },
            'VNet blue is not aware of VLANs: no trunks is possible'
        ],
        [{ bridge => 'green', tag => 5 }, undef],
        [{ bridge => 'blue', mtu => 1400 }, undef],
        [{ bridge => 'blue', mtu => 1500 }, 'the MTU 1500 is above the 1400 of VNet blue'],
        )
    {
        my ($net, $why) = @$case;
        is(
            $hook->on_validation({ vmid => 100, netid => 0, net => $net }),
            $why,
            join(
                ' ',
                (map { "$_=$net->{$_}" } sort keys %$net),
                defined($why) ? 'is not' : 'is fine'
            )
        );
    }
    system(qw(ip link add blue mtu 9000 type bridge)) == 0 or die "ip failed\n";
    is(
        $hook->on_validation({ net => { bridge => 'blue', mtu => 1500 } }),
        undef, "the kernel's MTU counts"
    );
};

subtest 'containers' => sub {
    my $hooks = PVE::Network::Rust::Hooks->new();
    $hooks->register_built_in('container-integration');
    my $bindings = PVE::Network::Rust::VNetBinding->new();
    my $bound = sub {
        my ($vmid) = @_;
        return join(
            ' ',
            map { "$_->{iface}=$_->{vnet}" } @{ $bindings->list_bindings({ vmid => $vmid }) }
        );
    };
    my $configure = sub {
        my ($vmid, @vnets) = @_;
        my $text = join(
            '',
            map { "net$_: name=eth$_,bridge=$vnets[$_],hwaddr=BC:24:11:00:00:0$_,type=veth\n" }
                0 .. $#vnets
        );
        spew("$root/etc/pve/nodes/$node/lxc/$vmid.conf", "arch: amd64\nhostname: a\n$text");
    };
    $configure->(100, qw(blue green vmbr0 blue));
    $bindings->bind_vnet('blue', 100, 'net3', { owner => 'somebody' });
    is_deeply($hooks->tell(envelope('container_started', id => 100)), [], 'it starts');
    is($bound->(100), 'net0=blue net1=green net3=blue', 'what is in VNets is bound');
    is_deeply($hooks->tell(envelope('container_started', id => 100)), [], 'once more');
    is($bound->(100), 'net0=blue net1=green net3=blue', '… is the same');
    $configure->(100, qw(green vmbr0 vmbr0 blue));
    is_deeply(
        $hooks->tell(envelope('container_started', id => 100)),
        [], 'with another configuration'
    );
    is($bound->(100), 'net0=green net3=blue', '… is reconciled');
    $configure->(100, qw(green vmbr0 vmbr0 green));
    my $wrong = $hooks->tell(envelope('container_started', id => 100));
    like($wrong->[0]{error}, qr/blue.*100|100.*blue/, "what is somebody's and wrong is told");
    is($bound->(100), 'net0=green net3=blue', '… and stays');
    $hooks->tell(envelope('container_stopped', id => 100));
    is($bound->(100), 'net3=blue', "stopped: what is somebody's stays");
    $hooks->tell(envelope('container_migrated', id => 100, from => $node, to => 'other'));
    is($bound->(100), '', 'moved away');
    my $left = "$root/etc/pve/nodes/other/rust-vnet-bindings-100.json";
    ok(-e $left, '… and left for the other node');
    rename($left, "$root/etc/pve/nodes/$node/rust-vnet-bindings-100.json") or die "rename: $!\n";
    $configure->(100, qw(green vmbr0 vmbr0 blue));
    is_deeply(
        $hooks->tell(envelope('container_migrated', id => 100, from => 'other', to => $node)),
        [], 'moved here'
    );
    is($bound->(100), 'net0=green net3=blue', '… and taken over');
    is(
        $bindings->get_binding(100, 'net3')->{metadata}{owner},
        'somebody', '… with what was said of it'
    );
    ok(!-e "$root/etc/pve/nodes/$node/rust-vnet-bindings-100.json", '… once');
    $hooks->tell(envelope('container_migrated', id => 100, from => 'other', to => 'third'));
    is($bound->(100), 'net0=green net3=blue', "others' are none of ours");
    my $missing = $hooks->tell(envelope('container_started', id => 101));
    like($missing->[0]{error}, qr/101\.conf' does not exist/, 'one without a configuration');
};

subtest 'migration' => sub {
    my $state = \&PVE::Network::Rust::Hooks::MigrationState::state;
    is_deeply($state->(), { transactions => 0, changes => 0 }, 'nothing yet');
    my $hooks = PVE::Network::Rust::Hooks->new();
    $hooks->register_built_in('migration-state');
    $hooks->tell(envelope('migration_phase_changed', phase => 'rust-sdn', who => 'root@pam'));
    my $applied = envelope('network_applied', changes => [{}, {}]);
    $hooks->tell($applied) for 1 .. 2;
    $hooks->tell(envelope('network_applied', changes => [{}]));
    is_deeply(
        $state->(),
        {
            phase => 'rust-sdn',
            who => 'root@pam',
            since => 1_700_000_000.5,
            transactions => 2,
            changes => 3,
            sequence => $sequence,
        },
        'the phase, and each change once'
    );
    $hooks->tell(envelope('migration_phase_changed', phase => 'perl-only'));
    is($state->()->{transactions}, 0, 'of this phase');
};

subtest 'storage' => sub {
    my $hooks = PVE::Network::Rust::Hooks->new();
    $hooks->register_built_in('storage-status');
    $hooks->tell(envelope('share_created', id => 'projects'));
    is(PVE::Network::Rust::Hooks::StorageStatus::status(), undef, 'not without PVE::Storage');
    local $INC{'PVE/Storage.pm'} = __FILE__;
    no warnings qw(once);
    local *PVE::Storage::config = sub { return { ids => {} } };
    local *PVE::Storage::storage_info = sub {
        return {
            local => {
                type => 'dir',
                total => 10,
                used => 4,
                avail => 6,
                content => 'iso',
                path => '/x'
            }
        };
    };
    is_deeply($hooks->tell(envelope('share_created', id => 'projects')), [], 'refreshed');
    is_deeply(
        PVE::Network::Rust::Hooks::StorageStatus::status()->{storages},
        { local => { type => 'dir', total => 10, used => 4, avail => 6, content => 'iso' } },
        'what is known'
    );
};

subtest 'the log' => sub {
    my $line = \&PVE::Network::Rust::Hooks::EventLogger::line;
    my $envelope =
        envelope('interface_plugged', vmid => 100, netid => 0, iface => "veth\x{263a}\n");
    is(
        $line->($envelope),
        "event $sequence: interface_plugged iface=\"veth\\u263a\\n\" netid=0 vmid=100",
        'a line'
    );
    is(length($line->(envelope('custom', data => 'x' x 5_000))), 1_000, '… which has an end');
};

done_testing();
