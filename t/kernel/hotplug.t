#!/usr/bin/perl
# A plugged-in interface on a bridge that filters VLANs, and on a plain one, is what the reference's commands make.

use strict;
use warnings;

use Test::More tests => 1;

my @test = qw(cargo test --quiet --offline --locked -p pve-container --test hotplug_equal);
is(
    system(@test, '--', '--ignored', '--test-threads=1'),
    0, 'the same links, addresses, routes and VLANs'
);
