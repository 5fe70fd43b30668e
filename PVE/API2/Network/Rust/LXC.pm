package PVE::API2::Network::Rust::LXC;

use strict;
use warnings;

use PVE::JSONSchema qw(get_standard_option);
use PVE::RESTHandler;

use PVE::API2::Network::Rust::Access;
use PVE::API2::Network::Rust::LXC::Network;
use PVE::API2::Network::Rust::LXC::Statistics;

use base qw(PVE::RESTHandler);

my %SUBJECTS = (
    network => 'PVE::API2::Network::Rust::LXC::Network',
    statistics => 'PVE::API2::Network::Rust::LXC::Statistics',
);

for my $path (sort keys %SUBJECTS) {
    __PACKAGE__->register_method({ subclass => $SUBJECTS{$path}, path => "{vmid}/$path" });
}

__PACKAGE__->register_method({
    name => 'list_containers',
    path => '',
    method => 'GET',
    proxyto => 'node',
    permissions => {
        description =>
            "Only lists containers where you have 'VM.Audit' permission on '/vms/<vmid>'.",
        user => 'all',
    },
    description => 'The containers of this node.',
    parameters => {
        additionalProperties => 0,
        properties => { node => get_standard_option('pve-node') },
    },
    returns => {
        type => 'array',
        items => { type => 'object', properties => { vmid => get_standard_option('pve-vmid') } },
        links => [{ rel => 'child', href => '{vmid}' }],
    },
    code => sub {
        require PVE::LXC;
        my @containers =
            map { { vmid => $_ + 0 } } sort { $a <=> $b } keys %{ PVE::LXC::config_list() };
        return PVE::API2::Network::Rust::Access::visible(\@containers);
    },
});

__PACKAGE__->register_method({
    name => 'container_index',
    path => '{vmid}',
    method => 'GET',
    proxyto => 'node',
    permissions => { user => 'all' },
    description => 'Directory index.',
    parameters => {
        additionalProperties => 0,
        properties => {
            node => get_standard_option('pve-node'),
            vmid => get_standard_option('pve-vmid'),
        },
    },
    returns => {
        type => 'array',
        items => {
            type => 'object',
            properties => { subdir => { type => 'string', description => 'Name of the entry.' } },
        },
        links => [{ rel => 'child', href => '{subdir}' }],
    },
    code => sub {
        return [map { { subdir => $_ } } sort keys %SUBJECTS];
    },
});

1;

__END__

=encoding utf8

=head1 NAME

PVE::API2::Network::Rust::LXC - the containers of a node, in the API

=head1 DESCRIPTION

Below F</nodes/{node}/rust-network/lxc>:

=over

=item GET lxc

the containers that the user may see

=item GET lxc/{vmid}

what there is of one

=item lxc/{vmid}/network

L<PVE::API2::Network::Rust::LXC::Network>

=item lxc/{vmid}/statistics

L<PVE::API2::Network::Rust::LXC::Statistics>

=back

=head1 SEE ALSO

L<PVE::API2::Network::Rust>

=cut
