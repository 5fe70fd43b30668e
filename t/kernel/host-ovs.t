#!/usr/bin/perl
# What Open vSwitch's database, ip, bridge and tc show after interfaces were plugged into its bridges is what they show after
# the reference's commands, recorded in t/vectors/host/ovs.jsonl. Open vSwitch itself runs, with the kernel's datapath.

use strict;
use warnings;

use Test::More;

use lib 'perl/lib';
use PVE::Network::Rust::Test::HostEqual qw(compare_cases recorded);
use PVE::Network::Rust::Test::OpenVSwitch qw(cases);

system(qw(modprobe -d /mnt -a openvswitch overlay)) == 0 or die "modprobe failed\n";

compare_cases(4, recorded('t/vectors/host/ovs.jsonl', cases()));

done_testing();
