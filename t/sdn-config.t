#!/usr/bin/perl
# SDN's files beyond the recorded cases: large and strange input, effects on the caller's data, changes to an object, and
# the hooks, with the configurations given and with those of the cluster.

use strict;
use warnings;

use File::Path qw(make_path);
use File::Temp qw(tempdir);
use JSON::XS;
use Test::More;

use lib qw(t/lib perl/lib);
use Vectors qw(outcome);

my $PACKAGE = 'PVE::Network::Rust::SDN';
my %FILE = map { ("${PACKAGE}::$_" => 'sdn/' . lc($_) . '.cfg') }
    qw(Zones Vnets Subnets Controllers Ipams Dns Fabrics);
require $_ =~ s{::}{/}gr . '.pm' for keys %FILE;
my ($ZONES, $VNETS, $SUBNETS) = map { "${PACKAGE}::$_" } qw(Zones Vnets Subnets);

# A host whose cluster has some objects.
my $root = tempdir(CLEANUP => 1);
$ENV{PVE_RUST_ROOT} = $root;    ## no critic (RequireLocalizedPunctuationVars)

sub write_file {
    my ($name, $text) = @_;
    make_path("$root/etc/pve/sdn");
    open(my $out, '>', "$root/etc/pve/$name") or die "open $name: $!\n";
    print {$out} $text;
    close($out) or die "close $name: $!\n";
    return;
}

write_file('datacenter.cfg', "mac_prefix: BC:24:12\n");
write_file('sdn/zones.cfg', "vlan: z1\n\tbridge vmbr0\n\nsimple: z2\n");
write_file('sdn/vnets.cfg', "vnet: v1\n\tzone z1\n\ttag 5\n\nvnet: v2\n\tzone z2\n\tvlanaware 1\n");
write_file('sdn/subnets.cfg', "subnet: z1-10.0.0.0-24\n\tvnet v1\n");
write_file('sdn/controllers.cfg', "evpn: c1\n\tasn 65000\n\tpeers 10.0.0.1\n");

sub error_of {
    my ($code) = @_;
    my ($got) = outcome($code);
    return $got->{error}{text};
}

sub errors_of {
    my ($code) = @_;
    my ($got) = outcome($code);
    return $got->{error}{errors};
}

subtest 'large input' => sub {
    my $mib = 'x' x (1 << 20);
    my $raw = "vnet: v1\n\tzone $mib\n\t$mib 1\n$mib\n#$mib\n\n$mib: v2\n\n";
    my ($got, $warnings) = outcome(sub { $VNETS->parse_config('vnets.cfg', $raw) });
    is($got->{ok}{ids}{v1}{zone}, $mib, 'a value of 1 MiB');
    is_deeply([map { length > 1 << 20 } @$warnings], [1, 1, 1], 'warnings are told in full');
    my $many = join('', map { "vnet: v$_\n\ttag $_\n\tzone z\n\n" } 1 .. 50_000);
    my $cfg = $VNETS->parse_config('vnets.cfg', $many);
    is(scalar(keys %{ $cfg->{ids} }), 50_000, '50,000 VNets');
    is(
        $VNETS->write_config('vnets.cfg', $cfg),
        $many =~ s/(\ttag \d+\n)(\tzone z\n)/$2$1/gr,
        'are written'
    );
    my $ranges = join('', map { "\tdhcp-range start-address=$_,end-address=$_\n" } 1 .. 50_000);
    $cfg = $SUBNETS->parse_config('subnets.cfg', "subnet: s\n\tvnet v\n$ranges");
    is(scalar(@{ $cfg->{ids}{s}{'dhcp-range'} }), 50_000, 'a list of 50,000');
};

subtest 'arguments' => sub {
    for my $package (sort keys %FILE) {
        my $cfg = $package->parse_config(undef, undef);
        is_deeply([@$cfg{qw(ids order)}], [{}, {}], "$package: undef is an empty file");
        my $unknown =
            { ids => { u1 => { type => 'unknown', b => [1, 2], a => 'x' } }, order => {} };
        my $write = sub { $package->write_config(undef, $unknown, @_) };
        is(error_of($write), "unknown section type 'unknown'\n", 'an unknown type is refused');
        is($write->(1), "unknown: u1\n\ta x\n\tb 1\n\tb 2\n\n", 'or written as it stands');
        is_deeply($unknown->{order}, { u1 => 1 }, 'and given a place');
        $cfg = $package->parse_config('f', $write->(1), 1);
        is_deeply(
            $cfg->{ids}, { u1 => { type => 'unknown', b => ['1', '2'], a => 'x' } },
            'and read'
        );
        my $direct = $package->can('parse_config');
        is_deeply($direct->('PVE::Other', 'f', $write->(1), 1), $cfg, 'whatever the invocant is');
    }
    my $cfg = { ids => { z1 => { type => 'simple', nodes => { b => 1, a => 0 } } } };
    is($ZONES->write_config('f', $cfg), "simple: z1\n\tnodes a,b\n\n", 'nodes are sorted');
    $cfg->{ids}{z1}{nodes} = 'a';
    like(
        error_of(sub { $ZONES->write_config('f', $cfg) }),
        qr/^Can't use string \("a"\) as a HASH ref/
    );
};

subtest 'a change' => sub {
    my %new = (bridge => 'vmbr0', nodes => 'b,a', mtu => '1500');
    is_deeply(
        $ZONES->check_config('vlan', 'z1', \%new, 1),
        { type => 'vlan', bridge => 'vmbr0', nodes => { a => 1, b => 1 }, mtu => 1500 },
        'a new zone'
    );
    is(
        error_of(sub { $ZONES->check_config('vlan', 'z1', {}, 1) }),
        "missing value for required option 'bridge'\n"
    );
    is(
        error_of(sub { $ZONES->check_config('none', 'z1', {}, 1) }),
        "unknown section type 'none'\n"
    );
    is_deeply($VNETS->check_config('v1', { tag => '5' }), { type => 'vnet', tag => 5 });
    is(
        error_of(sub { $VNETS->check_config('v1', { tag => '0' }) }),
        "value must have a minimum value of 1\n"
    );
    my $range = ['start-address=10.0.0.1,end-address=10.0.0.9'];
    is_deeply(
        $SUBNETS->check_config('s', { vnet => 'v1', 'dhcp-range' => $range }, 1, 1),
        { type => 'subnet', vnet => 'v1', 'dhcp-range' => $range },
        'a list'
    );
    is_deeply($VNETS->delete_from_config({ zone => 'z', tag => 5 }, {}, ['tag']), { zone => 'z' });
    is(
        error_of(sub { $VNETS->delete_from_config({ zone => 'z' }, {}, ['zone']) }),
        "unable to delete required option 'zone'\n"
    );
    is(
        error_of(sub { $ZONES->delete_from_config('vlan', {}, { mtu => 1 }, ['mtu']) }),
        "cannot set and delete property 'mtu' at the same time!\n"
    );
    my $properties = $ZONES->create_schema()->{properties};
    is_deeply(
        $properties->{type}{enum},
        [qw(evpn faucet qinq simple vlan vxlan)],
        'all types, sorted'
    );
    is_deeply(
        [sort keys %{ $VNETS->update_schema()->{properties} }],
        [qw(alias delete digest isolate-ports tag vlanaware vnet zone)]
    );
    my $update = $SUBNETS->update_schema(undef, { 'lock-token' => { type => 'string' } });
    is($update->{properties}{'dhcp-range'}{items}{format}, 'pve-sdn-dhcp-range', 'a list');
    is($update->{properties}{'lock-token'}{type}, 'string', 'further properties');
};

subtest 'hooks' => sub {
    my $vnets = { ids => { a => { zone => 's', type => 'vnet' }, b => { zone => 'l', tag => 5 } } };
    my $zones = { ids => { s => { type => 'simple' }, l => { type => 'vlan' } } };
    $ZONES->vnet_update_hook($vnets, 'a', $zones);
    like(
        $vnets->{ids}{a}{mac},
        qr/^BC:24:12:[0-9A-F:]{8}$/, 'a VNet of a simple zone has an address'
    );
    my $mac = $vnets->{ids}{a}{mac};
    $ZONES->vnet_update_hook($vnets, 'a', $zones);
    is($vnets->{ids}{a}{mac}, $mac, 'and keeps it');
    $vnets->{ids}{c} = { zone => 'l', tag => '5' };
    my $update = sub { $ZONES->vnet_update_hook($vnets, 'c', $zones) };
    is_deeply(
        errors_of($update), { tag => 'tag 5 already exist in vnet b' },
        'a tag that is taken'
    );
    is(
        error_of($update),
        "400 Parameter verification failed.\ntag: tag 5 already exist in vnet b\n"
    );
    is(
        error_of(sub { $ZONES->on_delete_hook('s', $vnets) }),
        "zone s is used by vnet a.\n",
        'a zone in use'
    );
    my $controllers = { ids => { c => { type => 'evpn' } } };
    $zones->{ids}{e} = { type => 'evpn', controller => 'c', 'vrf-vxlan' => 5 };
    $ZONES->on_update_hook('e', $zones, $controllers);
    like($zones->{ids}{e}{mac}, qr/^BC:24:12:/, 'an EVPN zone has an address');
    is(
        error_of(sub { $ZONES->on_update_hook('e', $zones, {}) }),
        "controller c don't exist.\n",
        'and needs its controller'
    );
    is(error_of(sub { $ZONES->on_update_hook('x', $zones) }), "cannot lookup undefined type!.\n");
    my $delete = sub { "${PACKAGE}::Controllers"->on_delete_hook('c', $zones, $controllers) };
    is(error_of($delete), "controller c is used by e.\n");
    my $second = { ids => { c1 => { type => 'evpn', peers => 'p' }, c2 => { type => 'evpn' } } };
    is(
        error_of(sub { "${PACKAGE}::Controllers"->on_update_hook('c1', $second) }),
        "only 1 global evpn controller can be defined.\n"
    );
    is("${PACKAGE}::Ipams"->on_update_hook({ type => 'pve' }), undef, 'the own IPAM is there');
    is(
        error_of(sub { "${PACKAGE}::Dns"->on_update_hook({ type => 'x' }) }),
        "unknown section type 'x'\n"
    );
};

subtest 'hooks with the configuration of the cluster' => sub {
    is_deeply(
        errors_of(sub { $VNETS->on_delete_hook('v1') }),
        { vnet => "Can't delete vnet if subnets exists" }
    );
    is(error_of(sub { $VNETS->on_delete_hook('v2') }), undef, 'a VNet without subnets');
    my $vnets = { ids => { v1 => { vlanaware => 1 } } };
    is_deeply(
        errors_of(sub { $VNETS->on_update_hook('v1', $vnets) }),
        { vlanaware => 'vlanaware vnet is not compatible with subnets' }
    );
    is(error_of(sub { $VNETS->on_update_hook('v1', $vnets, {}) }), undef, 'without subnets');
    my $zones = { ids => { e => { type => 'evpn', controller => 'c1', 'vrf-vxlan' => 1 } } };
    is(error_of(sub { $ZONES->on_update_hook('e', $zones) }), undef, 'the controller is there');
    my $subnet = { vnet => 'v2', cidr => '10.0.0.0/24', mask => '24', gateway => '10.0.1.1' };
    my $check = sub { $SUBNETS->can('check_subnet')->($subnet) };
    is_deeply(errors_of($check), { vnet => "you can't add a subnet on a vlanaware vnet" });
    $subnet->{vnet} = 'v1';
    is_deeply(errors_of($check), { gateway => '10.0.1.1 is not in subnet 10.0.0.0/24' });
    is_deeply($SUBNETS->can('validate')->(), [], 'nothing is wrong with the subnets');
};

subtest 'a subnet that is written' => sub {
    write_file('sdn/pve-ipam-state.json', '{"zones":{}}');
    make_path("$root/etc/pve/priv/lock");
    my $zone = { type => 'simple', ipam => 'pve' };
    my $id = 'z1-10.0.0.0-24';
    my $subnet = {
        id => $id,
        vnet => 'v1',
        cidr => '10.0.0.0/24',
        network => '10.0.0.0',
        mask => '24',
        zone => 'z1',
        gateway => '10.0.0.1',
    };
    my $state = sub {
        open(my $in, '<', "$root/etc/pve/sdn/pve-ipam-state.json") or die "open: $!\n";
        local $/ = undef;
        my $zones = JSON::XS::decode_json(<$in>)->{zones};
        return [sort keys %{ $zones->{z1}{subnets}{'10.0.0.0/24'}{ips} }];
    };
    $SUBNETS->on_update_hook($zone, $id, $subnet);
    is_deeply($state->(), ['10.0.0.1'], 'the gateway of a new subnet has its address');
    my $old = {%$subnet};
    $subnet->{gateway} = '10.0.0.2';
    $SUBNETS->on_update_hook($zone, $id, $subnet, $old);
    is_deeply(
        $state->(), ['10.0.0.2'],
        'a changed one has its new address, and the old one is free'
    );
    delete $subnet->{gateway};
    $SUBNETS->on_update_hook($zone, $id, $subnet, { %$subnet, gateway => '10.0.0.2' });
    is_deeply($state->(), [], 'without a gateway it is free');
    my (undef, $warnings) = outcome(sub {
        $SUBNETS->on_update_hook($zone, $id, $subnet, { %$subnet, gateway => '10.0.0.9' });
    });
    is_deeply($warnings, ["IP '10.0.0.9' does not exist in IPAM DB\n\t...caught.\n"], 'a warning');
    is($SUBNETS->on_delete_hook($id, {}, {}), undef, 'nothing is checked of one that is deleted');
};

subtest 'fabrics' => sub {
    my $fabrics = "${PACKAGE}::Fabrics";
    my $raw = "openfabric_fabric: f\n\tip_prefix 10.0.0.0/24\n\thello_interval 5\n\n"
        . "openfabric_node: f_n\n\tinterfaces name=eth0\n\tinterfaces name=eth1\n\tip 10.0.0.1\n\n";
    my $cfg = $fabrics->parse_config('sdn/fabrics.cfg', $raw);
    is_deeply(
        $cfg->{ids},
        {
            f => {
                type => 'openfabric_fabric',
                id => 'f',
                ip_prefix => '10.0.0.0/24',
                hello_interval => 5,
            },
            f_n => {
                type => 'openfabric_node',
                id => 'f_n',
                ip => '10.0.0.1',
                interfaces => ['name=eth0', 'name=eth1'],
            },
        },
        'as in the configuration in effect'
    );
    is(
        $fabrics->write_config('sdn/fabrics.cfg', $cfg),
        $raw =~ s/(\tip_prefix.*\n)(\thello.*\n)/$2$1/r,
        'written'
    );
};

done_testing();
