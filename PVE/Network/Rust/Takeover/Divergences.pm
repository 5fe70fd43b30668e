package PVE::Network::Rust::Takeover::Divergences;

use strict;
use warnings;

use Fcntl qw(:flock);
use JSON::PP ();
use Scalar::Util qw(blessed reftype);
use Storable ();

use PVE::Network::Rust::Takeover::State;

# Of two files of that size the older one goes.
my $BYTES = 5_000_000;
my $BYTES_OF_ONE = 250_000;
my $ALL_OF_A_SEAM = 100;
my $THEN_EACH = 100;

my $SECRET =
    qr/pass(?:word|wd|phrase)?|secret|token|(?:private|encryption|master|api)[-_]?key|keyring/i;
my $json = JSON::PP->new()->canonical()->ascii()->allow_nonref();

my %count;

sub path { return PVE::Network::Rust::Takeover::State::path('divergences.jsonl') }

sub _masked_text {
    my ($text) = @_;
    return $text =~ s/^(\s*[\w-]*$SECRET[\w-]*\s*[:= ]\s*)\S.*$/$1***/gmr =~
        s/((?:^|[,;])[\w-]*$SECRET[\w-]*=)[^,;\n]+/$1***/gmr;
}

# Plain data in which secrets are masked; the class of an object is told.
sub _masked {
    my ($value, $depth) = @_;
    return $value if !defined($value);
    return ref(\$value) eq 'SCALAR' && ($value ^ $value) eq '0' ? $value : _masked_text($value)
        if !ref($value);
    return '...' if $depth > 20;
    my $type = reftype($value);
    my $plain =
        $type eq 'HASH'
        ? {
        map {
            $_ => /$SECRET/
                && defined($value->{$_})
                && !ref($value->{$_})
                ? '***'
                : _masked($value->{$_}, $depth + 1)
        } keys %$value
        }
        : $type eq 'ARRAY' ? [map { _masked($_, $depth + 1) } @$value]
        : $type;
    my $class = blessed($value);
    return defined($class) ? { class => $class, object => $plain } : $plain;
}

# The file under its lock, or undef where another process has put it aside meanwhile.
sub _opened {
    my ($path) = @_;
    open(my $out, '>>', $path) or die "open $path: $!\n";
    flock($out, LOCK_EX | LOCK_NB) or die "lock $path: $!\n";
    my ($device, $inode) = stat($out);
    my @named = stat($path);
    return @named && $named[0] == $device && $named[1] == $inode ? $out : undef;
}

sub _append {
    my ($line) = @_;
    my $path = path();
    PVE::Network::Rust::Takeover::State::make_folder();
    my $out = _opened($path) // _opened($path) // die "lock $path: it is put aside all the time\n";
    if (-s $out > $BYTES) {
        rename($path, "$path.1") or die "rename $path: $!\n";
        $out = _opened($path) // die "lock $path: it is put aside all the time\n";
    }
    syswrite($out, $line) // die "write $path: $!\n";
    close($out) or die "close $path: $!\n";
    return;
}

sub masked { return _masked($_[0], 0) }

sub record {
    my ($seam, $arguments, $perl, $rust) = @_;
    my $number = ++$count{$seam};
    return if $number > $ALL_OF_A_SEAM && $number % $THEN_EACH;
    my %record = (
        time => time(),
        seam => $seam,
        versions => { library => $PVE::Network::Rust::VERSION, perl => sprintf('%vd', $^V) },
    );
    my %compared = (arguments => $arguments, perl => $perl, rust => $rust);
    my $bytes = length(Storable::freeze(\%compared));
    if ($bytes > $BYTES_OF_ONE) {
        $record{too_long} = $bytes;
    } else {
        $record{$_} = _masked($compared{$_}, 0) for keys %compared;
    }
    my $line = $json->encode(\%record) . "\n";
    _append($line);
    return;
}

sub list {
    my @records;
    for my $path (path() . '.1', path()) {
        open(my $in, '<', $path) or next;
        # A line that was cut by the end of a process is none.
        push @records, grep { defined($_) } map {
            eval { $json->decode($_) }
        } <$in>;
    }
    return \@records;
}

sub clear {
    for my $path (path() . '.1', path()) {
        unlink($path) || $!{ENOENT} || die "remove $path: $!\n";
    }
    %count = ();
    return;
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Takeover::Divergences - what differed between Perl and Rust

=head1 DESCRIPTION

The file F</var/lib/pve-network-rust/divergences.jsonl> of a node, and F<divergences.jsonl.1> before it, which together have at
most 10 MB: a line of JSON for each time that a function in shadow differed. Of one function a process writes the first 100
times, and then every hundredth. A record has C<time> in seconds since 1970, C<seam>, C<versions>, C<arguments> as they were
before the call, and what C<perl> and C<rust> made of them: C<answer>, C<warnings>, C<arguments>, and C<error> if there was
one. Values whose name says that they are secret are masked. A record of more than 250 kB has C<too_long> in place of what is
compared.

=head1 FUNCTIONS

=head2 record($seam, \@arguments, \%perl, \%rust)

Writes a record. Dies where it cannot.

=head2 masked($value)

Returns a copy of it as it would be in a record: secrets are masked, and an object is a hash of C<class> and C<object>.

=head2 list()

Returns the records, the oldest first, as a reference to a list.

=head2 clear()

Removes them all.

=head2 path()

Returns the path of the file.

=head1 SEE ALSO

L<PVE::Network::Rust::Takeover>

=cut
