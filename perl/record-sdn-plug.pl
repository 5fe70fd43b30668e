#!/usr/bin/perl

# usage: PVE_SRC=DIR perl/record-sdn-plug.pl > t/vectors/sdn/plug.jsonl
#
# Asks the reference what plugging an interface into a VNet means, and prints each question with the answer, one JSON
# object a line: the arguments that PVE::Network's functions are called with, or the error; `at` is whether Perl added a
# place to it.

use strict;
use warnings;

use FindBin;
use JSON;

use lib "$FindBin::Bin/lib";
use PVE::Network::Rust::Test::Reference;

my $why = PVE::Network::Rust::Test::Reference::unavailable('PVE::Network::SDN::Vnets');
die "$why\n" if defined($why);

my ($case, $called);
{
    no warnings qw(once redefine);
    *PVE::Network::SDN::Zones::config =
        sub { PVE::Network::SDN::Zones::Plugin->parse_config('zones.cfg', $case->{zones}) };
    *PVE::Network::SDN::running_config = sub { decode_json($case->{running}) };
    *PVE::INotify::nodename = sub { return 'here' };
    *PVE::INotify::read_file = sub {
        return { ifaces => { vmbr1 => { 'bridge-disable-mac-learning' => 1 } } };
    };
    *PVE::Tools::file_read_firstline = sub { $case->{filtering} };
    *PVE::Network::tap_plug = sub {
        my ($iface, $bridge, $tag, $firewall, $trunks, $rate, $options) = @_;
        $called = { bridge => $bridge, tag => $tag, trunks => $trunks, options => $options };
    };
    *PVE::Network::tap_create = sub { $called = { bridge => $_[1] } };
    *PVE::Network::veth_create = sub { $called = { bridge => $_[2] } };
    *PVE::Network::add_bridge_fdb = sub { $called = 1 };
    *PVE::Network::del_bridge_fdb = sub { $called = 1 };
}

sub ask {
    my ($function, @arguments) = @_;
    $called = undef;
    my $code = PVE::Network::SDN::Zones->can($function);
    return { called => $called } if eval { $code->(@arguments); 1 };
    my ($error, $place) = $@ =~ /^(.*?)( at \S+ line \d+(?:, <\w+> line \d+)?\.)?\n\z/;
    return { error => $error, at => defined($place) ? 1 : 0 };
}

my %required = (
    simple => '',
    vlan => "\tbridge vmbr0\n",
    qinq => "\tbridge vmbr0\n\ttag 5\n",
    vxlan => "\tpeers 10.0.0.1\n",
    evpn => "\tcontroller c\n\tvrf-vxlan 9\n",
    faucet => "\tcontroller c\n\tdp-id 1\n",
);
my %vnets = (
    v => { type => 'vnet', zone => 'z' },
    iso => { type => 'vnet', zone => 'z', 'isolate-ports' => 1 },
    lost => { type => 'vnet', zone => 'gone' },
);
my $running = JSON->new->canonical->encode({ vnets => { ids => \%vnets } });
my $json = JSON->new->canonical;

for my $type (sort keys %required) {
    for my $more ('', "\tnodes here,b\n", "\tnodes a,b\n", "\tbridge-disable-mac-learning 1\n") {
        next if $more =~ /learning/ && $type !~ /^(?:vlan|qinq|evpn)$/;
        for my $bridge (qw(v iso), $type eq 'simple' ? qw(lost vmbr0 vmbr1) : ()) {
            for my $vlans ([undef, undef], [7, undef], [0, '0'], [undef, '5-9'], [7, '5;6']) {
                my ($tag, $trunks) = @$vlans;
                for my $filtering (0, 1) {
                    $case = {
                        zones => "$type: z\n$required{$type}$more",
                        running => $running,
                        bridge => $bridge,
                        tag => $tag,
                        trunks => $trunks,
                        filtering => $filtering,
                    };
                    my @plug = ('tap1i0', $bridge, $tag, 0, $trunks, undef);
                    my %answers = (
                        tap_plug => ask('tap_plug', @plug),
                        tap_create => ask('tap_create', 'tap1i0', $bridge),
                        veth_create => ask('veth_create', 'veth1i0', 'veth1i0p', $bridge, 'mac'),
                        add_bridge_fdb => ask('add_bridge_fdb', 'tap1i0', 'mac', $bridge),
                        del_bridge_fdb => ask('del_bridge_fdb', 'tap1i0', 'mac', $bridge),
                    );
                    print $json->encode({ %$case, %answers }), "\n";
                }
            }
        }
    }
}
