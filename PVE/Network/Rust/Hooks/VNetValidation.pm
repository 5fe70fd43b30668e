package PVE::Network::Rust::Hooks::VNetValidation;

use strict;
use warnings;

use POSIX ();

use PVE::Network::Rust::Host;
use PVE::Network::Rust::SDN;
use PVE::Network::Rust::SDN::Zones;
use PVE::Network::Rust::Takeover::State;

sub new { return bless({}, $_[0]) }

sub _nodename { return (split(/\./, (POSIX::uname())[1]))[0] }

sub _zone {
    my ($zoneid) = @_;
    my $path = PVE::Network::Rust::Takeover::State::root() . '/etc/pve/sdn/zones.cfg';
    my $text = eval { PVE::Network::Rust::Takeover::State::read_text($path) } // '';
    return PVE::Network::Rust::SDN::Zones->parse_config('sdn/zones.cfg', $text)->{ids}->{$zoneid};
}

# Of what is no VNet in effect.
sub _of_bridge {
    my ($bridge) = @_;
    return "VNet $bridge is not in effect yet: apply the SDN configuration"
        if defined(PVE::Network::Rust::SDN::get_vnet($bridge));
    # They die where there is nothing of that name.
    return undef if eval { PVE::Network::Rust::Host::is_linux_bridge($bridge) };
    return undef if eval { PVE::Network::Rust::Host::is_ovs_bridge($bridge) };
    return "there is neither a VNet nor a bridge $bridge";
}

sub on_validation {
    my ($self, $change) = @_;
    my $net = $change->{net} // return undef;
    my $bridge = $net->{bridge} // return undef;
    my $vnet = PVE::Network::Rust::SDN::get_vnet($bridge, 1) // return _of_bridge($bridge);
    my $zoneid = $vnet->{zone} // '';
    my $zone = _zone($zoneid) // return "the zone '$zoneid' of VNet $bridge does not exist";
    my $node = _nodename();
    return "VNet $bridge is not allowed on node $node: its zone $zoneid is not there"

        if $zone->{nodes} && !$zone->{nodes}->{$node};
    my ($vlans) = grep { defined($net->{$_}) } qw(tag trunks);
    return "VNet $bridge is not aware of VLANs: no $vlans is possible"
        if defined($vlans) && !$vnet->{vlanaware};
    return undef if !defined($net->{mtu});
    # What the kernel has counts; a zone need not say it.
    my $most = eval { PVE::Network::Rust::Host::read_bridge_mtu($bridge) } // $zone->{mtu}
        // return undef;
    return "the MTU $net->{mtu} is above the $most of VNet $bridge" if $net->{mtu} > $most;
    return undef;
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Hooks::VNetValidation - whether an interface may be in its VNet

=head1 DESCRIPTION

A hook that lets an interface be made or changed only if its bridge is there, or its VNet: in effect, of a zone that there is on
this node; aware of VLANs where the interface has C<tag> or C<trunks>; with an MTU that is not below the interface's.

=head1 FUNCTIONS

=head2 new()

Returns the hook.

=head2 on_validation(\%change)

Returns why the interface C<net> of the change may not be, or undef.

=head1 SEE ALSO

L<PVE::Network::Rust::Hooks>

=cut
