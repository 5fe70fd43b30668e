package PVE::Network::Rust::Takeover::Published;

use strict;
use warnings;

use JSON::PP ();
use POSIX ();

use PVE::Network::Rust::Takeover::Files;
use PVE::Network::Rust::Takeover::Seams;
use PVE::Network::Rust::Takeover::State;
use PVE::Network::Rust::Takeover::Statistics;

my $KEY = 'rust-network';
# In seconds.
my $EVERY = 60;
# PVE::Cluster takes less than 32 KiB.
my $MOST_BYTES = 32_000;

my $json = JSON::PP->new()->canonical()->ascii();

sub node {
    my (undef, $name) = POSIX::uname();
    return $name =~ s/\..*\z//sr;
}

sub _microseconds {
    my ($counts, $who) = @_;
    my $calls = $counts->{"${who}_calls"} or return undef;
    return sprintf('%.1f', $counts->{"${who}_seconds"} / $calls * 1e6) + 0;
}

sub _seam {
    my ($counts) = @_;
    my %calls = map { $counts->{$_} ? ($_ => $counts->{$_}) : () }
        PVE::Network::Rust::Takeover::Seams::modes();
    my $sum = 0;
    $sum += $_ for values %calls;
    return {
        calls => $sum,
        calls_by_mode => \%calls,
        failures => $counts->{failures} // 0,
        divergences => $counts->{divergences} // 0,
        perl_us => _microseconds($counts, 'perl'),
        rust_us => _microseconds($counts, 'rust'),
    };
}

sub of_node {
    my ($modes) = @_;
    my $statistics = PVE::Network::Rust::Takeover::Statistics::of_node();
    my $off = PVE::Network::Rust::Takeover::Files::off();
    return {
        node => node(),
        time => time(),
        since => $statistics->{since},
        version => $PVE::Network::Rust::VERSION,
        %{ PVE::Network::Rust::Takeover::Files::phase() },
        seams => {
            map {
                my $name = $_->{name};
                my $seam = _seam($statistics->{seams}{$name} // {});
                ($name => { %$seam, mode => $modes->{$name} // 'perl', off => $off->{$name} });
            } PVE::Network::Rust::Takeover::Seams::all()
        },
    };
}

# Seams of which nothing is to be told are left out.
sub _short {
    my ($status) = @_;
    my $seams = $status->{seams};
    my @told = grep {
        my $seam = $seams->{$_};
        $seam->{calls} || $seam->{failures} || $seam->{off} || $seam->{mode} ne 'perl'
    } sort keys %$seams;
    my %short;
    for my $name (@told) {
        my $seam = $seams->{$name};
        $short{$name} = { map { defined($seam->{$_}) ? ($_ => $seam->{$_}) : () } keys %$seam };
    }
    return { %$status, seams => \%short };
}

# Whether another process of this node has not done so in the last minute.
sub _is_due {
    my $path = PVE::Network::Rust::Takeover::State::path('statistics/published');
    my $last = (stat($path))[9] // 0;
    my $now = time();
    return 0 if $last <= $now && $now - $last < $EVERY;
    PVE::Network::Rust::Takeover::State::replace($path, '');
    return 1;
}

sub publish {
    my ($modes) = @_;
    return if $> != 0 || !$INC{'PVE/Cluster.pm'};
    my $broadcast = PVE::Cluster->can('broadcast_node_kv') // return;
    return if !_is_due();
    my $status = _short(of_node($modes));
    my $text = $json->encode($status);
    $text = $json->encode({ %$status, seams => {}, too_long => 1 }) if length($text) > $MOST_BYTES;
    local $SIG{__WARN__} = sub { };
    $broadcast->($KEY, $text);
    return;
}

sub of_cluster {
    my $texts = PVE::Cluster::get_node_kv($KEY);
    return {
        map {
            my $status = eval { $json->decode($texts->{$_}) };
            ref($status) eq 'HASH' ? ($_ => $status) : ();
        } keys %$texts
    };
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Takeover::Published - what the nodes of a cluster tell each other of the takeover

=head1 DESCRIPTION

Once a minute a process of a node that has loaded PVE::Cluster anyway, and calls functions with seams, publishes what
C<of_node> returns with C<PVE::Cluster::broadcast_node_kv>: that is in the memory of the cluster's file system, not on disk.

=head1 FUNCTIONS

=head2 of_node($modes)

Returns what is known of this node, for modes by the seam's name: a hash of C<node>, C<time>, C<since>, when counting began, the
C<version> of this package, what C<phase> of L<PVE::Network::Rust::Migration> returns, and C<seams>, by name hashes of C<mode>,
C<off>, C<calls>, C<calls_by_mode>, C<failures>, C<divergences>, C<perl_us> and C<rust_us>, the mean time of a call in
microseconds. What is not known is undef.

=head2 publish($modes)

Publishes that where it is due. Seams of which nothing is to be told are left out.

=head2 of_cluster()

Returns what nodes have published, by their names. PVE::Cluster has to be loaded.

=head2 node()

Returns the name of this node, as Proxmox VE has it.

=head1 SEE ALSO

L<PVE::Network::Rust::Takeover>

=cut
