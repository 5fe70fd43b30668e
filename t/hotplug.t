#!/usr/bin/perl
# An interface plugged into a running container from Perl, in namespaces of this test's own.

use strict;
use warnings;

use File::Temp qw(tempdir);
use JSON::XS;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep ualarm);

use lib 'perl/lib', 't/lib';
use Command qw(must);
use OwnNamespace;
use PVE::Network::Rust::Hotplug;
use PVE::Network::Rust::LXC::Config;

$ENV{PVE_RUST_ROOT} = tempdir(CLEANUP => 1);

sub output {
    my (@command) = @_;
    open(my $out, '-|', @command) or die "start $command[0]: $!\n";
    local $/ = undef;
    my $text = <$out>;
    close($out) or die "'@command' failed\n";
    return $text;
}

sub json {
    return JSON::XS->new->decode(output(@_));
}

# Everything that a plugged-in interface changes, on both sides.
sub state_of {
    my ($pid) = @_;
    my @inside = ('nsenter', "--net=/proc/$pid/ns/net");
    return join(
        "\n",
        map { output(@$_) }
            map { ($_, [@inside, @$_]) } ['ip', '-brief', 'link'], ['ip', '-brief', 'address'],
        ['ip', 'route'], ['ip', '-6', 'route']
    );
}

sub descriptors {
    opendir(my $dh, '/proc/self/fd') or die "open /proc/self/fd: $!\n";
    return scalar grep { !m/^\./ } readdir($dh);
}

my $pid = fork() // die "fork: $!\n";
if ($pid == 0) {
    exec {'unshare'} 'unshare', '--net', 'sleep', '300' or POSIX::_exit(1);
}
my $own = readlink('/proc/self/ns/net');
sleep(0.01) while (readlink("/proc/$pid/ns/net") // $own) eq $own;
END { kill('KILL', $pid) if $pid }

# An address of its own, or it takes that of its first port.
must('ip', 'link', 'add', 'vmbr0', 'address', '02:00:00:00:00:01', 'mtu', '1400', 'type', 'bridge');
# A port that stays, or the bridge's own state changes with its first and last one.
must('ip', 'link', 'add', 'port', 'mtu', '1400', 'type', 'veth', 'peer', 'name', 'cable');
must('ip', 'link', 'set', 'port', 'master', 'vmbr0');
must('ip', 'link', 'set', $_, 'up') for qw(vmbr0 port cable);
for (1 .. 50) {
    last if output('ip', '-6', 'address', 'show', 'tentative') eq '';
    sleep(0.1);
}

my $hotplug = PVE::Network::Rust::Hotplug->new();
isa_ok($hotplug, 'PVE::Network::Rust::Hotplug');
my $target = { netns => "/proc/$pid/ns/net" };
my $net = PVE::Network::Rust::LXC::Config->parse_lxc_network(
    'name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:00:01,ip=10.0.0.2/24,gw=10.0.1.1,ip6=fd00::2/64,gw6=fe80::1'
);
my $before = state_of($pid);
my $open = descriptors();

my $interface = $hotplug->hotplug_add(100, 0, $net, $target);
is($interface->{name}, 'veth100i0', 'the host\'s end');
is($interface->{peer_name}, 'eth0', 'the container\'s end');
my ($host) = json('ip', '-j', '-d', 'link', 'show', 'veth100i0')->[0];
is($host->{master}, 'vmbr0', '… is a port of the bridge');
is($host->{ifindex}, $interface->{index}, '… has the index returned');
my @inside = ('nsenter', "--net=/proc/$pid/ns/net", 'ip', '-j');
my ($inside) = json(@inside, 'address', 'show', 'eth0')->[0];
is($inside->{mtu}, 1400, 'the bridge\'s MTU');
is($inside->{address}, 'bc:24:11:00:00:01', 'the hardware address');
is_deeply(
    [sort map { $_->{local} } grep { $_->{scope} eq 'global' } @{ $inside->{addr_info} }],
    ['10.0.0.2', 'fd00::2'],
    'the addresses',
);
is_deeply(
    [
        map { $_->{gateway} } @{ json(@inside, 'route', 'show', 'default') },
        @{ json(@inside, '-6', 'route', 'show', 'default') }
    ],
    ['10.0.1.1', 'fe80::1'],
    'the gateways, one of them outside the subnet',
);

sub fails {
    my ($what, $kind, $pattern, $code) = @_;
    my $state = state_of($pid);
    eval { $code->() };
    my $error = $@;
    like("$error", $pattern, $what);
    is(ref($error) && $error->kind(), $kind, "$what: kind");
    is(state_of($pid), $state, "$what: nothing changed");
    return;
}

fails(
    'twice', 'resource',
    qr/'veth100i0' exists already/,
    sub { $hotplug->hotplug_add(100, 0, $net, $target) }
);
fails(
    'a name taken inside',
    'resource', qr/eth0/, sub { $hotplug->hotplug_add(100, 1, $net, $target) }
);
fails(
    'no such bridge', 'resource', qr/'vmbr9' does not exist/,
    sub { $hotplug->hotplug_add(100, 1, { %$net, bridge => 'vmbr9' }, $target) }
);
fails(
    'a VLAN of a bridge that leads nowhere',
    'resource',
    qr/^net1 was not plugged in: no physical interface on bridge 'vmbr0'$/,
    sub { $hotplug->hotplug_add(100, 1, { %$net, name => 'eth1', tag => 5 }, $target) }
);
fails(
    'no VLAN', 'config', qr/^tag: invalid value '4095'/,
    sub { $hotplug->hotplug_add(100, 1, { %$net, tag => 4095 }, $target) }
);
fails(
    'trunks of a bridge that does not filter VLANs',
    'config',
    qr/^trunks: invalid value '5;6': vlan aware feature need/,
    sub { $hotplug->hotplug_add(100, 1, { %$net, name => 'eth1', trunks => '5;6' }, $target) }
);
fails(
    'a bad address', 'config', qr/ip: invalid value/,
    sub { $hotplug->hotplug_add(100, 1, { %$net, name => 'eth1', ip => '10.0.0.2' }, $target) }
);
fails(
    'no such namespace', 'resource', qr{/proc/1/ns/none},
    sub { $hotplug->hotplug_add(100, 1, { %$net, name => 'eth1' }, { netns => '/proc/1/ns/none' }) }
);

is_deeply([keys %{ $hotplug->hotplug_remove(100, 0) }], ['id'], 'taken out');
is(state_of($pid), $before, 'as before');
fails(
    'taken out twice',
    'resource',
    qr/'veth100i0' does not exist/,
    sub { $hotplug->hotplug_remove(100, 0, $target) }
);

$hotplug->hotplug_add(100, 0, $net, $target), $hotplug->hotplug_remove(100, 0) for 1 .. 50;
is(descriptors(), $open, 'no descriptor is left open');

{
    my ($inside_call, $stopped) = (0, 0);
    local $SIG{ALRM} = sub { die "alarm\n" if $inside_call };
    for my $try (1 .. 40) {
        eval {
            $inside_call = 1;
            ualarm(200 * $try);
            $hotplug->hotplug_add(100, 0, $net, $target);
            $inside_call = 0;
        };
        $inside_call = 0;
        $stopped++ if $@ eq "alarm\n";
        eval { $hotplug->hotplug_remove(100, 0) };
    }
    is(
        state_of($pid), $before,
        "a handler that dies leaves nothing half done ($stopped calls ended)"
    );
}

eval { $hotplug->hotplug_add(100, 0) };
like($@, qr/^Usage: PVE::Network::Rust::Hotplug::hotplug_add\(\$this, \$vmid/, 'usage');
eval { $hotplug->hotplug_add(100, 0, $net, { nets => 1 }) };
like($@, qr/argument 5 \(\$opts->\{nets\}\)/, 'an unknown option is named');

done_testing();
