#!/usr/bin/perl

# usage: PVE_SRC=DIR perl/record-lxc-functions.pl < CALLS > CASES
#
# Calls functions of PVE::LXC::Config and its like and records what they give: result or error, warnings, and what
# became of a hash that was passed. CALLS has one JSON object a line, { "f": FUNCTION, "args": [...] }, and CASES the same
# with the rest added (t/vectors/lxc-functions.jsonl). Values are written so that Perl's types stay apart:
#
#   null, {"b": hex} bytes, {"t": hex of the UTF-8} characters, {"i": digits} an integer,
#   {"n": hex of the big-endian double}, {"l": [...]} an array, {"m": [[key, value], ...]} a hash
#
# PVE_SRC is a folder with one sub-folder per upstream repository.

use strict;
use warnings;

use B ();
use JSON;

use FindBin;

use lib "$FindBin::Bin/lib";
use PVE::Network::Rust::Test::Reference;

use PVE::GuestHelpers;
use PVE::JSONSchema;
use PVE::LXC;
use PVE::LXC::Config;
use PVE::Tools;

{
    no warnings 'redefine';
    *PVE::Tools::random_ether_addr = sub { return 'RANDOM(BC:24:11)' };
    my $orig = \&PVE::Cluster::cfs_read_file;
    *PVE::Cluster::cfs_read_file = sub {
        return $_[0] eq 'datacenter.cfg' ? { mac_prefix => 'BC:24:11' } : $orig->(@_);
    };
}

sub encode {
    my ($v) = @_;
    return undef if !defined($v);
    return { l => [map { encode($_) } @$v] } if ref($v) eq 'ARRAY';
    return { m => [map { [encode("$_"), encode($v->{$_})] } sort keys %$v] } if ref($v) eq 'HASH';
    my $flags = B::svref_2object(\$v)->FLAGS;
    if ($flags & B::SVf_POK) {
        return { b => unpack('H*', $v) } if !utf8::is_utf8($v);
        utf8::encode($v);
        return { t => unpack('H*', $v) };
    }
    return { i => "$v" } if $flags & B::SVf_IOK;
    return { n => unpack('H*', pack('d>', $v)) };
}

sub decode {
    my ($v) = @_;
    return undef if !defined($v);
    return [map { decode($_) } @{ $v->{l} }] if $v->{l};
    return { map { (decode($_->[0]), decode($_->[1])) } @{ $v->{m} } } if $v->{m};
    return pack('H*', $v->{b}) if defined($v->{b});
    return unpack('d>', pack('H*', $v->{n})) if defined($v->{n});
    return int($v->{i}) if defined($v->{i});
    my $text = pack('H*', $v->{t});
    utf8::decode($text);
    utf8::upgrade($text);
    return $text;
}

my $class = 'PVE::LXC::Config';
my $functions = {
    decode_text => sub { PVE::Tools::decode_text($_[0]) },
    encode_text => sub { PVE::Tools::encode_text($_[0]) },
    parse_startup_order => sub { PVE::JSONSchema::pve_parse_startup_order($_[0]) },
    parse_pct_config => sub { PVE::LXC::Config::parse_pct_config(@_) },
    write_pct_config => sub { PVE::LXC::Config::write_pct_config(@_) },
    check_format => sub { PVE::JSONSchema::check_format(@_); return },
};
for my $name (qw(parse_lxc_network print_lxc_network parse_volume print_volume
    parse_device print_device parse_features))
{
    $functions->{$name} = sub { $class->$name(@_) };
}

my $json = JSON->new->canonical->ascii;
while (my $line = <STDIN>) {
    my $case = $json->decode($line);
    my @args = map { decode($_) } @{ $case->{args} };
    my @warnings;
    my $perls_own = qr/^Use of uninitialized|isn't numeric|^Wide character/;
    local $SIG{__WARN__} = sub {
        push @warnings, grep { $_ !~ $perls_own } @_;
    };
    my $result = eval { $functions->{ $case->{f} }->(@args) };
    if (ref(my $err = $@)) {
        $case->{error} = encode($err->{msg});
        $case->{errors} = encode($err->{errors});
    } elsif ($@) {
        my $text = $@;
        $case->{at_caller} = JSON::true
            if $text =~ s/ at \S+ line \d+(?:, <[^>]*> (?:line|chunk) \d+)?\.\n\z//;
        $case->{error} = encode($text);
    } else {
        $case->{result} = encode($result);
    }
    $case->{warnings} = [map { encode($_) } @warnings] if @warnings;
    my ($changed) = grep { ref($_) } @args;
    $case->{after} = encode($changed) if $changed;
    print $json->encode($case), "\n";
}
