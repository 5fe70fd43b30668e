package PVE::Network::Rust::SDN::Zones;

use strict;
use warnings;

use PVE::Network::Rust;

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::SDN::Zones - the zones of SDN

=head1 SYNOPSIS

    use PVE::Network::Rust::SDN::Zones;

    my $cfg = PVE::Network::Rust::SDN::Zones->parse_config("sdn/zones.cfg", $raw);
    print "$_ is a $cfg->{ids}{$_}{type} zone\n" for sort keys %{ $cfg->{ids} };
    $cfg->{ids}{lan}{mtu} = 9000;
    print PVE::Network::Rust::SDN::Zones->write_config("sdn/zones.cfg", $cfg);

=head1 DESCRIPTION

The file F</etc/pve/sdn/zones.cfg>: the methods of the same name of C<PVE::Network::SDN::Zones::Plugin>, in Rust. Same arguments, same
structures (numbers and strings alike), same warnings and error texts, same effects on the caller's hash. They do not look at
their invocant.

Where the Perl methods follow the order of Perl's hashes, these have one of their own: C<nodes> and C<exitnodes> are written
sorted; settings are looked at in the order of the file, those that are missing in the order of their names; and zones
without a place are written in the order of their IDs. Where they would write the address of a reference into a file, these die.

What must hold before a zone, or a VNet in it, is written or deleted is checked by the hooks of the zones' plugins: here
one each for all types. Of several objects that are in the way, the first one in the order of IDs is named.

=head1 FUNCTIONS

=for perlxs functions

=head1 FILES

=over

=item F</etc/pve/sdn/zones.cfg>

=back

=head1 SEE ALSO

L<PVE::Network::Rust::SDN::Options> for every type and setting, L<PVE::Network::Rust::SDN>, L<PVE::Network::Rust>

=cut
