package PVE::API2::Network::Rust::LXC::Network;

use strict;
use warnings;

use PVE::Exception qw(raise_param_exc);
use PVE::JSONSchema qw(get_standard_option);
use PVE::RESTHandler;
use PVE::Tools qw(extract_param);

use PVE::API2::Network::Rust::Access;
use PVE::API2::Network::Rust::Container;
use PVE::API2::Network::Rust::Errors;
use PVE::Network::Rust::LXC::Config;

use base qw(PVE::RESTHandler);

# As in PVE::LXC::Config.
my @KEYS = map { "net$_" } 0 .. 31;
my %IS_KEY = map { $_ => 1 } @KEYS;

my %TARGET = (
    node => get_standard_option('pve-node'),
    vmid => get_standard_option('pve-vmid'),
);

my $DIGEST = {
    description => 'The SHA1 digest of the configuration file.',
    type => 'string',
    maxLength => 40,
};

my $TEXT = { type => 'string', optional => 1 };

my $KEY_LIST = { type => 'string', format => 'pve-configid-list', optional => 1 };

# The options of a value. An address that it does not have is not one that was made up for it.
sub _options {
    my ($text) = @_;
    my $options = PVE::Network::Rust::LXC::Config->parse_lxc_network($text);
    delete($options->{hwaddr}) if $text !~ /(?:^|,)hwaddr=/;
    return $options;
}

sub _interface {
    my ($key, $conf, $pending, $is_to_go) = @_;
    my %interface = (id => $key);
    if (defined(my $text = $conf->{$key})) {
        $interface{value} = $text;
        $interface{options} = eval { _options($text) };
        $interface{error} = "$@", delete($interface{options}) if !$interface{options};
    }
    $interface{pending} = $pending->{$key} if defined($pending->{$key});
    $interface{delete} = 1 if $is_to_go;
    return \%interface;
}

__PACKAGE__->register_method({
    name => 'network_config',
    path => '',
    method => 'GET',
    proxyto => 'node',
    permissions => { check => ['perm', '/vms/{vmid}', ['VM.Audit']] },
    description => "A container's interfaces, as they are configured and as they are to be.",
    parameters => { additionalProperties => 0, properties => {%TARGET} },
    returns => {
        type => 'object',
        properties => {
            digest => $DIGEST,
            interfaces => {
                description => 'The interfaces, by their numbers.',
                type => 'array',
                items => {
                    type => 'object',
                    properties => {
                        id => {
                            description => "The interface's key in the configuration.",
                            type => 'string',
                        },
                        value => { %$TEXT, description => 'What is configured.' },
                        options => {
                            description => 'The same, by option.',
                            type => 'object',
                            additionalProperties => 1,
                            properties => {},
                            optional => 1,
                        },
                        error => { %$TEXT, description => 'Why that is not understood.' },
                        pending => { %$TEXT, description => 'What is to be configured.' },
                        delete => {
                            description => 'Whether it is to be deleted.',
                            type => 'boolean',
                            optional => 1,
                        },
                    },
                },
            },
        },
    },
    code => sub {
        my ($param) = @_;
        my $conf = PVE::API2::Network::Rust::Container::configuration($param->{vmid});
        my $pending = $conf->{pending} // {};
        my %to_go = map { s/^!//r => 1 } split(/[\s,;]+/, $pending->{delete} // '');
        my @there = grep { exists($conf->{$_}) || exists($pending->{$_}) || $to_go{$_} } @KEYS;
        return {
            digest => $conf->{digest},
            interfaces => [map { _interface($_, $conf, $pending, $to_go{$_}) } @there],
        };
    },
});

# The keys in a list; which must be those of interfaces that the parameters before it do not name.
sub _keys {
    my ($param, $name, %named) = @_;
    my @keys = grep { $_ ne '' } split(/[\s,;\0]+/, extract_param($param, $name) // '');
    for my $key (@keys) {
        raise_param_exc({ $name => "'$key' is no interface of a container" }) if !$IS_KEY{$key};
        for my $other (grep { $named{$_}->{$key} } sort keys %named) {
            raise_param_exc(
                { $name => "you can't use '-$other' and '-$name $key' at the same time" }
            );
        }
    }
    return @keys;
}

# What PVE::API2::LXC::Config does with these parameters, in that order.
sub _change {
    my ($vmid, $conf, $wanted, $delete, $revert) = @_;
    for my $key (keys %$wanted, @$delete, @$revert) {
        my @texts = map { $_->{$key} // () } $conf, $conf->{pending} // {}, $wanted;
        PVE::API2::Network::Rust::Access::check_net($_) for @texts;
    }

    require PVE::LXC;
    my $errors = PVE::LXC::Config->update_pct_config(
        $vmid, $conf, PVE::LXC::check_running($vmid),
        $wanted, $delete, $revert
    );
    raise_param_exc($errors) if %$errors;

    # Plugging in may have saved it in between; the lock keeps everybody else from that.
    delete($conf->{digest});
    my $saved = PVE::API2::Network::Rust::Errors::of_parameters(sub {
        return PVE::Network::Rust::LXC::Config->save_config($vmid, $conf);
    });
    PVE::LXC::update_lxc_config(
        $vmid,
        PVE::API2::Network::Rust::Container::configuration($vmid)
    );
    return $saved->{digest};
}

__PACKAGE__->register_method({
    name => 'update_network_config',
    path => '',
    method => 'PUT',
    proxyto => 'node',
    protected => 1,
    permissions => {
        check => ['perm', '/vms/{vmid}', ['VM.Config.Network']],
        description =>
            "Also needs 'SDN.Use' on '/sdn/zones/<zone>/<bridge>', or on its VLANs, for each bridge or VNet that is"
            . " configured or wanted for the interfaces.",
    },
    description =>
        "Change a container's interfaces, in its configuration, and where it runs, in place. What cannot be changed"
        . " while it runs becomes a pending change, as for 'pct set'.",
    parameters => {
        additionalProperties => 0,
        properties => {
            %TARGET,
            digest => {
                %$DIGEST,
                description =>
                    'Prevent changes if current configuration file has different SHA1 digest. This can be used to'
                    . ' prevent concurrent modifications.',
                optional => 1,
            },
            delete => { %$KEY_LIST, description => 'The interfaces to delete.' },
            revert =>
                { %$KEY_LIST, description => 'The interfaces whose pending change is to go.' },
            map {
                $_ => {
                    description => 'What the interface is to be.',
                    type => 'string',
                    format => 'pve-lxc-network',
                    optional => 1,
                }
            } @KEYS,
        },
    },
    returns => {
        type => 'object',
        properties => {
            digest => { %$DIGEST, description => 'The SHA1 digest of the new configuration file.' }
        },
    },
    code => sub {
        my ($param) = @_;
        my $vmid = extract_param($param, 'vmid');
        my $digest = extract_param($param, 'digest');
        extract_param($param, 'node');
        die "no options specified\n" if !%$param;
        my %wanted = map { defined($param->{$_}) ? ($_ => $param->{$_}) : () } @KEYS;
        my %named = map { $_ => { $_ => 1 } } keys %wanted;
        my @revert = _keys($param, 'revert', %named);
        my @delete = _keys($param, 'delete', %named, revert => { map { $_ => 1 } @revert });

        my $new = PVE::API2::Network::Rust::Container::locked(
            $vmid,
            sub {
                my ($conf) = @_;
                PVE::Tools::assert_if_modified($digest, $conf->{digest});
                return _change($vmid, $conf, \%wanted, \@delete, \@revert);
            }
        );
        return { digest => $new };
    },
});

1;

__END__

=encoding utf8

=head1 NAME

PVE::API2::Network::Rust::LXC::Network - a container's interfaces, in the API

=head1 DESCRIPTION

F</nodes/{node}/rust-network/lxc/{vmid}/network>:

=over

=item GET

Answers with the C<digest> of the configuration and its C<interfaces>: each with C<value>, the text of C<netN>, C<options>, the
same by option, and where there is a pending change, C<pending>, the text of that, or C<delete>.

=item PUT

Takes the text of any C<netN>, lists of interfaces to C<delete>, of those whose pending change is to go (C<revert>), and the
C<digest> that the configuration must still have. Answers with the new C<digest>.

=back

A change is checked and made as by C<pct set>: PVE::LXC::Config enters it, in a running container plugs it in, and takes or
gives back addresses in VNets; what cannot be done while the container runs stays a pending change. What fails is an error 400 by
interface; as after C<pct set>, what was plugged in until then may be entered. C<load_config> and C<save_config> of L<PVE::Network::Rust::LXC::Config> read and
write the configuration, all of it under the container's lock.

=head1 SEE ALSO

L<PVE::API2::Network::Rust>, pct(1), pct.conf(5)

=cut
