#!/usr/bin/perl

# usage: PVE_SRC=DIR perl/record-sdn.pl [SEED COUNT]
#
# Replays scenarios of SDN on the reference and prints each with what came of it, one JSON object a line
# (t/vectors/sdn/ipam.jsonl). With SEED and COUNT it makes COUNT random ones, else it reads scenarios from standard
# input. It runs in a mount namespace of its own, in which /etc is a folder made for it.

use strict;
use warnings;

use File::Path qw(make_path);
use File::Temp qw(tempdir);
use FindBin;
use JSON;

use lib "$FindBin::Bin/lib";
use PVE::Network::Rust::Test::Reference;
use PVE::Network::Rust::Test::SDN qw(replay);
use PVE::Network::Rust::Test::SDNScenario qw(random_scenario);

if (!$ENV{PVE_RUST_RECORDING}) {
    local $ENV{PVE_RUST_RECORDING} = 1;
    exec(qw(unshare --user --map-root-user --mount), $^X, $0, @ARGV) or die "unshare: $!\n";
}

my $json = JSON->new->canonical;
my $root = tempdir(CLEANUP => 1);
my $work = tempdir(CLEANUP => 1);
make_path("$root/etc/pve", "$root/etc/dnsmasq.d", "$root/etc/default");

my $why = PVE::Network::Rust::Test::Reference::unavailable('PVE::Network::SDN::Vnets');
die "$why\n" if defined($why);
require Net::DBus;
system(qw(mount --bind), "$root/etc", '/etc') == 0 or die "mount failed\n";

# What the cluster file system's daemon answers: versions that are always new, and files.
my %answer = (
    1 => '{"starttime":1,"clinfo":1,"vmlist":1}',
    2 => '{"version":1}',
    3 => '{"version":1}',
);
my @events;
{
    no warnings qw(once prototype redefine);
    *PVE::IPCC::ipcc_send_rec = sub {
        my ($id, $data) = @_;
        $! = 0;
        return $answer{$id} if defined($answer{$id});
        my $name = unpack('Z*', $data // '');
        open(my $in, '<:raw', "/etc/pve/$name") or return undef;
        local $/ = undef;
        my $content = <$in>;
        $! = 0;
        return $content;
    };
    *PVE::Network::SDN::Dhcp::Dnsmasq::systemctl_service = sub { push @events, ['systemctl', @_] };
    *PVE::Network::SDN::Dhcp::Dnsmasq::update_lease = sub {
        my ($dhcp, $ip4, $mac) = @_;
        push @events, ['lease', $dhcp, $ip4, $mac] if $ip4;
    };
}

my %reference = (
    function => sub { PVE::Network::SDN->can('status') && \&{"PVE::Network::SDN::$_[0]"} },
    events => sub {
        my @told = @events;
        @events = ();
        return \@told;
    },
);

sub record {
    my ($scenario) = @_;
    delete $scenario->{outcomes};
    my $outcomes = replay($scenario, $root, $work, \%reference);
    print $json->encode({ %$scenario, outcomes => $outcomes }), "\n";
    return;
}

$| = 1;
if (@ARGV) {
    my ($seed, $count) = @ARGV;
    record(random_scenario($seed + $_)) for 0 .. $count - 1;
} else {
    while (defined(my $line = <STDIN>)) {
        record($json->decode($line));
    }
}
