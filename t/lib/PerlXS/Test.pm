package PerlXS::Test;

# Loads the exports that only tests have; `perl/build-testlib` builds them.

use strict;
use warnings;

our $VERSION = '0.1.0';

# The folder may come from the environment, which taint mode distrusts and a test may trust.
my ($folder) = ($ENV{PERLXS_TESTLIB} // __FILE__ =~ s{t/lib/PerlXS/Test\.pm\z}{build/testlib}r)
    =~ /\A(.+)\z/s;

{
    local @INC = ($folder, @INC);
    require XSLoader;
    XSLoader::load(__PACKAGE__, $VERSION);
}

@PerlXS::Test::Failure::ISA = ();

sub PerlXS::Test::Failure::new {
    my ($class, %fields) = @_;
    return bless {%fields}, $class;
}

1;
