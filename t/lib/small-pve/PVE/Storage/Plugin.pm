package PVE::Storage::Plugin;

# In place of the module of that name, one that fails to load in the way that BROKEN_MODULE says.

use strict;
use warnings;

my $way;

BEGIN {
    $way = $ENV{BROKEN_MODULE};
    die "broken\n" if $way eq 'compiling';
}

die "broken\n" if $way eq 'running';

# At the same address each time.
our $object;
die $object //= \my $text if $way eq 'object';

0;
