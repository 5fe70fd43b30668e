package PVE::Network::Rust::Test::SDNScenario;

# Random scenarios of SDN, see PVE::Network::Rust::Test::SDN.

use strict;
use warnings;

use Exporter qw(import);
use JSON;

our @EXPORT_OK = qw(random_scenario);

my @MACS = map { "BC:24:11:00:00:0$_" } 1 .. 4;
my $NETWORK = '10.0.0.0';

sub _pick { return $_[rand(@_)] }

sub _maybe {
    my ($chance, $value) = @_;
    return rand() < $chance ? $value : undef;
}

# A subnet's id and options.
sub _subnet {
    my ($number) = @_;
    my ($id, $range) = @{
        _pick(
            ["z-10.$number.0.0-29", "start-address=10.$number.0.2,end-address=10.$number.0.4"],
            ["z-10.$number.0.0-30", "start-address=10.$number.0.1,end-address=10.$number.0.2"],
            ["z-10.$number.0.5-29", "start-address=10.$number.0.3,end-address=10.$number.0.2"],
            ["z-10.$number.0.0-24", "start-address=10.$number.0.254,end-address=10.$number.1.2"],
            ["z-10.$number.0.1-32", "start-address=10.$number.0.1,end-address=10.$number.0.1"],
            ["z-10.$number.0.0-31", "start-address=10.$number.0.0"],
            ["z-fd00:$number\::-126", "start-address=fd00:$number\::1,end-address=fd00:$number\::3"],
            ["z-fd00:$number\::-64", "start-address=FD00:$number\::A,end-address=fd00:$number\::b"],
            ["z-fd00:$number\::5-128", "start-address=fd00:$number\::5,end-address=10.0.0.1"],
        )
    };
    my $gateway = $id =~ /:/ ? "fd00:$number\::1" : "10.$number.0.1";
    my %options = (type => 'subnet', vnet => _pick('v1', 'v1', 'v2'));
    $options{gateway} = $gateway if rand() < 0.7;
    $options{'dhcp-range'} = [$range] if rand() < 0.5;
    push @{ $options{'dhcp-range'} }, $range =~ s/\.0\.(\d)/.0.5/gr if rand() < 0.2;
    $options{dnszoneprefix} = 'adm' if rand() < 0.2;
    return ($id, \%options);
}

sub _section_file {
    my ($type, $objects) = @_;
    my $text = '';
    for my $id (sort keys %$objects) {
        my %options = %{ $objects->{$id} };
        $text .= ($type // $options{type}) . ": $id\n";
        delete $options{type};
        for my $key (sort keys %options) {
            my @values = ref($options{$key}) ? @{ $options{$key} } : ($options{$key});
            $text .= "\t$key $_\n" for @values;
        }
        $text .= "\n";
    }
    return $text;
}

# Addresses that a call may name: some of subnets, some not, some not in canonical form.
sub _address {
    my $number = int(rand(3));
    return _pick(
        (map { "10.$number.0.$_" } 0 .. 6, '03'),
        (map { "fd00:$number\::$_" } 1 .. 3, 'B', '0:0:0'),
        '192.168.1.1', 'fe80::1', '10.0.0', 'host.invalid.', ''
    );
}

sub _guest { return (_pick('web', 'db', undef, 'caf'), _pick(@MACS), _pick(100, '101', undef)) }

sub _call {
    my ($zone, $subnets) = @_;
    my $vnet = _pick(('v1') x 6, 'v2', 'v3', 'nope', '');
    my ($name, $mac, $vmid) = _guest();
    my $skip = _maybe(0.3, 1);
    my $id = _pick(sort keys %$subnets);
    my ($in_zone, $network, $mask) = split(/-/, $id);
    my $subnet = {
        %{ $subnets->{$id} },
        id => $id,
        zone => $in_zone,
        network => $network,
        mask => $mask,
        cidr => "$network/$mask",
    };
    return @{
        _pick(
            (map { ['Vnets::add_next_free_cidr', $vnet, $name, $mac, $vmid, $skip] } 1 .. 4),
            (
                map {
                    [
                        'Vnets::add_next_free_cidr', $vnet, $name, $mac, $vmid, $skip, 1,
                        _pick(4, 6, '4', 5)
                    ]
                } 1 .. 2
            ),
            (map { ['Vnets::add_ip', $vnet, _address(), $name, $mac, $vmid, $skip] } 1 .. 3),
            ['Vnets::update_ip', $vnet, _address(), $name, 'web', $mac, $vmid, $skip],
            (map { ['Vnets::del_ip', $vnet, _address(), $name, $mac, $skip] } 1 .. 2),
            ['Vnets::get_ips_from_mac', $vnet, $mac],
            (map { ['Vnets::del_ips_from_mac', $vnet, $mac, $name] } 1 .. 2),
            ['Vnets::get_vnet', $vnet, _maybe(0.5, 1)],
            ['Vnets::get_subnets', _pick($vnet, undef), _maybe(0.5, 1)],
            ['Vnets::add_dhcp_mapping', $vnet, $mac, _pick(100, '101'), 'web'],
            ['Subnets::add_subnet', $zone, $id, $subnet],
            ['Subnets::add_ip', $zone, $id, $subnet, $subnet->{gateway}, 'gw', undef, undef, 1],
            ['Subnets::del_ip', $zone, $id, $subnet, $subnet->{gateway}],
            ['Subnets::del_subnet', $zone, $id, $subnet],
            ['Dhcp::add_mapping', $vnet, $mac, _maybe(0.7, '10.1.0.2'), _maybe(0.5, 'fd00:1::2')],
        )
    };
}

# The scenario of a seed: the cluster's own IPAM, no DNS.
sub random_scenario {
    my ($seed) = @_;
    srand($seed);
    my %zone = (type => 'simple', dhcp => 'dnsmasq', ipam => 'pve');
    delete $zone{ _pick(qw(dhcp ipam)) } if rand() < 0.05;
    my %zones = (z => \%zone, other => { type => 'simple', ipam => 'pve', dhcp => 'dnsmasq' });
    my %vnets = (
        v1 => { type => 'vnet', zone => 'z' },
        v2 => { type => 'vnet', zone => _pick('z', 'other', 'gone') },
        v3 => { type => 'vnet', zone => 'z', alias => 'no subnets' },
    );
    my %subnets = map { _subnet($_) } 0 .. 2;
    my %running = (
        version => 1,
        zones => { ids => \%zones },
        vnets => { ids => \%vnets },
        subnets => { ids => \%subnets },
    );
    my %files = (
        'sdn/zones.cfg' => _section_file(undef, \%zones),
        'sdn/vnets.cfg' => _section_file('vnet', \%vnets),
        'sdn/subnets.cfg' => _section_file('subnet', \%subnets),
        'sdn/.running-config' => JSON->new->canonical->encode(\%running),
        '/etc/dnsmasq.d/z/ethers' => _pick('', "$MACS[0],10.1.0.9\n\nxx\n", "$MACS[1]\n,,\n"),
    );
    my @calls;
    for my $id (sort keys %subnets) {
        next if rand() < 0.1;
        my ($in_zone, $network, $mask) = split(/-/, $id);
        my $subnet = { id => $id, zone => $in_zone, network => $network, mask => $mask };
        $subnet->{cidr} = "$network/$mask";
        push @calls, ['Subnets::add_subnet', \%zone, $id, { %{ $subnets{$id} }, %$subnet }];
    }
    push @calls, [_call(\%zone, \%subnets)] for 1 .. 12;
    return { name => "random $seed", files => \%files, calls => \@calls };
}

1;
