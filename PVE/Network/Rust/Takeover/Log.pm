package PVE::Network::Rust::Takeover::Log;

use strict;
use warnings;

use Sys::Syslog ();

sub error {
    my ($text) = @_;
    chomp($text);
    eval { Sys::Syslog::syslog('err', '%s', "pve-network-rust: $text") };
    return;
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Takeover::Log - what administrators are told of the takeover

=head1 FUNCTIONS

=head2 error($text)

Writes a line to syslog, under the name that the program has there. That it cannot is no error.

=head1 SEE ALSO

L<PVE::Network::Rust::Takeover>

=cut
