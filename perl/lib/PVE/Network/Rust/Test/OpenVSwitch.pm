package PVE::Network::Rust::Test::OpenVSwitch;

# Open vSwitch itself, with the kernel's datapath, for as long as a process in namespaces of its own wants it: ovsdb-server is
# Debian's openvswitch-common, the rest comes from openvswitch-switch, which perl/setup only unpacks, since installing it
# starts it. Its programs appear in /usr/bin, where PVE::Network has them, for this process's mounts only.

use strict;
use warnings;

use Cwd qw(abs_path);
use Exporter qw(import);
use IO::Socket::UNIX;
use JSON::XS ();

our @EXPORT_OK = qw(cases clean contents start stop);

my $UNPACKED = 'build/tools/openvswitch';
my $RUN = '/run/openvswitch';
my $VSCTL = '/usr/bin/ovs-vsctl';

# What of a row says how a port is set up, and nothing that the switch counts or makes up.
my %COLUMNS = (
    Bridge => [qw(name datapath_type fail_mode other_config ports)],
    Port => [qw(name tag trunks vlan_mode other_config external_ids interfaces)],
    Interface => [qw(name type mtu mtu_request admin_state error options external_ids)],
);

sub _run {
    my (@command) = @_;
    my $pid = fork() // die "fork: $!\n";
    if (!$pid) {
        open(STDERR, '>', '/dev/null') or exit 126;
        exec { $command[0] } @command or exit 127;
    }
    waitpid($pid, 0);
    die "'@command' ended with $?\n" if $?;
    return;
}

# Where a file of openvswitch-switch is: installed, or as perl/setup has unpacked it.
sub _file {
    my (@paths) = @_;
    my ($path) = grep { -e } map { ($_, "$UNPACKED$_") } @paths;
    return abs_path($path // die "no $paths[0]: perl/setup test unpacks openvswitch-switch\n");
}

# Starts it, with two bridges of different MTUs. The process is in a network namespace and a mount namespace of its own.
sub start {
    my $switch = _file('/usr/lib/openvswitch-switch/ovs-vswitchd', '/usr/sbin/ovs-vswitchd');
    my $schema = _file('/usr/share/openvswitch/vswitch.ovsschema');
    if (!-e $VSCTL) {
        my $programs = _file($VSCTL) =~ s{/[^/]+$}{}r;
        _run(qw(mount -t overlay -o), "lowerdir=$programs:/usr/bin", qw(overlay /usr/bin));
    }
    _run(qw(mount -t tmpfs tmpfs /run));
    mkdir($_) || die "mkdir $_: $!\n" for $RUN, '/run/lock';
    _run('/usr/bin/ovsdb-tool', 'create', "$RUN/conf.db", $schema);
    my @daemon = ('-vconsole:off', '--detach', '--no-chdir', '--pidfile');
    _run('/usr/sbin/ovsdb-server', @daemon, "--remote=punix:$RUN/db.sock", "$RUN/conf.db");
    _run($VSCTL, qw(--no-wait init));
    _run($switch, @daemon);

    for my $bridge (['ovsbr0', '02:00:00:00:00:21', 1500], ['ovsbr1', '02:00:00:00:00:22', 1400]) {
        my ($name, $mac, $mtu) = @$bridge;
        _run(
            $VSCTL, 'add-br', $name, '--', 'set', 'Bridge', $name, qq(other-config:hwaddr="$mac"),
            '--', 'set', 'Interface', $name, "mtu_request=$mtu"
        );
    }
    return;
}

# Ends both daemons.
sub stop {
    for my $name (qw(ovs-vswitchd ovsdb-server)) {
        open(my $in, '<', "$RUN/$name.pid") or next;
        my ($pid) = <$in> =~ /^(\d+)$/;
        kill('KILL', $pid) if $pid;
    }
    return;
}

my $MAC = 'BC:24:11:00:00:01';
my $VETH = 'veth101i0';

# The cases of PVE::Network::Rust::Test::HostRoom with its bridges. Those of containers say so, since a container's own function decides about the
# firewall bridge.
sub cases {
    my ($number, @cases) = (0);
    my $case = sub {
        my ($name, $interface, @calls) = @_;
        my $make =
            $interface eq 'tap101i0'
            ? ['tap_create', $interface, 'ovsbr0']
            : ['veth_create', $interface, "${interface}p", 'ovsbr0', $MAC];
        push @cases, {
            name => sprintf('%02d Open vSwitch %s', ++$number, $name),
            room => 'two',
            ovs => 1,
            tap => $interface eq 'tap101i0' ? 1 : 0,
            calls => [$make, @calls],
        };
    };
    my $plug = sub {
        my ($bridge, $tag, $firewall, $trunks, $rate, %opts) = @_;
        my $opts = { learning => 1, %opts };
        return ['tap_plug', $VETH, $bridge, $tag, $firewall, $trunks, $rate, $opts];
    };
    my @tap = ('tap_plug', 'tap101i0', 'ovsbr0');
    my $on = { learning => 1 };
    my $deaf = { learning => 0, mac => $MAC };
    my $net = sub { ['net_tap_plug', $VETH, { bridge => 'ovsbr0', hwaddr => $MAC, @_ }] };

    $case->('tag and rate', 'tap101i0', [@tap, 5, 0, undef, 2.5, $on]);
    $case->('trunks', $VETH, $plug->('ovsbr0', undef, 0, '7;9', undef));
    $case->('tag and trunks', 'tap101i0', [@tap, 5, 0, '7;9', undef, $on]);
    $case->('another MTU', $VETH, $plug->('ovsbr1', 5, 0, undef, undef));
    $case->(
        'no learning, isolated',
        $VETH, $plug->('ovsbr0', 5, 0, undef, 1, %$deaf, isolation => 1)
    );
    $case->('firewall, tag, trunks, rate', 'tap101i0', [@tap, 5, 1, '7;9', 2.5, $on]);
    $case->('firewall, no learning', $VETH, $plug->('ovsbr1', 5, 1, undef, undef, %$deaf));
    $case->('another bridge', $VETH, map { $plug->($_, 5, 0, '8', 1) } qw(ovsbr0 ovsbr1));
    $case->('no firewall', $VETH, map { $plug->('ovsbr0', 5, $_, undef, undef) } 1, 0);
    $case->('a firewall', $VETH, map { $plug->('ovsbr0', 5, $_, undef, 1) } 0, 1);
    $case->('the same firewall', $VETH, map { $plug->('ovsbr0', $_, 1, undef, 1) } 5, 6);
    my @ports = map { [$_, 5, 0, undef, undef] } qw(ovsbr0 vmbr0);
    my @behind = map { [$_, 5, 1, undef, undef] } qw(ovsbr0 vmbr0);
    $case->('to a Linux bridge', $VETH, map { $plug->(@$_) } @ports);
    $case->('from a Linux bridge, where it stays', $VETH, map { $plug->(@$_) } reverse @ports);
    $case->('to a Linux bridge with a firewall', $VETH, map { $plug->(@$_) } @behind);
    $case->('from a Linux bridge with a firewall', $VETH, map { $plug->(@$_) } reverse @behind);
    $case->('out', $VETH, $plug->(@{ $ports[0] }), ['tap_unplug', $VETH]);
    $case->('deleted with a firewall', $VETH, $plug->(@{ $behind[0] }), ['veth_delete', $VETH]);
    $case->('container, tag, trunks, rate', $VETH, $net->(tag => 5, trunks => '7;9', rate => 2));
    $case->('container, firewall', $VETH, $net->(firewall => 1, tag => 5, trunks => '7;9'));
    $case->('container, down', $VETH, $net->(tag => 5), $net->(link_down => 1));
    return @cases;
}

# Takes the guest's ports out.
sub clean {
    _run($VSCTL, map { (qw(-- --if-exists del-port), $_) } $VETH, qw(tap101i0 fwln101o0));
    return;
}

# What its database has (RFC 7047, section 4.1.3): a list of tables with their rows.
sub contents {
    my @tables = sort keys %COLUMNS;
    my @select = map {
        { op => 'select', table => $_, where => [], columns => ['_uuid', @{ $COLUMNS{$_} }] }
    } @tables;
    my $socket = IO::Socket::UNIX->new("$RUN/db.sock") or die "$RUN/db.sock: $!\n";
    my $json = JSON::XS->new->utf8;
    print {$socket} $json->encode(
        { id => 0, method => 'transact', params => ['Open_vSwitch', @select] }
    );
    $socket->flush();
    my $answer;
    while (!defined($answer)) {
        sysread($socket, my $part, 65536) or die "ovsdb-server ended\n";
        $answer = $json->incr_parse($part);
    }
    my @results = @{ $answer->{result} };
    # Rows are made up identifiers to each other; what they mean is the names.
    my %name = map { $_->{_uuid}[1] => $_->{name} } map { @{ $_->{rows} } } @results;
    my $named;
    $named = sub {
        my ($value) = @_;
        return $value if ref($value) ne 'ARRAY';
        return $name{ $value->[1] } if $value->[0] eq 'uuid';
        return [sort(map { $named->($_) } @{ $value->[1] })]
            if $value->[0] eq 'set' && ref($value->[1][0]);
        return $value;
    };
    for my $result (@results) {
        for my $row (@{ $result->{rows} }) {
            delete $row->{_uuid};
            $_ = $named->($_) for values %$row;
        }
    }
    return [map { { table => $tables[$_], rows => $results[$_]{rows} } } 0 .. $#tables];
}

1;
