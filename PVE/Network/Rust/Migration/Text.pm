package PVE::Network::Rust::Migration::Text;

use strict;
use warnings;

use PVE::Network::Rust::Takeover::Setting;

sub _lines { return split(/\n/, $_[0]) }

sub _joined {
    return join('', map { "$_\n" } @_);
}

# Puts $wanted, if it is defined, in the place of the last line that $pattern matches, and removes the others.
sub _with {
    my ($text, $pattern, $wanted) = @_;
    my @lines = _lines($text);
    my @found = grep { $lines[$_] =~ $pattern } 0 .. $#lines;
    my $place = @found && defined($wanted) ? pop(@found) : undef;
    $lines[$place] = $wanted if defined($place);
    my %removed = map { $_ => 1 } @found;
    my @kept = @lines[grep { !$removed{$_} } 0 .. $#lines];
    push @kept, $wanted if defined($wanted) && !defined($place);
    return _joined(@kept);
}

sub with_phase {
    my ($text, $phase) = @_;
    return _with($text, qr/\A\s*phase:/, defined($phase) ? "phase: $phase" : undef);
}

sub with_seam {
    my ($text, $name, $mode) = @_;
    my $wanted = defined($mode) ? "seam: $name $mode" : undef;
    return _with($text, qr/\A\s*seam:\s*\Q$name\E(?:\s|\z)/, $wanted);
}

sub repaired {
    my ($text) = @_;
    my @lines = _lines($text);
    my @wrong;
    for (0 .. @lines) {
        last if eval { PVE::Network::Rust::Takeover::Setting::parse(_joined(@lines)); 1 };
        my ($number) = $@ =~ /\Aline (\d+):/ or die $@;
        push @wrong, $lines[$number - 1];
        $lines[$number - 1] = "# $lines[$number - 1]";
    }
    return (_joined(@lines), @wrong);
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Migration::Text - changes in the text of a setting

=head1 DESCRIPTION

Changes lines of the files of L<PVE::Network::Rust::Takeover::Setting>; what else is in them, such as comments, stays.

=head1 FUNCTIONS

=head2 with_phase($text, $phase)

Returns the text with that phase, or with undef without one.

=head2 with_seam($text, $name, $mode)

Returns the text with that mode for the seam, or with undef without any.

=head2 repaired($text)

Returns the text with the lines that are no setting made comments, and those lines.

=head1 SEE ALSO

L<PVE::Network::Rust::Migration>

=cut
