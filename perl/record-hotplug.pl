#!/usr/bin/perl

# usage: PVE_SRC=DIR unshare --net --mount perl/record-hotplug.pl CASE...
#
# Plugs the interface of CASE/net into a container with the reference's own Perl code, takes it out again, and writes the
# commands that it runs to CASE/plug and CASE/unplug, one a line:
#
#   host ARGV           run on the host
#   shell LINE          run on the host through a shell; may fail
#   absent ARGV         run on the host; the program is missing here, and the reference does not mind
#   container ARGV      run in the container's network namespace
#   move LINK NAME      lxc-device: LINK becomes NAME in the container
#   disable_ipv6 LINK   written to /proc/sys
#
# PVE_SRC is a folder with one sub-folder per upstream repository, PVE_STUBS one with load-only stubs of the modules
# that the reference needs to load.

use strict;
use warnings;

use File::Path qw(make_path);
use JSON qw(decode_json);

BEGIN {
    my $src = $ENV{PVE_SRC} or die "set PVE_SRC\n";
    unshift @INC, split(/:/, $ENV{PVE_STUBS} // ''),
        map { "$src/$_" } qw(pve-common/src pve-cluster/src pve-access-control/src
        pve-guest-common/src pve-storage/src pve-network/src pve-container/src pve-firewall/src
        qemu-server/src pve-manager pve-ha-manager/src pve-http-server/src);
}

use PVE::LXC;
use PVE::LXC::Config;
use PVE::LXC::Setup;
use PVE::Network;

my $VMID = 101;
my @recorded;

sub note { push @recorded, join(' ', @_); }

# Runs a command for real and dies as the reference's run_command does.
sub carry_out {
    my ($argv, %param) = @_;
    my $status = system { $argv->[0] } @$argv;
    return $status if $param{noerr};
    die "command '@$argv' failed: $status\n" if $status;
    return 0;
}

sub record {
    my ($cmd, %param) = @_;
    if (!ref($cmd)) {
        if ($cmd =~ /[>&]/) {
            note('shell', $cmd);
            return system('/bin/sh', '-c', $cmd);
        }
        $cmd = [split(/ /, $cmd)];
    }
    if ($cmd->[0] eq 'lxc-device') {
        my ($link, $name) = $cmd->@[4, 5];
        note('move', $link, $name);
        return carry_out(['/sbin/ip', 'link', 'set', 'dev', $link, 'netns', 'ct', 'name', $name]);
    }
    if ($cmd->[0] eq 'lxc-attach') {
        my @inner = $cmd->@[6 .. $#$cmd];
        note('container', @inner);
        return carry_out(['/sbin/ip', 'netns', 'exec', 'ct', @inner], %param);
    }
    if (!-x $cmd->[0]) {
        note('absent', @$cmd);
        die "no such program: $cmd->[0]\n";
    }
    note('host', @$cmd);
    return carry_out($cmd, %param);
}

{
    no warnings 'redefine';
    *PVE::Network::run = \&record;
    *PVE::Tools::run_command = \&record;
    *PVE::LXC::run_command = \&record;
    my $disable_ipv6 = \&PVE::Network::disable_ipv6;
    *PVE::Network::disable_ipv6 = sub { note('disable_ipv6', $_[0]); $disable_ipv6->(@_) };
    *PVE::INotify::read_file = sub { return {} };
    no warnings 'once';
    *PVE::LXC::Config::write_config = sub { };
    *PVE::LXC::Setup::new = sub { return bless {}, 'PVE::LXC::Setup' };
    *PVE::LXC::Setup::setup_network = sub { };
    # No VNet of that name: a plain bridge.
    *PVE::Network::SDN::Vnets::get_vnet = sub { return };
    *PVE::Network::SDN::Vnets::add_next_free_cidr = sub { };
    *PVE::Network::SDN::Vnets::add_dhcp_mapping = sub { };
}

sub write_recorded {
    my ($path) = @_;
    open(my $out, '>', $path) or die "$path: $!\n";
    print {$out} map { "$_\n" } @recorded;
    close($out) or die "$path: $!\n";
    @recorded = ();
}

sub setup {
    my ($case) = @_;
    my @commands = (
        ['ip', 'netns', 'add', 'ct'],
        ['ip', 'link', 'add', 'vmbr0', 'type', 'bridge'],
        ['ip', 'link', 'set', 'vmbr0', 'up'],
        ['ip', '-n', 'ct', 'link', 'set', 'lo', 'up'],
    );
    push @commands, ['ip', 'link', 'set', 'vmbr0', 'type', 'bridge', 'vlan_filtering', '1']
        if -e "$case/vlan_filtering";
    # With the firewall on iptables, interfaces get firewall bridges.
    push @commands, ['touch', '/run/proxmox-nftables-firewall-force-disable']
        if -e "$case/iptables";
    for my $cmd (@commands) {
        system(@$cmd) == 0 or die "@$cmd failed\n";
    }
}

sub teardown {
    system('ip', 'netns', 'delete', 'ct');
    system('ip', 'link', 'delete', 'vmbr0');
    unlink('/run/proxmox-nftables-firewall-force-disable');
    system('ip', 'link', 'delete', "veth${VMID}i0") if -e "/sys/class/net/veth${VMID}i0";
}

system('mount', '-t', 'sysfs', 'sysfs', '/sys') == 0 or die "mount of /sys failed\n";
system('mount', '-t', 'tmpfs', 'tmpfs', '/run') == 0 or die "mount of /run failed\n";

for my $case (@ARGV) {
    open(my $in, '<', "$case/net") or die "$case/net: $!\n";
    chomp(my $value = <$in>);
    close($in);
    setup($case);
    my $net = PVE::LXC::Config->parse_lxc_network($value);
    eval {
        PVE::LXC::update_net($VMID, {}, 'net0', $net, 0, '/');
        write_recorded("$case/plug");
        PVE::Network::veth_delete("veth${VMID}i0");
        write_recorded("$case/unplug");
    };
    my $err = $@;
    teardown();
    die "$case: $err" if $err;
}
