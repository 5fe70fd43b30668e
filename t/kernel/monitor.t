#!/usr/bin/perl
# VLANs of bridges and their ports as events, beside what bridge(8) shows.

use strict;
use warnings;

use Test::More;

use lib 'perl/lib', 't/lib';
use OwnNamespace;
use Command qw(must);
use LinkDetails qw(json_of);
use PVE::Network::Rust::Monitor;
use Watching qw(follow new_state);

# By port and VLAN, as bridge(8) shows it.
sub shown {
    my %vlans;
    for my $port (@{ json_of(qw(bridge -json vlan show)) }) {
        for my $vlan (@{ $port->{vlans} }) {
            my %is = map { $_ => 1 } @{ $vlan->{flags} // [] };
            for my $vid ($vlan->{vlan} .. $vlan->{vlanEnd} // $vlan->{vlan}) {
                $vlans{"$port->{ifname} $vid"} = join(
                    ' ',
                    $is{PVID} ? 'pvid' : '-',
                    $is{'Egress Untagged'} ? 'untagged' : '-'
                );
            }
        }
    }
    return \%vlans;
}

sub known {
    my ($state) = @_;
    return {
        map { (
            "$_->{name} $_->{vid}" =>
                join(' ', $_->{pvid} ? 'pvid' : '-', $_->{untagged} ? 'untagged' : '-')
        ) }
            values %{ $state->{vlan} }
    };
}

my $state = new_state();
my $monitor = PVE::Network::Rust::Monitor->new({ vlans => 1 });

# What follows the command, put into effect and compared; returns the events.
sub after {
    my ($what, @command) = @_;
    must(@command);
    my $events = $monitor->read();
    follow($state, @$events);
    is_deeply(known($state), shown(), $what);
    return $events;
}

after('a bridge', qw(ip link add br0 type bridge vlan_filtering 1));
must(qw(ip link add va type veth peer name vb));
after('a port', qw(ip link set va master br0));
my $events = after('a tag', qw(bridge vlan add dev va vid 5 pvid untagged));
my ($new) = grep { $_->{vid} == 5 } @$events;
is_deeply(
    [@$new{qw(type action name pvid untagged)}],
    ['vlan', 'new', 'va', 1, 1],
    'a VLAN of a port'
);
after('a trunk', qw(bridge vlan add dev va vid 100-120));
after('a VLAN of the bridge itself', qw(bridge vlan add dev br0 vid 7 self));
$events = after('another pvid', qw(bridge vlan add dev va vid 100 pvid));
ok((grep { $_->{vid} == 100 && $_->{action} eq 'change' } @$events), '… is a change');
after('one less', qw(bridge vlan del dev va vid 110));
after('a range less', qw(bridge vlan del dev va vid 101-105));
after('a port that leaves', qw(ip link set va nomaster));
after('a port that comes back', qw(ip link set va master br0));

# Next to no room for what is not read: all is compared.
my $tiny = PVE::Network::Rust::Monitor->new({ vlans => 1, receive_buffer => 1 });
my $of_tiny = { %{ new_state() }, vlan => { %{ $state->{vlan} } } };
for my $round (1 .. 3) {
    must(qw(bridge vlan add dev va vid), $_) for map { $_ * 20 + $round } 1 .. 60;
}
must(qw(ip link set vb up));
must(qw(bridge vlan del dev va vid 2-400));
follow($of_tiny, @{ $tiny->read() });
cmp_ok($tiny->resyncs(), '>', 0, 'changes were dropped');
is_deeply(known($of_tiny), shown(), '… and yet none is missing');
after('the bridge is gone', qw(ip link delete br0));
follow($of_tiny, @{ $tiny->read() });
is_deeply(known($of_tiny), {}, '… and all VLANs with it');

done_testing();
