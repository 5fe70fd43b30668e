#!/usr/bin/perl
# Changes of interfaces as operations: looked at, ended and finished by other processes, begun without waiting.

use strict;
use warnings;

use File::Temp qw(tempdir);
use IO::Poll qw(POLLIN);
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep);

use lib 'perl/lib', 't/lib';
use Command qw(must printed);
use OwnNamespace;
use PVE::Network::Rust::Hotplug;
use PVE::Network::Rust::LXC::Config;

my $root = $ENV{PVE_RUST_ROOT} = tempdir(CLEANUP => 1);
my $folder = "$root/run/pve-network-rust/operations";

sub there {
    my ($name) = @_;
    return -d "/proc/sys/net/ipv4/conf/$name" ? 1 : 0;
}

my $test = $$;
my $pid = fork() // die "fork: $!\n";
if ($pid == 0) {
    exec {'unshare'} 'unshare', '--net', 'sleep', '300' or POSIX::_exit(1);
}
my $own = readlink('/proc/self/ns/net');
sleep(0.01) while (readlink("/proc/$pid/ns/net") // $own) eq $own;
END { kill('KILL', $pid) if $pid && $$ == $test }

# In a child; what it returns as text comes back.
sub in_child {
    my ($code) = @_;
    my $child = open(my $out, '-|') // die "fork: $!\n";
    if ($child == 0) {
        my $text = eval { $code->() } // "died: $@";
        syswrite(STDOUT, $text);
        POSIX::_exit(0);
    }
    return sub {
        local $/ = undef;
        my $text = <$out> // '';
        close($out);
        return $text;
    };
}

must('ip', 'link', 'add', 'vmbr0', 'address', '02:00:00:00:00:01', 'type', 'bridge');
must('ip', 'link', 'add', 'port', 'type', 'veth', 'peer', 'name', 'cable');
must('ip', 'link', 'set', 'port', 'master', 'vmbr0');
must('ip', 'link', 'set', $_, 'up') for qw(vmbr0 port cable);

my $hotplug = PVE::Network::Rust::Hotplug->new();
my $target = { pid => $pid };
my $net = PVE::Network::Rust::LXC::Config->parse_lxc_network(
    'name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:00:01,ip=10.0.0.2/24,gw=10.0.0.1'
);

sub inside {
    my (@words) = @_;
    return printed('nsenter', "--net=/proc/$pid/ns/net", 'ip', @words);
}

sub addresses {
    return join(' ', inside('-br', '-4', 'address', 'show', 'dev', 'eth0') =~ m/(\d[\d.]+\/\d+)/g);
}

sub state_of {
    my ($id) = @_;
    return $hotplug->get_operation_status($id)->{state};
}

sub fails {
    my ($what, $kind, $pattern, $code) = @_;
    eval { $code->() };
    my $error = $@;
    like("$error", $pattern, $what);
    is(ref($error) && $error->kind(), $kind, "$what: kind");
    return;
}

# An operation and its record.
my $added = $hotplug->hotplug_add(100, 0, $net, $target);
like($added->{id}, qr/^[0-9a-f]{16}-[0-9a-f]{8}$/, 'an interface has the id of its operation');
is($added->{name}, 'veth100i0', '… and its names');
my $status = $hotplug->get_operation_status($added->{id});
is_deeply(
    [map { $status->{$_} } qw(id kind vmid netid state pid error)],
    [$added->{id}, 'add', 100, 0, 'succeeded', $$, undef],
    'what it is',
);
ok(!$status->{async}, 'its caller waited');
is_deeply(
    { %{ $status->{interface} }, id => $added->{id} },
    $added, 'what it returned'
);
my $last = $status->{created};
for my $step (@{ $status->{steps} }) {
    ok($last <= $step->{start} && $step->{start} <= $step->{end}, "when it did '$step->{name}'");
    $last = $step->{end};
}
ok($last <= $status->{ended} && $status->{ended} <= Time::HiRes::time() + 1, 'when it ended');
is(sprintf('%04o', (stat($folder))[2] & 07777), '0700', 'the folder is its owner\'s');

# Changing.
my $other = { %$net, ip => '10.0.0.3/24', gw => '10.0.0.254' };
my $updated = $hotplug->hotplug_update(100, 0, $other, { %$target, old => $net });
is($updated->{index}, $added->{index}, 'the same links');
is(addresses(), '10.0.0.3/24', 'another address');
like(inside('route'), qr/^default via 10\.0\.0\.254 /m, 'another gateway');
inside('address', 'add', '10.5.0.1/24', 'dev', 'eth0');
$hotplug->hotplug_update(100, 0, $net, { %$target, old => $other });
is(addresses(), '10.5.0.1/24 10.0.0.2/24', 'what was configured goes, and nothing else');
$hotplug->hotplug_update(100, 0, $net, $target);
is(addresses(), '10.0.0.2/24', 'all else goes where it is not said what was configured');
my $state = join("\n", printed('ip', '-br', 'link'), inside('-br', 'address'), inside('route'));
fails(
    'no such bridge', 'resource', qr/^bridge 'none0' does not exist/,
    sub { $hotplug->hotplug_update(100, 0, { %$net, bridge => 'none0' }, $target) }
);
fails(
    'a gateway that is out of reach',
    'infrastructure',
    qr/^unable to make 10\.77\.0\.1 the default gateway of the container: /,
    sub { $hotplug->hotplug_update(100, 0, { %$net, ip => 'manual', gw => '10.77.0.1' }, $target) }
);
is(
    join("\n", printed('ip', '-br', 'link'), inside('-br', 'address'), inside('route')),
    $state, '… and all is as before'
);
fails(
    'not plugged in', 'resource', qr/^interface 'veth100i7' does not exist/,
    sub { $hotplug->hotplug_update(100, 7, $net, $target) }
);
for my $method (qw(hotplug_add hotplug_update)) {
    fails(
        "$method without a container",
        'resource',
        qr/^container 199 is not running: .*pending change/,
        sub { $hotplug->$method(199, 0, $net) }
    );
}
fails(
    'taking out without a container',
    'resource',
    qr/^container 199 is not running: .*pending change/,
    sub { $hotplug->hotplug_remove(199, 0) }
);
fails(
    'two containers', 'config', qr/^pid: /,
    sub { $hotplug->hotplug_add(100, 1, $net, { %$target, netns => '/proc/1/ns/net' }) }
);

# Ids and filters.
for my $bad ('', 'x', '../../etc/passwd', "$added->{id}\n") {
    fails(
        "no id: '$bad'",
        'config', qr/^id: invalid value /, sub { $hotplug->get_operation_status($bad) }
    );
}
my $none = ('0' x 16) . '-00000000';
fails(
    "$_ of none", 'resource',
    qr/^there is no operation '$none'/,
    do {
        my $method = $_;
        sub { $hotplug->$method($none) }
    }
) for qw(get_operation_status cancel_operation);
is_deeply(
    [map { $_->{kind} } @{ $hotplug->list_operations({ vmid => 100, state => 'succeeded' }) }],
    [qw(add update update update)],
    'those of a container that have succeeded, in their order',
);
is_deeply(
    $hotplug->list_operations({ kind => 'add', netid => 0, vmid => 100 }),
    [$hotplug->get_operation_status($added->{id})],
    'those of a kind',
);
is(scalar @{ $hotplug->list_operations() }, scalar(() = glob("$folder/*.jsonl")), 'all');

# Without waiting.
my $operation = $hotplug->hotplug_remove(100, 0, { %$target, async => 1 });
isa_ok($operation, 'PVE::Network::Rust::Hotplug::Operation');
open(my $fh, '<&=', $operation->fd()) or die "fd: $!\n";
my $poll = IO::Poll->new();
$poll->mask($fh => POLLIN);
is($poll->poll(10), 1, 'the descriptor tells of the end');
is($operation->wait(0), 1, 'it has ended');
is_deeply($operation->result(), { id => $operation->id() }, 'the result');
ok(!there('veth100i0'), 'taken out');
ok($hotplug->get_operation_status($operation->id())->{async}, 'its record says so');
$operation = $hotplug->hotplug_remove(100, 0, { %$target, async => 1 });
fails(
    'an error comes from the object',
    'resource', qr/^interface 'veth100i0' does not exist/, sub { $operation->result() }
);
is(state_of($operation->id()), 'failed', 'its state');
fails(
    'values are checked at once',
    'config', qr/^netid: invalid value '32'/,
    sub { $hotplug->hotplug_remove(100, 32, { async => 1 }) }
);
$hotplug->hotplug_add(100, 0, $net, { %$target, async => 1 });
PVE::Network::Rust::Hotplug::finish_operations();
ok(there('veth100i0'), 'it goes on when the object is gone');

# Cancelling, by other processes.
my $removed = $hotplug->hotplug_remove(100, 0, $target);
is(
    in_child(sub { $hotplug->cancel_operation($removed->{id})->{state} })->(),
    'undone', 'a child undoes what is done'
);
is(addresses(), '10.0.0.2/24', '… with addresses');
like(inside('route'), qr/^default via 10\.0\.0\.1 /m, '… and routes');
fails(
    'once', 'resource',
    qr/it is undone, so there is nothing to cancel$/,
    sub { $hotplug->cancel_operation($removed->{id}) }
);
my @same = map {
    in_child(sub { $hotplug->hotplug_remove(100, 0, $target)->{id} })
} 1 .. 2;
my @ids = map { $_->() } @same;
is(
    scalar(grep { m/^died: interface 'veth100i0' does not exist/ } @ids),
    1, 'one of two takes it out'
);
my ($id) = grep { !m/^died/ } @ids;
my @states = map { $_->() }
    map {
    in_child(sub { $hotplug->cancel_operation($id)->{state} })
    } 1 .. 2;
ok((grep { $_ eq 'undone' } @states), 'one of two undoes it');
is_deeply(
    [grep { !m/^undone$|^died: .*it is undone, so there is nothing to cancel/ } @states],
    [], '… and the other one sees that'
);

# Objects and forks.
$operation = $hotplug->hotplug_remove(100, 0, { %$target, async => 1 });
like(
    in_child(sub { join(' ', $operation->wait(), %{ $operation->result() }) })->(),
    qr/^1 id \S+$/, 'a child is told of its parent\'s operation'
);
$operation->result();
like(
    in_child(sub {
        my $later = $hotplug->hotplug_add(100, 0, $net, { %$target, async => 1 });
        $later->result()->{name};
    })->(),
    qr/^veth100i0$/, 'a child has its own'
);
my $script = <<'PERL';
    my $hotplug = PVE::Network::Rust::Hotplug->new();
    my $end = shift;
    my $later = $hotplug->hotplug_remove(100, 0, { async => 1, pid => shift });
    print $later->id();
    if ($end eq 'die') { open(STDERR, '>', '/dev/null'); $! = 5; die "the end\n" }
    exit(7);
PERL
my @perl = ($^X, (map { "-I$_" } grep { !ref } @INC), '-MPVE::Network::Rust::Hotplug', '-e');
for my $end (qw(exit die)) {
    $hotplug->hotplug_add(100, 0, $net, $target) if !there('veth100i0');
    my $id = printed(@perl, $script, $end, $pid);
    is($? >> 8, $end eq 'exit' ? 7 : 5, "a program that ends by $end has its own status");
    is(state_of($id), 'succeeded', '… and its operation is finished');
}

# Reconciling.
is_deeply($hotplug->reconcile(), [], 'nothing to reconcile');
for my $round (1 .. 5) {
    $hotplug->hotplug_add(100, 0, $net, $target) if !there('veth100i0');
    my $id = in_child(sub {
        my $later = $hotplug->hotplug_remove(100, 0, { %$target, async => 1 });
        syswrite(STDOUT, $later->id());
        sleep($round / 2000);
        kill('KILL', $$);
    })->();
    my ($done) = @{ $hotplug->reconcile() };
    $done //= $hotplug->get_operation_status($id);
    is($done->{id}, $id, "a process that was killed: its operation is $done->{state}");
    is(
        there('veth100i0'),
        $done->{state} eq 'succeeded' ? 0 : 1,
        '… and so is the interface'
    );
}

# Tainted values.
like(
    printed(
        $perl[0], '-T', @perl[1 .. $#perl],
        'my ($id, $vmid) = @ARGV; my $hotplug = PVE::Network::Rust::Hotplug->new();'
            . 'print $hotplug->get_operation_status($id)->{state};'
            . 'print " $_->{kind}" for @{ $hotplug->list_operations({ vmid => $vmid }) };',
        $added->{id}, 100
    ),
    qr/^succeeded add update /, 'under -T'
);

# Sixteen processes, on interfaces of their own and on one of all.
my @processes = map {
    my $vmid = 200 + $_;
    in_child(sub {
        my $mine = { %$net, name => "eth$vmid", ip => 'manual' };
        delete $mine->{gw};
        for my $round (1 .. 5) {
            $hotplug->hotplug_add($vmid, 0, $mine, $target);
            eval { $hotplug->hotplug_add(300, 0, { %$mine, name => 'common' }, $target) };
            die $@ if $@ && $@ !~ m/exists already/;
            $hotplug->list_operations({ vmid => $vmid });
            $hotplug->hotplug_update($vmid, 0, { %$mine, rate => $round }, $target)
                if -e '/proc/net/psched' && $round > 9;
            eval { $hotplug->hotplug_remove(300, 0, $target) };
            die $@ if $@ && $@ !~ m/does not exist/;
            $hotplug->hotplug_remove($vmid, 0, $target);
        }
        'ok';
    })
} 1 .. 16;
is_deeply([map { $_->() } @processes], [('ok') x 16], 'sixteen processes');
is(printed('ip', '-br', 'link') =~ m/veth[23]\d\di0/ ? 1 : 0, 0, 'nothing is left');
is_deeply($hotplug->list_operations({ state => 'running' }), [], 'all have ended');

# Cleaning up.
is_deeply($hotplug->cleanup_operations(3600), [], 'nothing is an hour old');
my $count = @{ $hotplug->list_operations() };
is(scalar @{ $hotplug->cleanup_operations(0) }, $count, 'all have ended');
is_deeply($hotplug->list_operations(), [], 'no record is left');
fails(
    'no age', 'config',
    qr/^seconds: invalid value '-1'/,
    sub { $hotplug->cleanup_operations(-1) }
);

# Records that others wrote.
mkdir($folder);
open(my $out, '>', "$folder/$none.jsonl") or die "$folder: $!\n";
print {$out} qq({"opened":{"version":99}}\n);
close($out) or die "$folder: $!\n";
fails(
    'a newer record', 'infrastructure',
    qr/has version 99, which this release does not know/,
    sub { $hotplug->get_operation_status($none) }
);

done_testing();
