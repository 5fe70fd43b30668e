package PVE::Network::Rust::Migration::Status;

use strict;
use warnings;

use PVE::Network::Rust::Takeover::Files;
use PVE::Network::Rust::Takeover::Published;
use PVE::Network::Rust::Takeover::Seams;
use PVE::Network::Rust::Takeover::Setting;

sub _modes {
    PVE::Network::Rust::Takeover::Files::look();
    my @settings = PVE::Network::Rust::Takeover::Files::settings();
    my $off = PVE::Network::Rust::Takeover::Files::off();
    return {
        map {
            my $mode = PVE::Network::Rust::Takeover::Setting::mode($_, @settings);
            ($_->{name} => exists($off->{ $_->{name} }) ? 'perl' : $mode);
        } PVE::Network::Rust::Takeover::Seams::all()
    };
}

sub of_node {
    my $is_loaded = eval { require PVE::Network::Rust };
    my ($why) = $is_loaded ? () : split(/\n/, "$@");
    my $status = PVE::Network::Rust::Takeover::Published::of_node(_modes());
    my $seams = $status->{seams};
    $status->{error} = $why if defined($why);
    return { %$status, seams => [map { { name => $_, %{ $seams->{$_} } } } sort keys %$seams] };
}

sub _cluster {
    require PVE::Cluster;
    PVE::Cluster::cfs_update(1);
    return (PVE::Cluster::get_nodelist(), PVE::Network::Rust::Takeover::Published::of_cluster());
}

sub of_cluster {
    my $own = of_node();
    my ($nodes, $published) = eval { _cluster() };
    if (!$nodes) {
        my ($why) = split(/\n/, "$@");
        $why = 'PVE::Cluster is not installed' if $why =~ m{\ACan't locate PVE/Cluster\.pm};
        return { nodes => [$own], reason => $why };
    }
    my @others = map {
        my $status = $published->{$_} // { seams => {} };
        my $seams = ref($status->{seams}) eq 'HASH' ? $status->{seams} : {};
        my @seams = map { { name => $_, %{ $seams->{$_} } } } sort keys %$seams;
        +{ %$status, node => $_, seams => \@seams };
    } grep { $_ ne $own->{node} } @$nodes;
    return { nodes => [sort { $a->{node} cmp $b->{node} } $own, @others] };
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Migration::Status - what runs on Rust, and how it does

=head1 FUNCTIONS

=head2 of_node()

Returns what L<PVE::Network::Rust::Takeover::Published> says of this node, where C<seams> is a list of hashes with C<name>; where the
library cannot be loaded C<error> says why. Only root can read it.

=head2 of_cluster()

Returns a reference to a hash: C<nodes>, a list of the same for each node, where of other nodes only seams are told of which there
is something to tell, and those that have published nothing have no C<time>; and C<reason>, why there is only this node, where
others cannot be asked for.

=head1 SEE ALSO

L<PVE::Network::Rust::Migration>

=cut
