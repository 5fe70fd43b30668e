package PVE::API2::Network::Rust;

use strict;
use warnings;

use PVE::JSONSchema qw(get_standard_option);
use PVE::RESTHandler;

use PVE::API2::Network::Rust::Bindings;
use PVE::API2::Network::Rust::Events;
use PVE::API2::Network::Rust::Hotplug;
use PVE::API2::Network::Rust::LXC;
use PVE::API2::Network::Rust::Phase;
use PVE::API2::Network::Rust::Seams;
use PVE::API2::Network::Rust::Statistics;

use base qw(PVE::RESTHandler);

my %SUBJECTS = (
    bindings => 'PVE::API2::Network::Rust::Bindings',
    events => 'PVE::API2::Network::Rust::Events',
    hotplug => 'PVE::API2::Network::Rust::Hotplug',
    lxc => 'PVE::API2::Network::Rust::LXC',
    phase => 'PVE::API2::Network::Rust::Phase',
    seams => 'PVE::API2::Network::Rust::Seams',
    statistics => 'PVE::API2::Network::Rust::Statistics',
);

for my $path (sort keys %SUBJECTS) {
    __PACKAGE__->register_method({ subclass => $SUBJECTS{$path}, path => $path });
}

__PACKAGE__->register_method({
    name => 'index',
    path => '',
    method => 'GET',
    permissions => { user => 'all' },
    description => 'Directory index.',
    parameters => {
        additionalProperties => 0,
        properties => { node => get_standard_option('pve-node') },
    },
    returns => {
        type => 'array',
        items => {
            type => 'object',
            properties => { name => { type => 'string', description => 'Name of the entry.' } },
        },
        links => [{ rel => 'child', href => '{name}' }],
    },
    code => sub {
        return [map { { name => $_ } } sort keys %SUBJECTS];
    },
});

1;

__END__

=encoding utf8

=head1 NAME

PVE::API2::Network::Rust - the REST interface of PVE::Network::Rust

=head1 SYNOPSIS

    pvesh ls /nodes/localhost/rust-network
    pvesh get /nodes/localhost/rust-network/lxc/100/network
    pvesh set /nodes/localhost/rust-network/lxc/100/network --net0 name=eth0,bridge=vmbr0,tag=5
    pvesh create /nodes/localhost/rust-network/bindings --vmid 100 --iface net0 --vnet blue
    pvesh create /nodes/localhost/rust-network/hotplug --kind remove --vmid 100 --netid 0
    pvesh set /nodes/localhost/rust-network/phase --phase rust-read-only --scope node
    pvesh delete /nodes/localhost/rust-network/hotplug/0006430c9f1e2a10-7f3a21c0

=head1 DESCRIPTION

This class, of PVE::RESTHandler, is F</nodes/{node}/rust-network> in every process that has the API of a node,
pvedaemon, pveproxy and pvesh among them: L<PVE::Network::Rust::NodeAPI> puts it there. The API viewer's schema has all
of it. Below it are

=over

=item bindings

which interfaces belong to which VNets, L<PVE::API2::Network::Rust::Bindings>

=item events

what happened on the node, L<PVE::API2::Network::Rust::Events>

=item hotplug

changes of running containers' interfaces, L<PVE::API2::Network::Rust::Hotplug>

=item lxc

configurations and counters of containers' interfaces, L<PVE::API2::Network::Rust::LXC>

=item phase, seams

which functions run on Rust, L<PVE::API2::Network::Rust::Phase> and L<PVE::API2::Network::Rust::Seams>

=item statistics

how many changes there were and how long they took, L<PVE::API2::Network::Rust::Statistics>

=back

Requests for another node go to that node. What is wrong with a parameter is an error 400 with a message by parameter,
a missing permission 403, and what does not exist 404; other errors are 500.

=head1 SEE ALSO

L<PVE::Network::Rust>, L<PVE::Network::Rust::NodeAPI>, pvesh(1)

=cut
