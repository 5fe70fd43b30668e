package PVE::Network::Rust::Test::HostRoom;

# A network namespace with bridges for functions of PVE::Network, what is there afterwards, and the cases that are
# recorded from the reference. For User-Mode Linux, where starting a process takes long: what can be done without
# one is.

use strict;
use warnings;

use Exporter qw(import);
use JSON::XS ();
use Time::HiRes qw(sleep);

use PVE::Network::Rust::Test::OpenVSwitch ();

our @EXPORT_OK = qw(cases clean enter leave run_batch run_quietly state);

my $JSON = JSON::XS->new->canonical;

# What each kind of room has before the calls, with one physical port at most: the reference takes several in the order
# of a Perl hash. Addresses are fixed: the kernel makes up others for each room.
my $LO = 'link set lo up';
my $NIC = join(
    "\n",
    'link add nic0 address 02:00:00:00:00:0c type dummy',
    'link add bond0 address 02:00:00:00:00:0b type bond', 'link set nic0 master bond0',
    'link set bond0 master vmbr0', 'link set bond0 up'
);
my %ROOMS = (
    plain => ['link add vmbr0 address 02:00:00:00:00:01 type bridge', $NIC, 'link set vmbr0 up'],
    'plain-1400' => [
        'link add vmbr0 address 02:00:00:00:00:01 mtu 1400 type bridge', $NIC,
        'link set bond0 mtu 1400', 'link set vmbr0 up',
    ],
    filtering => [
        'link add vmbr0 address 02:00:00:00:00:01 type bridge vlan_filtering 1', $NIC,
        'link set vmbr0 up',
    ],
    'filtering-9000' => [
        'link add vmbr0 address 02:00:00:00:00:01 mtu 9000 type bridge vlan_filtering 1',
        'link set vmbr0 up',
    ],
    settings => [
        'link add vmbr0 address 02:00:00:00:00:01 type bridge ageing_time 100 stp_state 1 priority 4096'
            . ' forward_delay 200 hello_time 300 max_age 700 mcast_snooping 0 mcast_querier 1',
        'link add vmbr1 address 02:00:00:00:00:02 type bridge', $NIC,
        'link set vmbr0 up', 'link set vmbr1 up',
    ],
    two => [
        'link add vmbr0 address 02:00:00:00:00:01 type bridge vlan_filtering 1', $NIC,
        'link add vmbr1 address 02:00:00:00:00:02 mtu 1300 type bridge vlan_filtering 1',
        'link add vmbr2 address 02:00:00:00:00:03 type bridge',
        'link set vmbr0 up', 'link set vmbr1 up', 'link set vmbr2 up',
    ],
    'vlan-nic' => [
        'link add vmbr0 address 02:00:00:00:00:01 type bridge',
        'link add dummy0 address 02:00:00:00:00:0d type dummy',
        'link add link dummy0 name dummy0.30 type vlan id 30',
        'link set dummy0 up', 'link set dummy0.30 master vmbr0', 'link set dummy0.30 up',
        'link set vmbr0 up',
    ],
);

# The interface of each kind, before the calls.
my $MAC = 'BC:24:11:00:00:01';
my %INTERFACES = (
    veth => [['veth_create', 'veth101i0', 'veth101i0p', 'vmbr0', $MAC]],
    tap => [['tap_create', 'tap101i0', 'vmbr0']],
);

sub _case {
    my ($name, $room, $interface, @calls) = @_;
    return {
        name => $name,
        room => $room,
        tap => $interface eq 'tap' ? 1 : 0,
        calls => [@{ $INTERFACES{$interface} }, @calls],
    };
}

# Every value of each dimension with every value of each other, as far as they make sense together.
sub cases {
    my @cases;
    my $number = 0;
    my $plug = sub {
        my ($room, $interface, $tag, $firewall, $trunks, $rate, %opts) = @_;
        my $port = $interface eq 'tap' ? 'tap101i0' : 'veth101i0';
        my $learning = $opts{learning} // 1;
        my $opts = { learning => $learning, $opts{isolation} ? (isolation => 1) : () };
        $opts->{mac} = $MAC if !$learning;
        my $name = join(
            ' ', sprintf('%02d', ++$number), $room, $interface,
            defined($tag) ? "tag=$tag" : (), $firewall ? 'firewall' : (),
            defined($trunks) ? "trunks=$trunks" : (), defined($rate) ? "rate=$rate" : (),
            $learning ? () : 'nolearning', $opts{isolation} ? 'isolated' : (),
        );
        my $call = ['tap_plug', $port, 'vmbr0', $tag, $firewall, $trunks, $rate, $opts];
        push @cases, _case($name, $room, $interface, $call, @{ $opts{then} // [] });
        $cases[-1]{name} .= " then $opts{name}" if $opts{name};
    };
    $plug->('plain', 'veth', undef, 0, undef, undef);
    $plug->('plain', 'tap', undef, 0, undef, 12.5);
    $plug->('plain', 'veth', undef, 1, undef, 2.5, learning => 0);
    $plug->('plain', 'veth', 5, 0, undef, 5000);
    $plug->('plain', 'tap', 5, 1, undef, undef, learning => 0, isolation => 1);
    $plug->('plain-1400', 'veth', undef, 1, undef, undef, isolation => 1);
    $plug->('plain-1400', 'tap', 7, 0, undef, 0.1, learning => 0);
    $plug->('vlan-nic', 'veth', 8, 1, undef, undef);
    $plug->('filtering', 'veth', undef, 0, undef, undef, learning => 0);
    $plug->('filtering', 'tap', 5, 0, undef, undef);
    $plug->('filtering', 'veth', undef, 0, '2;7-9', 12.5, isolation => 1);
    $plug->('filtering', 'tap', 5, 1, '2;7-9;4094', undef);
    $plug->('filtering', 'veth', 5, 1, undef, 2.5, learning => 0, isolation => 1);
    $plug->('filtering', 'veth', 1, 0, undef, undef);
    $plug->('filtering-9000', 'veth', 6, 0, undef, undef, learning => 0, isolation => 1);
    $plug->('filtering-9000', 'tap', undef, 1, '100-200', 100);
    $plug->('filtering-9000', 'tap', 7, 0, '7;8', undef);
    $plug->('settings', 'veth', undef, 1, undef, undef);
    $plug->('settings', 'veth', 9, 0, undef, 0.001);

    my @again = ('tap_plug', 'veth101i0');
    my $on = { learning => 1 };
    $plug->(
        'filtering', 'veth', 5, 0, undef, 2.5,
        name => 'another tag and no rate',
        then => [[@again, 'vmbr0', 6, 0, undef, undef, $on]]
    );
    $plug->(
        'filtering', 'veth', 5, 1, undef, 2.5,
        name => 'no firewall',
        then => [[@again, 'vmbr0', 5, 0, undef, 2.5, $on]]
    );
    $plug->(
        'filtering', 'veth', 5, 0, undef, undef,
        name => 'a firewall',
        then => [[@again, 'vmbr0', 5, 1, '9', 1, { learning => 0, mac => $MAC }]]
    );
    $plug->(
        'two', 'veth', 5, 0, undef, 2.5,
        learning => 0,
        isolation => 1,
        name => 'another bridge',
        then => [[@again, 'vmbr1', 6, 0, undef, undef, $on]]
    );
    $plug->(
        'two', 'veth', 5, 1, undef, 2.5,
        learning => 0,
        name => 'another bridge with a firewall',
        then => [[@again, 'vmbr2', undef, 1, undef, undef, $on]]
    );
    $plug->(
        'filtering', 'veth', 5, 1, undef, 2.5,
        name => 'out',
        then => [['tap_unplug', 'veth101i0']]
    );
    $plug->(
        'plain', 'tap', 5, 0, undef, 2.5,
        name => 'out',
        then => [['tap_unplug', 'tap101i0']]
    );
    $plug->(
        'plain', 'veth', 5, 1, undef, 2.5,
        name => 'deleted',
        then => [['veth_delete', 'veth101i0']]
    );
    $plug->(
        'filtering', 'veth', undef, 1, undef, undef,
        learning => 0,
        name => 'more addresses and one less',
        then => [
            ['add_bridge_fdb', 'veth101i0', 'BC:24:11:00:00:02'],
            ['add_bridge_fdb', 'veth101i0', 'BC:24:11:00:00:03'],
            ['del_bridge_fdb', 'veth101i0', 'BC:24:11:00:00:02'],
        ]
    );
    $plug->(
        'plain', 'veth', undef, 0, undef, 2.5,
        name => 'another rate',
        then => [['tap_rate_limit', 'veth101i0', 800]]
    );
    $plug->(
        'plain', 'tap', undef, 0, undef, 2.5,
        name => 'no rate',
        then => [['tap_rate_limit', 'tap101i0', undef]]
    );
    $plug->(
        'plain', 'veth', 5, 0, undef, undef,
        name => 'the same VLAN for another',
        then => [
            ['veth_create', 'veth102i3', 'veth102i3p', 'vmbr0', 'BC:24:11:00:00:07'],
            ['tap_plug', 'veth102i3', 'vmbr0', 5, 1, undef, undef, $on],
        ]
    );
    my $primitives = sub {
        my ($name, $room, @calls) = @_;
        push @cases, {
            name => sprintf('%02d %s', ++$number, $name),
            room => $room,
            tap => 0,
            calls => \@calls
        };
    };
    $primitives->('settings copied', 'settings', ['copy_bridge_config', 'vmbr0', 'vmbr1']);
    $primitives->(
        'a bridge for a VLAN, twice', 'vlan-nic',
        ['activate_bridge_vlan', 'vmbr0', 12],
        ['activate_bridge_vlan', 'vmbr0', 12]
    );
    $primitives->(
        'links made, set and deleted', 'two',
        ['iface_create', 'br5', 'bridge'],
        ['iface_create', 'gone0', 'bridge'],
        ['iface_set', 'br5', 'mtu', 1280, 'up'],
        ['iface_set_master', 'bond0', undef],
        ['iface_set_master', 'bond0', 'br5'],
        ['iface_set', 'vmbr1', 'promisc', 'on'],
        ['iface_set', 'vmbr2', 'down'],
        ['disable_ipv6', 'br5'],
        ['iface_delete', 'gone0'],
        ['activate_bridge_vlan_slave', 'vmbr2', 'bond0', 33],
    );
    return @cases;
}

# Runs a program; its standard error is dropped. Returns its exit code.
sub run_quietly {
    my (@command) = @_;
    my $pid = fork() // die "fork: $!\n";
    if (!$pid) {
        open(STDERR, '>', '/dev/null') or exit 126;
        exec { $command[0] } @command or exit 127;
    }
    waitpid($pid, 0);
    return $? >> 8;
}

# Runs commands in one process of ip(8), bridge(8) or tc(8). Returns its exit code and what it printed.
sub run_batch {
    my ($command, @lines) = @_;
    pipe(my $commands, my $to) or die "pipe: $!\n";
    print {$to} map { "$_\n" } @lines;
    close($to) or die "pipe: $!\n";
    my $pid = open(my $out, '-|') // die "fork: $!\n";
    if (!$pid) {
        open(STDIN, '<&', $commands) or exit 126;
        open(STDERR, '>', '/dev/null') or exit 126;
        exec { $command->[0] } @$command, '-batch', '-' or exit 127;
    }
    my $text = do { local $/ = undef; <$out> };
    close($out);
    return ($? >> 8, $text // '');
}

# Sets what links have of IPv6 that are made from now on.
sub _default {
    my ($name, $value) = @_;
    my $file = "/proc/sys/net/ipv6/conf/default/$name";
    open(my $out, '>', $file) or die "$file: $!\n";
    print {$out} "$value\n";
    close($out) or die "$file: $!\n";
    return;
}

my @TAP = ('tuntap add dev tap101i0 mode tap', 'link set tap101i0 address 02:00:00:00:00:0a');

# Moves the process into a new network namespace that has what a case needs.
sub enter {
    my ($case) = @_;
    my ($unshare, $mount) = (272, 165);   # of x86_64, the only architecture of User-Mode Linux here
    syscall($unshare, 0x40000000 | 0x20000) == 0 or die "unshare: $!\n";
    syscall($mount, my $none = 'none', my $root = '/', 0, 0x4000 | 0x40000, 0) == 0
        or die "mount: $!\n";
    syscall($mount, my $type = 'sysfs', my $sys = '/sys', my $fs = 'sysfs', 0, 0) == 0
        or die "mount of /sys: $!\n";
    # No addresses for the room's own links, which come and go with their carrier.
    _default('accept_dad', 0);
    _default('addr_gen_mode', 1);
    my @tap = $case->{tap} ? @TAP : ();
    my @lines = map { split(/\n/) } $LO, @{ $case->{links} // $ROOMS{ $case->{room} } }, @tap;
    my ($code) = run_batch(['/sbin/ip'], @lines);
    die "the room '$case->{room}' could not be made\n" if $code;
    PVE::Network::Rust::Test::OpenVSwitch::start() if $case->{ovs};
    _default('addr_gen_mode', 0);
    _settle($case);
    return;
}

# Removes what a case has made of interfaces, and makes the room what the next case needs.
sub clean {
    my ($case) = @_;
    PVE::Network::Rust::Test::OpenVSwitch::clean() if $case->{ovs};
    my @made = grep { -e "/sys/class/net/$_" } qw(veth101i0 tap101i0 fwbr101i0 fwln101i0);
    my ($code) =
        run_batch(['/sbin/ip'], (map { "link delete $_" } @made), $case->{tap} ? @TAP : ());
    die "the room could not be cleaned\n" if $code;
    return;
}

# Ends what the room has running.
sub leave {
    my ($case) = @_;
    PVE::Network::Rust::Test::OpenVSwitch::stop() if $case->{ovs};
    return;
}

sub _read {
    my ($path) = @_;
    open(my $in, '<', $path) or return '';
    return do { local $/ = undef; <$in> // '' };
}

# What the kernel does by itself after a change, such as finding a carrier, is over when nothing of it changes. The
# spanning tree takes longer.
sub _settle {
    my ($case) = @_;
    my @files = qw(operstate carrier brport/state bridge/topology_change);
    my $look = sub {
        return join('|', map { _read($_) } map { glob("/sys/class/net/*/$_") } @files);
    };
    my ($last, $since, $enough) = ('', 0, $case->{room} eq 'settings' ? 13 : 4);
    for (1 .. 100) {
        my $now = $look->();
        my $changing = grep { _read($_) =~ /1/ } glob('/sys/class/net/*/bridge/topology_change');
        $since = $now eq $last && !$changing ? $since + 1 : 0;
        return if $since >= $enough;
        $last = $now;
        # Looking more often takes the processor that the kernel needs.
        sleep(0.3);
    }
    return;
}

my %LEFT_OUT = map { $_ => 1 }
    qw(ifindex link_index num_tx_queues num_rx_queues gc_timer hello_timer
    hold_timer message_age_timer forward_delay_timer tcn_timer topology_change_timer
    valid_life_time preferred_life_time index flags_cnt fdb_n_learned mcast_n_groups
    direct_packets_stat);

# Addresses that the kernel made up are the same as any other such.
sub _fixed {
    my ($text) = @_;
    my $byte = qr/[0-9a-f]{2}/;
    $text =~ s{\b((?:$byte:){5}$byte)\b}{
        my $mac = $1;
        $mac =~ /^(?:02:00:00:|bc:24:11:|33:33:|01:|ff:ff|00:00:00)/ ? $mac : 'RANDOM'
    }gex;
# A bridge's id has its address, as numbers without colons or zeros at their start in the case of routes.
    $text =~ s{\b([0-9a-f]{4})\.((?:[0-9a-f]{1,2}:){5}[0-9a-f]{1,2})\b}{
        my ($priority, $mac) = ($1, $2);
        $mac =~ /^0?2:0?0:0?0:/ ? "$priority.$mac" : "$priority.RANDOM"
    }gex;
    # The kernel frees an index some time after its use.
    $text =~ s/\bpolice 0x[0-9a-f]+/police/g;
    return $text;
}

sub _normal {
    my ($value) = @_;
    if (ref($value) eq 'ARRAY') {
        my @list = map { _normal($_) } @$value;
        return [@list] if !@list || ref($list[0]) ne 'HASH';
        return [sort { $JSON->encode([$a]) cmp $JSON->encode([$b]) } @list];
    } elsif (ref($value) eq 'HASH') {
        return { map { $_ => _normal($value->{$_}) } grep { !$LEFT_OUT{$_} } keys %$value };
    } elsif (defined($value) && !ref($value) && $value =~ /:|police/) {
        return _fixed($value);
    }
    return $value;
}

# Everything that the functions change, as a hash of texts by question.
sub state {
    my ($case) = @_;
    _settle($case);
    my %state;
    my $ask = sub {
        my ($program, @questions) = @_;
        my ($code, $text) = run_batch(["/sbin/$program", '-j', '-d'], map { "$_ show" } @questions);
        die "$program: exit code $code\n" if $code;
        my @answers = JSON::XS->new->incr_parse($text);
        die "$program: " . @answers . " answers\n" if @answers != @questions;
        @state{ map { "$program $_" } @questions } = map { _normal($_) } @answers;
    };
    $ask->('ip', 'link', 'address', 'route');
    $ask->('bridge', 'vlan', 'link', 'fdb');
    $ask->('tc', 'qdisc');
    # Open vSwitch removes what limits its ports' input whenever it looks at their links again.
    $state{'tc qdisc'} = [grep { $_->{kind} ne 'ingress' } @{ $state{'tc qdisc'} }]
        if $case->{ovs};
    # What a bridge has learned depends on what the kernel happened to send.
    $_ = [grep { ($_->{state} // '') ne '' } @$_] for $state{'bridge fdb'};
    $_ = $JSON->encode($_) for values %state;
    my @tc;
    for my $name (map { m{([^/]+)$} } glob('/sys/class/net/{veth,tap}10?i?')) {
        push @tc, "class show dev $name";
        push @tc, "filter show dev $name parent ffff:" if $state{'tc qdisc'} =~ /"ingress"/;
    }
    # It has no JSON for some kinds; their lines are as good.
    $state{'tc class and filter'} = _fixed((run_batch([qw(/sbin/tc -d)], @tc))[1]) if @tc;
    for my $file (glob('/proc/sys/net/ipv6/conf/*/disable_ipv6')) {
        $state{sysctl} .= "$file " . _read($file);
    }
    for my $file (glob(
        '/sys/class/net/*/bridge/{' . join(
            ',', qw(ageing_time stp_state priority
                forward_delay hello_time max_age multicast_snooping multicast_querier)
            )
            . '}'
    ))
    {
        $state{'bridge settings'} .= "$file " . _read($file);
    }
    $state{'Open vSwitch'} =
        $JSON->encode(_normal(PVE::Network::Rust::Test::OpenVSwitch::contents()))
        if $case->{ovs};
    return \%state;
}

1;
