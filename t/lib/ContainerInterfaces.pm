package ContainerInterfaces;

# What the reference makes of `ip --json address` in a container.

use strict;
use warnings;

use Exporter qw(import);
use JSON::XS ();

our @EXPORT_OK = qw(expected_interfaces);

# The interfaces of a process's network namespace, the slow way.
sub expected_interfaces {
    my ($pid) = @_;
    open(my $out, '-|', 'nsenter', "--net=/proc/$pid/ns/net", 'ip', '--json', 'address')
        or die "start nsenter: $!\n";
    my $links = JSON::XS->new->utf8->decode(join('', <$out>));
    close($out) or die "nsenter failed\n";
    my @interfaces;
    for my $link (@$links) {
        my %interface = (name => $link->{ifname}, 'ip-addresses' => []);
        $interface{$_} = $link->{address} for qw(hardware-address hwaddr);
        for my $entry (@{ $link->{addr_info} }) {
            my ($family, $address, $prefix) = @$entry{qw(family local prefixlen)};
            my %address =
                ('ip-address-type' => $family, 'ip-address' => $address, prefix => $prefix);
            push @{ $interface{'ip-addresses'} }, \%address;
            $interface{$family} = "$address/$prefix";
        }
        push @interfaces, \%interface;
    }
    return \@interfaces;
}

1;
