package PVE::Network::Rust::Container;

use strict;
use warnings;

use PVE::Network::Rust;

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Container - running containers

=head1 SYNOPSIS

    use PVE::Network::Rust::Container;

    my $interfaces = PVE::Network::Rust::Container::get_interfaces(100);
    print "$_->{name} $_->{'hardware-address'}\n" for @{ $interfaces // [] };

=head1 DESCRIPTION

The functions of PVE::LXC that look into a running container, through netlink and LXC's own command socket: no process is
started.

While a call waits, pending Perl signal handlers run; one that dies ends the call.

=head1 FUNCTIONS

=for perlxs functions

=head1 SEE ALSO

L<PVE::Network::Rust>, L<PVE::Network::Rust::Error>, lxc-info(1)

=cut
