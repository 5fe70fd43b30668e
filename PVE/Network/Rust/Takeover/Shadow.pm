package PVE::Network::Rust::Takeover::Shadow;

use strict;
use warnings;

use Storable ();
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

use PVE::Network::Rust;
use PVE::Network::Rust::Takeover::Sections;

# What Perl itself says of how a function is written.
my $OF_PERL = qr/^Use of uninitialized value|^Lost precision|isn't numeric/;

sub _is_handle {
    my ($value) = @_;
    return (ref($value) && (UNIVERSAL::isa($value, 'GLOB') || UNIVERSAL::isa($value, 'IO::Handle')))
        || ref(\$value) eq 'GLOB';
}

# What is left to read of a handle, and the handle as it was, or one for the same where it cannot be put back.
sub _rest {
    my ($fh) = @_;
    my $start = tell($fh);
    my $line = $.;
    my $text = do { local $/ = undef; <$fh> }
        // '';
    return ($text, _handle($text)) if $start < 0 || !seek($fh, $start, 0);
    $. = $line;    ## no critic (RequireLocalizedPunctuationVars)
    return ($text, $fh);
}

sub _handle {
    my ($text) = @_;
    open(my $in, '<', \$text) or die "open: $!\n";
    return $in;
}

sub _plain {
    my ($value) = @_;
    return _is_handle($value) ? undef : $value;
}

sub _run {
    my ($code, $arguments, $wantarray) = @_;
    my %outcome = (warnings => [], answer => []);
    local $SIG{__WARN__} = sub { push @{ $outcome{warnings} }, "$_[0]" };
    # The caller's hears of the answer.
    local $SIG{__DIE__} = 'DEFAULT';
    my $start = clock_gettime(CLOCK_MONOTONIC);
    my $lived = eval {
        if ($wantarray) {
            @{ $outcome{answer} } = $code->(@$arguments);
        } elsif (defined($wantarray)) {
            $outcome{answer}[0] = $code->(@$arguments);
        } else {
            $code->(@$arguments);
        }
        1;
    };
    my $took = clock_gettime(CLOCK_MONOTONIC) - $start;
    $outcome{error} = $@ if !$lived;
    $outcome{arguments} = [map { _plain($_) } @$arguments];
    return (\%outcome, $took);
}

# What is compared: where in a source file something was said is not, nor the order of a format error's lines, which is that of
# Perl's hashes.
sub _said {
    my ($said) = @_;
    if (!ref($said)) {
        $said =~ s/ at \S+ line \d+(?:, <\S*> (?:line|chunk) \d+)?\.\n\z/\n/;
        $said =~ s/(format error\n)(.+)\z/$1 . join('', sort(split(m{^}, $2)))/es;
        return $said;
    }
    return $said if !UNIVERSAL::isa($said, 'HASH');
    my %fields = %$said;
    delete @fields{qw(filename line)};
    return [ref($said), \%fields];
}

# A copy without those keys.
sub _without {
    my ($value, $keys) = @_;
    return [map { _without($_, $keys) } @$value] if ref($value) eq 'ARRAY';
    return $value if ref($value) ne 'HASH';
    my %copy = map { $_ => _without($value->{$_}, $keys) } keys %$value;
    delete @copy{@$keys};
    return \%copy;
}

sub compared {
    my ($outcome, $seam) = @_;
    my @warnings = grep { !/$OF_PERL/ } @{ $outcome->{warnings} };
    my %compared = (%$outcome, warnings => [map { _said($_) } @warnings]);
    $compared{answer} = _without($compared{answer}, $seam->{varies}) if $seam->{varies};
    if ($seam->{sections}) {
        $compared{answer} =
            [map { PVE::Network::Rust::Takeover::Sections::ordered($_) } @{ $compared{answer} }];
        # They get their places as they are written.
        $compared{arguments} = _without($compared{arguments}, ['order']);
    }
    $compared{error} = _said($outcome->{error}) if exists($outcome->{error});
    return \%compared;
}

# The arguments once more, from what was kept of them.
sub _thawed {
    my ($frozen, @handles) = @_;
    my $arguments = Storable::thaw($frozen);
    $arguments->[$_] = _handle($arguments->[$_]) for @handles;
    return $arguments;
}

sub both {
    my ($perl, $rust, $arguments, $how) = @_;
    my ($wantarray, $differ, $seam) = @$how{qw(wantarray differ seam)};
    local $@ = '';
    my @own = @$arguments;
    $seam = { %$seam, varies => $seam->{varies}->(@own) } if ref($seam->{varies}) eq 'CODE';
    my @handles = grep { _is_handle($own[$_]) } 0 .. $#own;
    # Both read all of a handle.
    my %handle;
    ($own[$_], $handle{$_}) = _rest($own[$_]) for @handles;
    my $frozen = eval { Storable::freeze(\@own) };
    @own[@handles] = @handle{@handles};
    my ($theirs, $took) = _run($perl, \@own, $wantarray);
    my $saved = $!;
    # Warnings tell which handle was read last.
    local $.;
    eval {
        my ($ours, $rust_took) = _run($rust, _thawed($frozen, @handles), $wantarray);
        $how->{took}->($took, $rust_took) if $how->{took};
        my $is_same = eval {
            PVE::Network::Rust::Takeover::same(
                compared($theirs, $seam),
                compared($ours, $seam)
            );
        };
        $differ->(_thawed($frozen), $theirs, $ours, $seam) if !$is_same;
    } if defined($frozen);
    $! = $saved;
    return $theirs;
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Takeover::Shadow - two functions run beside each other

=head1 FUNCTIONS

=head2 both($perl, $rust, \@arguments, \%how)

Calls C<$perl> with the arguments and C<$rust> with copies of them, both in the context that C<wantarray> of C<%how> says.
What is left to read of a handle is read by both.

Calls C<differ> of C<%how> with the arguments, as they were, both outcomes, and what C<compared> takes, where these are not the
same: the answers, but for what C<seam> of C<%how>, a hash as in L<PVE::Network::Rust::Takeover::Seams>, says of C<varies> and C<sections>, numbers and
strings told apart; the warnings and the errors, but for the place in the source that they name, for what Perl says of how a
function is written (C<Use of uninitialized value>), and for the order of a format error's lines; and what has become of the
arguments. Nothing that C<$rust> or C<differ> dies with is
heard of, nor what C<$rust> warns about.

C<took> of C<%how>, where it is there, is called with how many seconds each of both took.

Returns the outcome of C<$perl>, a hash: C<answer>, C<warnings> and C<arguments>, which are lists, and C<error> if it died.

=head2 compared($outcome, $seam)

Returns a copy of an outcome without what is not compared.

=head1 SEE ALSO

L<PVE::Network::Rust::Takeover>

=cut
