package PVE::Network::Rust::SDN::Dns;

use strict;
use warnings;

use PVE::Network::Rust;

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::SDN::Dns - the DNS servers of SDN

=head1 SYNOPSIS

    use PVE::Network::Rust::SDN::Dns;

    my $cfg = PVE::Network::Rust::SDN::Dns->parse_config("sdn/dns.cfg", $raw);
    print "$_ is at $cfg->{ids}{$_}{url}\n" for sort keys %{ $cfg->{ids} };
    $cfg->{ids}{ns}{ttl} = 300;
    print PVE::Network::Rust::SDN::Dns->write_config("sdn/dns.cfg", $cfg);

=head1 DESCRIPTION

The file F</etc/pve/sdn/dns.cfg>: the methods of the same name of C<PVE::Network::SDN::Dns::Plugin>, in Rust. Same arguments, same
structures (numbers and strings alike), same warnings and error texts, same effects on the caller's hash. They do not look at
their invocant.

Where the Perl methods follow the order of Perl's hashes, these have one of their own: settings are looked at in the order of
the file, those that are missing in the order of their names; and DNS servers without a place are written in the order of their
IDs. Where they would write the address of a reference into a file, these die.

=head1 FUNCTIONS

=for perlxs functions

=head1 FILES

=over

=item F</etc/pve/sdn/dns.cfg>

=back

=head1 SEE ALSO

L<PVE::Network::Rust::SDN::Options> for every type and setting, L<PVE::Network::Rust::SDN>, L<PVE::Network::Rust>

=cut
