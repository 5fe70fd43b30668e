package PVE::Network::Rust::Takeover::Breaker;

use strict;
use warnings;

use Fcntl qw(:flock SEEK_SET);

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
    my ($in) = @_;
    local $/ = undef;
    return _parse(<$in> // '');
}

# Calls $change with the lines, and writes those that it returns.
sub _change {
    my ($change) = @_;
    my $path = path();
    PVE::Network::Rust::Takeover::State::make_folder();
    sysopen(my $file, $path, Fcntl::O_RDWR() | Fcntl::O_CREAT(), 0600) or die "open $path: $!\n";
    flock($file, LOCK_EX) or die "lock $path: $!\n";
    my @lines = $change->(_read($file));
    my $text = join('', map { "$_->{what} $_->{time} $_->{seam}\n" } @lines);
    seek($file, 0, SEEK_SET) && truncate($file, 0) && print({$file} $text) && close($file)
        or die "write $path: $!\n";
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
    open(my $in, '<', path()) or return {};
    return { map { $_->{what} eq 'off' ? ($_->{seam} => $_->{time}) : () } _read($in) };
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
