#!/usr/bin/perl
# What is generated for zones and VNets beyond the recorded cases: the node itself, fabrics, what an apply changes, and bad
# input.

use strict;
use warnings;

use File::Path qw(make_path);
use File::Temp qw(tempdir);
use Test::More;

use lib qw(t/lib perl/lib);
use OwnNamespace;

use Command qw(must);
use PVE::Network::Rust::SDN;

my $generate = PVE::Network::Rust::SDN->can('generate_raw_etc_network_config');
my $compare = PVE::Network::Rust::SDN->can('diff');

sub warned {
    my ($code) = @_;
    my @warnings;
    local $SIG{__WARN__} = sub { push @warnings, @_ };
    return ($code->(), @warnings);
}

sub config {
    my ($zone, %vnet) = @_;
    return {
        version => 1,
        zones => { ids => { z => $zone } },
        vnets => { ids => { v1 => { type => 'vnet', zone => 'z', %vnet } } },
    };
}

subtest(
    'the node itself',
    sub {
        my $root = tempdir(CLEANUP => 1);
        make_path("$root/etc/network");
        open(my $out, '>', "$root/etc/network/interfaces") or die "open: $!\n";
        print $out "iface vmbr0 inet static\n\taddress 10.1.0.1/24\n";
        close($out) or die "close: $!\n";
        local $ENV{PVE_RUST_ROOT} = $root;

        my $vxlan = config({ type => 'vxlan', peers => '10.1.0.2,10.1.0.1' }, tag => 5);
        my ($text, @warnings) = warned(sub { $generate->($vxlan) });
        is_deeply(\@warnings, [], 'an address of the node among the peers needs no route');
        like($text, qr/^\tvxlan-id 5\n\tvxlan_remoteip 10\.1\.0\.2\n\tmtu 1450$/m, 'the others');

        my $snat = config({ type => 'simple' });
        $snat->{subnets}{ids}{'z-10.2.0.0-24'} =
            { type => 'subnet', vnet => 'v1', gateway => '10.2.0.1', snat => 1 };
        ($text, @warnings) = warned(sub { $generate->($snat) });
        is($text, "#version:1\n", 'without a way out a VNet that needs one is left out');
        is_deeply(
            \@warnings,
            [
                "RTNETLINK answers: Network is unreachable\n",
                "zone z : vnet v1 : command '/sbin/ip route get 8.8.8.8' failed: exit code 2\n\n",
            ],
            'and told'
        );

        ($text, @warnings) =
            warned(sub { $generate->(config({ type => 'vlan', bridge => 'vmbr7' }, tag => 5)) });
        is_deeply(
            \@warnings,
            ["zone z : vnet v1 : can't find bridge vmbr7.\n\n"],
            'a bridge that is not there'
        );

        must(qw(ip link set lo up));
        must(qw(ip link add p0 type veth peer name p1));
        must(qw(ip addr add 192.0.2.9/24 dev p0));
        must(qw(ip link set), $_, 'up') for qw(p0 p1);
        must(qw(ip route add default via 192.0.2.1));
        $text = $generate->($snat);
        like(
            $text,
            qr/^\tpost-up iptables -t nat -A POSTROUTING -s '10\.2\.0\.0\/24' -o p0 -j SNAT --to-source 192\.0\.2\.9$/m,
            'the way out'
        );

        must(qw(ip link add vmbr7 type bridge));
        $text = $generate->(config({ type => 'vlan', bridge => 'vmbr7' }, tag => 5));
        like($text, qr/^iface vmbr7v5\n\tbridge_ports  pr_v1$/m, 'a bridge without ports');

        ($text, @warnings) =
            warned(sub { $generate->(config({ type => 'vlan', bridge => 'p0' }, tag => 5)) });
        like($text, qr/^iface p0v5\n\tbridge_ports  pr_v1$/m, 'what is no bridge');
        like($warnings[0], qr/^passed link that isn't a bridge/, 'is told');
    }
);

subtest(
    'fabrics',
    sub {
        my %fabrics = (
            f => { type => 'openfabric_fabric', id => 'f' },
            f_here => {
                type => 'openfabric_node',
                id => 'f_here',
                ip => '10.3.0.1',
                ip6 => 'fd00:0:0::1',
                interfaces => ['name=p0', 'name=p1,ip=10.4.0.1/31,ip6=fd01::1/127'],
            },
            f_there => { type => 'openfabric_node', id => 'f_there', ip => '10.3.0.2' },
            o => { type => 'ospf_fabric', id => 'o' },
            o_there => { type => 'ospf_node', id => 'o_there', ip => '10.5.0.2' },
        );
        my $running = config({ type => 'vxlan', fabric => 'f' }, tag => 5);
        $running->{fabrics}{ids} = \%fabrics;
        my $text = $generate->($running, { nodename => 'here' });
        like($text, qr/^iface vxlan_v1\n\tvxlan-id 5\n\tvxlan_remoteip 10\.3\.0\.2\n/m, 'peers');
        is_deeply(
            [$text =~ m/^iface (\S+ inet6? static\n\taddress \S+)$/mg],
            [
                "dummy_f inet static\n\taddress 10.3.0.1/32",
                "dummy_f inet6 static\n\taddress fd00::1/128",
                "p0 inet static\n\taddress 10.3.0.1/32",
                "p1 inet static\n\taddress 10.4.0.1/31",
                "p1 inet6 static\n\taddress fd01::1/127",
            ],
            'interfaces'
        );
        for my $wrong (
            [x => "fabric 'x' does not exist in configuration"],
            [o => "node 'here' does not exist in fabric 'o'"]
            )
        {
            $running->{zones}{ids}{z}{fabric} = $wrong->[0];
            my (undef, @warnings) =
                warned(sub { $generate->($running, { nodename => 'here' }) });
            is_deeply(
                \@warnings,
                ["zone z : vnet v1 : could not configure VXLAN zone : $wrong->[1]\n\n"],
                $wrong->[1]
            );
        }
    }
);

subtest(
    'what an apply changes',
    sub {
        my $node = { nodename => 'here', routes => {}, interfaces => '', bridges => {} };
        my $old = config({ type => 'simple', mtu => 1500, nodes => { here => 1 } });
        my $new =
            config({ type => 'simple', nodes => { here => 1, there => 1 } }, alias => 'Rack 1');
        $new->{vnets}{ids}{v2} = { type => 'vnet', zone => 'z' };
        my $diff = $compare->($old, $new, $node);
        is_deeply(
            $diff->{zones},
            {
                z => {
                    state => 'changed',
                    changes => {
                        mtu => { old => 1500, new => undef },
                        nodes => { old => { here => 1 }, new => { here => 1, there => 1 } },
                    },
                },
            },
            'zones'
        );
        is_deeply(
            { map { $_ => $diff->{vnets}{$_}{state} } keys %{ $diff->{vnets} } },
            { v1 => 'changed', v2 => 'new' },
            'VNets'
        );
        is_deeply(
            $diff->{interfaces}{v1},
            { state => 'changed', removed => ['mtu 1500'], added => ['alias Rack 1'] },
            'a stanza'
        );
        is($diff->{text}, <<'TEXT', 'for people to read');
zone z: changed
  mtu 1500 -> (deleted)
  nodes here -> here,there
vnet v1: changed
  alias (new) -> Rack 1
vnet v2: new
  type vnet
  zone z
interface v1: changed
    bridge_ports none
    bridge_stp off
    bridge_fd 0
  - mtu 1500
  + alias Rack 1
interface v2: new
  + bridge_ports none
  + bridge_stp off
  + bridge_fd 0
TEXT
        is($compare->($new, { %$new, version => 9 }, $node)->{text}, '', 'versions do not count');
        my $gone = $compare->($old, undef, $node);
        is($gone->{interfaces}{v1}{state}, 'deleted', 'all goes');
        is($compare->(undef, $old, $node)->{interfaces}{v1}{state}, 'new', 'all comes');
    }
);

subtest(
    'bad input',
    sub {
        is($generate->(undef), '', 'no configuration');
        is(
            $generate->({ version => 4, zones => {} }, { nodename => 'x' }),
            "#version:4\n", 'no VNets'
        );
        is($generate->({ version => 4, vnets => undef }), '', 'nothing');
        for my $bad (
            [[], qr/expected a hash/],
            ['text', qr/expected a hash/],
            [{ vnets => [] }, qr/^Not a HASH reference at /],
            [
                { vnets => 'x' },
                qr/^Can't use string \("x"\) as a HASH ref while "strict refs" in use at /
            ],
            [config({ type => 'gone' }), qr/^unknown section type 'gone'\n\z/],
            [config({}), qr/^cannot lookup undefined type! at /],
            )
        {
            ok(!eval { $generate->($bad->[0]); 1 }, 'is refused');
            like($@, $bad->[1], 'as it should be');
        }
        ok(!eval { $generate->({}, { node => 1 }); 1 }, 'an unknown key of the node');
        like(
            $@, qr/^\$env->\{node\}: there is no such key; there are nodename, interfaces/,
            'is told'
        );
        ok(!eval { $generate->({}, { bridges => [] }); 1 }, 'bridges that are no hash');
        my $long = 'x' x (1 << 20);
        my $odd = config({ type => 'simple' }, alias => "$long\0\r\x{263a}");
        like(
            $generate->($odd),
            qr/^\talias \Q$long\E\0\r\x{263a}$/m,
            "1 MiB, NUL, CR, characters"
        );
        my ($text, @warnings) =
            warned(sub { $generate->(config({ type => 'simple', mtu => [] })) });
        is_deeply(
            \@warnings,
            [
                "zone z : vnet v1 : value of 'mtu' is a reference (ARRAY), which cannot be written\n\n"
            ],
            'a reference that would be written'
        );
        my $running = config({ type => 'evpn', controller => 'c' }, tag => 5);
        my $before = join(',', map { sort keys %{ $running->{zones}{ids}{$_} } } 'z');
        warned(sub { $generate->($running) });
        is(
            join(',', sort keys %{ $running->{zones}{ids}{z} }),
            $before, 'the caller\'s is unchanged'
        );
    }
);

done_testing();
