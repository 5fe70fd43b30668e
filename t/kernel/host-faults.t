#!/usr/bin/perl
# After each fault that can happen to a function of PVE::Network::Rust::Host other than tap_plug, the host is as the fault
# alone leaves it, and the caller gets the first error.

use strict;
use warnings;

use Test::More tests => 1;

local $ENV{HOST_FAULTS} = '!tap_plug';
my @test = qw(cargo test --quiet --offline --locked -p pve-container --test host_faults);
is(system(@test, '--', '--ignored'), 0, 'each function, each fault');
