package PVE::API2::Network::Rust::Events;

use strict;
use warnings;

use PVE::JSONSchema qw(get_standard_option);
use PVE::RESTHandler;

use PVE::Network::Rust::EventBus::Follower;

use base qw(PVE::RESTHandler);

__PACKAGE__->register_method({
    name => 'list_events',
    path => '',
    method => 'GET',
    proxyto => 'node',
    protected => 1,
    permissions => { check => ['perm', '/nodes/{node}', ['Sys.Audit']] },
    description =>
        'What happened on this node, oldest first. Events have numbers without gaps, but where they were lost.',
    parameters => {
        additionalProperties => 0,
        properties => {
            node => get_standard_option('pve-node'),
            since => {
                description => 'Only those after the event of this number.',
                type => 'integer',
                minimum => 0,
                default => 0,
                optional => 1,
            },
            limit => {
                description => 'So many at most.',
                type => 'integer',
                minimum => 1,
                maximum => 10_000,
                default => 500,
                optional => 1,
            },
        },
    },
    returns => {
        type => 'array',
        items => {
            type => 'object',
            properties => {
                version => { description => 'The version of this form.', type => 'integer' },
                sequence =>
                    { description => "The event's number on this node.", type => 'integer' },
                time =>
                    { description => 'When it happened, in seconds since 1970.', type => 'number' },
                node => { description => 'The node.', type => 'string' },
                event => {
                    description => 'The event: its name, and what else is to be known of it.',
                    type => 'object',
                    additionalProperties => 1,
                    properties => { event => { description => 'Its name.', type => 'string' } },
                },
            },
        },
    },
    code => sub {
        my ($param) = @_;
        my $follower =
            PVE::Network::Rust::EventBus::Follower->new({ from => ($param->{since} // 0) + 1 });
        return $follower->read($param->{limit} // 500);
    },
});

1;

__END__

=encoding utf8

=head1 NAME

PVE::API2::Network::Rust::Events - what happened on a node, in the API

=head1 DESCRIPTION

F</nodes/{node}/rust-network/events> answers with the events of the journal of L<PVE::Network::Rust::EventBus> after the number
C<since>, C<limit> at most, as listeners get them. The number of the last one is C<since> for the next time. Where the first
one's number is greater than that of the one asked for, those between are not in the journal any more.

=head1 SEE ALSO

L<PVE::API2::Network::Rust>, L<PVE::Network::Rust::EventBus>

=cut
