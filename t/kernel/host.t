#!/usr/bin/perl
# What ip, bridge, tc and /proc/sys show after the functions of PVE::Network::Rust::Host is what they show after the
# reference's commands, recorded in t/vectors/host, or with PVE_SRC after its own Perl functions.

use strict;
use warnings;

use JSON::XS ();
use Test::More;

use lib 'perl/lib';
use PVE::Network::Rust::Host;
use PVE::Network::Rust::Test::HostReplay qw(compare_all replay);
use PVE::Network::Rust::Test::HostRoom qw(cases);

my $json = JSON::XS->new->canonical;
my $with_reference = ($ENV{PVE_SRC} // '') ne '';
if ($with_reference) {
    require PVE::Network::Rust::Test::Reference;
    my $why = PVE::Network::Rust::Test::Reference::unavailable('PVE::Network');
    BAIL_OUT($why) if defined($why);
}

open(my $in, '<', 't/vectors/host/cases.jsonl') or die "t/vectors/host/cases.jsonl: $!\n";
my @cases = map { $json->decode($_) } <$in>;
close($in) or die "close: $!\n";
is_deeply(
    [map { [@$_{qw(name room calls)}] } @cases],
    [map { $json->decode($json->encode([@$_{qw(name room calls)}])) } cases()],
    'every case is recorded',
);

sub calls {
    my ($package, $case) = @_;
    for my $call (@{ $case->{calls} }) {
        my ($name, @arguments) = @$call;
        $package->can($name)->(@arguments);
    }
    return [];
}

my %how = (
    reference => sub {
        my ($case) = @_;
        return $with_reference ? calls('PVE::Network', $case) : replay($case);
    },
    library => sub { return calls('PVE::Network::Rust::Host', $_[0]) },
);
compare_all(\%how, @cases);
done_testing();
