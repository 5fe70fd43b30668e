# What processes count of the seams, and how that comes together on a node.

use strict;
use warnings;
no warnings qw(once);

use File::Path qw(make_path);
use File::Temp qw(tempdir);
use JSON::PP ();
use POSIX ();
use Test::More;

my $root;

BEGIN {
    $root = tempdir(CLEANUP => 1);
    $ENV{PVE_RUST_ROOT} = $root;
    delete $ENV{$_} for grep { /^PVE_RUST_(?:PHASE|SEAM)/ } keys %ENV;
}

use lib 't/lib/small-pve';

use PVE::Network::Rust::Takeover ();
use PVE::Network::Rust::Takeover::Counts;
use PVE::Network::Rust::Takeover::Published;
use PVE::Network::Rust::Takeover::Statistics;

make_path("$root/etc/pve");
symlink('nodes/here', "$root/etc/pve/local") or die "symlink: $!\n";
my $folder = "$root/var/lib/pve-network-rust/statistics";
my $name = 'LXC::Config::parse_volume';

sub statistics { return PVE::Network::Rust::Takeover::Statistics::of_node()->{seams} }

sub files {
    return map { s{.*/}{}r } glob("$folder/*-*");
}

# Has a process of its own call the function so often in that mode, and end as $end does.
sub process {
    my ($mode, $times, $end) = @_;
    my $pid = fork() // die "fork: $!\n";
    if (!$pid) {
        PVE::Network::Rust::Takeover::set({ seams => { $name => $mode } });
        my @answers =
            map { scalar(PVE::LXC::Config->parse_volume('rootfs', 'local:1/a')) } 1 .. $times;
        $end->();
        POSIX::_exit(0);
    }
    waitpid($pid, 0);
    return $pid;
}

sub at_end {
    PVE::Network::Rust::Takeover::status();
    PVE::Network::Rust::Takeover::Statistics::finish();
    return;
}

sub flushed {
    PVE::Network::Rust::Takeover::status();
    PVE::Network::Rust::Takeover::Statistics::flush();
    return;
}

PVE::Network::Rust::Takeover->import();
require PVE::LXC::Config;
PVE::LXC::Config->parse_volume('rootfs', 'local:1/a') for 1 .. 5;

is_deeply(statistics(), {}, 'nothing yet');
process('perl', 10, \&at_end);
is_deeply(statistics(), { $name => { perl => 10 } }, 'a process that has ended');
is_deeply([files()], [], '… leaves no file');
process('shadow', 3, \&at_end);
my $counts = statistics()->{$name};
is_deeply(
    [@$counts{qw(perl shadow divergences perl_calls rust_calls)}],
    [10, 3, 3, 3, 3],
    'calls of both in shadow, and that they differ'
);
cmp_ok($counts->{$_}, '>', 0, "… $_") for qw(perl_seconds rust_seconds);
process('rust', 33, \&at_end);
$counts = statistics()->{$name};
is($counts->{rust}, 33, 'calls that Rust answered');
is($counts->{rust_calls}, 3 + 3, '… of which one in sixteen is measured');

process('perl', 7, \&flushed);
is(scalar(files()), 1, 'a process that was killed leaves a file');
is(statistics()->{$name}{perl}, 17, '… which counts');
process('perl', 1, \&at_end);
is_deeply([files()], [], '… and is taken by others');
is(statistics()->{$name}{perl}, 18, '… once');

# A file whose counts are in the sum already, as if it had been cut off there.
process('perl', 4, \&flushed);
my ($file) = files();
process('perl', 1, \&at_end);
{
    open(my $sum, '>>', "$folder/sum") or die "open: $!\n";
    print {$sum} "has $file\n";
    close($sum);
    open(my $out, '>', "$folder/$file") or die "open: $!\n";
    print {$out} "$name perl 4\n";
    close($out);
}
is(statistics()->{$name}{perl}, 23, 'what was cut off in the middle counts once');
process('perl', 1, \&at_end);
is(statistics()->{$name}{perl}, 24, '… also afterwards');
is_deeply([files()], [], '… and goes');

{
    my @pids = map {
        my $pid = fork() // die "fork: $!\n";
        if (!$pid) {
            process('perl', 5, \&at_end) for 1 .. 5;
            POSIX::_exit(0);
        }
        $pid;
    } 1 .. 8;
    waitpid($_, 0) for @pids;
    process('perl', 1, \&at_end);
    is(statistics()->{$name}{perl}, 24 + 200 + 1, 'none is lost or counted twice where many end');
}

process(
    'perl', 5,
    sub {
        flushed();
        process('perl', 2, \&at_end);
        at_end();
    }
);
is(statistics()->{$name}{perl}, 232, 'a child of a fork counts its own calls only');

{
    my $program = 'use PVE::Network::Rust::Takeover; require PVE::LXC::Config;'
        . 'PVE::LXC::Config->parse_volume("rootfs", "local:1/a") for 1 .. 3; exit(3)';
    system($^X, '-T', (map { ('-I', $_) } @INC), '-e', $program);
    is($? >> 8, 3, 'a program\'s exit status is its own');
    is(statistics()->{$name}{perl}, 235, '… and it is counted when it ends');
    mkdir("$folder.away");
    rename($folder, "$folder.there") or die "rename: $!\n";
    open(my $in_the_way, '>', $folder) or die "open: $!\n";
    close($in_the_way);
    system($^X, '-T', (map { ('-I', $_) } @INC), '-e', $program);
    is($? >> 8, 3, 'that it cannot be counted is no failure');
    unlink($folder);
    rename("$folder.there", $folder) or die "rename: $!\n";
}

subtest 'what nodes tell each other' => sub {
    my $published = 'PVE::Network::Rust::Takeover::Published';
    $published->can('publish')->({});
    ok(!-e "$folder/published", 'nothing without PVE::Cluster');
    local $INC{'PVE/Cluster.pm'} = 'here';
    my @told;
    no warnings qw(redefine);
    local *PVE::Cluster::broadcast_node_kv = sub { push @told, [@_] };
    $published->can('publish')->({ $name => 'rust' });
    is(scalar(@told), 1, 'told');
    my $status = JSON::PP->new()->decode($told[0][1]);
    is($told[0][0], 'rust-network', '… by a key');
    is_deeply([keys %{ $status->{seams} }], [$name], '… of seams that have something to tell');
    is($status->{seams}{$name}{calls}, 235 + 36, '… calls');
    is($status->{seams}{$name}{mode}, 'rust', '… mode');
    is($status->{phase}, 'perl-only', '… and the phase');
    $published->can('publish')->({});
    is(scalar(@told), 1, 'not again within a minute');
    utime(time() - 61, time() - 61, "$folder/published");
    $published->can('publish')->({});
    is(scalar(@told), 2, 'but then');

    local *PVE::Cluster::get_node_kv =
        sub { return { one => $told[0][1], two => 'nonsense', three => '[]' } };
    is_deeply([keys %{ $published->can('of_cluster')->() }], ['one'], 'what others told');
};
done_testing();
