#!/usr/bin/perl
# Interfaces that were plugged in together are what each plugged in by itself is: with VLANs, rates and firewall bridges.

use strict;
use warnings;

use Test::More tests => 1;

my @test = qw(cargo test --quiet --offline --locked -p pve-container --test hotplug_batch);
is(system(@test, '--', '--ignored', '--test-threads=1'), 0, 'the same as one by one');
