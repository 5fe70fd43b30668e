package PVE::Network::Rust::SDN::Subnets;

use strict;
use warnings;

use PVE::Network::Rust;

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::SDN::Subnets - the subnets of SDN, and their addresses in the IPAM and DNS of their zone

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

    my $cfg = PVE::Network::Rust::SDN::Subnets->parse_config('sdn/subnets.cfg', $raw);
    for my $finding (@{ PVE::Network::Rust::SDN::Subnets::validate($cfg, $vnet_cfg) }) {
        print "$finding->{subnet}: $finding->{key}: $finding->{message}\n";
    }
    print PVE::Network::Rust::SDN::Subnets->write_config('sdn/subnets.cfg', $cfg);

=head1 DESCRIPTION

The functions of the same name of C<PVE::Network::SDN::Subnets>, in Rust: same arguments, same results, same warnings
and error texts, same files and same requests to servers. L<PVE::Network::Rust::SDN> tells of the files.

The file F</etc/pve/sdn/subnets.cfg>: the methods of the same name of C<PVE::Network::SDN::SubnetPlugin>. Same arguments, same
structures (numbers and strings alike), same warnings and error texts, same effects on the caller's hash. They do not look at
their invocant. Where the Perl methods follow the order of Perl's hashes, these have one of their own: settings are looked at
in the order of the file, those that are missing in the order of their names; and subnets without a place are written in the
order of their IDs. Where they would write the address of a reference into a file, these die.

=head1 FUNCTIONS

=for perlxs functions

=head1 SEE ALSO

L<PVE::Network::Rust::SDN::Options> for every setting, L<PVE::Network::Rust::SDN>, L<PVE::Network::Rust>

=cut
