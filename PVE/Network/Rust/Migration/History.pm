package PVE::Network::Rust::Migration::History;

use strict;
use warnings;

use Fcntl qw(O_APPEND O_CREAT O_RDWR);
use IO::Handle ();
use JSON::PP ();

use PVE::Network::Rust::Takeover::Published;
use PVE::Network::Rust::Takeover::State;

# Of more than so many bytes the older half goes.
our $MOST_BYTES = 1_000_000;

my $json = JSON::PP->new()->canonical()->ascii();

sub path { return PVE::Network::Rust::Takeover::State::path('migration-history.jsonl') }

sub _shorten {
    my $text = PVE::Network::Rust::Takeover::State::read_text(path());
    my $kept = substr($text, -int($MOST_BYTES / 2)) =~ s/\A[^\n]*\n//r;
    PVE::Network::Rust::Takeover::State::replace(path(), $kept, sync => 1);
    return;
}

sub _append {
    my ($line) = @_;
    my $path = path();
    _shorten() if (-s $path // 0) > $MOST_BYTES;
    sysopen(my $out, $path, O_RDWR | O_CREAT | O_APPEND, 0600) or die "open $path: $!\n";
    # A process that was killed may have left a part of a line.
    my $size = -s $out;
    sysseek($out, $size - 1, 0) && sysread($out, my $last, 1) or die "read $path: $!\n" if $size;
    $line = "\n$line" if $size && $last ne "\n";
    (syswrite($out, $line) // -1) == length($line) && $out->sync() && close($out)
        or die "write $path: $!\n";
    return;
}

sub append {
    my ($record) = @_;
    my $line = $json->encode(
        { time => time(), node => PVE::Network::Rust::Takeover::Published::node(), %$record }
        )
        . "\n";
    PVE::Network::Rust::Takeover::State::locked('history', sub { _append($line) });
    return;
}

sub list {
    my $text = eval { PVE::Network::Rust::Takeover::State::read_text(path()) };
    if (!defined($text)) {
        return [] if $!{ENOENT};
        die $@;
    }
    return [
        grep { defined($_) }
            map {
            eval { $json->decode($_) }
            } split(/\n/, $text)
    ];
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Migration::History - who changed what runs on Rust, and when

=head1 DESCRIPTION

The file F</var/lib/pve-network-rust/migration-history.jsonl> of a node has a line of JSON for each change that was made on it, for
the node or the cluster. Of a file of more than 1 MB the older half goes.

=head1 FUNCTIONS

=head2 append($record)

Adds a record, a hash, with the C<time> in seconds since 1970 and the C<node>. It is on disk when this returns. Dies where that
cannot be.

=head2 list()

Returns a reference to a list of the records, the oldest first.

=head2 path()

Returns the path of the file.

=head1 SEE ALSO

L<PVE::Network::Rust::Migration>

=cut
