#!/usr/bin/perl
# The details of links, against `ip -details -json link show`: the kinds that this machine's kernel makes, in a namespace
# of this test's own. The other kinds are those of t/kernel/links.t.

use strict;
use warnings;

use JSON::XS;
use Storable qw(dclone);
use Test::More;
use Time::HiRes ();

use lib qw(perl/lib t/lib);
use LinkDetails qw(compare_links compare_links_read json_of make_links type_of);
use lib 't/lib';
use OwnNamespace;
use PVE::Network::Rust::Host;
use PVE::Network::Rust::Test::Reference;

sub descriptors {
    opendir(my $dh, '/proc/self/fd') or die "open /proc/self/fd: $!\n";
    return scalar grep { !m/^\./ } readdir($dh);
}

is_deeply([keys %{ PVE::Network::Rust::Host::ip_link_details() }], ['lo'], 'an empty namespace');

my $not_made = make_links();
my ($links, @differs) = compare_links_read(\&PVE::Network::Rust::Host::ip_link_details);
cmp_ok(scalar(keys %$links), '>', 10, "links of many kinds ($not_made not here)");
is_deeply(\@differs, [], 'as iproute2 shows them');

my $port = $links->{va}->{linkinfo}->{info_slave_data};
is(type_of($port->{learning}), 'JSON::PP::Boolean', 'a switch is true');
ok($port->{learning} && !$port->{isolated}, '… or false');
is(type_of($links->{va}->{mtu}), 'integer', 'a number is a number');
is($links->{vb}->{ifalias}, "h\xe4llo", 'characters are characters');

# Plain data: it can be copied, changed and encoded like what JSON::XS gives.
is_deeply(dclone($links), $links, 'copied');
my $text = JSON::XS->new->canonical->encode($links->{va});
like($text, qr/"learning":true/, 'encoded');
is_deeply(JSON::XS->new->decode($text), $links->{va}, 'decoded');
$links->{va}->{mtu} = 7;
delete $links->{vb};
isnt($links->{br0}->{mtu}, 7, 'each value is its own');
is(PVE::Network::Rust::Host::ip_link_details()->{va}->{mtu}, 1500, 'read anew each time');

my $physical = \&PVE::Network::Rust::Host::ip_link_is_physical;
is($physical->({ link_type => 'ether' }), 1, 'a physical link');
is($physical->({ link_type => 'ether', linkinfo => {} }), 1, '… that says something of itself');
is($physical->($links->{va}), '', 'a virtual link');
is($physical->($links->{lo}), '', 'loopback');

my $names = { alt0 => 'vb', enx0011 => 'vb' };
is_deeply(PVE::Network::Rust::Host::altname_mapping(), $names, 'alternative names');
is_deeply(
    PVE::Network::Rust::Host::altname_mapping(
        { eth0 => { altnames => ['a', 'b'] }, eth1 => {}, eth2 => { altnames => undef } }
    ),
    { a => 'eth0', b => 'eth0' },
    '… of links that were read before'
);

my %known = (
    vmbr0 => { link_type => 'ether', linkinfo => { info_kind => 'bridge' } },
    eth0 => { link_type => 'ether', master => 'vmbr0' },
    bond0 => { link_type => 'ether', master => 'vmbr0', linkinfo => { info_kind => 'bond' } },
    'eth1.5' => { link_type => 'ether', master => 'vmbr0', linkinfo => { info_kind => 'vlan' } },
    eth2 => { link_type => 'ether', master => 'vmbr1' },
    eth3 => { link_type => 'ether' },
    tap100i0 => { link_type => 'ether', master => 'vmbr0', linkinfo => { info_kind => 'tun' } },
    ib0 => { link_type => 'infiniband', master => 'vmbr0' },
);
my $ports = \&PVE::Network::Rust::Host::get_physical_bridge_ports;
is_deeply([sort $ports->('vmbr0', \%known)], [qw(bond0 eth0 eth1.5)], 'the ports of a bridge');
is_deeply([$ports->('br0')], [], 'none of them physical');
{
    my @warnings;
    local $SIG{__WARN__} = sub { push @warnings, @_ };
    is_deeply([$ports->('eth0', \%known)], [], 'no bridge: nothing');
    like(
        $warnings[0],
        qr/^passed link that isn't a bridge to get_physical_bridge_ports at \Q$0\E line \d+\.$/,
        '… and a warning'
    );
}

SKIP: {
    my $why = PVE::Network::Rust::Test::Reference::unavailable('PVE::IPRoute2');
    skip("the reference: $why", 4) if $why;
    my $reference = PVE::IPRoute2::ip_link_details();
    my $own = PVE::Network::Rust::Host::ip_link_details();
    is_deeply([compare_links($own, $reference)], [], 'as the reference has them');
    for my $links (undef, $own) {
        my $names = PVE::Network::Rust::Host::altname_mapping($links);
        is_deeply($names, PVE::IPRoute2::altname_mapping($links), 'the names, too');
    }
    my @ports = map { [sort $_->('vmbr0', \%known)] } $ports,
        \&PVE::IPRoute2::get_physical_bridge_ports;
    is_deeply($ports[0], $ports[1], '… and the ports');
}

my $open = descriptors();
PVE::Network::Rust::Host::ip_link_details() for 1 .. 50;
is(descriptors(), $open, 'no descriptor is left open');

{
    local $SIG{ALRM} = sub { die "alarm\n" };
    my ($ended, $failed) = (0, 0);
    for my $try (1 .. 30) {
        eval {
            Time::HiRes::ualarm(100 * $try);
            PVE::Network::Rust::Host::ip_link_details() for 1 .. 20;
            Time::HiRes::ualarm(0);
            1;
        } or $@ eq "alarm\n" ? $ended++ : $failed++;
        Time::HiRes::ualarm(0);
    }
    is($failed, 0, "a handler that dies ends the call ($ended times)");
    is(descriptors(), $open, '… and leaves nothing open');
}

done_testing();
