package SDNHost::Dnsmasq;

# What dnsmasq offers on the bus.

use strict;
use warnings;

use parent 'Net::DBus::Object';

use JSON::PP;
use Net::DBus;
use Net::DBus::Exporter 'uk.org.thekelleys.dnsmasq.z';

dbus_method('AddDhcpLease', ['string', 'string', ['array', 'byte'], ['array', 'byte'],
    'uint32', 'uint32', 'bool'], []);

sub new {
    my ($class, $service, $log) = @_;
    my $self = $class->SUPER::new($service, '/uk/org/thekelleys/dnsmasq');
    $self->{log} = $log;
    return $self;
}

sub AddDhcpLease {    ## no critic (Capitalization)
    my ($self, $ip, $mac, $name, $client, @rest) = @_;
    die "unexpected arguments\n" if "@$name" ne '42' || @$client || grep { $_ } @rest;
    open(my $out, '>>', $self->{log}) or die "open: $!\n";
    print $out encode_json(['lease', 'z', $ip, $mac]), "\n";
    close($out) or die "close: $!\n";
    return;
}

1;
