#!/usr/bin/perl
# What ip, bridge, tc and /proc/sys show, and what is said, after interfaces are plugged into VNets by
# PVE::Network::Rust::SDN is what the reference's commands leave, recorded in t/vectors/sdn/host.jsonl, or with PVE_SRC its
# own Perl functions.

use strict;
use warnings;

use JSON::XS ();
use Test::More;

use lib 'perl/lib';
use PVE::Network::Rust::SDN;
use PVE::Network::Rust::Test::HostReplay qw(compare_all replay);
use PVE::Network::Rust::Test::SDNRoom;

my $json = JSON::XS->new->canonical;
my $with_reference = ($ENV{PVE_SRC} // '') ne '';
PVE::Network::Rust::Test::SDNRoom::load_reference() if $with_reference;

my $path = 't/vectors/sdn/host.jsonl';
open(my $in, '<', $path) or die "$path: $!\n";
my @cases = map { $json->decode($_) } <$in>;
close($in) or die "close: $!\n";
is_deeply(
    [map { [@$_{qw(name links files calls)}] } @cases],
    [
        map { $json->decode($json->encode([@$_{qw(name links files calls)}])) }
            PVE::Network::Rust::Test::SDNRoom::cases()
    ],
    'every case is recorded',
);

my %how = (
    reference => $with_reference ? \&PVE::Network::Rust::Test::SDNRoom::reference : \&replay,
    library => \&PVE::Network::Rust::Test::SDNRoom::library,
);
compare_all(\%how, @cases);
done_testing();
