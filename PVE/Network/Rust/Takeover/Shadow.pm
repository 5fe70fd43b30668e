package PVE::Network::Rust::Takeover::Shadow;

use strict;
use warnings;

use Storable ();
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

use PVE::Network::Rust;

sub _is_handle {
    my ($value) = @_;
    return (ref($value) && (UNIVERSAL::isa($value, 'GLOB') || UNIVERSAL::isa($value, 'IO::Handle')))
        || ref(\$value) eq 'GLOB';
}

sub _rest {
    my ($fh) = @_;
    local $/ = undef;
    return <$fh> // '';
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

# What is compared: where in a source file something was said is not.
sub _said {
    my ($said) = @_;
    return $said =~ s/ at \S+ line \d+(?:, <\S*> (?:line|chunk) \d+)?\.\n\z/\n/r if !ref($said);
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

# The text of a section file without the order that Perl's hashes give its lists.
sub _sorted {
    my ($value, $lists) = @_;
    return $value if !defined($value) || ref($value);
    my $keys = join('|', map { quotemeta($_) } @$lists);
    return $value =~ s/^(\t(?:$keys) )(.*)$/$1 . join(',', sort(split(m{,}, $2)))/gmer;
}

sub compared {
    my ($outcome, $how) = @_;
    my ($varies, $lists) = @$how{qw(varies lists)};
    my %compared = (%$outcome, warnings => [map { _said($_) } @{ $outcome->{warnings} }]);
    $compared{answer} = _without($compared{answer}, $varies) if $varies;
    $compared{answer} = [map { _sorted($_, $lists) } @{ $compared{answer} }] if $lists;
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
    my ($wantarray, $differ, $varies) = @$how{qw(wantarray differ varies)};
    local $@ = '';
    my @own = @$arguments;
    $how = { %$how, varies => $varies->(@own) } if ref($varies) eq 'CODE';
    my @handles = grep { _is_handle($own[$_]) } 0 .. $#own;
    # Both read all of a handle.
    $own[$_] = _rest($own[$_]) for @handles;
    my $frozen = eval { Storable::freeze(\@own) };
    $own[$_] = _handle($own[$_]) for @handles;
    my ($theirs, $took) = _run($perl, \@own, $wantarray);
    my $saved = $!;
    eval {
        my ($ours, $rust_took) = _run($rust, _thawed($frozen, @handles), $wantarray);
        $how->{took}->($took, $rust_took) if $how->{took};
        my $is_same = eval {
            PVE::Network::Rust::Takeover::same(
                compared($theirs, $how),
                compared($ours, $how)
            );
        };
        $differ->(_thawed($frozen), $theirs, $ours, $how) if !$is_same;
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

Calls C<differ> of C<%how> with the arguments, as they were, both outcomes, and what C<compared> takes, where these are not the same: the answers, but
for the keys that C<varies> lists, if it is there, numbers and strings told apart; the warnings and the errors, but for the
place in the source that they name; and what has become of the arguments. Nothing that C<$rust> or C<differ> dies with is
heard of, nor what C<$rust> warns about.

C<took>, where it is there, is called with how many seconds each of both took.

Returns the outcome of C<$perl>, a hash: C<answer>, C<warnings> and C<arguments>, which are lists, and C<error> if it died.

=head2 compared($outcome, \%how)

Returns what is compared of an outcome: a copy without the places in the source that warnings and errors name; in the answer
without the keys that C<varies> of C<%how> names, and with the lists of those that C<lists> names sorted where it is the text of
a section file.

=head1 SEE ALSO

L<PVE::Network::Rust::Takeover>

=cut
