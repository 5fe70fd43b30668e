package PVE::Network::Rust::Hooks::MigrationState;

use strict;
use warnings;

use JSON::PP ();

use PVE::Network::Rust::Takeover::State;

my $NAME = 'migration-state';
my $json = JSON::PP->new()->canonical()->utf8();

sub new { return bless({}, $_[0]) }

sub path { return PVE::Network::Rust::Takeover::State::path("$NAME.json") }

sub state {
    my $none = { transactions => 0, changes => 0 };
    return $none if !-e path();
    return $json->decode(PVE::Network::Rust::Takeover::State::read_text(path()));
}

# An event that was noted already comes again where a process ended before it could say so.
sub _note {
    my ($envelope, $change) = @_;
    PVE::Network::Rust::Takeover::State::locked(
        $NAME,
        sub {
            my $state = state();
            return if ($state->{sequence} // -1) >= $envelope->{sequence};
            $change->($state);
            $state->{sequence} = $envelope->{sequence};
            PVE::Network::Rust::Takeover::State::replace(path(), $json->encode($state), sync => 1);
        }
    );
    return;
}

sub on_phase_change {
    my ($self, $envelope) = @_;
    my $event = $envelope->{event};
    _note(
        $envelope,
        sub {
            my ($state) = @_;
            $state->{phase} = $event->{phase};
            $state->{since} = $envelope->{time};
            $state->{who} = $event->{who};
            # Of this phase.
            @$state{qw(transactions changes)} = (0, 0);
        }
    );
    return;
}

sub on_network_change {
    my ($self, $envelope) = @_;
    my $count = @{ $envelope->{event}->{changes} // [] };
    _note(
        $envelope,
        sub {
            my ($state) = @_;
            $state->{transactions}++;
            $state->{changes} += $count;
        }
    );
    return;
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Hooks::MigrationState - the phase of a migration, and what it has done so far

=head1 DESCRIPTION

A hook for migration. It keeps in F</var/lib/pve-network-rust/migration-state.json> of which phase this node last heard, and how
often the network was changed since. An event that comes twice counts once.

=head1 FUNCTIONS

=head2 new()

Returns the hook.

=head2 state()

Returns what is kept, a reference to a hash: C<transactions>, the number of C<network_applied>, and C<changes>, that of the changes
in them, both of this phase; and once there was one, C<phase>, C<since>, in seconds since 1970, and C<who> changed it.

=head2 path()

Returns the path of the file.

=head2 on_phase_change($envelope), on_network_change($envelope)

Note the events C<migration_phase_changed> and C<network_applied>.

=head1 SEE ALSO

L<PVE::Network::Rust::Hooks>

=cut
