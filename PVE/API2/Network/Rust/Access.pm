package PVE::API2::Network::Rust::Access;

use strict;
use warnings;

use PVE::RPCEnvironment;

use PVE::Network::Rust::LXC::Config;

sub check_container {
    my ($vmid, $privileges) = @_;
    my $rpcenv = PVE::RPCEnvironment::get();
    return $rpcenv->check($rpcenv->get_user(), "/vms/$vmid", $privileges);
}

sub visible {
    my ($list) = @_;
    my $rpcenv = PVE::RPCEnvironment::get();
    my $user = $rpcenv->get_user();
    my %allowed;
    for my $vmid (map { $_->{vmid} } @$list) {
        $allowed{$vmid} //= $rpcenv->check($user, "/vms/$vmid", ['VM.Audit'], 1) ? 1 : 0;
    }
    return [grep { $allowed{ $_->{vmid} } } @$list];
}

sub check_bridge {
    my ($bridge, $tag, $trunks) = @_;
    my $user = PVE::RPCEnvironment::get()->get_user();
    return if $user eq 'root@pam';
    require PVE::GuestHelpers;
    PVE::GuestHelpers::check_vnet_access(
        PVE::RPCEnvironment::get(), $user, $bridge, $tag, $trunks
    );
    return;
}

sub check_net {
    my ($text) = @_;
    return if !defined($text) || $text eq '';
    my $net = PVE::Network::Rust::LXC::Config->parse_lxc_network($text);
    check_bridge(@{$net}{qw(bridge tag trunks)}) if defined($net->{bridge});
    return;
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::API2::Network::Rust::Access - what a user of the API may see and change

=head1 DESCRIPTION

Permissions are those that the API of Proxmox VE asks for where it changes the same: C<VM.Audit> and C<VM.Config.Network>
for a container, C<SDN.Use> for a VNet or bridge, or for its VLANs where there are tags or trunks. Missing ones are an
error 403.

=head1 FUNCTIONS

=head2 check_container($vmid, $privileges)

Dies unless the user has all of the privileges, a reference to a list, for a container.

=head2 visible($list)

Returns those of a list of hashes whose C<vmid> is of a container that the user may see, as a reference to a list.

=head2 check_bridge($bridge, $tag, $trunks)

Dies unless the user may plug a guest into a bridge or VNet with these VLANs, either of which may be undef.

=head2 check_net($text)

The same for what a C<netN> of a container says; nothing is checked where it is undef, empty, or names no bridge.

=head1 SEE ALSO

L<PVE::API2::Network::Rust>, pveum(1)

=cut
