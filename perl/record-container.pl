#!/usr/bin/perl

# usage: PVE_SRC=DIR perl/record-container.pl [plain [PATTERN OF NAMES]] > t/vectors/container/net.jsonl
#        PVE_SRC=DIR perl/uml perl perl/record-container.pl kernel >> t/vectors/container/net.jsonl
#
# Plays the scenarios of PVE::Network::Rust::Test::ContainerNet with the reference's own PVE::LXC::update_net on a
# container that LXC runs, and prints what came of each, one JSON object a line: those for any kernel, or those for one with
# everything a container host has. `commands` of an outcome is a list of
#
#   ["run", EXIT CODE, ARGV...]
#   ["shell", EXIT CODE, LINE]
#   ["disable_ipv6", LINK]             written to /proc/sys
#   ["write", FILE, TEXT]              written to /sys
#   ["warn", TEXT]                     a warning at this place

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
my (@ran, @commands);
my $vnets = { zones => '', ids => {} };

sub record {
    my ($cmd, %param) = @_;
    my @words = ref($cmd) ? @$cmd : ();
    if (grep { $_ eq '/sbin/dhclient' } @words) {
        push @ran, \@words;
        return 0;
    }
    my ($program) = @words ? $words[0] : $cmd =~ /^(\S+)/;
    # The reference does not mind where Open vSwitch is not installed.
    my $there = $program !~ m{^/} || -x $program;
    my $command = @words ? ['run', 0, map { "$_" } @words] : ['shell', 0, $cmd];
    push @commands, $command if $there;
    my $done = eval { PVE::Cmd::run($cmd, %param) };
    my $error = $@;
    $command->[1] = 0 + $1 if $error =~ /failed: exit code (\d+)$/;
    $command->[1] = $done if $param{noerr};
    die $error if $error;
    return $done;
}

{
    no warnings qw(once redefine prototype);
    *PVE::LXC::Config::write_config = sub { push @ran, 'write_config' };
    *PVE::LXC::Setup::new = sub { push @ran, "setup $_[2]"; return bless {}, 'PVE::LXC::Setup' };
    *PVE::LXC::Setup::setup_network = sub { push @ran, 'setup_network' };
    *PVE::INotify::read_file = sub { return {} };
    *PVE::Network::SDN::running_config = sub {
        my $zones = PVE::Network::SDN::Zones::config();
        return { vnets => { ids => { %{ $vnets->{ids} } } }, zones => { ids => $zones->{ids} } };
    };
    *PVE::Network::SDN::Vnets::config = sub { return { ids => { %{ $vnets->{ids} } } } };
    *PVE::Network::SDN::Zones::config =
        sub { PVE::Network::SDN::Zones::Plugin->parse_config('zones.cfg', $vnets->{zones}) };
    $PVE::Firewall::Helpers::FORCE_NFT_DISABLE_FLAG_FILE = "$work/no-nftables";
    *PVE::Network::run = \&record;
    *PVE::Tools::run_command = \&record;
    *PVE::LXC::run_command = \&record;
    my $disable_ipv6 = \&PVE::Network::disable_ipv6;
    *PVE::Network::disable_ipv6 = sub {
        my ($link) = @_;
        push @commands, ['disable_ipv6', $link] if -e "/proc/sys/net/ipv6/conf/$link/disable_ipv6";
        return $disable_ipv6->($link);
    };
    my $write = \&PVE::ProcFSTools::write_proc_entry;
    *PVE::ProcFSTools::write_proc_entry = sub {
        push @commands, ['write', map { "$_" } @_];
        return $write->(@_);
    };
    my $make_path = \&File::Path::make_path;
    *File::Path::make_path = sub { return $_[0] =~ m{/hook$} ? 0 : $make_path->(@_) };
}

my $json = JSON->new->canonical;
prepare();
$| = 1;
my ($kernel, $only) = ($ARGV[0] // 'plain', $ARGV[1] // '');
for my $scenario (grep { $_->{name} =~ /$only/ } scenarios($kernel)) {
    my @steps;
    my $outcomes = play(
        $scenario, $work,
        lxc => 1,
        without_state => 1,
        ran => \@ran,
        warn => sub { push @commands, ['warn', $_[0] =~ s/ at \S+ line \d+\./ at PLACE/gr] },
        update_net => sub {
            push @steps, \@commands;
            eval { PVE::LXC::update_net(@_[0 .. 5]) };
            my $error = $@;
            $steps[-1] = [@commands];
            @commands = ();
            die $error if $error;
        },
        parse => sub { PVE::LXC::Config->parse_lxc_network($_[0]) },
        settings => sub {
            $vnets = $_[0]{vnets} // { zones => '', ids => {} };
            unlink("$work/no-nftables");
            return if !$_[0]{pve_firewall};
            open(my $out, '>', "$work/no-nftables") or die "open: $!\n";
            close($out);
        },
    );
    for my $outcome (@$outcomes) {
        delete $outcome->{warned};
        $outcome->{commands} = shift @steps;
    }
    print $json->encode({ %$scenario, outcomes => $outcomes }), "\n";
}
