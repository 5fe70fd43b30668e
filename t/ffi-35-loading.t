# Loading: versions, taint mode, other libraries, other interpreters.

use strict;
use warnings;

use Config;
use ExtUtils::Embed ();
use File::Temp qw(tempdir);
use Test::More;

use lib 't/lib';
use PerlXS::Test;

my $folder = tempdir(CLEANUP => 1);
my ($library) = grep { -e } map { "$_/auto/PerlXS/Test/Test.so" } $ENV{PERLXS_TESTLIB}
    // 'build/testlib';

sub output_of {
    my (@command) = @_;
    my $pid = open(my $out, '-|') // die "fork: $!\n";
    if (!$pid) {
        open(STDERR, '>&', \*STDOUT) or die "dup: $!\n";
        exec { $command[0] } @command or die "$command[0]: $!\n";
    }
    my $text = do { local $/ = undef; <$out> };
    close($out);
    return $text // '';
}

# The product's library too, where it is built.
my @product = -e 'blib/arch/auto/PVE/Network/Rust/Rust.so' ? ('-Mblib') : ();
my $product_name = 'PVE::Network::Rust';

sub each_library {
    my ($code) = @_;
    $code->(
        'PerlXS::Test', $library, "unshift \@INC, '@{[$library =~ s{/auto/.*}{}r]}';", '-It/lib'
    );
    SKIP: {
        skip 'the product is not built: run make', 1 if !@product;
        $code->($product_name, 'blib/arch/auto/PVE/Network/Rust/Rust.so', '', @product);
    }
    return;
}

# Row 35
each_library(
    sub {
        my ($module, $so, $inc, @options) = @_;
        for my $version ('9.9', '0.1', '', undef) {
            my $load = defined($version) ? "'$version'" : '';
            my $text = output_of(
                $^X, @options, '-e',
                "package $module; $inc require XSLoader; XSLoader::load('$module', $load); print qq{loaded\\n}",
            );
            my $named = defined($version) && length($version) ? $version : '(?:\(none\)|)';
            like(
                $text,
                qr/^\Q$module\E: the Perl module is version $named, but the library that it loaded is version \d+\.\d+\.\d+; reinstall/,
                "row 35: $module: version " . ($version // 'none') . ' is refused, with both',
            );
        }
    },
);

# Row 36
each_library(
    sub {
        my ($module, $so, $inc, @options) = @_;
        is(
            output_of($^X, '-T', @options, "-M$module", '-e', 'print "loaded\n"'),
            "loaded\n", "row 36: $module loads under -T"
        );
    },
);

# Row 37: symbols
each_library(
    sub {
        my ($module, $so) = @_;
        my @defined = map { (split)[-1] } split(/\n/, output_of('nm', '-D', '--defined-only', $so));
        is_deeply(
            \@defined,
            ['boot_' . $module =~ s/::/__/gr],
            "row 37: $module exports its boot symbol alone"
        );
        my $foreign = join(
            ' ',
            grep { /\b(?:pxs_|rust_|_R)/ }
                map { (split)[-1] } split(/\n/, output_of('nm', '-D', '--undefined-only', $so))
        );
        is($foreign, '', "row 37: $module takes nothing of another library's Rust");
    },
);

# Row 37: beside another library with its own Rust in it, whose panics are its own affair.
SKIP: {
    skip 'row 37: the product is not built: run make', 1 if !@product;
    for my $order (['PerlXS::Test', $product_name], [$product_name, 'PerlXS::Test']) {
        my $text = output_of(
            $^X, '-It/lib', @product, (map { "-M$_" } @$order), '-e',
            'my $c = PerlXS::Test::Counter->new(2); '
                . 'close STDERR; eval { PerlXS::Test::Panics::in_function("x") }; print $@; '
                . 'print PVE::Network::Rust::version(), " ", $c->value, "\n"',
        );
        like($text, qr/\Ainternal error: x\n\d+\.\d+\.\d+ 2\n\z/, "row 37: @$order");
    }
}

# Row 37: several interpreters in one process.
{
    my $program = "$folder/interpreters";
    my @options = map { split } ExtUtils::Embed::ccopts(), ExtUtils::Embed::ldopts();
    is(
        output_of($Config{cc}, '-o', $program, 't/lib/interpreters.c', @options), '',
        'row 37: a program with several interpreters is compiled',
    );
    is(
        output_of($program),
        join(
            '',
            map { "$_\n" } 'first 3 1',
            'second 3 1',
            'first again 5 1',
            'error internal',
            'after 0', 'third 3 1', 'end'
        ),
        'row 37: each interpreter loads the library and keeps what is its own',
    );
}

done_testing();
