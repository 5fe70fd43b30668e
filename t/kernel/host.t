#!/usr/bin/perl
# What ip, bridge, tc and /proc/sys show after the functions of PVE::Network::Rust::Host is what they show after the
# reference's commands, recorded in t/vectors/host, or with PVE_SRC after its own Perl functions.

use strict;
use warnings;

use Test::More;

use lib 'perl/lib';
use PVE::Network::Rust::Test::HostEqual qw(compare_cases recorded);
use PVE::Network::Rust::Test::HostRoom qw(cases);

compare_cases(1, recorded('t/vectors/host/cases.jsonl', cases()));

done_testing();
