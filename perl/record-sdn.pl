#!/usr/bin/perl

# usage: PVE_SRC=DIR perl/record-sdn.pl [dhcp|local|remote SEED COUNT]
#
# Replays scenarios of SDN on the reference and prints each with what came of it, one JSON object a line
# (t/vectors/sdn/dhcp.jsonl, ipam.jsonl, remote.jsonl). With SEED and COUNT it makes COUNT random ones, with the cluster's own IPAM or
# with servers, else it reads scenarios from standard input. It runs in a mount namespace of its own, in which /etc is a folder made for it.

use strict;
use warnings;

use File::Copy qw(copy);
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use FindBin;
use JSON;

use lib "$FindBin::Bin/lib";
use PVE::Network::Rust::Test::Reference;
use PVE::Network::Rust::Test::SDN qw(fake_systemctl replay);
use PVE::Network::Rust::Test::SDNScenario qw(dhcp_scenario random_scenario remote_scenario);

if (!$ENV{PVE_RUST_RECORDING}) {
    local $ENV{PVE_RUST_RECORDING} = 1;
    exec(qw(unshare --user --map-root-user --mount), $^X, $0, @ARGV) or die "unshare: $!\n";
}

my $json = JSON->new->canonical;
my $root = tempdir(CLEANUP => 1);
my $work = tempdir(CLEANUP => 1);
delete @ENV{ grep { /_proxy$/i } keys %ENV };
make_path("$root/etc/pve", "$root/etc/dnsmasq.d", "$root/etc/default");

my $why = PVE::Network::Rust::Test::Reference::unavailable('PVE::Network::SDN::Vnets');
die "$why\n" if defined($why);
require Net::DBus;
require PVE::DataCenterConfig;
# What sockets need.
copy($_, "$root$_") for grep { -e } map { "/etc/$_" } qw(protocols services hosts nsswitch.conf);
system(qw(mount --bind), "$root/etc", '/etc') == 0 or die "mount failed\n";
system(qw(mount -t tmpfs tmpfs /lib/systemd/system)) == 0 or die "mount failed\n";
fake_systemctl("$work/bin", "$work/events");
$ENV{PATH} = "$work/bin:$ENV{PATH}";    ## no critic (RequireLocalizedPunctuationVars)

# What the cluster file system's daemon answers: versions that are always new, and files.
my %answer = (
    1 => '{"starttime":1,"clinfo":1,"vmlist":1}',
    2 => '{"version":1}',
    3 => '{"version":1}',
);
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
    *PVE::Network::SDN::Dhcp::Dnsmasq::update_lease = sub {
        my ($dhcp, $ip4, $mac) = @_;
        return if !$ip4;
        open(my $out, '>>', "$work/events") or die "open: $!\n";
        print {$out} $json->encode(['lease', $dhcp, $ip4, $mac]), "\n";
        close($out);
    };
}

my %reference = (
    function => sub { PVE::Network::SDN->can('status') && \&{"PVE::Network::SDN::$_[0]"} },
    events => sub {
        open(my $in, '<', "$work/events") or return [];
        my @told = map { $json->decode($_) } <$in>;
        unlink("$work/events");
        return \@told;
    },
    programs => "$work/bin",
    # The program itself is this machine's.
    install => sub {
        my ($installed) = @_;
        my $path = '/lib/systemd/system/dnsmasq.service';
        unlink($path);
        return if !$installed;
        -e '/usr/sbin/dnsmasq' or die "/usr/sbin/dnsmasq is missing (package dnsmasq-base)\n";
        open(my $out, '>', $path) or die "open $path: $!\n";
        close($out);
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
    my ($kind, $seed, $count) = @ARGV;
    my %make =
        (dhcp => \&dhcp_scenario, local => \&random_scenario, remote => \&remote_scenario);
    my $make = $make{$kind} // die "no scenarios of kind '$kind'\n";
    record($make->($seed + $_)) for 0 .. $count - 1;
} else {
    while (defined(my $line = <STDIN>)) {
        record($json->decode($line));
    }
}
