package LinkDetails;

# Links of all kinds in the namespace at hand, and a comparison of what the library says of them with what iproute2 does.

use strict;
use warnings;

use B ();
use Exporter qw(import);
use JSON::XS ();
use Time::HiRes qw(sleep);

our @EXPORT_OK = qw(compare_links compare_links_read json_of make_links type_of);

# One command each, without `ip`. The ones that make a link come before those that need it.
my @COMMANDS = (
    'link add br0 type bridge',
    'link add br1 type bridge vlan_filtering 1 vlan_default_pvid 5 stp_state 1 group_fwd_mask 0x4008',
    'link set br1 type bridge mcast_querier 1 mcast_vlan_snooping 0 no_linklocal_learn 1',
    'link set br1 up',
    'link add va type veth peer name vb',
    'link add vc mtu 1400 type veth peer name vd',
    'link set va master br0',
    'link set va up',
    'link set vc master br1',
    'link set vc type bridge_slave isolated on learning off hairpin on group_fwd_mask 0x4008',
    'link add ve type veth peer name vf',
    'link set ve master br1',
    'link set vc type bridge_slave backup_port ve',
    'link set vd up',
    'link set vc up',
    'link set br0 up',
    "link set vb alias h\xc3\xa4llo",
    'link property add dev vb altname alt0 altname enx0011',
    'link set vb group 7',
    'link set vb up',
    'link set vd txqueuelen 0',
    'link add bond0 type bond mode 802.3ad miimon 100',
    'link add bond1 type bond mode active-backup arp_interval 100 arp_ip_target 10.0.0.1,10.0.0.2 arp_validate 1',
    'link add bs0 type veth peer name bs1',
    'link set bs0 master bond0',
    'link set bond0 up',
    'link set bs1 up',
    'link add bs2 type veth peer name bs3',
    'link set bs2 master bond1',
    'link set bond1 type bond primary bs2',
    'link set bond1 up',
    'link add link vb name vb.5 type vlan id 5',
    'link add link vb name vb.6 type vlan proto 802.1ad id 6 gvrp on loose_binding on'
        . ' ingress-qos-map 1:2 egress-qos-map 3:4 2:1',
    'link add vx0 type vxlan id 100 local 10.0.0.1 remote 10.0.0.2 dstport 4789 nolearning',
    'link add vx1 type vxlan id 101 group 239.1.1.1 dev vb dstport 4789 ttl 5 tos 4 df set',
    'link add vx2 type vxlan id 102 local fd00::1 remote fd00::2 dstport 4789 udp6zerocsumtx',
    'link add vx3 type vxlan dstport 4790 external',
    'link add gnv0 type geneve id 5 remote 10.0.0.9 ttl 3 dstport 6081',
    'link add dm0 type dummy',
    'link set dm0 up',
    'link set dm0 master br0',
    'link add ifb9 type ifb',
    'link add link vb name mv0 type macvlan mode bridge',
    'link add link vb name mv1 type macvtap mode vepa',
    'link add link vb name mv2 type macvlan mode source macaddr add 02:00:00:00:00:09',
    'link add link vd name iv0 type ipvlan mode l3',
    'tuntap add tap0 mode tap multi_queue',
    'tuntap add tap1 mode tap user nobody group daemon',
    'tuntap add tap2 mode tap user 12345 group 12345',
    'tuntap add tun0 mode tun',
    'link add vrf0 type vrf table 100',
    'link set vx0 master vrf0',
    'link add gre1 type gre local 10.0.0.1 remote 10.0.0.2 key 5 ttl 9 csum',
    'link add gt1 type gretap local 10.0.0.1 remote 10.0.0.2 seq nopmtudisc',
    'link add er1 type erspan local 10.0.0.1 remote 10.0.0.2 seq key 3 erspan_ver 1 erspan 7',
    'link add g6 type ip6gre local fd00::1 remote fd00::2 hoplimit 9 tclass 4',
    'link add gt6 type ip6gretap local fd00::1 remote fd00::2',
    'link add t6 type ip6tnl local fd00::1 remote fd00::2 mode any encaplimit none',
    'link add ti type ipip local 10.0.0.1 remote 10.0.0.2',
    'link add ts type sit local 10.0.0.1 remote 10.0.0.2',
    'link add vt type vti local 10.0.0.1 remote 10.0.0.2 key 4',
    'link add vt6 type vti6 local fd00::1 remote fd00::2 key 4',
    'link add nl0 type nlmon',
    'link add tm0 type team',
    'link add hs0 type hsr slave1 bs1 slave2 bs3',
    'link add vc0 type vcan',
);

# The first version of iproute2 that shows a key. The library shows what 6.15 does.
my %SINCE = (
    gso_ipv4_max_size => 6.03,
    gro_ipv4_max_size => 6.03,
    fdb_n_learned => 6.07,
    fdb_max_learned => 6.07,
    mst_enabled => 6.11,
    mcast_querier_state_ipv4 => 6.13,
    mcast_querier_state_ipv6 => 6.13,
    neigh_vlan_suppress => 6.04,
    mab => 6.02,
    backup_nhid => 6.06,
    coupled_control => 6.09,
    localbypass => 6.05,
    reserved_bits => 6.14,
    bclim => 6.04,
    # Shown before only when set.
    (map { $_ => 6.04 } qw(external vnifilter proxy rsc l2miss l3miss remcsum_tx remcsum_rx)),
);
# Keys that only a newer iproute2 has.
my %UNTIL = ('netns-immutable' => 6.15, churn_actor_state => 6.15, churn_partner_state => 6.15);

# Runs a command without a shell; whether it succeeded. What it says goes nowhere.
sub attempt {
    my (@command) = @_;
    my $pid = fork() // die "fork: $!\n";
    if (!$pid) {
        open(STDERR, '>', '/dev/null');
        exec { $command[0] } @command or exit 127;
    }
    waitpid($pid, 0);
    return $? == 0;
}

# Makes all the links that this kernel can make. Returns the commands that failed.
sub make_links {
    return grep { !attempt('ip', split(/ /, $_)) } @COMMANDS;
}

sub json_of {
    my (@command) = @_;
    open(my $out, '-|', @command) or die "start $command[0]: $!\n";
    local $/ = undef;
    my $text = <$out>;
    close($out) or die "'@command' failed\n";
    return JSON::XS->new->utf8->decode($text);
}

sub version_of_ip {
    open(my $out, '-|', 'ip', '-V') or die "start ip: $!\n";
    my $text = <$out>;
    close($out);
    my ($major, $minor) = $text =~ /iproute2-v?(\d+)\.(\d+)/ or die "no version in '$text'\n";
    return $major + $minor / 100;
}

# What kind of value it is, which is what JSON tells apart.
sub type_of {
    my ($value) = @_;
    return 'null' if !defined($value);
    return ref($value) if ref($value);
    my $flags = B::svref_2object(\$value)->FLAGS;
    return
        $flags & B::SVf_POK()
        ? 'string'
        : $flags & B::SVf_IOK() ? 'integer'
        : $flags & B::SVf_NOK() ? 'number'
        : 'other';
}

sub differences {
    my ($version, $path, $ip, $own) = @_;
    my ($of_ip, $of_own) = (type_of($ip), type_of($own));
    return "$path: $of_ip instead of $of_own" if $of_ip ne $of_own;
    if ($of_ip eq 'HASH') {
        my @found;
        for my $key (sort keys %{ { %$ip, %$own } }) {
            if (!exists($ip->{$key})) {
                push @found, "$path.$key is not iproute2's" if $version >= ($SINCE{$key} // 0);
            } elsif (!exists($own->{$key})) {
                push @found, "$path.$key is missing" if $version <= ($UNTIL{$key} // 99);
            } else {
                push @found, differences($version, "$path.$key", $ip->{$key}, $own->{$key});
            }
        }
        return @found;
    }
    if ($of_ip eq 'ARRAY') {
        return "$path: other length" if @$ip != @$own;
        return map { differences($version, "$path\[$_]", $ip->[$_], $own->[$_]) } 0 .. $#$ip;
    }
    # Timers run between the two looks at the kernel.
    return if $path =~ /_timer\z/ || $of_ip eq 'null' || $ip eq $own;
    return "$path: '$ip' instead of '$own'";
}

# Where the library's answer differs from iproute2's, or from one that was made of that.
sub compare_links {
    my ($own, $other) = @_;
    $other //= { map { $_->{ifname} => $_ } @{ json_of(qw(ip -details -json link show)) } };
    return differences(version_of_ip(), '', $other, $own);
}

# Links as `$read` reads them, and their differences. A bond that speaks LACP changes its state by itself between two
# looks: where there are differences, both look again.
sub compare_links_read {
    my ($read) = @_;
    my ($links, @differs);
    for (1 .. 20) {
        $links = $read->();
        @differs = compare_links($links);
        last if !@differs;
        sleep(0.3);
    }
    return ($links, @differs);
}

1;
