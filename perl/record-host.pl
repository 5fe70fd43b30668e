#!/usr/bin/perl
# usage: PVE_SRC=DIR perl/uml perl perl/record-host.pl > t/vectors/host/cases.jsonl
#        PVE_SRC=DIR perl/uml perl perl/record-host.pl --ovs > t/vectors/host/ovs.jsonl
#        PVE_SRC=DIR perl/uml perl perl/record-host.pl --sdn > t/vectors/sdn/host.jsonl
#        PVE_SRC=DIR unshare --net --mount perl/record-host.pl --messages > t/vectors/host/messages.jsonl
#
# With --messages: what the reference's functions return, die with and say, for the calls of
# PVE::Network::Rust::Test::HostMessages. Otherwise: runs the calls of each case of PVE::Network::Rust::Test::HostRoom, or
# with --ovs of PVE::Network::Rust::Test::OpenVSwitch, or with --sdn of PVE::Network::Rust::Test::SDNRoom, with the
# reference's own Perl code and writes what it does, one case a line: the case itself, with --sdn as `said` what the calls
# died with or warned about, and as `commands` a list of
#
#   ["run", EXIT CODE, ARGV...]
#   ["shell", LINE]                    a command line that may fail
#   ["disable_ipv6", LINK]             written to /proc/sys
#   ["write", FILE, TEXT]              written to /sys
#
# HOST_CASES is a pattern for the names of cases. Programs that are not installed, and that the reference does not mind, are left out.

use strict;
use warnings;

use JSON::XS ();

use lib 'perl/lib';
use PVE::Network::Rust::Test::HostMessages;
use PVE::Network::Rust::Test::HostRoom qw(cases enter leave run_quietly);
use PVE::Network::Rust::Test::OpenVSwitch ();
use PVE::Network::Rust::Test::Reference;
use PVE::Network::Rust::Test::SDNRoom;

my @recorded;

sub record {
    my ($cmd, %param) = @_;
    if (!ref($cmd)) {
        if ($cmd =~ s{ >/dev/null 2>&1$}{}) {
            push @recorded, ['shell', $cmd];
            run_quietly(split(/ /, $cmd)) == 0 or die "failed\n";
            return 0;
        }
        $cmd = [split(/ /, $cmd)];
    }
    die "no such program: $cmd->[0]\n" if !-x $cmd->[0];
    my $code = run_quietly(@$cmd);
    push @recorded, ['run', $code, map { "$_" } @$cmd];
    die "command '@$cmd' failed: exit code $code\n" if $code && !$param{noerr};
    return $code;
}

my $why = PVE::Network::Rust::Test::Reference::unavailable('PVE::Network');
die "$why\n" if defined($why);
my $json = JSON::XS->new->canonical;
my $what = shift // '';
if ($what eq '--messages') {
    PVE::Network::Rust::Test::HostMessages::prepare();
    print map { $json->encode($_) . "\n" }
        PVE::Network::Rust::Test::HostMessages::messages('PVE::Network');
    exit 0;
}
{
    no warnings qw(redefine once);
    *PVE::Network::run = \&record;
    if ($what eq '--ovs') {
        PVE::Network::Rust::Test::Reference::unavailable('PVE::LXC')
            and die "PVE::LXC cannot be loaded\n";
        require PVE::LXC;
        *PVE::Tools::run_command = *PVE::LXC::run_command = \&record;
        *PVE::INotify::read_file = sub { return {} };
        *PVE::Network::SDN::running_config = *PVE::Network::SDN::Vnets::config = sub { return {} };
        system(qw(modprobe -d /mnt -a openvswitch overlay));
    }
    my $disable_ipv6 = \&PVE::Network::disable_ipv6;
    *PVE::Network::disable_ipv6 = sub {
        my ($link) = @_;
        push @recorded, ['disable_ipv6', $link] if -e "/proc/sys/net/ipv6/conf/$link/disable_ipv6";
        return $disable_ipv6->($link);
    };
    my $write = \&PVE::ProcFSTools::write_proc_entry;
    *PVE::ProcFSTools::write_proc_entry = sub {
        push @recorded, ['write', map { "$_" } @_];
        return $write->(@_);
    };
}

$| = 1;
my $only = $ENV{HOST_CASES} // '';
my $with_sdn = $what eq '--sdn';
my @cases =
    $with_sdn
    ? PVE::Network::Rust::Test::SDNRoom::cases()
    : $what eq '--ovs' ? PVE::Network::Rust::Test::OpenVSwitch::cases()
    : cases();
PVE::Network::Rust::Test::SDNRoom::load_reference() if $with_sdn;

for my $case (grep { $_->{name} =~ /$only/ } @cases) {
    my $pid = fork() // die "fork: $!\n";
    if (!$pid) {
        enter($case);
        my %more;
        if ($with_sdn) {
            $more{said} = PVE::Network::Rust::Test::SDNRoom::reference($case);
        } else {
            for my $call (@{ $case->{calls} }) {
                my ($name, @arguments) = @$call;
                my $package = $name eq 'net_tap_plug' ? 'PVE::LXC' : 'PVE::Network';
                $package->can($name)->(@arguments);
            }
        }
        leave($case);
        print $json->encode({ %$case, %more, commands => \@recorded }), "\n";
        exit 0;
    }
    waitpid($pid, 0);
    die "$case->{name}: failed\n" if $?;
}
