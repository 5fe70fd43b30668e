#!/usr/bin/perl
# Guests get the addresses of their mappings from a real dnsmasq that runs with the configuration that is written for it,
# by DHCP and DHCPv6; others get none; an address that is another guest's now is that one's at once.

use strict;
use warnings;

use JSON::PP;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep);

use lib 'perl/lib', 't/lib';
use Command qw(must);
use OwnNamespace;
use DnsmasqHost;
use PVE::Network::Rust::SDN;
use PVE::Network::Rust::SDN::Subnets;

my ($WEB, $DB, $STRANGER) = map { "BC:24:11:00:00:0$_" } 1 .. 3;
my $host = DnsmasqHost->start();
$ENV{PATH} = $host->path . ":$ENV{PATH}";    ## no critic (RequireLocalizedPunctuationVars)

# The VNet's bridge as ifupdown2 makes it, with a guest on it whose other end is in a namespace of its own.
my $guest = fork() // die "fork: $!\n";
if (!$guest) {
    exec(qw(unshare --net sleep 600)) or POSIX::_exit(127);
}

END {
    local ($?, $!);
    if ($guest) {
        kill('KILL', $guest);
        waitpid($guest, 0);
    }
}
my $own = readlink('/proc/self/ns/net');
sleep(0.01) while (readlink("/proc/$guest/ns/net") // $own) eq $own;
my @inside = ('nsenter', "--net=/proc/$guest/ns/net");
must(split(/ /))
    for (
    'ip link set lo up',
    # Addresses that are there at once.
    'sysctl -q -w net.ipv6.conf.default.addr_gen_mode=1',
    'ip link add v1 type bridge',
    'ip link set v1 up',
    'ip address add 10.0.0.1/24 dev v1',
    'ip address add fe80::1/64 dev v1 nodad',
    'ip address add fd00::1/64 dev v1 nodad',
    "ip link add veth100i0 type veth peer name eth0 address $WEB netns $guest",
    'ip link set veth100i0 master v1 up',
    );
must(@inside, split(/ /))
    for (
    'sysctl -q -w net.ipv6.conf.eth0.addr_gen_mode=1',
    'ip link set eth0 up',
    'ip address add fe80::100/64 dev eth0 nodad'
    );

sub ask {
    my (@question) = @_;
    my @client = ($^X, '-It/lib', '-MDHCPClient', '-e', 'DHCPClient::main(@ARGV)', @question);
    open(my $out, '-|', @inside, @client) or die "nsenter: $!\n";
    local $/ = undef;
    return decode_json(<$out> || '{}');
}

sub change_mac {
    my ($mac) = @_;
    must(@inside, split(/ /)) for ('ip link set eth0 down', "ip link set eth0 address $mac up");
    return;
}

my $zone = { type => 'simple', ipam => 'pve', dhcp => 'dnsmasq', mtu => 1400 };
my %subnets = (
    'z-10.0.0.0-24' => {
        type => 'subnet',
        vnet => 'v1',
        gateway => '10.0.0.1',
        'dhcp-range' => ['start-address=10.0.0.50,end-address=10.0.0.60'],
        'dhcp-dns-server' => '10.0.0.53',
    },
    'z-fd00::-64' => {
        type => 'subnet',
        vnet => 'v1',
        gateway => 'fd00::1',
        'dhcp-range' => ['start-address=fd00::50,end-address=fd00::60'],
        'dhcp-dns-server' => 'fd00::53'
    },
);

sub configure {
    my ($with_dhcp) = @_;
    my %in_effect = %$zone;
    delete $in_effect{dhcp} if !$with_dhcp;
    my $vnets = { v1 => { type => 'vnet', zone => 'z' } };
    my $running = {
        zones => { ids => { z => \%in_effect } },
        vnets => { ids => $vnets },
        subnets => { ids => \%subnets },
    };
    my $file = sub { DnsmasqHost::write_file("/etc/pve/sdn/$_[0]", $_[1]) };
    $file->('zones.cfg', "simple: z\n\tipam pve\n\tdhcp dnsmasq\n\tmtu 1400\n");
    $file->('vnets.cfg', "vnet: v1\n\tzone z\n");
    my $text = '';
    for my $id (sort keys %subnets) {
        $text .= "subnet: $id\n";
        for my $key (grep { $_ ne 'type' } sort keys %{ $subnets{$id} }) {
            my $value = $subnets{$id}{$key};
            $text .= "\t$key " . (ref($value) ? $value->[0] : $value) . "\n";
        }
        $text .= "\n";
    }
    $file->('subnets.cfg', $text);
    $file->('.running-config', encode_json($running));
    return;
}

configure(1);
for my $id (sort keys %subnets) {
    PVE::Network::Rust::SDN::Subnets::add_subnet($zone, $id, $subnets{$id});
    my ($network, $mask) = $id =~ /^z-(.*)-(.*)$/;
    my %subnet =
        (
        %{ $subnets{$id} },
        zone => 'z',
        id => $id,
        cidr => "$network/$mask",
        network => $network,
        mask => $mask
        );
    PVE::Network::Rust::SDN::Subnets::add_ip(
        $zone, $id, \%subnet, $subnet{gateway}, 'gateway', undef, undef, 1
    );
}
PVE::Network::Rust::SDN::regenerate_config();
is_deeply(
    $host->told,
    ['stop dnsmasq@*', 'disable dnsmasq@', 'reload dbus', 'enable dnsmasq@z', 'restart dnsmasq@z'],
    'the server is set up'
);
my $server = $host->server('z');
ok($server, '… and runs with what was written') or diag($host->log_text);

PVE::Network::Rust::SDN::add_dhcp_mapping('v1', $WEB, 100, 'web');
is_deeply($host->told, ['reload dnsmasq@z'], 'a guest is told of to the server');
is_deeply(
    [PVE::Network::Rust::SDN::get_ips_from_mac('v1', $WEB)],
    ['10.0.0.50', 'fd00::50'],
    '… with the first free addresses of the ranges'
);
my $got = ask('ask4', 'eth0', $WEB, $STRANGER);
is_deeply(
    $got,
    {
        offer => '10.0.0.50',
        given => '10.0.0.50',
        mask => '255.255.255.0',
        router => '10.0.0.1',
        server => '10.0.0.53',
        mtu => 1400,
        lease => 0xffff_ffff,
        strangers => {},
    },
    'it gets its address by DHCP, and one without a mapping gets none'
) or diag(explain($got), $host->log_text);
$got = ask('ask6', 'eth0', $WEB);
is_deeply(
    $got,
    { offer => 'fd00::50', given => 'fd00::50', dns => 'fd00::53' },
    '… and by DHCPv6'
) or diag(explain($got), $host->log_text);

# The addresses go to another guest. The server has leases of the first one.
PVE::Network::Rust::SDN::del_ips_from_mac('v1', $WEB, 'web');
PVE::Network::Rust::SDN::add_dhcp_mapping('v1', $DB, 101, 'db');
change_mac($DB);
$got = ask('ask4', 'eth0', $DB, $WEB);
is($got->{given}, '10.0.0.50', 'an address is at once that of the guest that has it now')
    or diag(explain($got), $host->log_text);
is_deeply($got->{strangers}, {}, '… and the one that had it gets none');
PVE::Network::Rust::SDN::add_mapping('v1', $DB, '10.0.0.50', 'fd00::50');
is($host->server('z'), $server, '… by the same server');
my @reloads = grep { $_ ne 'reload dnsmasq@z' } @{ $host->told };
is_deeply(\@reloads, [], '… which reads its file again');

# Without DHCP in the zone there is no server any more.
configure(0);
PVE::Network::Rust::SDN::regenerate_config();
is($host->server('z'), undef, 'without a zone that wants one the server is stopped');
is_deeply($host->told, ['stop dnsmasq@*', 'disable dnsmasq@'], '… and not started again');

done_testing();
