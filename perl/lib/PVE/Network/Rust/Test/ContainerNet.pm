package PVE::Network::Rust::Test::ContainerNet;

# Interfaces of a running container change, step by step: a scenario is played with the reference's functions and with this
# project's, and both have to leave the same links, addresses, routes, configuration, warnings and errors.

use strict;
use warnings;

use Exporter qw(import);
use File::Path qw(make_path);
use JSON;
use POSIX ();
use Test::More ();
use Time::HiRes qw(sleep);

use Command qw(must printed);
use Container ();

our @EXPORT_OK = qw(differences play prepare replay scenarios);

my $VMID = 101;
my $LXC = '/var/lib/lxc';

my $A = 'name=eth0,hwaddr=BC:24:11:00:00:01,type=veth';
my $B = 'name=eth0,hwaddr=BC:24:11:00:00:02,type=veth';

# A zone that learns and keeps guests apart in one of its VNets, one that does not learn, and one that this node has no part in.
my $VNETS = {
    zones => "simple: z\n\nvlan: w\n\tbridge vmbr0\n\tbridge-disable-mac-learning 1\n\n"
        . "simple: elsewhere\n\tnodes nowhere\n\n",
    ids => {
        vnet0 => { type => 'vnet', zone => 'z', 'isolate-ports' => 1 },
        vnet1 => { type => 'vnet', zone => 'w', tag => 5 },
        vnet2 => { type => 'vnet', zone => 'elsewhere' },
        vnet3 => { type => 'vnet', zone => 'w', tag => 6, vlanaware => 1 },
    },
};

# A step is the text of netN that is wanted; [COMMAND...] runs a command in the container first, {} of settings asks for more.
my @plain = (
    [plug => "bridge=vmbr0,$A", "bridge=vmbr0,$A"],
    [bridge => "bridge=vmbr0,$A", "bridge=vmbr1,$A", "bridge=vmbr0,$A"],
    [
        'link down' => "bridge=vmbr0,$A,link_down=1",
        "bridge=vmbr0,$A", "bridge=vmbr0,$A,link_down=1"
    ],
    [address => "bridge=vmbr0,$A", "bridge=vmbr0,$B", "bridge=vmbr1,$A"],
    [
        name => "bridge=vmbr0,$A,ip=10.0.0.2/24,gw=10.0.0.1",
        "bridge=vmbr0,name=lan0,hwaddr=BC:24:11:00:00:01,type=veth,ip=10.0.0.2/24,gw=10.0.0.1"
    ],
    [
        IPv4 => "bridge=vmbr0,$A,ip=10.0.0.2/24,gw=10.0.0.1",
        "bridge=vmbr0,$A,ip=10.0.0.3/24,gw=10.0.0.1",
        "bridge=vmbr0,$A,ip=10.0.1.3/24,gw=10.0.1.1",
        "bridge=vmbr0,$A,ip=10.0.1.3/24", "bridge=vmbr0,$A"
    ],
    [
        IPv6 => "bridge=vmbr0,$A,ip6=fd00::2/64,gw6=fd00::1",
        "bridge=vmbr0,$A,ip6=fd00::3/64,gw6=fd00::1",
        "bridge=vmbr0,$A,ip6=fd01::3/64,gw6=fd01::1",
        "bridge=vmbr0,$A,ip6=fd01::3/64", "bridge=vmbr0,$A"
    ],
    [
        both => "bridge=vmbr0,$A,ip=10.0.0.2/24,gw=10.0.0.1,ip6=fd00::2/64,gw6=fd00::1",
        "bridge=vmbr1,$A,ip=10.0.0.9/24,gw=10.0.0.1,ip6=fd00::9/64,gw6=fd00::1",
        "bridge=vmbr1,$A,ip=manual,ip6=auto", "bridge=vmbr1,$A,ip=10.0.0.2/24,ip6=fd00::2/64"
    ],
    [
        'gateways outside' =>
            "bridge=vmbr0,$A,ip=10.0.0.2/24,gw=10.9.0.1,ip6=fd00::2/64,gw6=fd09::1",
        "bridge=vmbr0,$A,ip=10.0.0.3/24,gw=10.9.0.2,ip6=fd00::3/64,gw6=fd09::2",
        "bridge=vmbr0,$A,ip=10.0.0.3/24,gw=10.0.0.1,ip6=fd00::3/64,gw6=fd00::1",
        "bridge=vmbr0,$A,ip=10.0.0.3/24,gw=10.9.0.1,ip6=fd00::3/64,gw6=fd09::1",
        "bridge=vmbr0,$A"
    ],
    ['link-local gateway' => "bridge=vmbr0,$A,ip6=fd00::2/64,gw6=fe80::1"],
    [
        'given up' => "bridge=vmbr0,$A,ip=10.0.0.2/24,gw=10.0.0.1",
        [qw(address add 10.0.0.3/24 dev eth0)],
        "bridge=vmbr0,$A,ip=10.0.0.3/24,gw=10.0.0.1",
        [qw(route add 10.9.0.1 dev eth0)],
        "bridge=vmbr0,$A,ip=10.0.0.4/24,gw=10.9.0.1",
        [qw(route del default)],
        [qw(address flush dev eth0)],
        "bridge=vmbr0,$A"
    ],
    [
        'given up, IPv6' => "bridge=vmbr0,$A,ip6=fd00::2/64,gw6=fd00::1",
        [qw(address add fd00::3/64 dev eth0)],
        "bridge=vmbr0,$A,ip6=fd00::3/64,gw6=fd00::1",
        [qw(-6 route del default)],
        [qw(address del fd00::2/64 dev eth0)],
        "bridge=vmbr0,$A"
    ],
    [
        'from manual' => "bridge=vmbr0,$A,ip=manual,ip6=manual",
        "bridge=vmbr0,$A,ip=10.0.0.2/24,ip6=fd00::2/64"
    ],
    [
        'a link that is gone' => "bridge=vmbr0,$A,ip=10.0.0.2/24,gw=10.0.0.1",
        [qw(link set eth0 name other)],
        "bridge=vmbr0,$A,ip=10.0.0.3/24,gw=10.0.0.1",
        "bridge=vmbr0,$A"
    ],
    ['no such bridge' => "bridge=vmbr9,$A", "bridge=vmbr0,$A", "bridge=vmbr9,$A"],
    [
        'a name that is taken' => { undone => 1 },
        "bridge=vmbr0,name=lo,hwaddr=BC:24:11:00:00:01,type=veth"
    ],
    ['trunks of a plain bridge' => "bridge=vmbr0,$A", "bridge=vmbr0,$A,trunks=5,tag=3"],
    [
        'a client on the host' => "bridge=vmbr0,$A,ip=dhcp,host-managed=1",
        "bridge=vmbr0,$A,ip=dhcp", "bridge=vmbr0,$A,ip=dhcp,ip6=dhcp,host-managed=1",
        "bridge=vmbr0,$A,ip=10.0.0.2/24"
    ],
    [
        firewall => { pve_firewall => 1 },
        "bridge=vmbr0,$A,firewall=1", "bridge=vmbr0,$A", "bridge=vmbr0,$A,firewall=1",
        "bridge=vmbr1,$B,firewall=1"
    ],
    ['firewall by nftables' => "bridge=vmbr0,$A,firewall=1", "bridge=vmbr0,$A"],
    [
        'IPv6, gateway outside' => "bridge=vmbr0,$A,ip6=fd00::2/128,gw6=fd09::1",
        "bridge=vmbr0,$A,ip6=fd00::2/128,gw6=fd09::2",
        "bridge=vmbr0,$A,ip6=fd00::3/128,gw6=fd09::2"
    ],
    [
        'from one version to the other' => "bridge=vmbr0,$A,ip=10.0.0.2/24,gw=10.0.0.1",
        "bridge=vmbr0,$A,ip=10.0.0.2/24,gw=10.0.0.1,ip6=fd00::2/64,gw6=fd00::1",
        "bridge=vmbr0,$A,ip6=fd00::2/64,gw6=fd00::1"
    ],
    [
        VNets => { vnets => $VNETS },
        "bridge=vnet0,$A", "bridge=vnet1,$A", "bridge=vnet1,$A,link_down=1", "bridge=vmbr0,$A",
        "bridge=vnet1,$A,tag=7", "bridge=vnet9,$A", "bridge=vnet2,$A"
    ],
    [
        'VNets behind a firewall' => { vnets => $VNETS, pve_firewall => 1 },
        "bridge=vnet1,$A,firewall=1", "bridge=vnet0,$A,firewall=1"
    ],
);

# What needs a kernel that has all that a container host has.
my @kernel = (
    [
        rate => "bridge=vmbr0,$A,rate=5",
        "bridge=vmbr0,$A,rate=12.5", "bridge=vmbr0,$A", "bridge=vmbr0,$A,rate=1"
    ],
    [
        VLANs => "bridge=vmbr2,$A,tag=5",
        "bridge=vmbr2,$A,tag=6", "bridge=vmbr2,$A"
    ],
    [
        'VLANs behind a firewall' => { pve_firewall => 1 },
        "bridge=vmbr2,$A,tag=5,firewall=1,rate=4", "bridge=vmbr2,$A,tag=6,firewall=1",
        "bridge=vmbr2,$A,link_down=1,firewall=1"
    ],
    [
        trunks => "bridge=vmbr2,$A,trunks=7;9",
        "bridge=vmbr2,$A,tag=5,trunks=7;9", "bridge=vmbr2,$A,tag=5,trunks=8",
        "bridge=vmbr2,$A,tag=6"
    ],
    [
        'trunks behind a firewall' => { pve_firewall => 1 },
        "bridge=vmbr2,$A,firewall=1,tag=5,trunks=7;9", "bridge=vmbr2,$A,firewall=1,trunks=4094",
        "bridge=vmbr2,$A,tag=5,trunks=7;9"
    ],
    [
        'through the bridge of a VLAN' => { pve_firewall => 1 },
        "bridge=vmbr3,$A,tag=5", "bridge=vmbr3,$A,tag=6,rate=3",
        "bridge=vmbr3,$A,tag=6,firewall=1", "bridge=vmbr3,$A,tag=6,trunks=7", "bridge=vmbr3,$A"
    ],
    ['VLANs that are none' => "bridge=vmbr2,$A,tag=5", "bridge=vmbr2,$A,tag=6,trunks=4096"],
    [
        'VNets that know VLANs' => { vnets => $VNETS, pve_firewall => 1 },
        "bridge=vnet3,$A,tag=7", "bridge=vnet3,$A,trunks=7;9", "bridge=vnet3,$A,tag=8,firewall=1",
        "bridge=vnet1,$A,tag=7"
    ],
);

# The scenarios for any kernel (`plain`), or those for one with everything a container host has (`kernel`).
sub scenarios {
    my ($kernel) = @_;
    return map { _scenario($kernel, @$_) } $kernel eq 'plain' ? @plain : @kernel;
}

sub _scenario {
    my ($kernel, $name, @steps) = @_;
    my %settings = ref($steps[0]) eq 'HASH' ? %{ shift @steps } : ();
    return { name => $name, kernel => $kernel, settings => \%settings, steps => \@steps };
}

# Starts the container, by LXC or as a process in a namespace of its own, and gives its process id.
sub _start {
    my ($by_lxc) = @_;
    my @command = $by_lxc ? ('lxc-start', '-F', '-n', $VMID) : ('unshare', '--net', 'sleep', '600');
    my $own = readlink('/proc/self/ns/net');
    my $started = fork() // die "fork: $!\n";
    if (!$started) {
        open(STDIN, '<', '/dev/null')
            and open(STDOUT, '>', '/dev/null')
            and open(STDERR, '>&', \*STDOUT);
        exec { $command[0] } @command or POSIX::_exit(127);
    }
    for (1 .. 600) {
        my $pid = $started;
        if ($by_lxc) {
            ($pid) = printed('lxc-info', '-n', $VMID, '-p', '-H') =~ m/^(\d+)$/m;
        }
        return ($started, $pid) if $pid && (readlink("/proc/$pid/ns/net") // $own) ne $own;
        sleep(0.02);
    }
    die "the container did not start\n";
}

# What LXC needs of the container. The caller is in namespaces of its own.
sub prepare {
    make_path($LXC);
    must(qw(mount -t tmpfs tmpfs), $LXC);
    must(qw(mount -t cgroup2 none /sys/fs/cgroup)) if $ENV{UML};
    make_path("$LXC/$VMID");
    open(my $out, '>', "$LXC/$VMID/config") or die "open: $!\n";
    print {$out} Container::configuration($VMID);
    close($out) or die "close: $!\n";
    return;
}

sub _bridges {
    my ($kernel, $vnets) = @_;
    my $number = 0;
    my @bridges = (qw(vmbr0 vmbr1), $kernel eq 'kernel' ? qw(vmbr2 vmbr3) : ());
    push @bridges, $kernel eq 'kernel' ? qw(vnet0 vnet1 vnet3) : qw(vnet0 vnet1) if $vnets;
    for my $bridge (@bridges) {
        $number++;
        must(qw(ip link add), $bridge, 'address', "02:00:00:00:00:0$number", qw(type bridge));
        must(qw(ip link set), $bridge, qw(type bridge vlan_filtering 1))
            if $bridge =~ /^(?:vmbr2|vnet3)$/;
        must(qw(ip link set), $bridge, 'up');
    }
    if ($kernel eq 'kernel') {
        # A bond counts as a port that leads out of the host.
        must(qw(ip link add nic0 address 02:00:00:00:00:0c type dummy));
        must(qw(ip link add bond0 address 02:00:00:00:00:0b type bond));
        must(qw(ip link set), @$_)
            for [qw(nic0 master bond0)], [qw(bond0 master vmbr3)], [qw(bond0 up)];
    }
    return;
}

sub _clean {
    for my $link (map { $_->{ifname} } @{ decode_json(printed(qw(ip -j link))) }) {
        printed(qw(ip link delete), $link) if $link ne 'lo' && -e "/sys/class/net/$link";
    }
    return;
}

my %VARIES = map { $_ => 1 } qw(
    ifindex link_index link_netnsid ageing_timer bridge_id designated_bridge designated_root
    gc_timer hello_timer message_age_timer forward_delay_timer hold_timer root_id
    topology_change_timer topology_change topology_change_detected topology_change_ack
    config_pending tcn_timer num_rx_queues num_tx_queues stats stats64
    valid_life_time preferred_life_time group_fwd_mask_str linkmode parentbus parentdev
    fdb_n_learned mcast_n_groups
    bytes packets direct_packets_stat drops overlimits requeues backlog qlen lended borrowed giants tokens ctokens
    no designated_port port_no port_id index link max_mtu min_mtu gso_max_size gso_max_segs
    tso_max_size tso_max_segs gro_max_size gso_ipv4_max_size gro_ipv4_max_size
);

# What varies goes, and so do hardware addresses that the kernel made up.
sub _plain {
    my ($value, $made_up) = @_;
    if (ref($value) eq 'ARRAY') {
        my @list = map { _plain($_, $made_up) } @$value;
        my $json = JSON->new->canonical->allow_nonref;
        return [map { $_->[1] } sort { $a->[0] cmp $b->[0] } map { [$json->encode($_), $_] } @list];
    }
    return { map { $_ => _plain($value->{$_}, $made_up) } grep { !$VARIES{$_} } keys %$value }
        if ref($value) eq 'HASH';
    return $value if !defined($value) || ref($value);
    return $made_up->{$value} // $value;
}

sub _json {
    my (@command) = @_;
    my $text = printed(@command);
    return [] if $text !~ /\S/;
    return decode_json($text) if $text =~ /^\s*\[/;
# tc has no JSON for some kinds; their lines are as good. The kernel frees an index some time after its use.
    return [$text =~ s/\bpolice 0x[0-9a-f]+/police/gr];
}

sub _state {
    my ($pid, $kernel) = @_;
    my @inside = ('nsenter', "--net=/proc/$pid/ns/net");
    my %state = (
        links => _json(qw(ip -j -d link)),
# What a bridge has learned so far depends on what was sent meanwhile, and its own addresses on when it had a carrier.
        fdb => [grep { $_->{state} && $_->{mac} !~ /^33:33:ff/ } @{ _json(qw(bridge -j fdb)) }],
        ports => _json(qw(bridge -j -d link)),
        'links inside' => _json(@inside, qw(ip -j -d link)),
        'addresses inside' => _json(@inside, qw(ip -j address)),
        'routes inside' => _json(@inside, qw(ip -j route show table all)),
        'IPv6 routes inside' => _json(@inside, qw(ip -j -6 route show table all)),
    );
    my @names = map { $_->{ifname} } @{ $state{links} };
    if ($kernel eq 'kernel') {
        $state{vlans} = _json(qw(bridge -j vlan));
        for my $name (grep { /^veth/ } @names) {
            $state{"qdiscs of $name"} = _json(qw(tc -j qdisc show dev), $name);
            $state{"classes of $name"} = _json(qw(tc -j class show dev), $name);
            $state{"filters of $name"} = _json(qw(tc -j filter show dev), $name, qw(parent ffff:));
        }
    }
    for my $name (grep { /^(?:veth|fw|vmbr)/ } @names) {
        $state{"IPv6 off $name"} = _read("/proc/sys/net/ipv6/conf/$name/disable_ipv6");
    }
# Without a carrier the kernel looks for the other end in the link's own namespace, where the reference had both once. A
    # bridge's own state is unknown until the kernel has looked at its carrier again.
    my %made_up = (LOWERLAYERDOWN => 'DOWN', UNKNOWN => 'UP');
    for my $link (@{ $state{links} }) {
        my $address = $link->{address};
        $made_up{$address} = 'made up' if $address !~ /^(?:02:00:00|00:00:00)/;
    }
    return _plain(\%state, \%made_up);
}

sub _read {
    my ($path) = @_;
    open(my $in, '<', $path) or return '';
    return <$in> // '';
}

# The state once the kernel is at rest: carrier and addresses follow a change by themselves. For most states a third of
# a second without a change is enough. The kernel looks at some carriers only once a second (net/core/link_watch.c), and
# a busy machine takes its time: who is patient waits longer.
sub _settled {
    my ($pid, $kernel, $patient) = @_;
    my $rest = $patient ? 30 : 4;
    my ($last, $same) = ('', 0);
    for my $round (1 .. 120) {
        my $now = join(
            '|',
            map { _read($_) }
                map { glob("/sys/class/net/*/$_") } qw(operstate carrier brport/state)
        );
        # A port without a carrier waits for one, unless the other end is down for good.
        my $waits = $round < 20 && $now =~ /lowerlayerdown/;
        $same = $now eq $last && !$waits ? $same + 1 : 0;
        last if $same >= $rest;
        $last = $now;
        sleep(0.08);
    }
    return _state($pid, $kernel);
}

# Runs what was recorded of the reference for a step, in a container that LXC knows nothing of.
sub replay {
    my ($commands, $pid) = @_;
    for my $command (@$commands) {
        my ($what, @rest) = @$command;
        if ($what eq 'run') {
            my ($wanted, @words) = @rest;
            _replay_one($wanted, _without_lxc($pid, @words));
        } elsif ($what eq 'shell') {
            _replay_one(@rest);
        } elsif ($what eq 'disable_ipv6') {
            _write("/proc/sys/net/ipv6/conf/$rest[0]/disable_ipv6", "1\n");
        } elsif ($what eq 'write') {
            _write(@rest);
        } else {
            warn $rest[0];
        }
    }
    return;
}

sub _replay_one {
    my ($wanted, @words) = @_;
    local $ENV{LC_ALL} = 'C';
    system(@words);
    my $code = $? >> 8;
    die "'@words' ends with $code instead of $wanted\n" if $code != $wanted;
    return;
}

sub _without_lxc {
    my ($pid, @words) = @_;
    if ($words[0] eq 'lxc-attach') {
        return ('nsenter', "--net=/proc/$pid/ns/net", '--', @words[6 .. $#words]);
    } elsif ($words[0] eq 'lxc-device') {
        my ($link, $name) = @words[4, 5];
        my $move = "ip link set dev $link netns $pid name $name 2>/dev/null";
        return
            "$move || { echo lxc-device: $words[2]: Failed to add $link to $words[2] >&2; exit 1; }";
    }
    return @words;
}

sub _write {
    my ($file, $text) = @_;
    open(my $out, '>', $file) or die "open $file: $!\n";
    print {$out} $text;
    close($out) or die "write $file: $!\n";
    return;
}

sub _captured {
    my ($work, $name, $handle, $code) = @_;
    my $path = "$work/$name";
    open(my $saved, '>&', $handle) or die "dup: $!\n";
    open($handle, '>', $path) or die "open $path: $!\n";
    $code->();
    $handle->flush();
    open($handle, '>&', $saved) or die "dup: $!\n";
    open(my $in, '<', $path) or die "open $path: $!\n";
    local $/ = undef;
    return <$in> // '';
}

# LXC names the place in its source; Perl the one of a warning.
sub _without_places {
    my ($text) = @_;
    $text =~ s{\.\./src/lxc/\S+: \w+: \d+ }{}g;
    $text =~ s/ at \S+ line \d+\./ at PLACE/g;
    return $text;
}

# How what came of a step differs from what came of it for the reference: texts, one aspect after the other.
sub differences {
    my ($got, $expected) = @_;
    my $json = JSON->new->canonical->allow_nonref;
    my @differs;
    for my $key (qw(error warned printed ran conf)) {
        my ($one, $other) = map { $json->encode($_->{$key}) } $got, $expected;
        push @differs, "$key: $one instead of $other" if $one ne $other;
    }
    my ($have, $want) = map { $_->{state} } $got, $expected;
    for my $key (sort keys %{ { %$have, %$want } }) {
        push @differs, map { "$key: $_" } _difference($json, $have->{$key}, $want->{$key});
    }
    return @differs;
}

sub _difference {
    my ($json, $have, $want) = @_;
    my ($one, $other) = map { $json->encode($_) } $have, $want;
    return if $one eq $other;
    return "$one instead of $other" if ref($have) ne 'ARRAY' || ref($want) ne 'ARRAY';
    my %there = map { $json->encode($_) => 1 } @$have;
    my %wanted = map { $json->encode($_) => 1 } @$want;
    return (
        (map { "too much: $_" } grep { !$wanted{$_} } sort keys %there),
        (map { "missing: $_" } grep { !$there{$_} } sort keys %wanted)
    );
}

# Plays a scenario and gives what came of each step. %$with: `update_net`, `parse`, and what the scenario's settings call.
# `warn` takes warnings; `without_state` leaves out what is there; `patient` waits longer for the kernel to be at rest. `lxc`: LXC runs the container. `ran`: a reference to a list of what was started on the host.
sub play {
    my ($scenario, $work, %with) = @_;

    my $kernel = $scenario->{kernel};
    my ($started, $pid) = _start($with{lxc});
    my @inside = ('nsenter', "--net=/proc/$pid/ns/net");
    _bridges($kernel, $scenario->{settings}{vnets});
    must(@inside, qw(ip link set lo up));
    # Addresses are there at once.
    must(
        @inside,
        qw(sysctl -q -w net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0)
    );
    $with{settings}->($scenario->{settings}) if $with{settings};

    my %conf = (hostname => 'ct');
    my @outcomes;
    for my $step (@{ $scenario->{steps} }) {
        if (ref($step)) {
            printed(@inside, 'ip', @$step);
            next;
        }
        @{ $with{ran} } = ();
        my $before = $scenario->{settings}{undone}
            && !$with{without_state} ? _settled($pid, $kernel, $with{patient}) : undef;
        my ($error, $printed) = ('', '');
        my $warned = _captured(
            $work, 'stderr',
            \*STDERR,
            sub {
                $printed = _captured(
                    $work, 'stdout',
                    \*STDOUT,
                    sub {
                        eval {
                            my $net = $with{parse}->($step);
                            local $SIG{__WARN__} = $with{warn} if $with{warn};
                            $with{update_net}
                                ->($VMID, \%conf, 'net0', $net, 0, '/rootfs', { pid => $pid });
                        };
                        $error = $@;
                    }
                );
            }
        );
        push @outcomes, {
            conf => {%conf},
            error => _without_places("$error"),
            warned => _without_places($warned),
            printed => $printed,
            ran => [@{ $with{ran} }],
            $with{without_state}
            ? ()
            : (before => $before, state => _settled($pid, $kernel, $with{patient})),
        };
    }
    kill('KILL', $pid);
    kill('KILL', $started);
    waitpid($started, 0);
    _clean();
    return \@outcomes;
}

1;
