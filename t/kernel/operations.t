#!/usr/bin/perl
# Interfaces that change VLANs, trunks and rates show what plugged-in ones do, and stay as they were when changing fails.

use strict;
use warnings;

use Test::More tests => 1;

my @test = qw(cargo test --quiet --offline --locked -p pve-container --test operations_update);
is(system(@test, '--', '--ignored', '--test-threads=1'), 0, 'changed, and not changed');
