# Descriptors, namespaces, and what the build refuses.

use strict;
use warnings;

use Cwd qw(getcwd);
use File::Find qw(find);
use File::Temp qw(tempdir);
use Test::More;
use Time::HiRes qw(sleep);

use lib 't/lib';
use PerlXS::Test;

# Every descriptor with what it refers to; the one that reads the folder left out.
sub descriptors {
    opendir(my $dir, '/proc/self/fd') or die "opendir: $!\n";
    my $own = fileno($dir);
    my %open = map { ($_ => readlink("/proc/self/fd/$_") // '') }
        grep { /^\d+$/ && $_ != $own } readdir($dir);
    return \%open;
}

sub is_close_on_exec {
    my ($descriptor) = @_;
    open(my $in, '<', "/proc/self/fdinfo/$descriptor") or die "fdinfo: $!\n";
    my ($flags) = map { /^flags:\s*([0-7]+)/ ? oct($1) : () } <$in>;
    return $flags & 02000000;
}

sub threads {
    return scalar(my @tasks = glob('/proc/self/task/*'));
}

# A process with a network namespace of its own.
sub with_namespace {
    my ($code) = @_;
    pipe(my $ready, my $tell) or die "pipe: $!\n";
    my $pid = fork() // die "fork: $!\n";
    if (!$pid) {
        require POSIX;
        open(STDIN, '<&', $ready) or POSIX::_exit(1);
        my @unshare = $> == 0 ? qw(unshare --net) : qw(unshare --user --map-root-user --net);
        # Ends when the test does.
        exec { $unshare[0] } @unshare, 'cat' or POSIX::_exit(1);
    }
    close($ready);
    my $path = "/proc/$pid/ns/net";
    my $own = readlink('/proc/self/ns/net');
    for (1 .. 500) {
        last if (readlink($path) // $own) ne $own;
        sleep(0.01);
    }
    $code->($path);
    close($tell);
    waitpid($pid, 0);
    return;
}

SKIP: {
    skip 'rows 38, 39: entering a namespace needs root', 1 if $> != 0;
    with_namespace(
        sub {
            my ($path) = @_;
            my $own = readlink('/proc/self/ns/net');
            isnt(readlink($path), $own, 'row 39: there is another namespace');

            PerlXS::Test::Namespace->new($path);
            my $before = descriptors();
            my $threads = threads();
            PerlXS::Test::Namespace->new($path) for 1 .. 100;
            is_deeply(descriptors(), $before, 'row 38: 100 sockets that were opened are closed');
            is(threads(), $threads, 'row 39: the threads that opened them are gone');
            is(
                readlink('/proc/self/ns/net'),
                $own, 'row 39: Perl\'s thread is in its own namespace'
            );
            is_deeply(
                [map { readlink("$_/ns/net") } glob('/proc/self/task/*')], [($own) x $threads],
                'row 39: and so is every other',
            );

            my $object = PerlXS::Test::Namespace->new($path);
            my $now = descriptors();
            my @new = grep { !exists $before->{$_} } sort keys %$now;
            ok(scalar(@new), 'row 38: an object has descriptors open');
            ok(is_close_on_exec($_), "row 38: $now->{$_} is closed on exec") for @new;

            for my $bad ('/nowhere', '/proc/self/ns/mnt', '/dev/null', '/proc/self') {
                $before = descriptors();
                for (1 .. 100) {
                    die "entered $bad\n" if eval { PerlXS::Test::Namespace->new($bad); 1 };
                }
                is_deeply(descriptors(), $before, "row 38: a failure with $bad leaves none open");
                is(readlink('/proc/self/ns/net'), $own, 'row 39: nor Perl elsewhere');
            }
        },
    );
}

{
    my $before = descriptors();
    for (1 .. 100) {
        PerlXS::Test::Waiting::thread(0);
        PerlXS::Test::Counter->new(1)->value;
        eval { PerlXS::Test::Errors::fail_loaded('x') };
        eval { PerlXS::Test::Errors::fail_object('x', 'y') };
    }
    is_deeply(descriptors(), $before, 'row 38: 100 calls of what only works leave no descriptor');
}

# Rows 29, 39, 40: what the sources must not have. Tests inside them may.
{
    my (@sources, %found);
    find({ wanted => sub { push @sources, $_ if m{/src/.*\.rs\z} }, no_chdir => 1 }, 'rust');
    for my $path (sort @sources) {
        next if $path =~ m{perlxs/src/thread\.rs\z};
        open(my $in, '<', $path) or die "open $path: $!\n";
        my @before;    # the statement that the line is part of
        while (defined(my $line = <$in>)) {
            last if $line =~ /^#\[cfg\(test\)\]/;
            push @{ $found{thread} }, "$path:$."
                if $line =~ /(?:thread::|\.)spawn\w*\((?!\))/ && "@before$line" !~ /\bmasked\(/;
            push @{ $found{setns} }, "$path:$."
                if $line =~ /\bsetns\(/ && $path !~ m{pve-netlink/src/netns\.rs\z};
            push @before, $line;
            shift @before if @before > 4;
        }
    }
    is_deeply($found{thread} // [], [], 'row 29: no thread starts with a signal unmasked');
    is_deeply($found{setns} // [], [], 'row 39: one file enters namespaces');
}

sub has_clippy {
    my $pid = open(my $out, '-|') // die "fork: $!\n";
    if (!$pid) {
        open(STDERR, '>&', \*STDOUT) or die "dup: $!\n";
        exec 'cargo', 'clippy', '--version';
    }
    my @lines = <$out>;
    return close($out);
}

# Row 40: what the build refuses, tried on a crate of its own.
sub build {
    my ($command, $code, @options) = @_;
    my $folder = tempdir(CLEANUP => 1);
    my $root = getcwd();
    mkdir("$folder/src") or die "mkdir: $!\n";
    my %files = (
        'Cargo.toml' => "[package]\nname = \"refused\"\nversion = \"0.0.0\"\nedition = \"2024\"\n"
            . "[dependencies]\n$options[0]\n[profile.dev]\n$options[1]\n[workspace]\n",
        'src/lib.rs' => $code,
    );
    for my $name (keys %files) {
        open(my $out, '>', "$folder/$name") or die "open: $!\n";
        print {$out} $files{$name} =~ s/ROOT/$root/gr;
        close($out) or die "close: $!\n";
    }
    system('cp', 'Cargo.lock', 'clippy.toml', $folder) == 0 or die "cp failed\n";
    my $target = $ENV{CARGO_TARGET_DIR} // "$root/target";
    my $pid = open(my $out, '-|') // die "fork: $!\n";
    if (!$pid) {
        open(STDERR, '>&', \*STDOUT) or die "dup: $!\n";
        chdir($folder) or die "chdir: $!\n";
        $ENV{CARGO_TARGET_DIR} = "$target/refused";
        exec 'cargo', $command, '--offline', '--quiet',
            ($command eq 'clippy' ? qw(-- -D warnings) : ());
    }
    my $text = do { local $/ = undef; <$out> };
    close($out);
    return ($?, $text);
}

my ($status, $text) = build(
    'check',
    "pub use perlxs::Perl;\n",
    'perlxs = { path = "ROOT/rust/perlxs" }',
    'panic = "abort"'
);
isnt($status, 0, 'row 40: panic = "abort" does not build');
like($text, qr/build with panic = "unwind"/, 'row 40: and says why');

SKIP: {
    # `make check` fails without clippy; a machine that only runs the tests need not have it.
    skip('cargo clippy is not installed', 4)
        if !has_clippy();
    ($status, $text) = build(
        'clippy',
        "//! x\n/// x\npub fn x() { unsafe { std::env::set_var(\"A\", \"b\"); std::env::remove_var(\"A\"); libc::setenv(c\"A\".as_ptr(), c\"b\".as_ptr(), 1); } }\n",
        'libc = "0.2"', '',
    );
    isnt($status, 0, 'row 40: setenv does not pass clippy');
    like($text, qr/use of a disallowed method `$_`/, "row 40: $_ is refused")
        for qw(std::env::set_var std::env::remove_var);
    like(
        $text,
        qr/use of a disallowed method `libc::(?:\w+::)*setenv`/,
        'row 40: libc::setenv is refused'
    );
}

done_testing();
