#!/usr/bin/perl

# usage: PVE_SRC=DIR perl/record-container.pl [all]
#
# Plays the scenarios of PVE::Network::Rust::Test::ContainerNet with the reference's own PVE::LXC::update_net on a
# container that LXC runs, and prints what came of each, one JSON object a line: t/vectors/container/net.jsonl. With `all`,
# also those that need a kernel with everything a container host has: under perl/uml.

use strict;
use warnings;

use File::Temp qw(tempdir);
use FindBin;
use JSON;

use lib "$FindBin::Bin/lib";
use PVE::Network::Rust::Test::ContainerNet qw(play prepare scenarios);
use PVE::Network::Rust::Test::Reference;

# LXC wants the process 1 of the caller's namespace of processes to be in the caller's network namespace.
if (!$ENV{UML} && !$ENV{PVE_RUST_RECORDING}) {
    local $ENV{PVE_RUST_RECORDING} = 1;
    exec(
        qw(unshare --net --mount --pid --fork --mount-proc --propagation private),
        $^X, $0, @ARGV
    ) or die "unshare: $!\n";
}
if (!$ENV{UML}) {
    system(qw(mount -t sysfs sysfs /sys)) == 0 or die "mount failed\n";
    system(qw(mount -t tmpfs tmpfs /run)) == 0 or die "mount failed\n";
    mkdir('/run/lock');
}

for my $module (qw(PVE::LXC PVE::LXC::Config PVE::LXC::Setup PVE::Network::SDN::Zones)) {
    my $why = PVE::Network::Rust::Test::Reference::unavailable($module);
    die "$why\n" if defined($why);
}

my $work = tempdir(CLEANUP => 1);
my @ran;
{
    no warnings qw(once redefine prototype);
    *PVE::LXC::Config::write_config = sub { push @ran, 'write_config' };
    *PVE::LXC::Setup::new = sub { push @ran, "setup $_[2]"; return bless {}, 'PVE::LXC::Setup' };
    *PVE::LXC::Setup::setup_network = sub { push @ran, 'setup_network' };
    *PVE::INotify::read_file = sub { return {} };
    *PVE::Network::SDN::running_config = sub { return {} };
    *PVE::Network::SDN::Vnets::config = sub { return {} };
    $PVE::Firewall::Helpers::FORCE_NFT_DISABLE_FLAG_FILE = "$work/no-nftables";
    my $run = \&PVE::Tools::run_command;
    my $note = sub {
        my ($cmd, @rest) = @_;
        return $run->($cmd, @rest) if !ref($cmd) || !grep { $_ eq '/sbin/dhclient' } @$cmd;
        push @ran, [@$cmd];
        return 0;
    };
    *PVE::Tools::run_command = $note;
    *PVE::LXC::run_command = $note;
    my $make_path = \&File::Path::make_path;
    *File::Path::make_path = sub { return $_[0] =~ m{/hook$} ? 0 : $make_path->(@_) };
}

my $json = JSON->new->canonical;
prepare(lxc => 1);
$| = 1;
for my $scenario (scenarios(all => ($ARGV[0] // '') eq 'all')) {
    my $outcomes = play(
        $scenario, $work,
        lxc => 1,
        ran => \@ran,
        update_net => sub { PVE::LXC::update_net(@_[0 .. 5]) },
        parse => sub { PVE::LXC::Config->parse_lxc_network($_[0]) },
        settings => sub {
            unlink("$work/no-nftables");
            return if !$_[0]{pve_firewall};
            open(my $out, '>', "$work/no-nftables") or die "open: $!\n";
            close($out);
        },
    );
    print $json->encode({ %$scenario, outcomes => $outcomes }), "\n";
}
