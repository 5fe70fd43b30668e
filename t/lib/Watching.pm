package Watching;

# What a monitor's events make of a namespace, beside what iproute2 shows.

use strict;
use warnings;

use Exporter qw(import);
use LinkDetails qw(json_of);

our @EXPORT_OK = qw(follow known_state new_state readable shown_state);

# Whether the descriptor is readable now, or within so many seconds.
sub readable {
    my ($monitor, $seconds) = @_;
    my $set = '';
    vec($set, $monitor->fileno(), 1) = 1;
    return scalar select($set, undef, undef, $seconds // 0);
}

sub new_state { return { link => {}, address => {}, vlan => {} } }

sub key_of {
    my ($event) = @_;
    return $event->{index} if $event->{type} eq 'link';
    return "$event->{index} $event->{vid}" if $event->{type} eq 'vlan';
    return join(' ', $event->{index}, $event->{address}, $event->{prefix}, $event->{peer} // '');
}

# Puts events into effect; dies where one does not fit.
sub follow {
    my ($state, @events) = @_;
    for my $event (@events) {
        my $known = $state->{ $event->{type} };
        my ($key, $action) = (key_of($event), $event->{action});
        my $is_there = exists($known->{$key});
        die "$event->{type} $key: '$action' does not fit\n" if ($action eq 'new') eq $is_there;
        if ($action eq 'delete') {
            delete $known->{$key};
        } else {
            $known->{$key} = $event;
        }
    }
    return;
}

# The state in the form of shown_state.
sub known_state {
    my ($state) = @_;
    my %links = map {
        $_->{name} => join(' ', $_->{mtu}, $_->{master} // '-', $_->{up}, $_->{operstate})
    } values %{ $state->{link} };
    my @addresses = sort map { "$_->{name} $_->{address}/$_->{prefix}" } values %{ $state->{address} };
    return { links => \%links, addresses => \@addresses };
}

# What iproute2 shows.
sub shown_state {
    my @prefix = @_;
    my $all = json_of(@prefix, qw(ip -json address show));
    my (%links, @addresses);
    for my $link (@$all) {
        my $up = (grep { $_ eq 'UP' } @{ $link->{flags} }) ? 1 : 0;
        $links{ $link->{ifname} } =
            join(' ', $link->{mtu}, $link->{master} // '-', $up, $link->{operstate});
        push @addresses,
            map { "$link->{ifname} $_->{local}/$_->{prefixlen}" } @{ $link->{addr_info} };
    }
    return { links => \%links, addresses => [sort @addresses] };
}

1;
