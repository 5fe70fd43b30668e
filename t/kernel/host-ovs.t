#!/usr/bin/perl
# What Open vSwitch's database, ip, bridge and tc show after interfaces were plugged into its bridges is what they show after
# the reference's commands, recorded in t/vectors/host/ovs.jsonl. Open vSwitch itself runs, with the kernel's datapath.

use strict;
use warnings;

use JSON::XS ();
use Test::More;

use lib 'perl/lib';
use PVE::Network::Rust::Container;
use PVE::Network::Rust::Host;
use PVE::Network::Rust::Test::HostReplay qw(compare_all replay);
use PVE::Network::Rust::Test::OpenVSwitch qw(cases);

system(qw(modprobe -d /mnt -a openvswitch overlay)) == 0 or die "modprobe failed\n";

my $json = JSON::XS->new->canonical;
open(my $in, '<', 't/vectors/host/ovs.jsonl') or die "t/vectors/host/ovs.jsonl: $!\n";
my @cases = map { $json->decode($_) } <$in>;
close($in) or die "close: $!\n";
is_deeply(
    [map { [@$_{qw(name calls)}] } @cases],
    [map { $json->decode($json->encode([@$_{qw(name calls)}])) } cases()],
    'every case is recorded',
);

sub calls {
    my ($case) = @_;
    for my $call (@{ $case->{calls} }) {
        my ($name, @arguments) = @$call;
        my $package = $name eq 'net_tap_plug' ? 'Container' : 'Host';
        "PVE::Network::Rust::$package"->can($name)->(@arguments);
    }
    return [];
}

compare_all({ reference => \&replay, library => \&calls, in_a_room => 4 }, @cases);
done_testing();
