package PVE::Network;

# As the module of that name, what ip_link_details returns: links of Rust's, whose timer runs, and one more where $MORE says so.

use strict;
use warnings;

use PVE::Network::Rust::Host;

our $MORE = 0;
my $seconds = 0;

sub ip_link_details {
    my $links = PVE::Network::Rust::Host::ip_link_details();
    $links->{lo}{linkinfo}{info_data}{hello_timer} = $seconds++;
    $links->{more} = {} if $MORE;
    return $links;
}

1;
