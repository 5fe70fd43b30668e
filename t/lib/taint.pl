# Run with -T: what a tainted argument becomes.

use strict;
use warnings;

use Scalar::Util qw(tainted);

use PerlXS::Test;

my ($argument) = @ARGV;
die "not tainted\n" if !tainted($argument);
print 'ok ', PerlXS::Test::characters($argument), "\n";
print 'ok ', PerlXS::Test::text($argument), "\n";
print 'ok ', PerlXS::Test::Structures::describe([$argument]), "\n";
print tainted(PerlXS::Test::text($argument)) ? 'still tainted' : 'ok clean', "\n";
