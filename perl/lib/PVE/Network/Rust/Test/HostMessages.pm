package PVE::Network::Rust::Test::HostMessages;

# What functions of PVE::Network return, die with and say where something is wrong, on any kernel: the same calls for the
# reference and for this library. Standard error and warnings count as one: where the reference runs a command that
# complains there, this library warns.

use strict;
use warnings;

use Exporter qw(import);
use Scalar::Util qw(looks_like_number);

our @EXPORT_OK = qw(messages prepare);

my $MAC = 'BC:24:11:00:00:01';
my $LONG = 'a-name-that-is-too-long';
my $ON = { learning => 1 };

# The calls, in one room after each other.
my @CALLS = (
    ['read_bridge_mtu', 'nope'],
    ['read_bridge_mtu', 'vmbr0'],
    ['iface_create', 'vmbr0', 'bridge'],
    ['iface_create', $LONG, 'bridge'],
    ['iface_create', 'x y', 'bridge'],
    ['iface_create', 'xy', 'no-such-kind'],
    ['iface_delete', 'nope'],
    ['iface_set', 'nope', 'up'],
    ['iface_set', 'vmbr0', 'mtu', 1],
    ['iface_set', 'vmbr0', 'foo', 1],
    ['iface_set', 'vmbr0', 'promisc', 'off', 'up'],
    ['iface_set_master', 'veth100i0', 'nope'],
    ['iface_set_master', 'nope', 'vmbr0'],
    ['iface_set_master', 'nope', undef],
    ['iface_set_master', 'veth100i0', undef],
    ['iface_set_master', 'vmbr0', 'vmbr0'],
    (map { ['check_iface_name', $_] } $LONG, '', 'a/b', "a\x{b}b", 'fifteen-bytes-x'),
    ['disable_ipv6', 'nope'],
    ['disable_ipv6', 'veth100i0'],
    ['tap_create', 'tap100i0', undef],
    ['tap_create', 'tap100i0', ''],
    ['tap_create', 'tap100i0', 'vmbr0'],
    ['tap_create', 'tap100i0', 'vmbr9'],
    ['tap_create', 'veth100i0', 'vmbr0'],
    ['veth_create', 'veth100i1', 'veth100i1p', undef],
    ['veth_create', 'veth100i1', 'veth100i1p', 'vmbr9'],
    ['veth_create', 'veth100i1', 'veth100i1p', 'vmbr0', 'zz'],
    ['veth_create', $LONG, 'veth100i1p', 'vmbr0'],
    ['veth_create', 'veth100i1', $LONG, 'vmbr0'],
    ['veth_create', 'veth100i1', 'veth100i0', 'vmbr0', $MAC],
    ['veth_create', 'veth100i2', 'veth100i2p', 'vmbr0', $MAC],
    ['veth_create', 'veth100i2', 'veth100i2p', 'vmbr0', $MAC],
    ['veth_create', 'veth100i2', 'nopeer', 'vmbr0', $MAC],
    ['veth_delete', 'nope'],
    ['veth_delete', 'veth100i2'],
    ['tap_plug', 'veth100i0', 'nope', undef, 0, undef, undef, $ON],
    ['tap_plug', 'veth100i0', $LONG, undef, 0, undef, undef, $ON],
    ['tap_plug', 'veth100i0', 'lo', undef, 0, undef, undef, $ON],
    ['tap_plug', 'nope', 'vmbr0', undef, 0, undef, undef, $ON],
    ['tap_plug', 'nope', 'vmbr0', undef, 1, undef, undef, $ON],
    ['tap_plug', 'veth100i0', 'vmbr0', undef, 0, '1;2', undef, $ON],
    ['tap_plug', 'veth100i0', 'vmbr0', 5, 0, undef, undef, $ON],
    ['tap_plug', 'veth100i0', 'vmbr0', 0, 0, undef, undef, $ON],
    ['tap_plug', 'veth100i0', 'vmbr0', '5x', 0, undef, undef, $ON],
    ['tap_plug', 'veth100i0', 'vmbr0', 4095, 0, undef, undef, $ON],
    ['tap_plug', 'veth100i0', 'vmbr0', undef, 0, undef, undef, $ON],
    ['tap_plug', 'veth100i0', 'vmbr0'],
    ['tap_plug', 'veth100i0', 'vmbr0', undef, 0, undef, undef, 0],
    ['tap_plug', 'veth100i0', 'vmbr0', undef, 0, undef, 'abc', { learning => 1, isolation => 1 }],
    ['tap_plug', 'veth100i0', 'vmbr0', undef, 0, undef, undef, { learning => 0, mac => 'zz' }],
    ['add_bridge_fdb', 'veth100i0', $MAC],
    ['add_bridge_fdb', 'veth100i0', $MAC],
    ['add_bridge_fdb', 'veth100i0', 'BC:24:11'],
    ['add_bridge_fdb', 'nope', $MAC],
    ['del_bridge_fdb', 'veth100i0', $MAC],
    ['del_bridge_fdb', 'veth100i0', $MAC],
    ['del_bridge_fdb', 'veth100i0', 'bc:24:11:00:00:0a'],
    ['tap_unplug', 'veth100i0'],
    ['tap_unplug', 'nope'],
    ['tap_rate_limit', 'nope', 5],
    ['tap_rate_limit', 'nope', undef],
    ['tap_rate_limit', 'veth100i0', 'abc'],
    ['tap_rate_limit', 'veth100i0', '0.0000001'],
    ['tap_rate_limit', 'veth100i0', undef],
    (map { ['is_linux_bridge', $_] } 'vmbr0', 'lo', 'nope', $LONG),
    (map { ['is_ovs_bridge', $_] } 'vmbr0', 'lo', 'nope', $LONG),
    ['copy_bridge_config', 'vmbr0', 'vmbr0'],
    ['copy_bridge_config', 'vmbr0', 'nope'],
    ['copy_bridge_config', 'lo', 'vmbr0'],
    ['activate_bridge_vlan', 'nope', 5],
    ['activate_bridge_vlan', 'vmbr0'],
    ['activate_bridge_vlan', 'vmbr0', 4095],
    ['activate_bridge_vlan', 'vmbr0', '5x'],
    ['activate_bridge_vlan', 'lo', 5],
    ['activate_bridge_vlan_slave', 'vmbr0', 'nope', 5],
    ['activate_bridge_vlan_slave', 'vmbr0', $LONG, 5],
);

# Makes the room, in a network namespace of the process's own.
sub prepare {
    my @commands = (
        [qw(mount -t sysfs sysfs /sys)],
        [qw(ip link add vmbr0 type bridge)],
        [qw(ip link set vmbr0 up)],
        [qw(ip link add veth100i0 type veth peer name veth100i0p)],
    );
    for my $command (@commands) {
        system(@$command) == 0 or die "@$command: failed\n";
    }
    return;
}

# Perl's and the reference's own places.
sub _without_places {
    my ($text) = @_;
    $text =~ s/ at \S+ line \d+(?:, <[^>]*> \S+ \d+)?\.//g;
    # The name of the variable is the reference's own business.
    $text =~ s/\n+\z/\n/;
    return $text;
}

# What each call returns, dies with and says.
sub messages {
    my ($package) = @_;
    open(my $stderr, '>&', \*STDERR) or die "dup: $!\n";
    open(my $said, '+>', undef) or die "temporary file: $!\n";
    my @messages;
    for my $call (@CALLS) {
        my ($name, @arguments) = @$call;
        my @warnings;
        seek($said, 0, 0);
        truncate($said, 0) or die "truncate: $!\n";
        open(STDERR, '>&', $said) or die "dup: $!\n";
        my $returned = eval {
            local $SIG{__WARN__} = sub { push @warnings, @_ };
            no strict 'refs';
            my @list = &{"${package}::$name"}(@arguments);
            \@list;
        };
        my $error = $@;
        open(STDERR, '>&', $stderr) or die "dup: $!\n";
        seek($said, 0, 0);
        my @said = grep { /\S/ } <$said>;
        push @messages, {
            call => $call,
            returned => $returned && [
                map { defined($_) && looks_like_number($_) ? 0 + $_ : $_ } @$returned
            ],
            error => _without_places($error),
            said => [grep { /\S/ } map { split(/(?<=\n)/, _without_places($_)) } @said, @warnings],
        };
    }
    return @messages;
}

1;
