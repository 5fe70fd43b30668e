package PVE::Network::Rust::Takeover::Breaker;

use strict;
use warnings;

use PVE::Network::Rust::Takeover::State;

# Failures that are older than a day are of no interest to any setting.
my $KEPT = 86_400;

sub path { return PVE::Network::Rust::Takeover::State::path('breaker') }

# Lines are `failed SECONDS SEAM` and `off SECONDS SEAM`, in seconds since 1970.
sub _parse {
    my ($text) = @_;
    return map { /\A(failed|off) (\d+) (\S+)\z/ ? { what => $1, time => $2, seam => $3 } : () }
        split(/\n/, $text);
}

sub _read {
    my $text = eval { PVE::Network::Rust::Takeover::State::read_text(path()) };
    return _parse($text // '');
}

# Calls $change with the lines, and puts a file with those that it returns in place.
sub _change {
    my ($change) = @_;
    PVE::Network::Rust::Takeover::State::locked(
        'breaker',
        sub {
            my $text = join('', map { "$_->{what} $_->{time} $_->{seam}\n" } $change->(_read()));
            PVE::Network::Rust::Takeover::State::replace(path(), $text);
        }
    );
    return;
}

sub failed {
    my ($seam, $failures, $seconds) = @_;
    my $now = time();
    my $is_off = 0;
    _change(sub {
        my @lines = grep { $_->{what} eq 'off' || $_->{time} > $now - $KEPT } @_;
        push @lines, { what => 'failed', time => $now, seam => $seam };
        my @of_seam = grep { $_->{seam} eq $seam } @lines;
        my @recent = grep { $_->{what} eq 'failed' && $_->{time} > $now - $seconds } @of_seam;
        $is_off = @recent >= $failures || grep { $_->{what} eq 'off' } @of_seam;
        return @lines if !$is_off;
        @lines = grep { $_->{seam} ne $seam } @lines;
        return (@lines, { what => 'off', time => $now, seam => $seam });
    });
    return $is_off ? 1 : 0;
}

sub off {
    return { map { $_->{what} eq 'off' ? ($_->{seam} => $_->{time}) : () } _read() };
}

sub clear {
    my ($seam) = @_;
    return if !-e path();
    _change(sub {
        return grep { $_->{seam} ne $seam } @_;
    });
    return;
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Takeover::Breaker - seams that fail too often are turned off

=head1 DESCRIPTION

The file F</var/lib/pve-network-rust/breaker> of a node: when Rust's side of a seam had an internal error, in any process, and
which seams are off because of that. A seam that is off is answered by Perl on this node until it is cleared.

=head1 FUNCTIONS

=head2 failed($seam, $failures, $seconds)

Notes an internal error, and turns the seam off at that many of them in so many seconds. Returns whether it is off. Dies where
the file cannot be written.

=head2 off()

Returns a reference to a hash: the seams that are off, by name, and since when in seconds since 1970.

=head2 clear($seam)

Turns a seam on again, and forgets its failures.

=head2 path()

Returns the path of the file.

=head1 SEE ALSO

L<PVE::Network::Rust::Takeover>

=cut
