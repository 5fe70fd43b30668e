package PVE::Network::Rust::SDN::Vnets;

use strict;
use warnings;

use PVE::Network::Rust;

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::SDN::Vnets - the VNets of SDN

=head1 SYNOPSIS

    use PVE::Network::Rust::SDN::Vnets;

    my $cfg = PVE::Network::Rust::SDN::Vnets->parse_config("sdn/vnets.cfg", $raw);
    print "$_ is in zone $cfg->{ids}{$_}{zone}\n" for sort keys %{ $cfg->{ids} };
    $cfg->{ids}{vnet1}{alias} = 'servers';
    print PVE::Network::Rust::SDN::Vnets->write_config("sdn/vnets.cfg", $cfg);

=head1 DESCRIPTION

The file F</etc/pve/sdn/vnets.cfg>: the methods of the same name of C<PVE::Network::SDN::VnetPlugin>, in Rust. Same arguments, same
structures (numbers and strings alike), same warnings and error texts, same effects on the caller's hash. They do not look at
their invocant.

Where the Perl methods follow the order of Perl's hashes, these have one of their own: settings are looked at in the order of
the file, those that are missing in the order of their names; and VNets without a place are written in the order of their
IDs. Where they would write the address of a reference into a file, these die.

What must hold before a VNet is written or deleted is checked by the hooks. L<PVE::Network::Rust::SDN::Zones> has the one of its
zone.

=head1 FUNCTIONS

=for perlxs functions

=head1 FILES

=over

=item F</etc/pve/sdn/vnets.cfg>

=back

=head1 SEE ALSO

L<PVE::Network::Rust::SDN::Options> for every type and setting, L<PVE::Network::Rust::SDN>, L<PVE::Network::Rust>

=cut
