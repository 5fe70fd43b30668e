package PVE::Network::Rust::Host;

use strict;
use warnings;

# The class of true and false in what describes a link; small, and a part of Perl.
use JSON::PP::Boolean ();

use PVE::Network::Rust;

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Host - the network of the host

=head1 SYNOPSIS

    use PVE::Network::Rust::Host;

    my $links = PVE::Network::Rust::Host::ip_link_details();
    print "$links->{vmbr0}->{linkinfo}->{info_data}->{vlan_filtering}\n";

=head1 DESCRIPTION

The functions of PVE::Network and PVE::IPRoute2, through netlink: no process is started.

=head1 FUNCTIONS

=for perlxs functions

=head1 SEE ALSO

L<PVE::Network::Rust>, L<PVE::Network::Rust::Error>, ip-link(8)

=cut
