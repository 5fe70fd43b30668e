#!/usr/bin/perl
# Every recorded configuration in effect: the text that is generated for it, and the warnings.

use strict;
use warnings;

use JSON::XS ();
use Test::More;

use lib 't/lib';
use Vectors qw(canonical cases outcome);

use PVE::Network::Rust::Interfaces;
use PVE::Network::Rust::SDN;

# What the node was taken to be when the cases were recorded: all of it hangs on vmbr0.
sub node {
    my ($text) = @_;
    open(my $fh, '<', \$text) or die "open: $!\n";
    my $config = PVE::Network::Rust::Interfaces::read_etc_network_interfaces($fh, {}, []);
    my $bridge = $config->{ifaces}{vmbr0};
    return {
        interfaces => $text,
        nodename => 'localhost',
        routes => { default => { src => $bridge->{address}, dev => 'vmbr0' } },
        bridges => {
            vmbr0 => {
                vlan_aware => $bridge->{bridge_vlan_aware},
                ovs => ($bridge->{type} // '') eq 'OVSBridge',
                ports => ['eth0'],
            },
        },
    };
}

sub compare {
    my ($case) = @_;
    my $config = JSON::XS->new->decode($case->{input}{'sdn_config.json'});
    my $node = node($case->{input}{interfaces});
    my ($got, $warnings) = outcome(
        sub { PVE::Network::Rust::SDN::generate_raw_etc_network_config($config, $node) }
    );
    my $expected = Vectors::recorded($case->{interfaces});
    is(canonical(exists $got->{ok} ? $got->{ok} : $got), canonical($expected), 'the text');
    is(canonical($warnings), canonical(Vectors::recorded_messages($case->{warnings})), 'warnings');
    return;
}

for my $case (cases('sdn-generate')) {
    subtest($case->{file}, sub { compare($case) });
}

done_testing();
