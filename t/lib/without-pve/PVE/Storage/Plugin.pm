package PVE::Storage::Plugin;

# Stands in for the base class of storage plugins where PVE is not installed.

use strict;
use warnings;

our @SHARED_STORAGE = ();

1;
