#!/usr/bin/perl
# Every recorded network configuration: what is read, what is warned and died of, and what is written.

use strict;
use warnings;

use Test::More;

use lib 't/lib';
use Vectors qw(canonical cases outcome);

use PVE::Network::Rust::Interfaces;

# The reference writes the options of Open vSwitch in Perl's hash order.
sub ordered {
    my ($text) = @_;
    return $text if ref($text) || !defined($text);
    $text =~ s{^(\tovs_options )(.*)$}{$1 . join(' ', sort split(/ /, $2))}gem;
    return $text;
}

sub ordered_structure {
    my ($config) = @_;
    for my $iface (values %{ $config->{ifaces} }) {
        next if !defined($iface->{ovs_options});
        $iface->{ovs_options} = join(' ', sort split(/ /, $iface->{ovs_options}));
    }
    return $config;
}

sub compare {
    my ($case) = @_;
    my $input = $case->{input};
    utf8::downgrade($input);
    open(my $fh, '<', \$input) or die "open: $!\n";
    my ($got, $warnings) = outcome(
        sub { PVE::Network::Rust::Interfaces::read_etc_network_interfaces($fh, {}, []) }
    );
    is(canonical($warnings), canonical(Vectors::recorded_messages($case->{warnings})), 'warnings');
    my $config = $got->{ok};
    is(
        canonical(ordered_structure($config)),
        canonical(ordered_structure($case->{parsed})),
        'parsed',
    ) or diag(canonical($got));
    return if !$config;

    my ($written, $write_warnings) = outcome(
        sub { PVE::Network::Rust::Interfaces::write_etc_network_interfaces($config, 1) }
    );
    $written = ordered($written->{ok}) if exists $written->{ok};
    is(canonical($written), canonical(Vectors::recorded(ordered($case->{written}))), 'written');
    is(
        canonical($write_warnings),
        canonical(Vectors::recorded_messages($case->{write_warnings})),
        'warnings of writing',
    );
    return;
}

for my $case (cases('interfaces')) {
    subtest($case->{file}, sub { compare($case) });
}

done_testing();
