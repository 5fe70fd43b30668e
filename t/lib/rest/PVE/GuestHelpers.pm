package PVE::GuestHelpers;

# Stands in for the module of that name, for t/rest.t. All VNets are in the zone "here".

use strict;
use warnings;

use PVE::RPCEnvironment;

sub check_vnet_access {
    my ($environment, $user, $bridge, $tag, $trunks) = @_;
    my $path = $bridge =~ /^vmbr/ ? "/sdn/zones/localnetwork/$bridge" : "/sdn/zones/here/$bridge";
    my @vlans = ($tag // (), split(/;/, $trunks // ''));
    $environment->check($user, $_, ['SDN.Use']) for @vlans ? map { "$path/$_" } @vlans : $path;
    return;
}

1;
