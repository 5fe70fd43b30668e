#!/usr/bin/perl
# Every recorded container configuration: what is parsed, warned, refused and written, and each of its property strings.

use strict;
use warnings;

use Test::More;

use lib 't/lib';
use Vectors qw(canonical cases clone outcome);

use PVE::Network::Rust::LXC::Config;

my $CONFIG = 'PVE::Network::Rust::LXC::Config';

# The parse and print functions of a key, where its value is a property string.
sub functions {
    my ($key, $value) = @_;
    return (sub { $CONFIG->parse_lxc_network($value) }, sub { $CONFIG->print_lxc_network($_[0]) })
        if $key =~ m/^net\d+$/;
    return (sub { $CONFIG->parse_volume($key, $value) }, sub { $CONFIG->print_volume($key, $_[0]) })
        if $key =~ m/^(?:rootfs|mp\d+|unused\d+)$/;
    return (sub { $CONFIG->parse_device($value) }, sub { $CONFIG->print_device($_[0]) })
        if $key =~ m/^dev\d+$/;
    return (sub { $CONFIG->parse_features($value) }) if $key eq 'features';
    return;
}

sub property {
    my ($key, $value, $expected) = @_;
    my ($parse, $print) = functions($key, $value);
    return if !$parse;
    my ($got, $warnings) = outcome($parse);
    $got->{warnings} = $warnings if @$warnings;
    my $parsed = $got->{ok};
    my $address = $expected->{ok} && $expected->{ok}{hwaddr};
    if ($address && $address =~ m/^RANDOM\((.*)\)$/) {
        like($parsed->{hwaddr}, qr/^\Q$1\E(?::[0-9A-F]{2}){3}$/i, "$key: a new address");
        $got->{ok} = { %$parsed, hwaddr => $address };
        delete $expected->{print};
    } elsif ($print && exists $got->{ok}) {
        my ($printed) = outcome(sub { $print->(clone($parsed)) });
        $got->{print} = exists $printed->{ok} ? $printed->{ok} : $printed;
    }
    $expected = Vectors::recorded($expected);
    $expected->{print} = Vectors::recorded($expected->{print}) if $expected->{print};
    is(canonical($got), canonical($expected), "$key: $value");
    return;
}

sub properties {
    my ($conf, $expected) = @_;
    property($_, $conf->{$_}, $expected->{$_}) for grep { !ref $conf->{$_} } sort keys %$conf;
    return;
}

sub compare {
    my ($case, $strict) = @_;
    my $vmid = $case->{file} =~ m/(\d+)\.conf$/ ? $1 : 100;
    my $filename = "/etc/pve/nodes/test/lxc/$vmid.conf";
    my $raw = $case->{input};
    utf8::downgrade($raw);

    my ($got, $warnings) = outcome(
        sub { PVE::Network::Rust::LXC::Config::parse_pct_config($filename, $raw, $strict) }
    );
    is(canonical($warnings), canonical(Vectors::recorded_messages($case->{warnings})), 'warnings');
    if ($case->{error}) {
        is(canonical($got), canonical(Vectors::recorded({ error => $case->{error} })), 'error');
        return;
    }
    is(canonical($got), canonical({ ok => $case->{parsed} }), 'parsed');
    my $conf = $got->{ok} // return;

    properties($conf, $case->{props});
    properties($conf->{pending}, $case->{pending_props}) if $case->{pending_props};
    properties($conf->{snapshots}{$_}, $case->{snapshot_props}{$_})
        for sort keys %{ $case->{snapshot_props} // {} };

    my ($written, $write_warnings) =
        outcome(sub { PVE::Network::Rust::LXC::Config::write_pct_config($filename, $conf) });
    $written = $written->{ok} if exists $written->{ok};
    is(canonical($written), canonical(Vectors::recorded($case->{written})), 'written');
    is(
        canonical($write_warnings),
        canonical(Vectors::recorded_messages($case->{write_warnings})),
        'warnings of writing',
    );
    return;
}

for my $set (['lxc', 0], ['lxc-strict', 1]) {
    my ($name, $strict) = @$set;
    for my $case (cases($name)) {
        subtest("$name $case->{file}", sub { compare($case, $strict) });
    }
}

done_testing();
