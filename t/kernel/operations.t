#!/usr/bin/perl
# Interfaces that change VLANs, trunks and rates show what plugged-in ones do, and stay as they were when changing fails or
# its process is killed at any step.

use strict;
use warnings;

use Test::More tests => 2;

my @test = qw(cargo test --quiet --offline --locked -p pve-container --test);
is(
    system(@test, 'operations_update', '--', '--ignored', '--test-threads=1'),
    0, 'changed, and not changed'
);
local $ENV{PVE_TEST_FILTERING} = 1;
is(system(@test, 'operations_killed'), 0, 'killed');
