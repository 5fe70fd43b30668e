package PVE::Network::Rust::Takeover::Intercept;

use strict;
use warnings;

use PVE::Network::Rust;

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Takeover::Intercept - a sub that another one answers for

=head1 SYNOPSIS

    use PVE::Network::Rust::Takeover::Intercept;

    my $intercept = PVE::Network::Rust::Takeover::Intercept->new(\&PVE::LXC::Config::parse_volume);
    $intercept->answer(\&PVE::Network::Rust::LXC::Config::parse_volume);

=head1 DESCRIPTION

Puts an op before the first one of a sub. The sub stays what and where it is, so that whoever calls it comes by that op: by
its name, an imported name, a method that Perl has found before, or a reference that somebody kept. While it is called it is
the sub that C<caller> shows, whoever answers.

A sub that is defined again, or whose name is given to another one, is another sub: its calls do not come by. In another
ithread than the one that made the object the sub itself answers.

=head1 METHODS

=for perlxs functions

=head1 SEE ALSO

L<PVE::Network::Rust::Takeover>

=cut
