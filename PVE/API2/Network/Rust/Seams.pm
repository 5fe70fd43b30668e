package PVE::API2::Network::Rust::Seams;

use strict;
use warnings;

use PVE::Exception qw(raise_param_exc);
use PVE::JSONSchema qw(get_standard_option);
use PVE::RESTHandler;
use PVE::RPCEnvironment;

use PVE::API2::Network::Rust::Errors;
use PVE::Network::Rust::Migration;
use PVE::Network::Rust::Takeover::Seams;

use base qw(PVE::RESTHandler);

my $NODE = get_standard_option('pve-node');

my $NAME = {
    description => "The seam's name.",
    type => 'string',
    pattern => '[\w:]+',
    maxLength => 100,
};

my $MODE = {
    description =>
        'Who answers: Perl; Perl, with Rust compared to it; Rust, with Perl where Rust has an internal error; Rust.',
    type => 'string',
    enum => [PVE::Network::Rust::Takeover::Seams::modes()],
};

my $SCOPE = {
    description =>
        'Whose setting: that of the cluster, or that of this node, which goes before it.',
    type => 'string',
    enum => [qw(cluster node)],
    default => 'cluster',
    optional => 1,
};

my $SEAM = {
    type => 'object',
    properties => {
        name => $NAME,
        mode => $MODE,
        source => {
            description =>
                'Whose setting says so: one that names the seam, the phase, or failures that have turned it off.',
            type => 'string',
            enum => [qw(environment node cluster phase breaker)],
        },
        phase => {
            description => 'The phase from which on Rust answers.',
            type => 'string',
            enum => [PVE::Network::Rust::Takeover::Seams::phases()],
        },
        pure => {
            description => 'Whether it has no effect but on its arguments, so that both can run.',
            type => 'boolean',
        },
        off => {
            description => 'When failures have turned it off on this node, in seconds since 1970.',
            type => 'number',
            optional => 1,
        },
        perl => {
            description => 'The Perl functions.',
            type => 'array',
            items => { type => 'string' },
        },
    },
};

my %AS_NEIGHBOURS = (proxyto => 'node', protected => 1);

my $AUDIT = { check => ['perm', '/', ['Sys.Audit']] };

my $MODIFY = { check => ['perm', '/', ['Sys.Modify']] };

sub _seams {
    my @seams = @{ PVE::Network::Rust::Migration::seams() };
    for my $seam (@seams) {
        delete($seam->{off}) if !defined($seam->{off});
    }
    return \@seams;
}

sub _seam {
    my ($name) = @_;
    my ($seam) = grep { $_->{name} eq $name } @{ _seams() };
    return $seam // PVE::API2::Network::Rust::Errors::not_found("no seam is called '$name'");
}

sub _options {
    my ($param) = @_;
    return {
        scope => $param->{scope} // 'cluster',
        who => PVE::RPCEnvironment::get()->get_user(),
    };
}

__PACKAGE__->register_method({
    name => 'list_seams',
    path => '',
    method => 'GET',
    %AS_NEIGHBOURS,
    permissions => $AUDIT,
    description => 'The functions that Rust can answer for, and who does on this node.',
    parameters => { additionalProperties => 0, properties => { node => $NODE } },
    returns => {
        type => 'array',
        items => $SEAM,
        links => [{ rel => 'child', href => '{name}' }],
    },
    code => sub { return _seams() },
});

__PACKAGE__->register_method({
    name => 'get_seam',
    path => '{name}',
    method => 'GET',
    %AS_NEIGHBOURS,
    permissions => $AUDIT,
    description => 'A function that Rust can answer for, and who does on this node.',
    parameters => { additionalProperties => 0, properties => { node => $NODE, name => $NAME } },
    returns => $SEAM,
    code => sub { return _seam($_[0]->{name}) },
});

__PACKAGE__->register_method({
    name => 'set_seam',
    path => '{name}',
    method => 'PUT',
    %AS_NEIGHBOURS,
    permissions => $MODIFY,
    description => 'Say who answers for a function, whatever the phase is.',
    parameters => {
        additionalProperties => 0,
        properties => { node => $NODE, name => $NAME, mode => $MODE, scope => $SCOPE },
    },
    returns => $SEAM,
    code => sub {
        my ($param) = @_;
        my ($name, $mode) = @{$param}{qw(name mode)};
        raise_param_exc(
            { mode => "$name has effects on the host, so that Perl and Rust cannot both run" }
            )
            if !_seam($name)->{pure} && $mode eq 'shadow';
        PVE::Network::Rust::Migration::set_seam($name, $mode, _options($param));
        return _seam($name);
    },
});

__PACKAGE__->register_method({
    name => 'clear_seam',
    path => '{name}',
    method => 'DELETE',
    %AS_NEIGHBOURS,
    permissions => $MODIFY,
    description =>
        'Have the phase say who answers for a function, and turn it on where failures have turned it off on this node.',
    parameters => {
        additionalProperties => 0,
        properties => { node => $NODE, name => $NAME, scope => $SCOPE },
    },
    returns => $SEAM,
    code => sub {
        my ($param) = @_;
        my $name = $param->{name};
        _seam($name);
        PVE::Network::Rust::Migration::clear_seam($name, _options($param));
        return _seam($name);
    },
});

1;

__END__

=encoding utf8

=head1 NAME

PVE::API2::Network::Rust::Seams - who answers for which function, in the API

=head1 DESCRIPTION

F</nodes/{node}/rust-network/seams> lists the seams of L<PVE::Network::Rust::Takeover::Seams>, and
F</nodes/{node}/rust-network/seams/{name}> has one for GET; PUT gives it a mode of its own, and DELETE takes that back, as
C<set_seam> and C<clear_seam> of L<PVE::Network::Rust::Migration> do it.

=head1 SEE ALSO

L<PVE::API2::Network::Rust>, L<PVE::Network::Rust::Migration>, pve-rustctl(8)

=cut
