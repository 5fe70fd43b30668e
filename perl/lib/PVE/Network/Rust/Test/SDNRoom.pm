package PVE::Network::Rust::Test::SDNRoom;

# Cases for PVE::Network::Rust::Test::HostReplay: interfaces are plugged into VNets of every type of zone, and into other
# bridges through the same functions. Each has the links that ifupdown2 makes for such a zone.

use strict;
use warnings;

use File::Path qw(make_path);
use File::Temp qw(tempdir);
use JSON::XS ();

use PVE::Network::Rust::Test::Outcome qw(message);

# The node's name; under User-Mode Linux it has none of its own.
my $NODE = 'here';

my $MAC = 'BC:24:11:00:00:01';
my $OTHER = 'BC:24:11:00:00:02';

sub _bridge {
    my ($name, $number, $options) = @_;
    return ("link add $name address 02:00:00:00:00:0$number $options", "link set $name up");
}

my @nic = (
    'link add nic0 address 02:00:00:00:00:0c type dummy',
    'link add bond0 address 02:00:00:00:00:0b type bond', 'link set nic0 master bond0',
    'link set bond0 master vmbr0', 'link set bond0 up'
);
my @tunnel = (
    'link add vxlan_v address 02:00:00:00:00:0e mtu 1450 type vxlan id 100 local 10.0.0.1 dstport 4789 nolearning',
    'link set vxlan_v master v', 'link set vxlan_v up'
);

# What the zones of each type look like: their section, and the links of the VNet `v`.
my %ZONES = (
    simple => ["simple: z\n", _bridge('v', 1, 'type bridge')],
    'simple-aware' => ["simple: z\n", _bridge('v', 1, 'type bridge vlan_filtering 1')],
    'simple-mtu' => ["simple: z\n\tmtu 1300\n", _bridge('v', 1, 'mtu 1300 type bridge')],
    vlan => [
        "vlan: z\n\tbridge vmbr0\n",
        _bridge('vmbr0', 2, 'type bridge vlan_filtering 1'),
        @nic,
        _bridge('v', 1, 'type bridge'),
        'link add link vmbr0 name vmbr0.10 type vlan id 10',
        'link set vmbr0.10 master v',
        'link set vmbr0.10 up'
    ],
    'vlan-aware' => [
        "vlan: z\n\tbridge vmbr0\n",
        _bridge('vmbr0', 2, 'type bridge'),
        @nic,
        _bridge('v', 1, 'type bridge vlan_filtering 1'),
        'link add ln_v address 02:00:00:00:00:05 type veth peer name pr_v address 02:00:00:00:00:06',
        'link set ln_v master v',
        'link set pr_v master vmbr0',
        'link set ln_v up',
        'link set pr_v up'
    ],
    qinq => [
        "qinq: z\n\tbridge vmbr0\n\ttag 5\n\tmtu 1496\n",
        _bridge('vmbr0', 2, 'type bridge vlan_filtering 1'),
        @nic,
        'link add link vmbr0 name sv_z type vlan protocol 802.1ad id 5',
        _bridge('z_z', 3, 'mtu 1496 type bridge vlan_filtering 1'),
        'link set sv_z master z_z',
        'link set sv_z up',
        'link add link z_z name z_z.7 type vlan id 7',
        _bridge('v', 1, 'mtu 1496 type bridge'),
        'link set z_z.7 master v',
        'link set z_z.7 up'
    ],
    vxlan => ["vxlan: z\n\tpeers 10.0.0.2\n", _bridge('v', 1, 'mtu 1450 type bridge'), @tunnel],
    evpn => [
        "evpn: z\n\tcontroller c\n\tvrf-vxlan 9\n", _bridge('v', 1, 'mtu 1450 type bridge'),
        @tunnel, 'link set vxlan_v type bridge_slave learning off neigh_suppress on'
    ],
    'evpn-aware' => [
        "evpn: z\n\tcontroller c\n\tvrf-vxlan 9\n",
        _bridge('v', 1, 'mtu 1450 type bridge vlan_filtering 1'), @tunnel
    ],
    faucet => ["faucet: z\n\tcontroller c\n\tdp-id 1\n", _bridge('v', 1, 'type bridge')],
);

my $NO_LEARNING = "\tbridge-disable-mac-learning 1\n";

# All cases: a hash each as PVE::Network::Rust::Test::HostRoom has them, with `links`, and `files` below the root.
sub cases {
    my (@cases, $number);
    my $add = sub {
        my ($room, $name, $more, @calls) = @_;
        my ($zone, @links) = @{ $ZONES{$room} };
        my $options = $more->{vnet} // {};
        my $running = {
            vnets => { ids => { v => { type => 'vnet', zone => 'z', tag => 100, %$options } } },
        };
        push @cases, {
            name => sprintf('%02d %s: %s', ++$number, $room, $name),
            room => $room,
            tap => scalar(grep { $_->[0] eq 'tap_create' } @calls) ? 1 : 0,
            links => [@links, @{ $more->{links} // [] }],
            files => {
                'etc/pve/sdn/zones.cfg' => $more->{zones} // ($zone . ($more->{options} // '')),
                'etc/pve/sdn/.running-config' => JSON::XS->new->canonical->encode($running),
                'etc/network/interfaces' => $more->{interfaces} // '',
            },
            calls => \@calls,
        };
    };
    # Both ends of a container's interface, or a VM's, plugged in and its address led there.
    my $plug = sub {
        my ($room, $kind, $name, $more, @arguments) = @_;
        my ($bridge, $tag, $firewall, $trunks, $rate) = @arguments;
        my $port = "${kind}101i0";
        my $create =
            $kind eq 'tap'
            ? ['tap_create', $port, $bridge]
            : ['veth_create', $port, "${port}p", $bridge, $MAC];
        my @then = map { [$_->[0], $port, $_->[1], $bridge] } @{ $more->{then} // [] };
        $add->(
            $room,
            $name,
            $more,
            $create,
            ['tap_plug', $port, $bridge, $tag, $firewall, $trunks, $rate],
            ['add_bridge_fdb', $port, $MAC, $bridge],
            @then
        );
    };
    my $quiet = { options => $NO_LEARNING };
    my $apart = { vnet => { 'isolate-ports' => 1 } };
    my $both = { %$quiet, %$apart };
    my @one_less = ['add_bridge_fdb', $OTHER];
    push @one_less, ['del_bridge_fdb', $MAC];

    $plug->('simple', 'veth', 'a container, this node', { options => "\tnodes a,$NODE\n" }, 'v');
    $plug->('simple', 'veth', 'isolated behind a firewall', $apart, 'v', undef, 1, '0');
    $plug->('simple', 'veth', 'a tag of 0', {}, 'v', 0);
    $plug->(
        'simple', 'veth',
        'no learning by the interfaces file',
        { interfaces => "iface v\n\tbridge-ports none\n$NO_LEARNING", then => \@one_less }, 'v'
    );
    $plug->('simple', 'veth', 'a tag is refused', {}, 'v', 5);
    $plug->('simple', 'tap', 'trunks are refused', {}, 'v', undef, 1, '7-9');
    $plug->('simple', 'veth', 'for other nodes', { options => "\tnodes a,b\n" }, 'v', undef, 1);
    $plug->('simple', 'veth', 'without its zone', { zones => "simple: other\n" }, 'v');
    $plug->(
        'simple', 'tap', 'with zones that warn',
        { zones => "vlan: other\n\n\nsimple: z\n\tmtu 99999999\n\tfoo 1\n" },
        'v', undef, 0, undef, 12.5
    );
    $plug->('simple-aware', 'veth', 'a tag', {}, 'v', 5, 0, undef, 2.5);
    $plug->('simple-aware', 'tap', 'trunks, isolated, firewall', $apart, 'v', 5, 1, '7;8-9');
    $plug->('simple-mtu', 'veth', 'behind a firewall', {}, 'v', undef, 1, undef, 100);
    $plug->('vlan', 'veth', 'no learning', { %$quiet, then => \@one_less }, 'v');
    $plug->('vlan', 'tap', 'no learning, isolated, firewall', $both, 'v', undef, 1, undef, 1);
    $plug->('vlan-aware', 'veth', 'a tag', $apart, 'v', 7);
    $plug->('vlan-aware', 'tap', 'trunks, no learning', $quiet, 'v', undef, 0, '5-9', 3);
    $plug->('qinq', 'veth', 'learning', {}, 'v');
    $plug->('qinq', 'tap', 'no learning, firewall', $quiet, 'v', undef, 1);
    $plug->('vxlan', 'veth', 'behind a firewall', {}, 'v', undef, 1, undef, 2.5);
    $plug->('vxlan', 'tap', 'isolated', $apart, 'v');
    $plug->('evpn', 'veth', 'no learning', { %$quiet, then => \@one_less }, 'v');
    $plug->('evpn', 'tap', 'no learning, isolated, firewall', $both, 'v', undef, 1);
    $plug->('evpn-aware', 'veth', 'a tag, no learning', $quiet, 'v', 5, 1, undef, 5);
    $plug->('faucet', 'tap', 'on a bridge that Faucet does not control', {}, 'v');

    # Through the same functions into what is no VNet.
    $plug->('vlan', 'veth', 'the bridge below, a tag', $quiet, 'vmbr0', 10, 0, undef, 2.5);
    $plug->(
        'vlan-aware', 'tap',
        'the bridge below, a tag that makes a bridge',
        {}, 'vmbr0', 12, 1
    );
    $plug->('vlan-aware', 'veth', 'the bridge below, trunks are refused', {}, 'vmbr0', 5, 0, '7');
    $plug->(
        'vlan', 'veth',
        'the bridge below, no learning, and zones that nobody asks for',
        {
            zones => "vlan: z\n",
            interfaces =>
                "iface vmbr0 inet manual\n\tbridge-ports nic0\n\tbridge-stp off\n\tbridge-fd 0\n$NO_LEARNING",
            then => \@one_less,
        },
        'vmbr0', 3
    );
    $plug->('simple', 'veth', 'no such bridge', {}, 'vmbr9', 5);
    $plug->('simple', 'tap', 'no bridge at all', {}, undef);
    return @cases;
}

# Runs the calls of a case; returns a reference to a list of what each said.
sub _calls {
    my ($package, $case, $root) = @_;
    my @said;
    for my $call (@{ $case->{calls} }) {
        my ($name, @arguments) = @$call;
        local $SIG{__WARN__} = sub {
            my $text = message($_[0]) =~ s/\Q$root\E//r;
# What the kernel remarks depends on its release, and comes from the reference's commands, not from its Perl.
            push @said, "$name warned: $text"
                if $text !~ /^(?:Use of uninitialized value|Warning: )/;
        };
        eval { $package->can($name)->(@arguments); 1 }
            or push @said, "$name died: " . message("$@");
    }
    return \@said;
}

# Gives the node its name.
sub _name_node {
    my $sethostname = 170;    # of x86_64, the only architecture of User-Mode Linux here
    syscall($sethostname, my $name = $NODE, length($NODE)) == 0 or die "sethostname: $!\n";
    return;
}

# Runs the calls of a case with this project's functions.
sub library {
    my ($case) = @_;
    _name_node();
    my $root = tempdir(CLEANUP => 1);
    for my $name (sort keys %{ $case->{files} }) {
        make_path("$root/$name" =~ s{/[^/]*$}{}r);
        open(my $out, '>', "$root/$name") or die "$root/$name: $!\n";
        print {$out} $case->{files}{$name};
        close($out) or die "$root/$name: $!\n";
    }
    local $ENV{PVE_RUST_ROOT} = $root;
    return _calls('PVE::Network::Rust::SDN', $case, $root);
}

my $case_of_reference;

# Loads the reference, for `reference`; its files are those of the case.
sub load_reference {
    require PVE::Network::Rust::Test::Reference;
    my $why = PVE::Network::Rust::Test::Reference::unavailable('PVE::Network::SDN::Vnets');
    die "$why\n" if defined($why);
    my $file = sub { return $case_of_reference->{files}{ $_[0] } };
    no warnings qw(once redefine);
    *PVE::Network::SDN::Zones::config = sub {
        my $text = $file->('etc/pve/sdn/zones.cfg');
        return PVE::Network::SDN::Zones::Plugin->parse_config('/etc/pve/sdn/zones.cfg', $text);
    };
    *PVE::Network::SDN::running_config =
        sub { return JSON::XS->new->decode($file->('etc/pve/sdn/.running-config')) };
    *PVE::INotify::read_file = sub {
        open(my $in, '<', \$file->('etc/network/interfaces')) or die "open: $!\n";
        return PVE::INotify::__read_etc_network_interfaces($in, {}, []);
    };
    return;
}

# Runs the calls of a case with the reference's functions.
sub reference {
    my ($case) = @_;
    _name_node();
    $case_of_reference = $case;
    return _calls('PVE::Network::SDN::Zones', $case, '');
}

1;
