package PVE::Network::Rust::Test::SDNConfig;

# Random configurations of SDN in effect, and random nodes to generate them on.

use strict;
use warnings;

use Exporter qw(import);

use PVE::Network::Rust::Test::Hostile qw(hostile_scalar hostile_text);
use PVE::Network::Rust::Test::Random qw(chance number_of pick subset);

our @EXPORT_OK = qw(distorted random_node random_running);

my @ZONES = qw(z0 z1 zone 0 a-b vmbr0 ids Z1);
my @VNETS = (map { "vn$_" } 0 .. 9);
my @ODD_VNETS = ('0', '', 'vmbr0', 'z_z0', 'ln_vn1', 'vxlan_vn2', 'vrf_z1', 'vmbr0.5', "caf\xe9");
my @BRIDGES = qw(vmbr0 vmbr0 vmbr1 vmbr2 ovs0 ovs0 eth0 missing);
my @TAGS = (1 .. 20, 4094, 4096, 16777215);
my @V4 = map { "10.0.$_.1" } 0 .. 5;
my @V6 =
    qw(fd00::1 fd00:0:0:1::1 2001:db8::1 ::1 fe80::1 ::ffff:10.0.0.1 1::2::3 12345:: fd00:: 1:2:3:4:5:6:7:8);
my @NODES = qw(localhost localhost other third);
my @MTUS = (1500, 9000, '1400', 1450, 0, '', '1400x', 1.5, '1e3');
my @PEERS = qw(192.168.0.1 192.168.0.2 192.168.0.3 10.0.0.7 fd00::2 192.168.0.250 host.example);

# Each option with the given probability.
sub _options {
    my ($probability, %makers) = @_;
    return map { $_ => $makers{$_}->() } subset($probability, sort keys %makers);
}

sub _peers {
    my @peers = map { pick(@PEERS) } 1 .. number_of(1, 5);
    return join(pick(',', ',', ', ', ' ', ';', ',,', "\0", "\t"), @peers)
        . pick(('') x 6, ',', ' ', "\n");
}

sub _nodes {
    return { map { $_ => pick(1, 1, 1, 0, undef) } subset(0.5, @NODES) };
}

sub _flag { return pick(1, 1, '1', 0, '0', undef) }

my %COMMON = (
    mtu => sub { pick(@MTUS) },
    ipam => sub { 'pve' },
    nodes => \&_nodes,
    'vlan-protocol' => sub { pick('802.1q', '802.1ad', '') },
    'vxlan-port' => sub { pick(4789, '8472', 0) },
    tag => sub { pick(@TAGS, 0, undef) },
    id => sub { pick(@ZONES) },
);

sub _zone {
    my ($controllers) = @_;
    my $type =
        pick((qw(simple vlan vlan qinq qinq vxlan evpn evpn)) x 12, 'faucet', 'other', undef);
    my %zone = (type => $type, _options(0.25, %COMMON));
    delete $zone{nodes} if chance(0.6);
    my $kind = $type // '';
    $zone{bridge} = pick(@BRIDGES, chance(0.1) ? ('', undef, 'a/b', 'x' x 20) : ())
        if $kind =~ /^(?:vlan|qinq)$/;
    $zone{tag} = pick(@TAGS) if $kind eq 'qinq' && chance(0.9);
    $zone{peers} = _peers() if $kind eq 'vxlan' && chance(0.95);
    $zone{'dp-id'} = pick(1, 255, '65536', 'x', -1, undef) if $kind eq 'faucet';

    if ($kind eq 'evpn') {
        %zone = (
            %zone,
            _options(
                0.5,
                'vrf-vxlan' => sub { pick(100, '200', 0) },
                mac => sub { pick('BC:24:11:00:00:01', '') },
                exitnodes => \&_nodes,
                'exitnodes-local-routing' => \&_flag,
                'disable-arp-nd-suppression' => \&_flag,
            ),
        );
        $zone{controller} = pick(@$controllers, 'missing') if chance(0.97);
    }
    return \%zone;
}

sub _vnet {
    my ($zones) = @_;
    my %vnet = (
        type => 'vnet',
        _options(
            0.35,
            alias => sub { pick('an alias', 'x', '', '0', "caf\xe9", "\x{263a}") },
            vlanaware => \&_flag,
            mac => sub { pick('BC:24:11:00:00:02', '') },
            'isolate-ports' => \&_flag,
        ),
    );
    $vnet{tag} = pick(@TAGS, chance(0.1) ? (0, '', undef, '5x') : ()) if chance(0.85);
    $vnet{zone} = chance(0.95) ? pick(@$zones) : pick('missing', '', undef) if chance(0.98);
    return \%vnet;
}

sub _controller {
    my $type = pick(qw(evpn evpn bgp isis));
    my %controller = (type => $type, node => pick(@NODES));
    $controller{peers} = _peers() if $type eq 'evpn' && chance(0.95);
    $controller{loopback} = pick(qw(lo0 vmbr0 vmbr1 dummy1), '', undef) if chance(0.5);
    $controller{id} = 'c' if chance(0.2);
    return \%controller;
}

sub _subnet_id {
    my ($zone) = @_;
    return "$zone-" . pick(@V4) =~ s/1$/0/r . '-' . pick(24, 24, 32, '24x', 0) if chance(0.6);
    return "$zone-" . pick(@V6) . '-' . pick(64, 32, 128) if chance(0.9);
    return pick('x', "$zone-", "$zone-10.0.0.0-24-", '10.0.0.0-24', 'a-b-c-d', '-', '--32');
}

sub _subnet {
    my ($vnets) = @_;
    my %subnet = (type => 'subnet', _options(0.5, snat => \&_flag));
    $subnet{vnet} = pick(@$vnets, chance(0.05) ? ('gone', '', undef) : ()) if chance(0.98);
    $subnet{gateway} = chance(0.9) ? pick(@V4, @V6) : pick('', 0, undef, "fd00::1\n", 'x:y')
        if chance(0.8);
    return \%subnet;
}

sub _ids {
    my ($make, @names) = @_;
    return { ids => { map { $_ => $make->($_) } @names } };
}

# A configuration in effect.
sub random_running {
    my @zones = subset(0.5, @ZONES);
    push @zones, 'z1' if !@zones;
    my @vnets = (subset(0.5, @VNETS), chance(0.15) ? subset(0.3, @ODD_VNETS) : ());
    my @controllers = subset(0.5, map { "c$_" } 0 .. 3);
    my %subnets = map { _subnet_id(pick(@zones)) => 1 } 1 .. number_of(0, 8);
    my %running = (
        version => pick(1, '2', 98, undef),
        zones => _ids(sub { _zone(\@controllers) }, @zones),
        vnets => _ids(sub { _vnet(\@zones) }, @vnets),
        subnets => _ids(sub { _subnet(\@vnets) }, @vnets ? sort keys %subnets : ()),
        controllers => _ids(sub { _controller() }, @controllers),
    );
    for my $kind (qw(zones vnets subnets controllers)) {
        next if !chance(0.02);
        $running{$kind} = pick(undef, {}, { ids => undef }, { ids => {} });
    }
    return \%running;
}

# Puts something strange into a configuration. Returns whether it is more than another scalar.
sub distorted {
    my ($running) = @_;
    my $kind = pick(qw(zones vnets subnets controllers));
    my $ids = ref($running->{$kind}) eq 'HASH' ? $running->{$kind}{ids} : undef;
    my $id = pick(sort keys %{ $ids // {} }) // return 0;
    if (chance(0.2)) {
        $ids->{$id} = pick(undef, '', 0, 'text', 5, [], {});
        return 1;
    }
    my $section = $ids->{$id};
    return 0 if ref($section) ne 'HASH';
    my $key = pick(sort keys %$section, 'nodes', 'exitnodes', 'mtu', 'alias') // return 0;
    my $strange = chance(0.3);
    $section->{$key} =
        $strange ? pick([], {}, [1], { a => 1 }) : pick(hostile_scalar(), hostile_text());
    return $strange || ref($section->{$key}) || $key =~ /nodes$/;
}

sub _bridge {
    return {
        vlan_aware => pick(0, 0, 1, undef),
        ovs => pick(0, 0, 0, 1),
        ports => [subset(0.5, qw(eth0 eth1 bond0))],
    };
}

sub _interfaces {
    my $text = "auto lo\niface lo inet loopback\n";
    my %seen;
    for my $name (qw(vmbr0 vmbr1 lo0 dummy1)) {
        next if !chance(0.7);
        my $address = pick(@PEERS[0 .. 3], '192.168.7.1', 'fd00::2');
        next if $seen{$address}++;
        my $family = $address =~ /:/ ? 'inet6' : 'inet';
        $text .= "iface $name $family static\n\taddress $address/24\n";
        $text .= "\tmtu 9000\n" if chance(0.3);
    }
    return $text;
}

# What a node is, as generate_raw_etc_network_config takes it.
sub random_node {
    my %routes;
    for my $target ('8.8.8.8', '2001:4860:4860::8888', @PEERS) {
        next if chance(0.2);
        $routes{$target} = {
            src => pick('192.168.0.1', '192.168.0.2', '10.9.9.9', undef, ''),
            dev => pick('vmbr0', 'eth7', undef),
        };
    }
    return {
        nodename => 'localhost',
        interfaces => _interfaces(),
        routes => \%routes,
        bridges => { map { $_ => _bridge() } subset(0.95, qw(vmbr0 vmbr1 vmbr2 ovs0 eth0)) },
    };
}

1;
