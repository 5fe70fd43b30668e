package PVE::Network::Rust::Hooks::ContainerIntegration;

use strict;
use warnings;

use JSON::PP ();
use POSIX ();

use PVE::Network::Rust::Hotplug;
use PVE::Network::Rust::LXC::Config;
use PVE::Network::Rust::SDN;
use PVE::Network::Rust::Takeover::State;
use PVE::Network::Rust::VNetBinding;

# What a binding says that this hook has made.
my $OWNER = 'container-integration';

my $json = JSON::PP->new()->canonical()->utf8();

sub new { return bless({ bindings => PVE::Network::Rust::VNetBinding->new() }, $_[0]) }

sub _nodename { return (split(/\./, (POSIX::uname())[1]))[0] }

# Where one node leaves the bindings of a container for another one.
sub _handover {
    my ($vmid, $node) = @_;
    return PVE::Network::Rust::Takeover::State::root()
        . "/etc/pve/nodes/$node/rust-vnet-bindings-$vmid.json";
}

sub _is_own {
    my ($binding) = @_;
    return (($binding->{metadata} // {})->{owner} // '') eq $OWNER;
}

# The interfaces of a container that are in VNets, by their keys.
sub _wanted {
    my ($vmid) = @_;
    my $conf = PVE::Network::Rust::LXC::Config->load_config($vmid);
    my %vnet;
    for my $key (grep { /\Anet\d+\z/ } keys %$conf) {
        my $net = PVE::Network::Rust::LXC::Config->parse_lxc_network($conf->{$key});
        my $bridge = $net->{bridge} // next;
        $vnet{$key} = $bridge if defined(PVE::Network::Rust::SDN::get_vnet($bridge, 1));
    }
    return \%vnet;
}

# What the node that the container comes from has left for this one.
sub _take_over {
    my ($self, $vmid) = @_;
    my $path = _handover($vmid, _nodename());
    return if !-e $path;
    my $left = $json->decode(PVE::Network::Rust::Takeover::State::read_text($path));
    for my $binding (@$left) {
        next if $self->{bindings}->get_binding($vmid, $binding->{iface});
        $self->{bindings}
            ->bind_vnet($binding->{vnet}, $vmid, $binding->{iface}, $binding->{metadata});
    }
    unlink($path) or die "remove $path: $!\n";
    return;
}

sub _started {
    my ($self, $vmid) = @_;
    $self->_take_over($vmid);
    my $wanted = _wanted($vmid);
    my %bound = map { $_->{iface} => $_ } @{ $self->{bindings}->list_bindings({ vmid => $vmid }) };
    for my $binding (grep { _is_own($_) } values %bound) {
        my $iface = $binding->{iface};
        next if ($wanted->{$iface} // '') eq $binding->{vnet};
        $self->{bindings}->unbind_vnet($binding->{vnet}, $vmid, $iface);
        delete($bound{$iface});
    }
    for my $iface (grep { !$bound{$_} } sort keys %$wanted) {
        $self->{bindings}->bind_vnet($wanted->{$iface}, $vmid, $iface, { owner => $OWNER });
    }
    my @problems = grep { $_->{vmid} == $vmid } @{ $self->{bindings}->validate() };
    die map { "$_->{message}\n" } @problems if @problems;
    return;
}

sub _stopped {
    my ($self, $vmid) = @_;
    for my $binding (grep { _is_own($_) } @{ $self->{bindings}->list_bindings({ vmid => $vmid }) })
    {
        $self->{bindings}->unbind_vnet($binding->{vnet}, $vmid, $binding->{iface});
    }
    # Operations that its processes have left half done.
    PVE::Network::Rust::Hotplug->new()->reconcile();
    return;
}

sub _migrated {
    my ($self, $vmid, $from, $to) = @_;
    my $here = _nodename();
    return $self->_started($vmid) if $to eq $here && $from ne $here;
    return if $from ne $here || $to eq $here;
    my $bindings = $self->{bindings}->list_bindings({ vmid => $vmid });
    my @others = grep { !_is_own($_) } @$bindings;
    if (@others) {
        my @left = map {
            my $binding = $_;
            +{
                map { $_ => $binding->{$_} }
                    grep { exists($binding->{$_}) } qw(vnet iface metadata)
            }
        } @others;
        PVE::Network::Rust::Takeover::State::replace(
            _handover($vmid, $to),
            $json->encode(\@left),
            mode => 0640
        );
    }
    $self->{bindings}->cleanup_container($vmid);
    return;
}

sub on_lifecycle_event {
    my ($self, $envelope) = @_;
    my $event = $envelope->{event};
    my $name = $event->{event};
    return $self->_started($event->{id}) if $name eq 'container_started';
    return $self->_stopped($event->{id}) if $name eq 'container_stopped';
    return $self->_migrated(@$event{qw(id from to)}) if $name eq 'container_migrated';
    return;
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Hooks::ContainerIntegration - bindings of containers that start, stop and move

=head1 DESCRIPTION

A hook for containers. When one starts, its interfaces that are in VNets are bound to them (L<PVE::Network::Rust::VNetBinding>),
and what this hook bound and the configuration does not have any more is not; bindings that disagree with the configuration or the
kernel are the hook's error. When it stops, the bindings that this hook made end, and operations that were left half done are
undone or completed. When it moves, its bindings end on the node that it leaves; those that others made are left for the other
node in F</etc/pve/nodes/NODE/rust-vnet-bindings-VMID.json>, which takes them over when it hears of the container.

=head1 FUNCTIONS

=head2 new()

Returns the hook.

=head2 on_lifecycle_event($envelope)

Does that for the events C<container_started>, C<container_stopped> and C<container_migrated>.

=head1 SEE ALSO

L<PVE::Network::Rust::Hooks>

=cut
