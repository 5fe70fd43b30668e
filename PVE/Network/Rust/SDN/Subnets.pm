package PVE::Network::Rust::SDN::Subnets;

use strict;
use warnings;

use PVE::Network::Rust;

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::SDN::Subnets - subnets in the IPAM and DNS of their zone

=head1 SYNOPSIS

    use PVE::Network::Rust::SDN;
    use PVE::Network::Rust::SDN::Subnets;

    my $zone = { type => 'simple', ipam => 'pve', dhcp => 'dnsmasq' };
    my $subnets = PVE::Network::Rust::SDN::get_subnets('vnet1');
    for my $id (sort keys %$subnets) {
        my $subnet = $subnets->{$id};
        PVE::Network::Rust::SDN::Subnets::add_subnet($zone, $id, $subnet);
        PVE::Network::Rust::SDN::Subnets::add_ip(
            $zone, $id, $subnet, $subnet->{gateway}, 'vnet1-gw', undef, undef, 1,
        );
    }

=head1 DESCRIPTION

The functions of the same name of C<PVE::Network::SDN::Subnets>, in Rust: same arguments, same results, same warnings
and error texts, same files and same requests to servers. L<PVE::Network::Rust::SDN> tells of the files.

=head1 FUNCTIONS

=for perlxs functions

=head1 SEE ALSO

L<PVE::Network::Rust::SDN>, L<PVE::Network::Rust>

=cut
