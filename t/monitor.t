#!/usr/bin/perl
# Changes of links and addresses as events, in namespaces of this test's own. VLANs: t/kernel/monitor.t.

use strict;
use warnings;

use IO::Poll qw(POLLIN);
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep ualarm);

use lib 'perl/lib', 't/lib';
use OwnNamespace;
use Command qw(must);
use PVE::Network::Rust::Monitor;
use Watching qw(follow known_state new_state readable shown_state);

sub batch {
    my (@commands) = @_;
    open(my $ip, '|-', qw(ip -batch -)) or die "start ip: $!\n";
    print {$ip} map { "$_\n" } @commands;
    close($ip) or die "ip -batch failed\n";
    return;
}

sub descriptors {
    opendir(my $dh, '/proc/self/fd') or die "open /proc/self/fd: $!\n";
    return scalar grep { !m/^\./ } readdir($dh);
}

sub short {
    my (@events) = @_;
    return [map { "$_->{type} $_->{action} $_->{name}" } @events];
}

my $open = descriptors();
my $monitor = PVE::Network::Rust::Monitor->new({ links => 1, addresses => 1 });
isa_ok($monitor, 'PVE::Network::Rust::Monitor');
is_deeply($monitor->read(), [], 'nothing has changed yet');
ok(!readable($monitor), '… and the descriptor is not readable');

must(qw(ip link add va type veth peer name vb));
ok(readable($monitor), 'readable');
ok(readable($monitor), '… as long as there is something to read');
my $events = $monitor->read();
is_deeply([sort @{ short(@$events) }], ['link new va', 'link new vb'], 'two links');
my ($va) = grep { $_->{name} eq 'va' } @$events;
is($va->{kind}, 'veth', 'their kind');
is_deeply([@$va{qw(mtu up master operstate)}], [1500, 0, undef, 'DOWN'], '… and more');
like($va->{address}, qr/^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$/, '… the hardware address');
ok(!readable($monitor), 'all was read');
is_deeply($monitor->read(), [], '… so there is nothing');

must(qw(ip link set va mtu 1400));
is_deeply(
    [map { [@$_{qw(action name mtu)}, $_->{old}] } @{ $monitor->read() }],
    [['change', 'va', 1400, { mtu => 1500 }]],
    'a change, and what was before'
);
must(qw(ip link set va name vx));
is_deeply(
    [map { [@$_{qw(action name)}, $_->{old}] } @{ $monitor->read() }],
    [['change', 'vx', { name => 'va' }]],
    'a new name'
);
must(qw(ip link add br0 type bridge));
must(qw(ip link set vx master br0));
my ($port) = grep { $_->{name} eq 'vx' } @{ $monitor->read() };
is_deeply([$port->{master}, $port->{old}], ['br0', { master => undef }], 'a port of a bridge');
must(qw(ip link set vx nomaster));
is_deeply(
    [grep { $_->{action} eq 'delete' } @{ $monitor->read() }],
    [], 'a port that leaves its bridge is no link that is gone'
);

must(qw(ip address add 10.0.0.1/24 dev vb));
must(qw(ip address add fd00::1/64 dev vb nodad));
# The kernel tells of an IPv6 address when it gets to it.
my @new;
push @new, grep { $_->{type} eq 'address' } @{ $monitor->read() }
    while @new < 2 && readable($monitor, 10);
is_deeply(
    [map { [@$_{qw(type action name family address prefix scope)}] } @new],
    [
        [qw(address new vb inet 10.0.0.1 24 global)],
        [qw(address new vb inet6 fd00::1 64 global)],
    ],
    'addresses'
);
must(qw(ip address del 10.0.0.1/24 dev vb));
is_deeply(short(@{ $monitor->read() }), ['address delete vb'], 'one is gone');
must(qw(ip link delete vx));
my @last = @{ short(@{ $monitor->read() }) };
is_deeply([sort grep { /^link/ } @last], ['link delete vb', 'link delete vx'], 'links are gone');
is((grep { /^address delete vb/ } @last), 1, '… and with them the address that was left');

# Two monitors, one of which wants addresses only and has next to no room for what it has not read.
my $small = PVE::Network::Rust::Monitor->new({ addresses => 1, receive_buffer => 1 });
my $tiny = PVE::Network::Rust::Monitor->new({ receive_buffer => 1 });

# What all three know already: the loopback link and the bridge.
my @before = map { { %$_, type => 'link', action => 'new' } } grep { $_ } map {
    my $name = $_;
    must(qw(ip link set), $name, qw(mtu 1300));
    my ($event) = grep { $_->{name} eq $name } @{ $monitor->read() };
    $event;
} qw(lo br0);
$_->read() for $small, $tiny;
my ($of_monitor, $of_tiny, $of_small) = map { new_state() } 1 .. 3;
follow($_, @before) for $of_monitor, $of_tiny;
is_deeply(known_state($of_monitor), shown_state(), 'the state before');

batch(
    (map { "link add v$_ type veth peer name w$_" } 1 .. 300),
    map { "link set v$_ up" } 1 .. 300
);
batch(map { 'address add 10.1.' . int($_ / 250) . '.' . $_ % 250 . '/16 dev w1' } 1 .. 2_000);
batch(map { "link delete v$_" } 200 .. 300);
follow($of_tiny, @{ $tiny->read() });
cmp_ok($tiny->resyncs(), '>', 0, 'changes were dropped');
is_deeply(known_state($of_tiny), shown_state(), '… and yet none is missing');
ok(!readable($tiny), 'all was read');
follow($of_small, @{ $small->read() });
is_deeply(known_state($of_small)->{addresses}, shown_state()->{addresses}, 'addresses only');
is_deeply($of_small->{link}, {}, '… and no links');
while (readable($monitor)) { follow($of_monitor, @{ $monitor->read() }) }
is_deeply(known_state($of_monitor), shown_state(), 'the same with more room');

# Changes while it reads, and drops them, too.
my $changer = fork() // die "fork: $!\n";
if (!$changer) {
    eval {
        batch((map { "link set v$_ down" } 1 .. 199), (map { "link set v$_ up" } 1 .. 199))
            for 1 .. 5;
        batch(map { "link delete v$_" } 100 .. 199);
    };
    POSIX::_exit($@ ? 1 : 0);
}
my $reads = 0;
until (waitpid($changer, POSIX::WNOHANG()) == $changer) {
    follow($of_tiny, @{ $tiny->read() });
    $reads++;
}
is($?, 0, 'links change');
while (readable($tiny, 0.1)) { follow($of_tiny, @{ $tiny->read() }) }
is_deeply(known_state($of_tiny), shown_state(), 'none is missing of changes during reads');
while (readable($monitor)) { follow($of_monitor, @{ $monitor->read() }) }

# Event loops.
my $poll = IO::Poll->new();
open(my $handle, '<&=', $monitor->fileno()) or die "open: $!\n";
$poll->mask($handle => POLLIN);
is($poll->poll(0), 0, 'IO::Poll: nothing');
must(qw(ip link set lo up));
is($poll->poll(5), 1, 'IO::Poll: something');
$poll->remove($handle);
$monitor->read();
SKIP: {
    eval { require AnyEvent } or skip('AnyEvent is not installed', 1);
    my $done = AnyEvent->condvar();
    my @seen;
    my $watcher = AnyEvent->io(
        fh => $monitor->fileno(),
        poll => 'r',
        cb => sub {
            push @seen, map { $_->{name} } @{ $monitor->read() };
            $done->send() if grep { $_ eq 'last' } @seen;
        },
    );
    my $timer = AnyEvent->timer(after => 10, cb => sub { $done->send() });
    must(qw(ip link add first type bridge));
    must(qw(ip link add last type bridge));
    $done->recv();
    is_deeply([grep { /^(?:first|last)$/ } @seen], [qw(first last)], 'AnyEvent');
}

# A child of a fork.
must(qw(ip link add before type bridge));
my $descriptor = $monitor->fileno();
pipe(my $from, my $to) or die "pipe: $!\n";
my $child = fork() // die "fork: $!\n";
if (!$child) {
    my @seen = map { $_->{name} } @{ $monitor->read() };
    must(qw(ip link add child type bridge));
    push @seen, map { $_->{name} } @{ $monitor->read() };
    syswrite($to, join(' ', @seen));
    POSIX::_exit(0);
}
waitpid($child, 0);
close($to);
is(<$from>, 'before child', 'a child sees what changed since it last read');
is_deeply(
    [map { $_->{name} } @{ $monitor->read() }],
    [qw(before child)], '… and so does its parent'
);
is($monitor->fileno(), $descriptor, '… by the same descriptor');

# Another namespace.
my $pid = fork() // die "fork: $!\n";
if ($pid == 0) {
    exec {'unshare'} 'unshare', '--net', 'sleep', '300' or POSIX::_exit(1);
}
END { kill('KILL', $pid) if $pid }
my $own = readlink('/proc/self/ns/net');
sleep(0.01) while (readlink("/proc/$pid/ns/net") // $own) eq $own;
my $inside = PVE::Network::Rust::Monitor->new({ links => 1, netns => "/proc/$pid/ns/net" });
must('nsenter', "--net=/proc/$pid/ns/net", qw(ip link add inner type bridge));
is_deeply(short(@{ $inside->read() }), ['link new inner'], 'in another namespace');
is_deeply($monitor->read(), [], '… and not in this one');
is(readlink('/proc/self/ns/net'), $own, 'this process stays where it is');

eval { PVE::Network::Rust::Monitor->new({ netns => '/proc/self/status' }) };
is(ref($@) && $@->kind(), 'resource', 'no namespace');
eval { PVE::Network::Rust::Monitor->new({ link => 1 }) };
like($@, qr/argument 2 \(\$options->\{link\}\)/, 'an unknown option is named');
$inside->close();
eval { $inside->read() };
like($@, qr/handle is closed/, 'closed');

{
    local $SIG{ALRM} = sub { die "alarm\n" };
    my $lost = new_state();
    my $watch = PVE::Network::Rust::Monitor->new({ addresses => 1, receive_buffer => 1 });
    my $ended = 0;
    for my $try (1 .. 40) {
        batch(map { "address add 10.2.$try.$_/16 dev lo" } 1 .. 40);
        my $events;
        eval {
            ualarm(50 * $try);
            $events = $watch->read();
            ualarm(0);
        };
        ualarm(0);
        die $@ if $@ && $@ ne "alarm\n";
        $events ? follow($lost, @$events) : $ended++;
    }
    while (readable($watch)) { follow($lost, @{ $watch->read() }) }
    my @added = grep { / 10\.2\./ } @{ known_state($lost)->{addresses} };
    is(
        scalar(@added), 1_600,
        "a handler that dies ends a read ($ended times), and nothing is lost"
    );
}

undef $_ for $monitor, $small, $tiny, $inside, $handle;
is(descriptors(), $open + 1, 'no descriptor is left open but the pipe');

{
    local $ENV{PATH} = '/usr/sbin:/usr/bin:/sbin:/bin';
    my $program = 'use PVE::Network::Rust::Monitor; my $m = PVE::Network::Rust::Monitor->new();'
        . ' print scalar(@{ $m->read() }), " ", $m->fileno() > 2 ? "ok" : "not ok"';
    open(my $out, '-|', $^X, '-T', (map { "-I$_" } grep { !ref } @INC), '-e', $program)
        or die "start perl: $!\n";
    is(<$out>, '0 ok', 'under taint checks');
}

done_testing();
