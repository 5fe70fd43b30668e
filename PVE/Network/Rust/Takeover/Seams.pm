package PVE::Network::Rust::Takeover::Seams;

use strict;
use warnings;

# Each phase turns on what the ones before it do.
my @PHASES = qw(perl-only rust-read-only rust-basic-write rust-advanced rust-sdn rust-full);

my @MODES = qw(perl shadow rust rust-strict);

# What the functions of SDN ask the node and the cluster by, and Rust's do not call.
my @SDN_ASKS = (
    qw(PVE::INotify::nodename PVE::INotify::read_file PVE::Network::is_ovs_bridge),
    map { "PVE::Network::SDN::$_" } (
        qw(running_config api_request Zones::config Vnets::config Subnets::config Ipams::config Dns::config),
        (
            map { "Zones::Plugin::$_" }
                qw(get_local_route_ip is_vlanaware get_bridge_ifaces find_bridge datacenter_config)
        ),
        qw(Ipams::read_macdb Ipams::write_macdb Ipams::PVEPlugin::read_db Ipams::PVEPlugin::write_db),
    )
);
my %SDN = (needs => 'knows_plugins', passes_by => \@SDN_ASKS);

# Of a bridge and its ports: how long until it does something.
my %TIMERS = (
    varies => [
        map { "${_}_timer" }
            qw(hello tcn topology_change gc hold message_age forward_delay)
    ]
);

# An interface of a container without an address gets one at random.
sub _random_address {
    my (undef, $text) = @_;
    return ($text // '') =~ /(?:\A|,)hwaddr=/ ? [] : ['hwaddr'];
}

# The package below PVE::Network::Rust, the reference's packages, the phase, whether the functions have no effect but on
# what they are given, and their names; NAME=OTHER where the reference's is another one. A hash at the end: more of each seam.
my @ROWS = (
    [
        'LXC::Config', ['PVE::LXC::Config'], 'rust-read-only', 1,
        qw(parse_pct_config parse_volume parse_device parse_features)
    ],
    [
        'LXC::Config', ['PVE::LXC::Config'], 'rust-read-only', 1,
        'parse_lxc_network', { varies => \&_random_address }
    ],
    [
        'LXC::Config', ['PVE::LXC::Config'], 'rust-basic-write', 1,
        qw(write_pct_config print_lxc_network print_volume print_device)
    ],
    [
        'Storage::Config', ['PVE::Storage::Plugin'], 'rust-read-only', 1,
        'parse_config', { needs => 'knows_plugins' }
    ],
    [
        'Storage::Config', ['PVE::Storage::Plugin'], 'rust-basic-write', 1,
        'write_config', { needs => 'knows_plugins', sections => 1 }
    ],
    # Proxmox VE 8 has them in PVE::INotify, later ones call the others from there.
    [
        'Interfaces', ['PVE::Network::Interfaces', 'PVE::INotify'], 'rust-read-only', 1,
        'read_etc_network_interfaces=__read_etc_network_interfaces'
    ],
    [
        'Interfaces', ['PVE::Network::Interfaces', 'PVE::INotify'], 'rust-basic-write', 1,
        'write_etc_network_interfaces=__write_etc_network_interfaces', { sections => 1 }
    ],
    (
        map { (
            ["SDN::$_->[0]", [$_->[1]], 'rust-read-only', 1, 'parse_config'],
            ["SDN::$_->[0]", [$_->[1]], 'rust-basic-write', 1, 'write_config', { sections => 1 }],
        ) } (
            ['Zones', 'PVE::Network::SDN::Zones::Plugin'],
            ['Vnets', 'PVE::Network::SDN::VnetPlugin'],
            ['Subnets', 'PVE::Network::SDN::SubnetPlugin'],
            ['Controllers', 'PVE::Network::SDN::Controllers::Plugin'],
            ['Ipams', 'PVE::Network::SDN::Ipams::Plugin'],
            ['Dns', 'PVE::Network::SDN::Dns::Plugin'],
        )
    ),
    [
        'Host', ['PVE::Network'], 'rust-read-only', 1,
        qw(read_bridge_mtu is_linux_bridge is_ovs_bridge)
    ],
    ['Host', ['PVE::Network'], 'rust-read-only', 1, 'ip_link_details', \%TIMERS],
    [
        'Host', ['PVE::Network'], 'rust-advanced', 0,
        qw(
            iface_create iface_delete iface_set iface_set_master veth_create veth_delete tap_create tap_plug tap_unplug
            tap_rate_limit add_bridge_fdb del_bridge_fdb activate_bridge_vlan copy_bridge_config disable_ipv6
        )
    ],
    [
        'Container', ['PVE::LXC'], 'rust-advanced', 0,
        qw(hotplug_net update_net net_tap_plug update_ipconfig get_interfaces)
    ],
    [
        'SDN', ['PVE::Network::SDN'], 'rust-sdn', 1,
        'generate_raw_etc_network_config', \%SDN
    ],
    ['SDN', ['PVE::Network::SDN::Zones'], 'rust-sdn', 1, 'status', \%SDN],
    [
        'SDN', ['PVE::Network::SDN::Zones'], 'rust-sdn', 0,
        qw(tap_create tap_plug veth_create add_bridge_fdb del_bridge_fdb), \%SDN
    ],
    [
        'SDN', ['PVE::Network::SDN::Vnets'], 'rust-sdn', 0,
        qw(add_next_free_cidr add_ip update_ip del_ip get_ips_from_mac del_ips_from_mac add_dhcp_mapping),
        \%SDN
    ],
);

sub _seam {
    my ($package, $references, $phase, $is_pure, $function, %more) = @_;
    my ($name, $theirs) = split(/=/, $function);
    $theirs //= $name;
    return {
        name => "${package}::$name",
        package => "PVE::Network::Rust::$package",
        function => $name,
        replaces => [map { { package => $_, function => $theirs } } @$references],
        phase => $phase,
        pure => $is_pure,
        %more,
    };
}

my @SEAMS = map {
    my ($package, $references, $phase, $is_pure, @functions) = @$_;
    my %more = map { %$_ } grep { ref($_) } @functions;
    map { _seam($package, $references, $phase, $is_pure, $_, %more) } grep { !ref($_) } @functions;
} @ROWS;

my %PHASE = map { $PHASES[$_] => $_ } 0 .. $#PHASES;
my %MODE = map { $_ => 1 } @MODES;
my %SEAM = map { $_->{name} => $_ } @SEAMS;

sub all { return @SEAMS }

sub phases { return @PHASES }

sub modes { return @MODES }

sub find { return $SEAM{ $_[0] } }

sub is_mode { return exists($MODE{ $_[0] }) }

sub is_phase { return exists($PHASE{ $_[0] }) }

sub reaches {
    my ($phase, $wanted) = @_;
    return $PHASE{$phase} >= $PHASE{$wanted};
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Takeover::Seams - which functions Rust can answer for

=head1 SYNOPSIS

    use PVE::Network::Rust::Takeover::Seams;

    for my $seam (PVE::Network::Rust::Takeover::Seams::all()) {
        print "$seam->{name} from phase $seam->{phase} on\n";
    }

=head1 DESCRIPTION

A seam is a function of Proxmox VE's Perl code that one of this library can answer for. This is the one list of them.

=head1 FUNCTIONS

=head2 all()

Returns all seams, hashes with C<name>, such as C<LXC::Config::parse_pct_config>; C<package> and C<function> of this
library; C<replaces>, a list of hashes with C<package> and C<function>, the subs of Proxmox VE that it answers for;
C<phase>, from which on it does; C<pure>, true where it has no effect but on its arguments. Some have C<needs>, the name of a
function of the package that says whether it can answer; C<passes_by>, a list of Perl functions that Rust does not call where the
Perl function does, so that it can answer while they are Proxmox VE's own; C<varies>, a list of what is not compared in
shadow, since it changes from one moment to the next: keys in what is returned, or a sub that returns those for the arguments;
and C<sections>, true for texts whose sections
Perl writes in any order (L<PVE::Network::Rust::Takeover::Sections>).

=head2 find($name)

Returns the seam of that name, or undef.

=head2 phases()

Returns the names of the phases of a migration, the first one first: C<perl-only>, C<rust-read-only>, C<rust-basic-write>,
C<rust-advanced>, C<rust-sdn>, C<rust-full>. Each turns on what the ones before it do.

=head2 modes()

Returns the names of what a seam can do: C<perl>, C<shadow>, C<rust> and C<rust-strict>; see
L<PVE::Network::Rust::Takeover>.

=head2 is_phase($name), is_mode($name)

Return whether there is such a phase or mode.

=head2 reaches($phase, $wanted)

Returns whether C<$phase> is C<$wanted> or a later one.

=head1 SEE ALSO

L<PVE::Network::Rust::Takeover>

=cut
