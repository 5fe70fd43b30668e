package PVE::Network::Rust::Takeover::Replaced;

use strict;
use warnings;

use Sub::Util ();

sub any {
    for my $name (@_) {
        no strict 'refs';    ## no critic (ProhibitNoStrict)
        return 1 if defined(&{$name}) && Sub::Util::subname(\&{$name}) ne $name;
    }
    return 0;
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Takeover::Replaced - whether somebody has put other subs in place of Proxmox VE's

=head1 DESCRIPTION

What a test or another package puts in place of a function is meant for whoever calls that. Where Rust would pass it by, Perl is
to answer.

=head1 FUNCTIONS

=head2 any(@names)

Returns whether one of these names belongs to a sub that was defined under another one, or under none.

=head1 SEE ALSO

L<PVE::Network::Rust::Takeover>

=cut
