#!/usr/bin/perl
# Every recorded network configuration, ordinary and odd ones: what is read, what is warned and died of, and what is written.

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

sub error_text {
    my ($written) = @_;
    return ref($written) ? $written->{error}{text} : undef;
}

# The reference checks interfaces in Perl's hash order, so of several errors of one kind it may name any: the
# interfaces that are named before the recorded one are left out until that is the first.
sub error_named {
    my ($wanted, $case) = @_;
    my %left_out;
    while (1) {
        open(my $fh, '<', \$case->{input}) or die "open: $!\n";
        my $config = PVE::Network::Rust::Interfaces::read_etc_network_interfaces($fh, {}, []);
        delete @{ $config->{ifaces} }{ keys %left_out };
        my ($got) = outcome(
            sub { PVE::Network::Rust::Interfaces::write_etc_network_interfaces($config, 1) }
        );
        my $text = error_text($got) // return undef;
        return $text if $text eq $wanted;
        my ($kind, $wanted_kind) = map { s/'[^']*'/''/gr } $text, $wanted;
        my ($name) = $text =~ m/'([^']*)'/;
        return $text if $kind ne $wanted_kind || $left_out{$name}++;
    }
}

sub compare {
    my ($case) = @_;
    utf8::downgrade($case->{input});
    open(my $fh, '<', \$case->{input}) or die "open: $!\n";
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
    my $expected = Vectors::recorded(ordered($case->{written}));
    $written = { error => { text => error_named(error_text($expected), $case) } }
        if ref($written) && ref($expected);
    is(canonical($written), canonical($expected), 'written');
    is(
        canonical($write_warnings),
        canonical(Vectors::recorded_messages($case->{write_warnings})),
        'warnings of writing',
    );
    return;
}

for my $case (map { cases($_) } qw(interfaces interfaces-odd)) {
    subtest($case->{file}, sub { compare($case) });
}

done_testing();
