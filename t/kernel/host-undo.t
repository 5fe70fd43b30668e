#!/usr/bin/perl
# After a failure at any message, on bridges with and without VLAN filtering, the host is as it was.

use strict;
use warnings;

use Test::More tests => 1;

my @test = qw(cargo test --quiet --offline --locked -p pve-container --test host_undo);
is(system(@test, '--', '--ignored', '--test-threads=1'), 0, 'nothing is left of what failed');
