package PVE::API2::Network::Rust::Bindings;

use strict;
use warnings;

use JSON ();

use PVE::Exception qw(raise_param_exc);
use PVE::JSONSchema qw(get_standard_option);
use PVE::RESTHandler;

use PVE::API2::Network::Rust::Access;
use PVE::API2::Network::Rust::Errors;
use PVE::Network::Rust::VNetBinding;

use base qw(PVE::RESTHandler);

my $VMID = get_standard_option('pve-vmid');

my $IFACE = {
    description =>
        "The interface: its key in the container's configuration, such as 'net0', or its name in the"
        . " container, such as 'eth0'.",
    type => 'string',
    maxLength => 15,
};

my $VNET = {
    description => 'The VNet.',
    type => 'string',
    format => 'pve-bridge-id',
    format_description => 'vnet',
    maxLength => 15,
};

my $BINDING = {
    type => 'object',
    properties => {
        vmid => $VMID,
        iface => $IFACE,
        vnet => $VNET,
        bound => { description => 'When it was bound, in seconds since 1970.', type => 'number' },
        metadata => {
            description => 'What was to be kept with the binding.',
            type => 'object',
            additionalProperties => 1,
            properties => {},
            optional => 1,
        },
    },
};

my $NODE = get_standard_option('pve-node');

my $CONTAINER = { node => $NODE, vmid => $VMID };

my $SDN_USE = "Also needs 'SDN.Use' on '/sdn/zones/<zone>/<vnet>'.";

sub _bindings { return PVE::Network::Rust::VNetBinding->new() }

# The one of an interface.
sub _binding {
    my ($vmid, $iface) = @_;
    my $binding =
        PVE::API2::Network::Rust::Errors::of_parameters(sub {
        return _bindings()->get_binding($vmid, $iface);
        });
    return $binding
        // PVE::API2::Network::Rust::Errors::not_found(
        "interface '$iface' of container $vmid is not bound to a VNet"
        );
}

sub _metadata {
    my ($text) = @_;
    return undef if !defined($text);
    my $metadata = eval { JSON->new->decode($text) };
    raise_param_exc({ metadata => 'it must be a JSON object' }) if ref($metadata) ne 'HASH';
    return $metadata;
}

__PACKAGE__->register_method({
    name => 'list_bindings',
    path => '',
    method => 'GET',
    proxyto => 'node',
    protected => 1,
    permissions => {
        description =>
            "Only lists bindings of containers where you have 'VM.Audit' permission on '/vms/<vmid>'.",
        user => 'all',
    },
    description => 'Which interfaces of containers are bound to which VNets on this node.',
    parameters => {
        additionalProperties => 0,
        properties => {
            node => $NODE,
            vmid => { %$VMID, description => 'Only those of this container.', optional => 1 },
            vnet => { %$VNET, description => 'Only those of this VNet.', optional => 1 },
        },
    },
    returns => {
        type => 'array',
        items => $BINDING,
        links => [{ rel => 'child', href => '{vmid}' }],
    },
    code => sub {
        my ($param) = @_;
        my %filter = map { defined($param->{$_}) ? ($_ => $param->{$_}) : () } qw(vmid vnet);
        return PVE::API2::Network::Rust::Access::visible(_bindings()->list_bindings(\%filter));
    },
});

__PACKAGE__->register_method({
    name => 'bind_vnet',
    path => '',
    method => 'POST',
    proxyto => 'node',
    protected => 1,
    permissions => {
        check => ['perm', '/vms/{vmid}', ['VM.Config.Network']],
        description => $SDN_USE,
    },
    description => "Bind an interface of a container to a VNet. Nothing is plugged in.",
    parameters => {
        additionalProperties => 0,
        properties => {
            %$CONTAINER,
            iface => $IFACE,
            vnet => $VNET,
            metadata => {
                description => 'What is to be kept with the binding: a JSON object.',
                type => 'string',
                maxLength => 4096,
                optional => 1,
            },
        },
    },
    returns => $BINDING,
    code => sub {
        my ($param) = @_;
        my ($vmid, $iface, $vnet) = @{$param}{qw(vmid iface vnet)};
        my $metadata = _metadata($param->{metadata});
        PVE::API2::Network::Rust::Access::check_bridge($vnet);
        return PVE::API2::Network::Rust::Errors::of_parameters(sub {
            return _bindings()->bind_vnet($vnet, $vmid, $iface, $metadata);
        });
    },
});

__PACKAGE__->register_method({
    name => 'list_container_bindings',
    path => '{vmid}',
    method => 'GET',
    proxyto => 'node',
    protected => 1,
    permissions => { check => ['perm', '/vms/{vmid}', ['VM.Audit']] },
    description => 'Which interfaces of a container are bound to which VNets.',
    parameters => { additionalProperties => 0, properties => $CONTAINER },
    returns => {
        type => 'array',
        items => $BINDING,
        links => [{ rel => 'child', href => '{iface}' }],
    },
    code => sub {
        my ($param) = @_;
        return _bindings()->list_bindings({ vmid => $param->{vmid} });
    },
});

__PACKAGE__->register_method({
    name => 'cleanup_container',
    path => '{vmid}',
    method => 'DELETE',
    proxyto => 'node',
    protected => 1,
    permissions => {
        check => ['perm', '/vms/{vmid}', ['VM.Config.Network']],
        description => "$SDN_USE All bindings stay where it is missing for one of them.",
    },
    description => 'End all bindings of a container.',
    parameters => { additionalProperties => 0, properties => $CONTAINER },
    returns => { description => 'Those that were.', type => 'array', items => $BINDING },
    code => sub {
        my ($param) = @_;
        my $vmid = $param->{vmid};
        my $bindings = _bindings();
        my $those = $bindings->list_bindings({ vmid => $vmid });
        PVE::API2::Network::Rust::Access::check_bridge($_->{vnet}) for @$those;
        # Not one to another VNet that somebody makes meanwhile.
        return PVE::API2::Network::Rust::Errors::of_parameters(sub {
            return [map { $bindings->unbind_vnet(@{$_}{qw(vnet vmid iface)}) } @$those];
        });
    },
});

__PACKAGE__->register_method({
    name => 'get_binding',
    path => '{vmid}/{iface}',
    method => 'GET',
    proxyto => 'node',
    protected => 1,
    permissions => { check => ['perm', '/vms/{vmid}', ['VM.Audit']] },
    description => 'To which VNet an interface of a container is bound.',
    parameters => { additionalProperties => 0, properties => { %$CONTAINER, iface => $IFACE } },
    returns => $BINDING,
    code => sub {
        my ($param) = @_;
        return _binding(@{$param}{qw(vmid iface)});
    },
});

__PACKAGE__->register_method({
    name => 'unbind_vnet',
    path => '{vmid}/{iface}',
    method => 'DELETE',
    proxyto => 'node',
    protected => 1,
    permissions => {
        check => ['perm', '/vms/{vmid}', ['VM.Config.Network']],
        description => $SDN_USE,
    },
    description =>
        'End the binding of an interface of a container to a VNet. Nothing is taken out.',
    parameters => {
        additionalProperties => 0,
        properties => {
            %$CONTAINER,
            iface => $IFACE,
            vnet => {
                %$VNET,
                description => 'Only if it is bound to this VNet.',
                optional => 1,
            },
        },
    },
    returns => { %$BINDING, description => 'The binding that was.' },
    code => sub {
        my ($param) = @_;
        my ($vmid, $iface) = @{$param}{qw(vmid iface)};
        my $bound = _binding($vmid, $iface)->{vnet};
        PVE::API2::Network::Rust::Access::check_bridge($bound);
        return PVE::API2::Network::Rust::Errors::of_parameters(sub {
            return _bindings()->unbind_vnet($param->{vnet} // $bound, $vmid, $iface);
        });
    },
});

1;

__END__

=encoding utf8

=head1 NAME

PVE::API2::Network::Rust::Bindings - bindings of interfaces to VNets, in the API

=head1 DESCRIPTION

What L<PVE::Network::Rust::VNetBinding> keeps, below F</nodes/{node}/rust-network/bindings>:

=over

=item GET bindings

all that the user may see, or those of a C<vmid> or C<vnet>

=item POST bindings

binds C<iface> of C<vmid> to C<vnet>

=item GET, DELETE bindings/{vmid}

those of a container; ends them

=item GET, DELETE bindings/{vmid}/{iface}

that of an interface; ends it

=back

=head1 SEE ALSO

L<PVE::API2::Network::Rust>, L<PVE::Network::Rust::VNetBinding>

=cut
