package PVE::Network::Rust::SDN::Fabrics;

use strict;
use warnings;

use PVE::Network::Rust;

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::SDN::Fabrics - the fabrics of routing of SDN, and their nodes

=head1 SYNOPSIS

    use PVE::Network::Rust::SDN::Fabrics;

    my $cfg = PVE::Network::Rust::SDN::Fabrics->parse_config("sdn/fabrics.cfg", $raw);
    print "$_ is a $cfg->{ids}{$_}{type}\n" for sort keys %{ $cfg->{ids} };
    $cfg->{ids}{underlay}{hello_interval} = 3;
    print PVE::Network::Rust::SDN::Fabrics->write_config("sdn/fabrics.cfg", $cfg);

=head1 DESCRIPTION

The file F</etc/pve/sdn/fabrics.cfg>, as a section file: fabrics of OpenFabric and OSPF, and their nodes. The reference's Perl
code hands the text of this file to C<PVE::RS::SDN::Fabrics>, so there is no Perl method that these stand for. They give and
take the structure that the configuration in effect has under C<fabrics>: sections by ID, each with its C<type>, its C<id>, its
settings as texts or numbers, and C<interfaces> as a list.

As with the other files, what does not fit is warned of and left out, where C<PVE::RS::SDN::Fabrics> dies. Sections of other
protocols are kept with C<$allow_unknown>. Whether fabrics and nodes fit together is not checked.

=head1 FUNCTIONS

=for perlxs functions

=head1 FILES

=over

=item F</etc/pve/sdn/fabrics.cfg>

=back

=head1 SEE ALSO

L<PVE::Network::Rust::SDN::Options> for every type and setting, L<PVE::Network::Rust::SDN>, L<PVE::Network::Rust>

=cut
