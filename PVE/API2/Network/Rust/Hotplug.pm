package PVE::API2::Network::Rust::Hotplug;

use strict;
use warnings;

use PVE::Exception qw(raise_param_exc);
use PVE::JSONSchema qw(get_standard_option);
use PVE::RESTHandler;

use PVE::API2::Network::Rust::Access;
use PVE::API2::Network::Rust::Container;
use PVE::API2::Network::Rust::Errors;
use PVE::Network::Rust::Hotplug;
use PVE::Network::Rust::LXC::Config;

use base qw(PVE::RESTHandler);

my $NODE = get_standard_option('pve-node');

my $VMID = get_standard_option('pve-vmid');

my $NETID = {
    description => "The interface: the N of 'netN'.",
    type => 'integer',
    minimum => 0,
    maximum => 31,
};

my $KIND = {
    description => 'What is changed: an interface is plugged in, taken out, or changed.',
    type => 'string',
    enum => ['add', 'remove', 'update'],
};

my $STATE = {
    description => 'How far it is.',
    type => 'string',
    enum => [qw(pending running succeeded failed cancelled undone)],
};

my $ID = {
    description => "The operation's id.",
    type => 'string',
    pattern => '[0-9a-f]{16}-[0-9a-f]{8}',
};

my $TIME = { type => 'number', optional => 1 };

my $OPERATION = {
    type => 'object',
    properties => {
        id => $ID,
        kind => $KIND,
        vmid => $VMID,
        netid => $NETID,
        state => $STATE,
        async => { description => 'Whether its caller went on meanwhile.', type => 'boolean' },
        pid => {
            description => 'The process that carries it out, or did.',
            type => 'integer',
            optional => 1,
        },
        created =>
            { description => 'When it was asked for, in seconds since 1970.', type => 'number' },
        started => { %$TIME, description => 'When it began.' },
        ended => { %$TIME, description => 'When it ended.' },
        steps => {
            description => 'What was done.',
            type => 'array',
            items => {
                type => 'object',
                properties => {
                    name => { description => 'What the step does.', type => 'string' },
                    start => { description => 'When it began.', type => 'number' },
                    end => { %$TIME, description => 'When it ended.' },
                },
            },
        },
        error => { description => 'What it failed with.', type => 'string', optional => 1 },
        interface => {
            description => 'What was plugged in.',
            type => 'object',
            optional => 1,
            properties => {
                name => { description => "The host's end.", type => 'string' },
                index => { description => "The host's end, by index.", type => 'integer' },
                peer_name => { description => "The container's end.", type => 'string' },
                peer_index =>
                    { description => "The container's end, by index.", type => 'integer' },
            },
        },
    },
};

# One that is known, and of a container for which the user has the privilege.
sub _operation {
    my ($id, $privilege) = @_;
    my $hotplug = PVE::Network::Rust::Hotplug->new();
    my ($operation) = grep { $_->{id} eq $id } @{ $hotplug->list_operations() };
    PVE::API2::Network::Rust::Errors::not_found("there is no operation '$id'") if !$operation;
    PVE::API2::Network::Rust::Access::check_container($operation->{vmid}, [$privilege]);
    return _answer($operation);
}

# What is not known yet is left out.
sub _answer {
    my ($operation) = @_;
    my $defined = sub {
        my ($hash) = @_;
        return { map { defined($hash->{$_}) ? ($_ => $hash->{$_}) : () } keys %$hash };
    };
    my $answer = $defined->($operation);
    $answer->{steps} = [map { $defined->($_) } @{ $operation->{steps} }];
    return $answer;
}

sub _parse {
    my ($text) = @_;
    return PVE::Network::Rust::LXC::Config->parse_lxc_network($text);
}

# Carries it out, and gives its id.
sub _change {
    my ($param, $conf) = @_;
    my ($kind, $vmid, $netid, $text) = @{$param}{qw(kind vmid netid net)};
    my $configured = $conf->{"net$netid"};
    $text //= $configured if $kind ne 'remove';
    raise_param_exc({ net => "it must be given, as there is no 'net$netid' in the configuration" })
        if $kind ne 'remove' && !defined($text);
    PVE::API2::Network::Rust::Access::check_net($_) for $configured, $text;

    my $hotplug = PVE::Network::Rust::Hotplug->new();
    return $hotplug->hotplug_remove($vmid, $netid)->{id} if $kind eq 'remove';
    return $hotplug->hotplug_add($vmid, $netid, _parse($text))->{id} if $kind eq 'add';
    # Without what it was configured as, all addresses go that are not the wanted ones.
    my $old = defined($param->{net}) && defined($configured) ? { old => _parse($configured) } : {};
    return $hotplug->hotplug_update($vmid, $netid, _parse($text), $old)->{id};
}

__PACKAGE__->register_method({
    name => 'list_operations',
    path => '',
    method => 'GET',
    proxyto => 'node',
    protected => 1,
    permissions => {
        description =>
            "Only lists operations of containers where you have 'VM.Audit' permission on '/vms/<vmid>'.",
        user => 'all',
    },
    description => "Changes of running containers' interfaces on this node, oldest first.",
    parameters => {
        additionalProperties => 0,
        properties => {
            node => $NODE,
            vmid => { %$VMID, description => 'Only those of this container.', optional => 1 },
            netid => { %$NETID, description => "Only those of 'netN'.", optional => 1 },
            kind => { %$KIND, description => 'Only those of this kind.', optional => 1 },
            state => { %$STATE, description => 'Only those in this state.', optional => 1 },
        },
    },
    returns => {
        type => 'array',
        items => $OPERATION,
        links => [{ rel => 'child', href => '{id}' }],
    },
    code => sub {
        my ($param) = @_;
        my %filter =
            map { defined($param->{$_}) ? ($_ => $param->{$_}) : () } qw(vmid netid kind state);
        my $operations = PVE::Network::Rust::Hotplug->new()->list_operations(\%filter);
        return [map { _answer($_) } @{ PVE::API2::Network::Rust::Access::visible($operations) }];
    },
});

__PACKAGE__->register_method({
    name => 'change_interface',
    path => '',
    method => 'POST',
    proxyto => 'node',
    protected => 1,
    permissions => {
        check => ['perm', '/vms/{vmid}', ['VM.Config.Network']],
        description =>
            "Also needs 'SDN.Use' on '/sdn/zones/<zone>/<bridge>', or on its VLANs, for the bridge or VNet that is"
            . " configured and the one that is wanted.",
    },
    description =>
        "Plug an interface into a running container, take it out, or change it. The configuration stays as it is:"
        . " see lxc/{vmid}/network for changing both.",
    parameters => {
        additionalProperties => 0,
        properties => {
            node => $NODE,
            kind => $KIND,
            vmid => $VMID,
            netid => $NETID,
            net => {
                description =>
                    "What is wanted, in the form of the configuration. Without it, what is configured. Not for 'remove'.",
                type => 'string',
                format => 'pve-lxc-network',
                optional => 1,
            },
        },
    },
    returns => $OPERATION,
    code => sub {
        my ($param) = @_;
        raise_param_exc({ net => "it says nothing for 'remove'" })
            if $param->{kind} eq 'remove' && defined($param->{net});
        my $id = PVE::API2::Network::Rust::Container::locked(
            $param->{vmid},
            sub {
                my ($conf) = @_;
                return PVE::API2::Network::Rust::Errors::of_parameters(
                    sub { return _change($param, $conf) },
                    within => 'net'
                );
            }
        );
        return _answer(PVE::Network::Rust::Hotplug->new()->get_operation_status($id));
    },
});

__PACKAGE__->register_method({
    name => 'get_operation',
    path => '{id}',
    method => 'GET',
    proxyto => 'node',
    protected => 1,
    permissions => {
        description =>
            "You need 'VM.Audit' permission on '/vms/<vmid>' of the operation's container.",
        user => 'all',
    },
    description => 'What is known of an operation.',
    parameters => { additionalProperties => 0, properties => { node => $NODE, id => $ID } },
    returns => $OPERATION,
    code => sub {
        my ($param) = @_;
        return _operation($param->{id}, 'VM.Audit');
    },
});

__PACKAGE__->register_method({
    name => 'cancel_operation',
    path => '{id}',
    method => 'DELETE',
    proxyto => 'node',
    protected => 1,
    permissions => {
        description =>
            "You need 'VM.Config.Network' permission on '/vms/<vmid>' of the operation's container.",
        user => 'all',
    },
    description => 'End an operation, and undo what it did. One that has succeeded is undone.',
    parameters => { additionalProperties => 0, properties => { node => $NODE, id => $ID } },
    returns => $OPERATION,
    code => sub {
        my ($param) = @_;
        my $operation = _operation($param->{id}, 'VM.Config.Network');
        my $cancel = sub {
            my $hotplug = PVE::Network::Rust::Hotplug->new();
            return _answer($hotplug->cancel_operation($operation->{id}));
        };
        # Whoever carries it out has the container's lock until it has ended.
        my $has_ended = $operation->{state} !~ /^(?:pending|running)$/;
        return PVE::API2::Network::Rust::Errors::of_parameters(sub {
            return $cancel->() if !$has_ended;
            return PVE::API2::Network::Rust::Container::locked($operation->{vmid}, $cancel);
        });
    },
});

1;

__END__

=encoding utf8

=head1 NAME

PVE::API2::Network::Rust::Hotplug - changes of running containers' interfaces, in the API

=head1 DESCRIPTION

The operations of L<PVE::Network::Rust::Hotplug>, below F</nodes/{node}/rust-network/hotplug>:

=over

=item GET hotplug

all that the user may see, or those of a C<vmid>, C<netid>, C<kind> or C<state>

=item POST hotplug

plugs interface C<netid> into the running container C<vmid> (C<kind> C<add>), takes it out (C<remove>) or changes it
(C<update>), and answers with the operation

=item GET, DELETE hotplug/{id}

an operation; ends it or undoes it

=back

The container's lock is held meanwhile, as by everything that changes a container. Its configuration stays as it is; where
both are to change, see L<PVE::API2::Network::Rust::LXC::Network>.

=head1 SEE ALSO

L<PVE::API2::Network::Rust>, L<PVE::Network::Rust::Hotplug>

=cut
