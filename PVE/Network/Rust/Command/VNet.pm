package PVE::Network::Rust::Command::VNet;

use strict;
use warnings;

use PVE::Network::Rust::Command::Output;
use PVE::Network::Rust::Takeover::State;

sub _configured {
    my $path = PVE::Network::Rust::Takeover::State::root() . '/etc/pve/sdn/vnets.cfg';
    my $text = eval { PVE::Network::Rust::Takeover::State::read_text($path) };
    die $@ if !defined($text) && !$!{ENOENT};
    require PVE::Network::Rust::SDN::Vnets;
    return PVE::Network::Rust::SDN::Vnets->parse_config('sdn/vnets.cfg', $text // '')->{ids};
}

# How those in effect are on this node, by VNet.
sub _status {
    require PVE::Network::Rust::SDN;
    my (undef, $status) = eval { PVE::Network::Rust::SDN::status() };
    warn $@ if $@;
    return $status // {};
}

sub _bindings {
    my ($filter) = @_;
    require PVE::Network::Rust::VNetBinding;
    return PVE::Network::Rust::VNetBinding->new()->list_bindings($filter);
}

sub _list {
    my ($options) = @_;
    my $configured = _configured();
    my $status = _status();
    my %bindings;
    $bindings{ $_->{vnet} }++ for @{ _bindings({}) };
    my %known = (%$configured, %$status);
    my @rows = map { {
        vnet => $_,
        zone => ($configured->{$_} // $status->{$_})->{zone},
        tag => ($configured->{$_} // {})->{tag},
        alias => ($configured->{$_} // {})->{alias},
        bindings => $bindings{$_} // 0,
        status => ($status->{$_} // {})->{status},
        message => ($status->{$_} // {})->{statusmsg},
    } } sort keys %known;
    PVE::Network::Rust::Command::Output::list(
        \@rows,
        [
            { key => 'vnet' },
            { key => 'zone' },
            { key => 'tag', type => 'number' },
            { key => 'alias' },
            { key => 'bindings', type => 'number' },
            { key => 'status' },
            { key => 'message' },
        ],
        $options
    );
    return;
}

sub _list_bindings {
    my ($options) = @_;
    my %filter = defined($options->{vnet}) ? (vnet => $options->{vnet}) : ();
    if (defined($options->{vmid})) {
        die "usage: '$options->{vmid}' is no VMID\n" if $options->{vmid} !~ /\A[1-9]\d{0,8}\z/;
        $filter{vmid} = int($options->{vmid});
    }
    PVE::Network::Rust::Command::Output::list(
        _bindings(\%filter),
        [
            { key => 'vnet' },
            { key => 'vmid', type => 'number' },
            { key => 'iface' },
            { key => 'bound', shown => \&PVE::Network::Rust::Command::Output::time_of },
            { key => 'metadata' },
        ],
        $options
    );
    return;
}

sub commands {
    my $vmids = sub {
        require PVE::Network::Rust::Command::Container;
        return PVE::Network::Rust::Command::Container::vmids();
    };
    return (
        {
            name => 'list',
            help =>
                'Lists the VNets that are configured or in effect, and how they are on this node.',
            run => \&_list,
        },
        {
            name => 'bindings',
            options => [
                {
                    name => 'vnet',
                    value => 'VNET',
                    complete => sub { return keys %{ _configured() } },
                },
                { name => 'vmid', value => 'VMID', complete => $vmids },
            ],
            help => 'Lists which interfaces of containers of this node belong to which VNets.',
            run => \&_list_bindings,
        },
    );
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Command::VNet - the commands of pve-rustctl about VNets

=head1 METHODS

=head2 commands()

Returns them, as L<PVE::Network::Rust::Command> has them.

=head1 SEE ALSO

L<PVE::Network::Rust::SDN>, L<PVE::Network::Rust::VNetBinding>

=cut
