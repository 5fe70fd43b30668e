package PVE::Network::Rust::Test::SDNStatusRoom;

# Cases for t/kernel/sdn-status.t: links of the kernel, ifupdown2's files and a configuration in effect, and how zones and
# VNets are then. A case is a hash: `name`; `links`, arguments of ip(8); `interfaces`, the content of
# /etc/network/interfaces; `generated`, that of interfaces.d/sdn, or undef; `running`, the configuration in effect.

use strict;
use warnings;

use Exporter qw(import);

use Command qw(capture must);
use PVE::Network::Rust::SDN;

our @EXPORT_OK = qw(cases clean make_links);

my $HEAD = "auto lo\niface lo inet loopback\n\niface eth0 inet manual\n\n";
my $SOURCE = "\nsource /etc/network/interfaces.d/*\n";

my %BRIDGES = (
    plain =>
        "auto vmbr0\niface vmbr0 inet static\n\taddress 10.9.0.1/24\n\tbridge-ports eth0\n\tbridge-stp off\n"
        . "\tbridge-fd 0\n",
    aware =>
        "auto vmbr0\niface vmbr0 inet manual\n\tbridge-ports eth0\n\tbridge-stp off\n\tbridge-fd 0\n"
        . "\tbridge-vlan-aware yes\n\tbridge-vids 2-4094\n",
);

my @card = ('link add eth0 type dummy', 'link set eth0 up');

sub _bridge {
    my ($name, $more) = @_;
    return ("link add $name type bridge forward_delay 0" . ($more // ''), "link set $name up");
}

sub _port { return ("link set $_[1] master $_[0]", "link set $_[1] up") }

sub _pair {
    return ("link add $_[0] type veth peer name $_[1]", "link set $_[0] up", "link set $_[1] up");
}

sub _vlans {
    return map { "bridge vlan add dev $_ vid 2-4094" } @_;
}

my %LOWER = (
    plain => [@card, _bridge('vmbr0'), _port('vmbr0', 'eth0'), 'addr add 10.9.0.1/24 dev vmbr0'],
    aware => [@card, _bridge('vmbr0', ' vlan_filtering 1'), _port('vmbr0', 'eth0'), _vlans('eth0')],
);

my $vlan_on_plain = [
    'link add eth0.5 link eth0 type vlan id 5',
    _bridge('vmbr0v5'),
    _pair('ln_v1', 'pr_v1'),
    _port('vmbr0v5', 'eth0.5'),
    _port('vmbr0v5', 'pr_v1'),
    _bridge('v1'),
    _port('v1', 'ln_v1'),
];
my $vlan_on_aware = [
    'link add vmbr0.5 link vmbr0 type vlan id 5',
    'bridge vlan add dev vmbr0 vid 5 self',
    _bridge('v1'), _port('v1', 'vmbr0.5'),
];
my $qinq_on_plain = [
    'link add sv_z link eth0 type vlan id 7',
    _bridge('z_z', ' vlan_filtering 1'),
    _pair('ln_z', 'pr_z'), _port('z_z', 'sv_z'), _port('z_z', 'ln_z'), _vlans('sv_z', 'ln_z'),
    'bridge vlan add dev z_z vid 5 self',
    'link add z_z.5 link z_z type vlan id 5',
    _bridge('v1'), _port('v1', 'z_z.5'),
];
my $qinq_on_aware = [
    'link add vmbr0.7 link vmbr0 type vlan id 7',
    'bridge vlan add dev vmbr0 vid 7 self',
    map { s/sv_z/vmbr0.7/gr } @$qinq_on_plain[1 .. $#$qinq_on_plain],
];

my %ZONES = (
    vlan => { type => 'vlan', bridge => 'vmbr0' },
    qinq => { type => 'qinq', bridge => 'vmbr0', tag => 7 },
    simple => { type => 'simple' },
    vxlan => { type => 'vxlan', peers => '10.9.0.1,10.9.0.2' },
);

# A case on a node with one bridge. $change may change everything.
sub _case {
    my ($name, $type, $lower, $upper, $change, %vnet) = @_;
    my %case = (
        name => "$type on $lower bridge: $name",
        links => [@{ $LOWER{$lower} }, @$upper],
        interfaces => $HEAD . $BRIDGES{$lower} . $SOURCE,
        running => {
            version => 3,
            zones => { ids => { z => { %{ $ZONES{$type} } } } },
            vnets => { ids => { v1 => { type => 'vnet', zone => 'z', tag => 5, %vnet } } },
        },
    );
    $case{generated} = PVE::Network::Rust::SDN::generate_raw_etc_network_config(
        $case{running},
        {
            nodename => 'here',
            interfaces => $case{interfaces},
            bridges => {
                vmbr0 => { vlan_aware => $lower eq 'aware', ovs => 0, ports => ['eth0'] },
            },
        },
    );
    $change->(\%case) if $change;
    return \%case;
}

sub _also {
    my (@links) = @_;
    return sub { push @{ $_[0]{links} }, @links };
}

sub cases {
    my @vlan_plain = ('vlan', 'plain', $vlan_on_plain);
    my @vlan_aware = ('vlan', 'aware', $vlan_on_aware);
    my @qinq_plain = ('qinq', 'plain', $qinq_on_plain);
    my @qinq_aware = ('qinq', 'aware', $qinq_on_aware);
    return (
        _case('all is there', @vlan_plain),
        _case('all is there', @vlan_aware),
        _case('all is there', @qinq_plain),
        _case('all is there', @qinq_aware),
        _case('guests', @vlan_plain, _also(_pair('veth100i0', 'x'), _port('v1', 'veth100i0'))),
        _case('another port', @vlan_plain, _also('link add d0 type dummy', _port('v1', 'd0'))),
        _case('a port is gone', @vlan_plain, _also('link set ln_v1 nomaster')),
        _case('a link is gone', @vlan_plain, _also('link del vmbr0v5')),
        _case('a pair is gone', @vlan_plain, _also('link del ln_v1')),
        _case('a bridge is down', @vlan_plain, _also('link set v1 down')),
        _case('the bridge of the node is down', @vlan_plain, _also('link set vmbr0 down')),
        _case('spanning tree', @vlan_plain, _also('link set v1 type bridge stp_state 1')),
        _case('a forward delay', @vlan_plain, _also('link set v1 type bridge forward_delay 1500')),
        _case('an address', @vlan_plain, _also('addr add 10.8.0.1/24 dev v1')),
        _case('an address of the bridge is gone', @vlan_plain, _also('addr flush dev vmbr0')),
        _case('no MTU', @vlan_aware, undef, alias => 'Rack 1'),
        _case('an alias', @vlan_aware, _also('link set v1 alias Rack'), alias => 'Rack'),
        _case('it is to filter VLANs', @vlan_aware, undef, vlanaware => 1),
        _case(
            'it filters VLANs', @vlan_aware,
            _also(
                'link set v1 type bridge vlan_filtering 1',
                'bridge vlan add dev vmbr0.5 vid 2-4094'
            ),
            vlanaware => 1
        ),
        _case(
            'it filters VLANs, too', @vlan_aware,
            _also('link set v1 type bridge vlan_filtering 1')
        ),
        _case('a port has too few VLANs', @qinq_plain, _also('bridge vlan del dev ln_z vid 9')),
        _case(
            'a port has another VLAN untagged', @qinq_plain,
            _also('bridge vlan add dev ln_z vid 9 pvid')
        ),
        _case(
            'another service VLAN', @qinq_plain,
            sub { $_[0]{generated} =~ s/vlan-id 7/vlan-id 8/ }
        ),
        _case('the zone is down', @qinq_aware, _also('link set z_z down')),
        _case('the zone is gone', @qinq_aware, _also('link del z_z')),
        _case('the bridge of the node is gone', 'vlan', 'plain', [], _also('link del vmbr0')),
        _case('nothing is there', 'simple', 'plain', []),
        _case('nothing is there', 'vxlan', 'plain', []),
        _case(
            'it is not generated', 'simple', 'plain', [],
            sub { $_[0]{generated} = "#version:3\n" }
        ),
        _case(
            'it is not brought up', 'simple', 'plain', [],
            sub { $_[0]{generated} =~ s/^auto v1$//m }
        ),
        _case(
            'files are not read',
            'simple', 'plain', [], sub { $_[0]{interfaces} =~ s/source.*// }
        ),
        _case('another version', 'simple', 'plain', [], sub { $_[0]{running}{version} = 4 }),
        _case('an old version', @vlan_plain, sub { $_[0]{generated} =~ s/:3/:2/ }),
        _case('nothing generated', 'simple', 'plain', [], sub { $_[0]{generated} = undef }),
        _case('nothing applied', 'simple', 'plain', [], sub { delete $_[0]{running}{version} }),
        _case(
            'no such zone', 'simple', 'plain', [],
            sub { $_[0]{running}{vnets}{ids}{v1}{zone} = 'gone' }
        ),
        _case(
            'another node', 'simple', 'plain', [],
            sub { $_[0]{running}{zones}{ids}{z}{nodes} = { other => 1 } }
        ),
    );
}

# Makes the links of a case in the current network namespace.
sub make_links {
    my ($case) = @_;
    must(qw(ip link set lo up));
    for my $line (@{ $case->{links} }) {
        my @words = split(/ /, $line);
        unshift(@words, 'ip') if $words[0] ne 'bridge';
        must(@words);
    }
    return;
}

# Removes what a case has made.
sub clean {
    my ($links) = capture(qw(ip -o link));
    for my $name ($links =~ m/^\d+: ([^:@]+)/mg) {
        capture(qw(ip link del), $name) if $name =~ m/^(?:v|z|l|p|s|e|d|x)/ && $name ne 'lo';
    }
    return;
}

1;
