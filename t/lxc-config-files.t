#!/usr/bin/perl
# Configuration files from Perl: loaded, saved, recovered, remembered, locked against Perl's own lock.

use strict;
use warnings;

use Fcntl qw(:flock);
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use POSIX qw(uname);
use Test::More;
use Time::HiRes qw(sleep time ualarm);

use PVE::Network::Rust::LXC::Config;

my $CONFIG = 'PVE::Network::Rust::LXC::Config';
my ($node) = (uname())[1] =~ m/^([^.]+)/;
my $root = tempdir(CLEANUP => 1);
my $folder = "$root/etc/pve/nodes/$node/lxc";
my $lock = "$root/run/lock/lxc/pve-config-100.lock";
local $ENV{PVE_RUST_ROOT} = $root;
make_path($folder, "$root/run/lock/lxc");

sub write_file {
    my ($path, $text) = @_;
    open(my $fh, '>:raw', $path) or die "open $path: $!\n";
    print $fh $text;
    close($fh) or die "close $path: $!\n";
    return;
}

sub read_file {
    my ($path) = @_;
    open(my $fh, '<:raw', $path) or die "open $path: $!\n";
    local $/ = undef;
    return scalar <$fh>;
}

# Runs $code while another process holds the lock as pve-container does; returns what $code dies with.
sub while_locked {
    my ($code) = @_;
    pipe(my $read, my $write) or die "pipe: $!\n";
    my $pid = fork() // die "fork: $!\n";
    if ($pid == 0) {
        open(my $fh, '>>', $lock) or POSIX::_exit(1);
        flock($fh, LOCK_EX) or POSIX::_exit(1);
        syswrite($write, 'x');
        sleep(30);
        POSIX::_exit(0);
    }
    sysread($read, my $locked, 1);
    eval { $code->() };
    my $error = $@;
    kill('KILL', $pid);
    waitpid($pid, 0);
    return $error;
}

is(eval { $CONFIG->load_config(100) }, undef, 'a file that is missing');
is($@, "Configuration file 'nodes/$node/lxc/100.conf' does not exist\n", '… the text');

write_file("$folder/100.conf", "arch: amd64\nmemory: 512\nbogus: x\n");
{
    my @warnings;
    local $SIG{__WARN__} = sub { push @warnings, @_ };
    sleep(3.1)
        ; # a file that was just changed is not remembered: it may change again within its time stamp
    my $conf = $CONFIG->load_config(100);
    is($conf->{memory}, 512, 'loaded');
    my $warning = "vm 100 - unable to parse value of 'bogus' - unknown setting 'bogus'\n";
    is_deeply(\@warnings, [$warning], 'a warning on reading');
    $conf->{memory} = 1;
    is(
        $CONFIG->load_config(100)->{memory},
        512, 'remembered; what the caller changed is the caller\'s own'
    );
    is_deeply(\@warnings, [$warning], '… and warned once');
    my $statistics = $CONFIG->cache_statistics();
    is_deeply($statistics, { hits => 1, misses => 1, unsettled => 0, entries => 1 }, 'counted');
    $CONFIG->clear_cache();
    is($CONFIG->cache_statistics()->{entries}, 0, 'forgotten');
}

write_file("$folder/100.conf", "arch: amd64\nmemory: 512\n");
my $conf = $CONFIG->load_config(100);
my $first = $conf->{digest};
$conf->{memory} = 1024;
$conf->{snapstate} = 'prepare';
my $saved = $CONFIG->save_config(100, $conf);
is(read_file("$folder/100.conf"), "arch: amd64\nmemory: 1024\n", 'saved');
is($saved->{replaced}, $first, 'the digest of the version before');
ok(!exists $conf->{snapstate}, 'snapstate is deleted from the caller\'s hash');
is($CONFIG->load_config(100)->{digest}, $saved->{digest}, 'the digest of the new version');

eval { $CONFIG->save_config(100, $conf) };
is(
    "$@",
    "detected modified configuration - file changed by other user? Try again.\n",
    'an old digest is refused',
);
isa_ok($@, 'PVE::Network::Rust::Error');
is($@->kind(), 'resource', 'its kind');

my $recovery = $CONFIG->recover_config(100);
is($recovery->{outcome}, 'replaced', 'recovered');
is($recovery->{digest}, $first, '… the version before');
is(read_file("$folder/100.conf"), "arch: amd64\nmemory: 512\n", '… is in place');
is($CONFIG->recover_config(100)->{digest}, $saved->{digest}, 'a second recovery undoes the first');

eval { $CONFIG->save_config(100, { arch => "a\nb" }) };
is($@, "detected invalid newline inside property 'arch'\n", 'what cannot be written');
is(read_file("$folder/100.conf"), "arch: amd64\nmemory: 1024\n", '… leaves the file alone');

is(
    while_locked(sub { $CONFIG->save_config(100, { arch => 'amd64' }, 1) }) . '',
    "can't lock file '$lock' - got timeout\n",
    'the lock of pve-container is respected',
);
is(
    while_locked(sub {
        local $SIG{ALRM} = sub { die "alarm\n" };
        ualarm(200_000);
        $CONFIG->save_config(100, { arch => 'amd64' });
    }),
    "alarm\n",
    'a signal handler that dies ends the wait',
);
is(read_file("$folder/100.conf"), "arch: amd64\nmemory: 1024\n", '… and the file is as it was');
is(
    $CONFIG->save_config(100, { arch => 'amd64' })->{replaced},
    $saved->{digest}, 'the lock is free again'
);

mkdir("$folder/101.conf") or die "mkdir: $!\n";
like(eval { $CONFIG->load_config(101) } // $@, qr/is a directory/, 'a folder in the file\'s place');

done_testing();
