package PVE::Network::Rust::VNetBinding;

use strict;
use warnings;

use PVE::Network::Rust;

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::VNetBinding - which interfaces of containers belong to which VNets

=head1 SYNOPSIS

    use PVE::Network::Rust::VNetBinding;

    my $bindings = PVE::Network::Rust::VNetBinding->new();
    $bindings->bind_vnet('blue', 100, 'net0', { owner => 'billing' });
    print "$_->{vmid} $_->{iface}\n" for $bindings->list_bindings({ vnet => 'blue' })->@*;
    print "$_->{message}\n" for $bindings->validate()->@*;
    $bindings->unbind_vnet('blue', 100, 'net0');

=head1 DESCRIPTION

Keeps, on this node, which interface of which container belongs to which VNet, also while the container is stopped. A
binding plugs nothing in; it is the record against which the configuration and the kernel are checked.

All processes of the node may call these functions at once: each change is made under a lock, for which a call waits up
to 10 seconds, and puts a new file in place, so that a crash leaves the old or the new bindings. While a call waits,
pending Perl signal handlers run; one that dies ends the wait.

Each binding that is made or ends is an event in the node's journal, C<vnet_bound> or C<vnet_unbound>, see
L<PVE::Network::Rust::EventBus>. A journal that cannot be written is a line in the system's log, and keeps nothing from being
done.

=head1 METHODS

=for perlxs functions

=head1 FILES

F</var/lib/pve-network-rust/vnet-bindings.json> holds the bindings of this node, for root alone.

=head1 SEE ALSO

L<PVE::Network::Rust>, L<PVE::Network::Rust::EventBus>, L<PVE::Network::Rust::Hotplug>,
L<PVE::Network::Rust::Error>

=cut
