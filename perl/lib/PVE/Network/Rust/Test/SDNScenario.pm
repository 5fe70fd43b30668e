package PVE::Network::Rust::Test::SDNScenario;

# Random scenarios of SDN, see PVE::Network::Rust::Test::SDN.

use strict;
use warnings;

use Exporter qw(import);
use JSON;

our @EXPORT_OK = qw(dhcp_scenario random_scenario remote_scenario);

my @MACS = map { "BC:24:11:00:00:0$_" } 1 .. 4;
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
            [
                "z-fd00:$number\::-126",
                "start-address=fd00:$number\::1,end-address=fd00:$number\::3"
            ],
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
                map { [
                    'Vnets::add_next_free_cidr', $vnet, $name, $mac, $vmid, $skip, 1,
                    _pick(4, 6, '4', 5)
                ] } 1 .. 2
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

# Answers of servers, each right for some question.
my @ANSWERS = (
    (
        map { [200, 'OK', $_] }
            '{"results":[{"id":7,"address":"10.1.0.5/24","family":{"value":4}}]}',
        '{"results":[{"id":0,"address":"fd00:1::5/64","family":{"value":6}},'
            . '{"id":4,"address":"10.1.0.6/24","family":{"value":4}}]}',
        '{"results":[]}',
        '{"results":[],"data":[{"description":"gateway"}]}',
        '{"data":[{"id":"9","is_gateway":"1"}]}',
        '{"data":[{"id":9,"is_gateway":"0"}]}',
        '{"data":[]}',
        '{"data":"10.1.0.7","id":1}',
        '{"data":"fd00:1::7"}',
        '{"address":"10.1.0.9/24","id":3}',
        '{"address":"fd00:1::9/64"}',
        '{"rrsets":[{"name":"web.example.com.","type":"A","ttl":60,"records":['
            . '{"content":"10.1.0.2","disabled":false},{"content":"10.1.0.3","disabled":true}]},'
            . '{"name":"web.adm.example.com.","type":"AAAA","ttl":"70","records":['
            . '{"content":"fd00:1::2","disabled":false}]}]}',
        '{"rrsets":[]}',
        '{}', '', '', 'no json', '5', '"text"'
    ),
    [201, 'Created', '{"id":12}'],
    [204, 'No Content', ''],
    [404, 'Not Found', '{"code":404}'],
    [409, 'Already There', ''],
    [500, 'Internal Server Error', 'oops'],
);

sub _remote_call {
    my ($zone, $subnets) = @_;
    return _call($zone, $subnets) if rand() < 0.5;
    my ($name, $mac, $vmid) = _guest();
    my $skip = _maybe(0.3, 1);
    my $ip = _pick('10.1.0.2', '10.1.0.3', '10.1.0.4', 'fd00:1::2', 'FD00:1::A');
    return @{
        _pick(
            ['Vnets::add_ip', 'v1', $ip, 'web', $mac, $vmid, $skip],
            ['Vnets::update_ip', 'v1', $ip, 'web', 'db', $mac, $vmid, $skip],
            ['Vnets::del_ip', 'v1', $ip, 'web', $mac, $skip],
            ['Vnets::add_next_free_cidr', 'v1', 'web', $mac, 100, $skip],
            ['Vnets::get_ips_from_mac', 'v1', $mac],
        )
    };
}

# The scenario of a seed: NetBox or phpIPAM, PowerDNS.
sub remote_scenario {
    my ($seed) = @_;
    srand($seed);
    my $ipam = _pick(qw(nb php pve));
    my %zone = (type => 'simple', dhcp => 'dnsmasq', ipam => $ipam);
    my $has_dns = $ipam eq 'pve' || rand() < 0.5;
    @zone{qw(dns dnszone)} = ('pdns', 'example.com') if $has_dns;
    $zone{reversedns} = _pick('pdns', 'pdns', 'missing') if $has_dns && rand() < 0.7;
    my %range = _pick(
        [], ['dhcp-range' => ['start-address=10.1.0.2,end-address=10.1.0.4']]
    )->@*;
    my %subnets = (
        'z-10.1.0.0-24' => { type => 'subnet', vnet => 'v1', gateway => '10.1.0.1', %range },
        'z-8.8.8.0-24' => { type => 'subnet', vnet => 'v1' },
        _pick('z-fd00:1::-64', 'z-fd00:1::-63') => {
            type => 'subnet',
            vnet => 'v1',
            gateway => 'fd00:1::1',
            dnszoneprefix => 'adm',
        },
    );
    my %vnets = (v1 => { type => 'vnet', zone => 'z' });
    my %servers = (
        nb => { type => 'netbox', url => '%URL%', token => 'nb-secret' },
        php => { type => 'phpipam', url => '%URL%', token => 'php-secret', section => 3 },
    );
    my %dns = (pdns => { type => 'powerdns', url => '%URL%', key => 'dns-secret' });
    $dns{pdns}->{ttl} = 300 if rand() < 0.5;
    $dns{pdns}->{reversemaskv6} = 32 if rand() < 0.5;
    my %running = (version => 1, subnets => { ids => \%subnets }, vnets => { ids => \%vnets });
    my %files = (
        'sdn/zones.cfg' => _section_file(undef, { z => \%zone }),
        'sdn/vnets.cfg' => _section_file('vnet', \%vnets),
        'sdn/subnets.cfg' => _section_file('subnet', \%subnets),
        'sdn/ipams.cfg' => _section_file(undef, \%servers),
        'sdn/dns.cfg' => _section_file(undef, \%dns),
        'sdn/.running-config' => JSON->new->canonical->encode(\%running),
        '/etc/dnsmasq.d/z/ethers' => '',
    );
    my @answers = map { _pick(@ANSWERS) } 1 .. 40;
    my @calls = map { [_remote_call(\%zone, \%subnets)] } 1 .. 10;
    my $old = { 'dhcp-range' => [{ 'start-address' => '10.1.0.8', 'end-address' => '10.1.0.9' }] };
    my $new = {
        %{ $subnets{'z-10.1.0.0-24'} },
        zone => 'z',
        network => '10.1.0.0',
        mask => '24',
        id => 'z-10.1.0.0-24',
        cidr => '10.1.0.0/24',
    };
    push @calls, ['Subnets::update_subnet', \%zone, 'z-10.1.0.0-24', $new, $old];
    return { name => "remote $seed", files => \%files, answers => \@answers, calls => \@calls };
}

# The scenario of a seed: the servers of zones are set up, some of which something is wrong with.
sub dhcp_scenario {
    my ($seed) = @_;
    srand($seed);
    my %zones;
    for my $id (qw(z other)) {
        my %zone = (type => 'simple', ipam => 'pve');
        $zone{dhcp} = rand() < 0.03 ? 'kea' : 'dnsmasq' if rand() < 0.8;
        $zone{mtu} = _pick(1300, '9000') if rand() < 0.4;
        %zone = (%zone, type => 'vlan', bridge => 'vmbr0') if rand() < 0.05;
        $zones{$id} = \%zone;
    }
    my %vnets = map { $_ => { type => 'vnet', zone => _pick('z', 'z', 'other') } } qw(v1 v2 v3);
    my %subnets;
    for my $number (0 .. 4) {
        my ($network, $gateway, $server) = @{
            _pick(
                ["10.$number.0.0-24", "10.$number.0.1", "10.$number.0.2"],
                ["10.$number.0.0-30", "10.$number.0.1", "10.$number.0.2"],
                ["10.$number.0.7-32", "10.$number.0.7", '8.8.8.8'],
                ["fd00:$number\::-64", "fd00:$number\::1", "fd00:$number\::2"],
                ["fd00:$number\::-63", "fd00:$number\::1", '2001:4860::1'],
            )
        };
        my %options = (type => 'subnet', vnet => _pick(sort keys %vnets));
        $options{gateway} = $gateway if rand() < 0.8;
        $options{'dhcp-dns-server'} = $server if rand() < 0.5;
        $options{'dhcp-range'} = ["start-address=$gateway,end-address=$server"] if rand() < 0.5;
        $subnets{ _pick('z', 'z', 'other') . "-$network" } = \%options;
    }
    my %running = (
        version => 1,
        zones => { ids => \%zones },
        vnets => { ids => \%vnets },
        subnets => { ids => {} },
    );
    delete @running{qw(zones subnets)} if rand() < 0.05;
    my %files = (
        'sdn/zones.cfg' => _section_file(undef, \%zones),
        'sdn/vnets.cfg' => _section_file('vnet', \%vnets),
        'sdn/subnets.cfg' => _section_file('subnet', \%subnets),
        'sdn/.running-config' => JSON->new->canonical->encode(\%running),
        '/etc/default/README' => '',
        '/etc/dbus-1/system.d/README' => '',
        '/etc/dnsmasq.d/README' => '',
    );
    $files{"/etc/dnsmasq.d/z/$_"} = "interface=old\n"
        for grep { rand() < 0.5 } qw(10-v1.conf 10-old.conf 20-kept.conf);
    my %scenario = (
        name => "dhcp $seed",
        files => \%files,
        calls => [['Dhcp::regenerate_config', _maybe(0.5, 1)], ['Dhcp::regenerate_config']],
        dnsmasq => rand() < 0.9 ? 1 : 0,
    );
    my @may_fail = (
        'stop dnsmasq@*',
        'disable dnsmasq@',
        'reload dbus',
        'enable dnsmasq@z',
        'restart dnsmasq@z'
    );
    $scenario{failing} = _pick(@may_fail) if rand() < 0.2;
    return \%scenario;
}

1;
