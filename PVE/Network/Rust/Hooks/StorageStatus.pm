package PVE::Network::Rust::Hooks::StorageStatus;

use strict;
use warnings;

use JSON::PP ();

use PVE::Network::Rust::Takeover::State;

my $json = JSON::PP->new()->canonical()->utf8()->allow_blessed();
my @SHOWN = qw(type content active enabled shared total used avail);

sub new { return bless({}, $_[0]) }

sub path { return PVE::Network::Rust::Takeover::State::path('storage-status.json') }

sub refresh {
    my ($self) = @_;
    # Only what has it already: it is most of PVE.
    return 0 if !$INC{'PVE/Storage.pm'};
    my $info = PVE::Storage::storage_info(PVE::Storage::config());
    my %status;
    for my $storeid (keys %$info) {
        my $storage = $info->{$storeid};
        $status{$storeid} =
            { map { $_ => $storage->{$_} } grep { defined($storage->{$_}) } @SHOWN };
    }
    my $text = $json->encode({ time => time(), storages => \%status });
    PVE::Network::Rust::Takeover::State::make_folder();
    PVE::Network::Rust::Takeover::State::replace(path(), $text);
    return 1;
}

sub status {
    return undef if !-e path();
    return $json->decode(PVE::Network::Rust::Takeover::State::read_text(path()));
}

sub on_status_change {
    my ($self) = @_;
    $self->refresh();
    return;
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Hooks::StorageStatus - the status of storages, as it was last seen

=head1 DESCRIPTION

A hook for storage: on each event of a storage or a share it asks Proxmox VE for the status of all storages and keeps it in
F</var/lib/pve-network-rust/storage-status.json>. It does so in programs that have loaded C<PVE::Storage>.

=head1 FUNCTIONS

=head2 new()

Returns the hook.

=head2 refresh()

Asks for the status and keeps it. Returns whether it could.

=head2 status()

Returns what was kept, a reference to a hash with C<time>, in seconds since 1970, and C<storages>, a hash by their names of hashes
as C<PVE::Storage::storage_info> has them; undef where there is nothing yet.

=head2 path()

Returns the path of the file.

=head2 on_status_change($envelope)

Refreshes.

=head1 SEE ALSO

L<PVE::Network::Rust::Hooks>

=cut
