package PVE::Network::Rust::Migration::Check::Difference;

use strict;
use warnings;

use JSON::PP ();
use Scalar::Util qw(blessed reftype);

use PVE::Network::Rust::Takeover;
use PVE::Network::Rust::Takeover::Divergences;

# Of a value, characters.
my $MOST_SHOWN = 200;

my $json = JSON::PP->new()->canonical()->allow_nonref();

sub _is_same {
    my ($perl, $rust) = @_;
    my $is_same = eval { PVE::Network::Rust::Takeover::same($perl, $rust) };
    return $is_same // 0;
}

# What is in one or the other: the next step of the path, and both.
sub _parts {
    my ($perl, $rust) = @_;
    return if !ref($perl) || !ref($rust) || reftype($perl) ne reftype($rust);
    return if (blessed($perl) // '') ne (blessed($rust) // '');
    if (reftype($perl) eq 'ARRAY') {
        my $most = $#$perl > $#$rust ? $#$perl : $#$rust;
        return map { ["[$_]", $_ < @$perl, $perl->[$_], $_ < @$rust, $rust->[$_]] } 0 .. $most;
    }
    return if reftype($perl) ne 'HASH';
    my %keys = (%$perl, %$rust);
    return map {
        ["{$_}", exists($perl->{$_}), $perl->{$_}, exists($rust->{$_}), $rust->{$_}]
    } sort keys %keys;
}

sub _shown {
    my ($is_there, $value) = @_;
    return 'nothing' if !$is_there;
    return 'undef' if !defined($value);
    my $text = $json->encode($value);
    return length($text) > $MOST_SHOWN ? substr($text, 0, $MOST_SHOWN) . '...' : $text;
}

sub first {
    my ($perl, $rust) = @_;
    # One level after the other, so that the shortest path is found.
    my @level = (['', 1, $perl, 1, $rust]);
    while (@level) {
        my @next;
        for my $pair (@level) {
            my ($path, $in_perl, $theirs, $in_rust, $ours) = @$pair;
            next if $in_perl && $in_rust && _is_same($theirs, $ours);
            my @parts = _parts($theirs, $ours);
            my @wrong = grep { !$_->[1] || !$_->[3] || !_is_same($_->[2], $_->[4]) } @parts;
            return {
                path => $path,
                perl => _shown($in_perl, $theirs),
                rust => _shown($in_rust, $ours),
                }
                if !@wrong || !$in_perl || !$in_rust;
            push @next, map { [$path . shift(@$_), @$_] } @wrong;
        }
        # Two that are not told apart are the same.
        @level = @next;
    }
    return undef;
}

sub of_outcomes {
    my ($perl, $rust) = @_;
    my @masked = map { PVE::Network::Rust::Takeover::Divergences::masked($_) } $perl, $rust;
    my $difference = first(@masked) // { path => '', perl => 'a secret', rust => 'another one' };
    $difference->{path} =~ s/\A\{(answer|warnings|error|arguments)\}/$1/;
    $difference->{path} =~ s/\Aanswer\[0\]/answer/;
    return $difference;
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Migration::Check::Difference - where two answers differ

=head1 FUNCTIONS

=head2 first($perl, $rust)

Returns the difference that the shortest path leads to, as a hash: C<path>, such as C<{net0}[1]>, and how C<perl> and C<rust>
have it: JSON of at most 200 characters, or C<nothing>. Numbers and strings are told apart. Undef where there is none.

=head2 of_outcomes($perl, $rust)

Returns that of two outcomes of L<PVE::Network::Rust::Takeover::Shadow>. Secrets are masked.

=head1 SEE ALSO

L<PVE::Network::Rust::Migration::Check>

=cut
