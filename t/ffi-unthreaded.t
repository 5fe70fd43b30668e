# The shim for a Perl without threads: compiled only, since Debian has no such Perl to run.

use strict;
use warnings;

use Config;
use File::Temp qw(tempdir);
use Test::More;

use lib 'perl/lib';
use Command qw(attempt);

my $folder = tempdir(CLEANUP => 1);
my $core = "$Config{archlibexp}/CORE";

# Perl's configuration with the thread options taken out; its include guard keeps the real one out.
open(my $in, '<', "$core/config.h") or die "open $core/config.h: $!\n";
my $config = do { local $/ = undef; <$in> };
my $without =
    ($config =~ s/^#\s*define\s+(?:MULTIPLICITY|USE_ITHREADS|USE_THREADS|I_PTHREAD)\b.*$//mgr);
open(my $out, '>', "$folder/config.h") or die "open: $!\n";
print {$out} $without;
close($out) or die "close: $!\n";

my @defines = grep { /^-D/ && !/FORTIFY|REENTRANT/ } split(' ', $Config{ccflags});
my @options = (
    '-c', '-o', "$folder/out.o", '-include', "$folder/config.h", @defines,
    '-Irust/perlxs-sys/shim', '-isystem', $core,
);
my @strict = qw(-Wall -Wextra -Werror -Wno-unused-parameter -O1 -fno-strict-aliasing -fwrapv);
for my $source (glob('rust/perlxs-sys/shim/*.c')) {
    ok(
        attempt($Config{cc}, @options, @strict, $source),
        "row 27: $source compiles without threads"
    );
}
open(my $check, '>', "$folder/check.c") or die "open: $!\n";
print {$check} "#include \"perlxs.h\"\n#ifdef MULTIPLICITY\n#error threads\n#endif\nint x;\n";
close($check) or die "close: $!\n";
ok(attempt($Config{cc}, @options, "$folder/check.c"), 'row 27: and that without threads is so');

done_testing();
