package PVE::API2::Network::Rust::Phase;

use strict;
use warnings;

use PVE::JSONSchema qw(get_standard_option);
use PVE::RESTHandler;
use PVE::RPCEnvironment;

use PVE::API2::Network::Rust::Errors;
use PVE::Network::Rust::Migration;
use PVE::Network::Rust::Takeover::Seams;

use base qw(PVE::RESTHandler);

my $NODE = get_standard_option('pve-node');

my $PHASE = {
    description => 'Which functions run on Rust.',
    type => 'string',
    enum => [PVE::Network::Rust::Takeover::Seams::phases()],
};

my $SCOPE = {
    description =>
        'Whose setting: that of the cluster, or that of this node, which goes before it.',
    type => 'string',
    enum => [qw(cluster node)],
    default => 'cluster',
    optional => 1,
};

my $FORCE = {
    description =>
        'Go up more than one step at once, and whatever differences between Perl and Rust the check finds.',
    type => 'boolean',
    default => 0,
    optional => 1,
};

my $CHANGE = {
    type => 'object',
    properties => {
        from => { %$PHASE, description => 'The phase before.' },
        to => { %$PHASE, description => 'The phase now.' },
        scope => $SCOPE,
        changed => { description => 'Whether the setting was another one.', type => 'boolean' },
        warnings => {
            description => 'What else is to be known.',
            type => 'array',
            items => { type => 'string' },
        },
    },
};

my %AS_NEIGHBOURS = (proxyto => 'node', protected => 1);

my $AUDIT = { check => ['perm', '/', ['Sys.Audit']] };

my $MODIFY = { check => ['perm', '/', ['Sys.Modify']] };

sub _changed {
    my ($param, $code) = @_;
    my %options = (
        scope => $param->{scope} // 'cluster',
        force => $param->{force} ? 1 : 0,
        who => PVE::RPCEnvironment::get()->get_user(),
    );
    my $result =
        PVE::API2::Network::Rust::Errors::of_parameters(
        sub { return $code->(\%options) },
        within => 'phase'
        );
    return { map { $_ => $result->{$_} } qw(from to scope changed warnings) };
}

__PACKAGE__->register_method({
    name => 'get_phase',
    path => '',
    method => 'GET',
    %AS_NEIGHBOURS,
    permissions => $AUDIT,
    description => 'The phase of this node, and where that is from.',
    parameters => { additionalProperties => 0, properties => { node => $NODE } },
    returns => {
        type => 'object',
        properties => {
            phase => $PHASE,
            source => {
                description => 'Whose setting says so, if any does.',
                type => 'string',
                enum => [qw(environment node cluster default)],
            },
            path => { description => 'The file that says so.', type => 'string', optional => 1 },
            kept => {
                description => 'Why it is what was known before, and not what the file says.',
                type => 'string',
                optional => 1,
            },
        },
    },
    code => sub { return PVE::Network::Rust::Migration::phase() },
});

__PACKAGE__->register_method({
    name => 'set_phase',
    path => '',
    method => 'PUT',
    %AS_NEIGHBOURS,
    permissions => $MODIFY,
    description =>
        'Change the phase. A step up goes to the next one, and only where Perl and Rust give the same for all'
        . ' configurations of this cluster; a step back is always possible.',
    parameters => {
        additionalProperties => 0,
        properties => { node => $NODE, phase => $PHASE, scope => $SCOPE, force => $FORCE },
    },
    returns => $CHANGE,
    code => sub {
        my ($param) = @_;
        my $phase = $param->{phase};
        return _changed(
            $param,
            sub { return PVE::Network::Rust::Migration::set_phase($phase, $_[0]) }
        );
    },
});

__PACKAGE__->register_method({
    name => 'clear_phase',
    path => '',
    method => 'DELETE',
    %AS_NEIGHBOURS,
    permissions => $MODIFY,
    description =>
        "Have the setting name no phase: a node has its cluster's then, and a cluster the first one.",
    parameters => {
        additionalProperties => 0,
        properties => { node => $NODE, scope => $SCOPE, force => $FORCE },
    },
    returns => $CHANGE,
    code => sub {
        my ($param) = @_;
        return _changed($param, \&PVE::Network::Rust::Migration::clear_phase);
    },
});

1;

__END__

=encoding utf8

=head1 NAME

PVE::API2::Network::Rust::Phase - which functions run on Rust, in the API

=head1 DESCRIPTION

F</nodes/{node}/rust-network/phase> has the phase of this node for GET; PUT changes that of the cluster or of the node, and
DELETE takes it out of the setting, as C<set_phase> and C<clear_phase> of L<PVE::Network::Rust::Migration> do it. Where the
check before a step up finds differences, that is an error 400 for C<phase>.

=head1 SEE ALSO

L<PVE::API2::Network::Rust>, L<PVE::Network::Rust::Migration>, pve-rustctl(8)

=cut
