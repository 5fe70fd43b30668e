#!/usr/bin/perl
# VLANs, trunks and rates of a running container's interface: t/container-net.t with the scenarios that need this kernel.

use strict;
use warnings;

do './t/container-net.t' or die $@ || "t/container-net.t: $!\n";
