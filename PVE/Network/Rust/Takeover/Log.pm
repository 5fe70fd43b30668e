package PVE::Network::Rust::Takeover::Log;

use strict;
use warnings;

use Sys::Syslog ();

sub _say {
    my ($priority, $text) = @_;
    chomp($text);
    local $@ = '';
    eval { Sys::Syslog::syslog($priority, '%s', "pve-network-rust: $text") };
    return;
}

sub error { return _say('err', $_[0]) }

sub notice { return _say('notice', $_[0]) }

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Takeover::Log - what administrators are told of the takeover

=head1 FUNCTIONS

=head2 error($text), notice($text)

Write a line to syslog, under the name that the program has there. That it cannot is no error.

=head1 SEE ALSO

L<PVE::Network::Rust::Takeover>

=cut
