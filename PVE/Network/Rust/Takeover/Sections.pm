package PVE::Network::Rust::Takeover::Sections;

use strict;
use warnings;

sub ordered {
    my ($text) = @_;
    $text =~ s/^(\s+(?:content|exitnodes|nodes) )(\S+)$/$1 . join(',', sort(split(m{,}, $2)))/gme;
    return join("\n\n", sort(split(/\n\n+/, $text =~ s/\n+\z//r)));
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Takeover::Sections - a configuration file without the order that Perl's hashes give it

=head1 DESCRIPTION

Perl code writes sections that have no place of their own, interfaces of the same priority, and the values of C<content>,
C<nodes> and C<exitnodes> in the order of its hashes, which is another one each time. Rust sorts them.

=head1 FUNCTIONS

=head2 ordered($text)

Returns the text of a file with its sections, and those values, sorted: the same for texts that differ in nothing else.

=head1 SEE ALSO

L<PVE::Network::Rust::Takeover>

=cut
