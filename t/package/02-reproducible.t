use strict;
use warnings;

use Cwd qw(getcwd);
use Digest::SHA;
use File::Basename qw(basename);
use File::Temp;
use Test::More;

use lib 'perl/lib';
use PackageTest qw($deb);

# Only where this checkout made the package, with this Perl: that of test-fresh was built with another one.
plan(skip_all => 'the package was not built by this checkout')
    if $deb ne getcwd() . '/build/deb/' . basename($deb) || $ENV{PACKAGE_OF_OTHERS};

my $folder = File::Temp->newdir('another-folder-XXXXXX', TMPDIR => 1);
umask(0077);
is(system('perl/deb', "$folder"), 0, 'the package is built a second time, elsewhere');
is(
    Digest::SHA->new(256)->addfile("$folder/" . basename($deb))->hexdigest,
    Digest::SHA->new(256)->addfile($deb)->hexdigest,
    'both packages are the same, byte for byte',
);

done_testing();
