#!/usr/bin/perl

# usage: PVE_SRC=DIR perl/record-interfaces.pl > t/vectors/interfaces-odd.jsonl
#
# Records what the reference makes of odd network configurations in the form of t/vectors/interfaces.jsonl. PVE_SRC is a
# folder with one sub-folder per upstream repository.

use strict;
use warnings;

use FindBin;
use JSON;

use lib "$FindBin::Bin/lib";
use PVE::Network::Rust::Test::Reference;

use PVE::Network::Interfaces;

my $ETH = "iface eth0 inet static\n\taddress 10.0.0.1/24\n";
my $BRIDGE = "iface vmbr0 inet manual\n\tbridge-ports eth0\n\tbridge-stp off\n\tbridge-fd 0\n";

my %odd = (
    'bom' => "\xef\xbb\xbfauto eth0\n${ETH}iface eth1 inet manual\n",
    'bom before a stanza' => "\xef\xbb\xbf${ETH}iface eth1 inet manual\n",
    'nul in a value' => "${ETH}\tmtu 15\0" . "00\niface eth1 inet manual\n\tmtu 9000\0\n",
    'nul in names' => "iface e\0th0 inet manual\niface eth1\0 inet manual\nauto eth\0" . "1\n",
    'nul in ports' =>
        "${ETH}iface eth1 inet manual\niface vmbr0 inet manual\n\tbridge-ports eth0\0eth1\n",
    'nul elsewhere' =>
        "\0\n\0iface eth0 inet manual\n${ETH}\t\0post-up x\n\tpost\0-up y\n#a\0b\nsource a\0b\n",
    'nul in the word' =>
        "ifa\0ce eth0 inet manual\niface eth1 in\0et manual\niface eth2 inet man\0ual\n",
    'carriage returns' =>
        join('', map { s/\n/\r\n/gr } "auto eth0\n", $ETH, "\n", $BRIDGE, "#a\n", "source x\n"),
    'only carriage returns' => "auto eth0\riface eth0 inet manual\r",
    'carriage returns within' => "iface eth0\rinet\rmanual\n\tmtu\r1500\n\tpost-up a\rb\n#a\rb\r\n",
    'invalid utf-8' =>
        "${ETH}#a\xff\n#\xc3\n#\xed\xa0\x80\n#\xf4\x90\x80\x80\n#\xc0\x80x\n\tpost-up \xff\n",
    'invalid utf-8 in names' =>
        "iface \xff0 inet manual\nauto \xff0 \xc3\xa9\nsource \xff\xfe\nmapping \xc3\n",
    'utf-8' => "iface \xc3\xa9 inet manual\n\tpost-up \xc3\xa9\n#\xc3\xa9\n#\xe2\x82\xac\n",
    'latin-1 spaces' =>
        "iface\xa0eth0\xa0inet\xa0manual\n\xa0mtu\xa01500\n\taddress\x8510.0.0.1/24\xa0\n",
    'other spaces' => "iface\x0beth0\x0cinet\x0bmanual\x0c\n\x0b\x0cmtu\x0b1500\x1c\n\x1c\n \n\t\n",
    'no newline at the end' => "${ETH}\tgateway 10.0.0.254",
    'a comment at the end' => "$ETH#last",
    'nothing' => '',
    'newlines' => "\n\n\n",
    'blanks' => " \n\t\n \t ",
    'zero' => '0',
    'zeros' => "0\niface 0 inet manual\n\tmtu 0\n0 0\n\t0\n#0\n",
    'continued' => "iface eth0 inet static\n\taddress \\\n\t10.0.0.1/24\n\tpost-up a \\\nb\n",
    'a stanza cut off' => "iface\niface \niface eth0\n",
    'words alone' => "auto\nauto \nsource\nmapping\nallow-\nallow-vmbr0\nallow-vmbr0 \nmtu 1500\n",
    'options of nothing' => "\taddress 10.0.0.1/24\n\tmtu 1500\n$ETH\nxyz\n",
    'many spaces' =>
        "iface   eth0   inet \t static  \n  \t address \t 10.0.0.1/24 \t \n\tpost-up  a   b  \n",
    'upper case' =>
        "IFACE eth0 inet manual\nIface eth1 inet manual\niface eth2 INET manual\n\tMTU 1500\nAUTO eth2\n",
    'numbers' =>
        "iface eth0 inet static\n\taddress 010.0.0.1/024\n\tmtu 01500\niface vlan007 inet manual\n\tvlan-raw-device eth0\n",
    'twice' => "$ETH${ETH}auto eth0 eth0\nauto eth0\n\tmtu 1\n$ETH\tmtu 2\n\tmtu 3\n",
    'a bom alone' => "\xef\xbb\xbf",
    'byte order of utf-16' => "\xff\xfei\0f\0a\0c\0e\0 \0e\0t\0h\x000\0\n\0",
);

my $json = JSON->new->canonical->ascii->allow_nonref;

# Where a message was raised is not part of the behaviour.
sub message {
    my ($text) = @_;
    $text =~ s/ at \S+ line \d+(?:, <[^>]*> (?:line|chunk) \d+)?(?=\.?\n)//g;
    return $text;
}

sub call {
    my ($code) = @_;
    my @warnings;
    local $SIG{__WARN__} = sub {
        push @warnings, message($_[0]) if $_[0] !~ /^Use of uninitialized/;
    };
    my $result = eval { $code->() };
    return ($@ ? { error => { text => message("$@") } } : $result, \@warnings);
}

for my $name (sort keys %odd) {
    open(my $fh, '<', \$odd{$name}) or die "open: $!\n";
    my ($parsed, $warnings) =
        call(sub { PVE::Network::Interfaces::__read_etc_network_interfaces($fh, {}, []) });
    my $recorded = $json->encode($parsed);
    my ($written, $write_warnings) =
        call(sub { PVE::Network::Interfaces::__write_etc_network_interfaces($parsed, 1) });
    my %case = (
        file => $name,
        input => $odd{$name},
        parsed => $json->decode($recorded),
        warnings => $warnings,
        written => $written,
        write_warnings => $write_warnings,
    );
    print $json->encode(\%case), "\n";
}
