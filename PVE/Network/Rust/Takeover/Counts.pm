package PVE::Network::Rust::Takeover::Counts;

use strict;
use warnings;

# Of this process, by the seam's name and then by what is counted.
my %count;
my $pid = $$;
my $changes = 0;

sub _is_forked {
    return 0 if $$ == $pid;
    ($pid, $changes) = ($$, 0);
    %count = ();
    return 1;
}

sub add {
    my ($seam, %more) = @_;
    _is_forked();
    $count{$seam}{$_} += $more{$_} for keys %more;
    $changes++;
    return;
}

sub of_seam {
    my ($seam) = @_;
    _is_forked();
    return { %{ $count{$seam} // {} } };
}

sub all {
    _is_forked();
    return \%count;
}

sub changes {
    _is_forked();
    return $changes;
}

sub text {
    my ($counts) = @_;
    my $text = '';
    for my $seam (sort keys %$counts) {
        $text .=
            join('', map { "$seam $_ $counts->{$seam}{$_}\n" } sort keys %{ $counts->{$seam} });
    }
    return $text;
}

sub add_text {
    my ($sum, $text) = @_;
    for my $line (split(/\n/, $text)) {
        my ($seam, $what, $value) = $line =~ /\A(\S+) ([a-z_-]+) (\d+(?:\.\d+)?(?:e[-+]?\d+)?)\z/
            or next;
        $sum->{$seam}{$what} += $value;
    }
    return;
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Takeover::Counts - what this process has counted of its seams

=head1 DESCRIPTION

Of each seam: C<perl>, C<shadow>, C<rust> and C<rust-strict>, the calls in each mode; C<failures>, internal errors of Rust after
which Perl answered; C<divergences>; and of calls that were measured C<perl_calls>, C<perl_seconds>, C<rust_calls> and
C<rust_seconds>. A child of a fork starts at none.

=head1 FUNCTIONS

=head2 add($seam, %more)

Adds to what is counted of a seam.

=head2 of_seam($seam)

Returns what is counted of it, a hash.

=head2 all()

Returns that of all, by name.

=head2 changes()

Returns a number that is another one when something was added.

=head2 text($counts), add_text($sum, $text)

Return counts as lines C<SEAM WHAT NUMBER>, and add such lines to counts. What is no such line is left out.

=head1 SEE ALSO

L<PVE::Network::Rust::Takeover::Statistics>

=cut
