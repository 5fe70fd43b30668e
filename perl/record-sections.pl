#!/usr/bin/perl

# usage: PVE_SRC=DIR perl/record-sections.pl plugin > t/vectors/storage-plugin.jsonl
#        PVE_SRC=DIR perl/record-sections.pl odd > t/vectors/storage-odd.jsonl
#        PVE_SRC=DIR perl/record-sections.pl sdn > t/vectors/sdn/odd.jsonl
#
# Records what the reference makes of section files in the form of t/vectors/storage.jsonl: of storages of a plugin of
# others (PVE::Network::Rust::Test::ExamplePlugin), of odd ones, or of odd files of SDN. PVE_SRC is a folder with one
# sub-folder per upstream repository.

use strict;
use warnings;

use FindBin;
use JSON;

use lib "$FindBin::Bin/lib";
use PVE::Network::Rust::Test::Reference;

use PVE::Storage;
use PVE::Network::SDN::Controllers;
use PVE::Network::Rust::Test::ExamplePlugin;

my $STORAGE = 'PVE::Storage::Plugin';
my %BASE_OF = (
    Zones => 'Zones::Plugin',
    Vnets => 'VnetPlugin',
    Subnets => 'SubnetPlugin',
    Controllers => 'Controllers::Plugin',
    Ipams => 'Ipams::Plugin',
    Dns => 'Dns::Plugin',
);
my $FULL =
    "\texample-address fd00::1\n\texample-level 07\n\texample-mode fast\n\texample-ratio 1.50\n"
    . "\texample-tags ab,cd\n\texample-hosts one\n\texample-hosts two\n\texample-strict\n"
    . "\tnodes b,a\n\tcontent iso,images\n\tformat qcow2\n\tserver host\n\tdisable\n";

my %plugin = (
    full => "example: e1\n$FULL",
    least => "Example: e1\n\texample-address 10.0.0.1\n",
    missing => "example: e1\n\tserver x\n",
    misfits => "example: e1\n\texample-address x\n\texample-level 10\n\texample-level 0\n"
        . "\texample-level 1.5\n\texample-mode slow\n\texample-ratio 0.4\n\texample-tags a,bc\n"
        . "\texample-tags abcdefghijklmnopqrstu\n\texample-hosts ab\n\texample-strict yes\n\texample-hosts\n",
    others => "dir: d1\n\tpath /a\n\texample-level 5\n\texample-none 5\n\nexample: e1\n"
        . "\texample-address ::1\n\tpath /a\n\tformat subvol\n\tcontent backup\n",
    twice =>
        "example: e1\n$FULL$FULL\nexample: e1\n\texample-address 1.2.3.4\n\tcontent none,iso\n",
    content => "example: e1\n\texample-address ::\n\tcontent backup,none\n\tcontent-dirs iso=x\n",
);

my $DIR = "dir: d1\n\tpath /a\n";
my %odd = (
    'bom' => "\xef\xbb\xbf${DIR}\ndir: d2\n\tpath /b\n",
    'nul in a value' => "nfs: n1\n\tserver a\0b\n\texport /e\n\toptions a\0b\n",
    'nul in lists' => "dir: d1\n\tpath /a\n\tcontent iso\0images\n\tnodes \0a\0\n",
    'nul elsewhere' =>
        "dir: d\0x\n\tpath /a\n\nd\0ir: d2\n\npath\0 /a\n\0\ndir: d3\n\tpath\0x /a\n",
    'invalid utf-8' => "nfs: n1\n\tserver a\xff\n\texport /\xff\xfe\n\toptions \xc3\n\nnfs: \xff\n",
    'utf-8' => "nfs: n1\n\tserver s\n\texport /\xc3\xa9\n\toptions \xc3\xa9\n\tcontent \xc3\xa9\n",
    'latin-1 spaces' =>
        "dir:\xa0d1\n\tpath /a\n\tcontent iso\xa0images\x85vztmpl\n\tnodes a\xa0b\n",
    'other spaces' => "dir:\x0bd1\x0c\n\x0bpath\x0c/a\x1c\n\x0c\x0b\n\tcontent\x0biso\r\n",
    'carriage returns' => "dir: d1\r\n\tpath /a\r\n\tcontent i\rso\r\n\r\nnfs: n1\r\n",
    'only carriage returns' => "dir: d1\r\tpath /a\r",
    'zero lines' => "0\n${DIR}0\n\tshared 1\n00\n",
    'zero' => '0',
    'zero as a name' =>
        "nfs: n1\n\tserver 0\n\texport /e\n\ncifs: c1\n\tserver 0.0\n\tshare 0\n\tdomain 0\n\tusername 0\n\n"
        . "pbs: p1\n\tserver 0.0.0.0\n\tdatastore 0\n\tnamespace 0\n\nrbd: r1\n\tpool 0\n\tmonhost 0\n\nlvm: l1\n\tvgname 00\n"
        . "\tbase 0\n\niscsi: i1\n\ttarget 0\n\tportal 0\n\nesxi: e1\n\tserver 0\n\tusername 0\n",
    'newlines' => "\n\n\n",
    'comments' => "#dir: d0\n${DIR}\t#\n # x\n\tshared #1\n\tcontent iso # x\n#\n",
    'colons' => "dir:dir:d1\n\tpath /a\n\ndir::\n\ndir: d1:\n\n:d1\n\n:: d1\n\tpath /a\n",
    'false type' => "0: d1\n\tpath /a\n\n00: d2\n",
    'type' =>
        "dir: d1\n\tpath /a\n\ttype dir\n\ttype dir\n\ndir: d2\n\ttype lvm\n\ttype\n\tpath /b\n",
    'upper case' => "DIR: d1\n\tpath /a\n\nNFS: n1\n\tPath /a\n\tserver s\n\texport /e\n",
    'numbers' => "dir: d1\n\tpath /a\n\tmax-protected-backups -1\n\tshared 01\n\tmkdir 0\n\n"
        . "pbs: p1\n\tserver s\n\tdatastore d\n\tport +0080\n\tmax-protected-backups 99999999999999999999\n\n"
        . "pbs: p2\n\tserver s\n\tdatastore d\n\tport 65536\n\tport 1e3\n\tport 0\n\tport 22\n",
    'flags' => "dir: d1\n\tpath /a\n\tdisable\n\tshared\n\tmkdir yes\n\tmkdir\n",
    'paths' => "dir: d1\n\tpath //a/./b//\n\ndir: d2\n\tpath /../x\n\ndir: d3\n\tpath /\n\n"
        . "btrfs: b1\n\tpath /b/\n\ndir: d4\n\tpath /a/../b/.\n\nnfs: n1\n\tserver s\n\texport /e/\n\tpath /p/\n",
    'mounted' => "cephfs: c1\n\tformat raw\n\ncifs: c2\n\tserver s\n\tshare x\n\tpath 0\n",
    'local' => "lvm: local\n\tvgname pve\n\n$DIR",
    'local elsewhere' =>
        "dir: local\n\tpath /srv\n\n$DIR\ndir: local\n\tpath /var/lib/vz/\n\tnodes a\n",
    'prune' => "dir: d1\n\tpath /a\n\tprune-backups keep-all=0,keep-last=0\n\ndir: d2\n\tpath /b\n"
        . "\tprune-backups keep-all=yes,keep-last=1\n\tprune-backups keep-last=-1\n\tprune-backups x\n"
        . "\tprune-backups keep-daily=1,keep-daily=2\n\tbwlimit restore=-1\n\tbwlimit clone=1.5,move=0\n",
);

my $RANGE = 'start-address=10.0.0.1,end-address=10.0.0.9';
my $PRINT = join(':', ('aB') x 32);

# By the package, what is odd.
my %sdn = (
    Zones => {
        'bom' => "\xef\xbb\xbfsimple: z1\n\nvlan: z2\n\tbridge b\n",
        'carriage returns' => "simple: z1\r\n\tmtu 1500\r\n\tipam a\rb\r\n\r\nvlan: z2\r\n",
        'nul' => "simple: z1\n\tnodes a\0b\n\tipam a\0b\n\nsim\0ple: z2\n",
        'invalid utf-8' => "simple: z\xff\n\tipam \xc3\xa9\xff\n\tdnszone \xff\n\tnodes \xc3\xa9\n",
        'upper case' => "SIMPLE: Z1\n\nVLan: z2\n\tBridge b\n\n0: z3\n\na: z4\n\n-a: z5\n",
        'nodes' =>
            "simple: z1\n\tnodes b;a c,,a\n\nsimple: z2\n\tnodes a_b\n\nsimple: z3\n\tnodes 0,1\n\n"
            . "evpn: z4\n\tcontroller c\n\tvrf-vxlan 1\n\texitnodes b,a\n\texitnodes-primary a_b\n",
        'numbers' =>
            "qinq: z1\n\tbridge b\n\ttag -1\n\ttag 007\n\tmtu +1500\n\nvxlan: z2\n\tvxlan-port 65536\n"
            . "\nvxlan: z3\n\tvxlan-port 0\n\tvxlan-port 65537\n\tpeers ::1,10.0.0.1 x\n\tpeers ::1;10.0.0.1\n",
        'routes' => "evpn: z1\n\tcontroller c\n\tvrf-vxlan 16777215\n\trt-import 1:2,4294967296:1\n"
            . "\trt-import 1:2 3:4\n\tmac 01:00:00:00:00:01\n\tmac 00:00:00:00:00:01\n\tadvertise-subnets\n",
        'fabrics' => "vxlan: z1\n\tfabric abcdefgh\n\nvxlan: z2\n\tfabric abcdefg-\n\tfabric a-\n",
        'of others' =>
            "simple: z1\n\tbridge b\n\ttype simple\n\ttype vlan\n\tzone z1\n\tdhcp isc\n\tdhcp dnsmasq\n",
    },
    Vnets => {
        'alias' => join(
            '',
            map { "vnet: v$_->[0]\n\tzone z\n\talias $_->[1]\n\n" }
                [1, 'a b'], [2, "a\xc3\xa9"], [3, 'a`b'], [4, '{'], [5, 'x' x 256], [6, 'x' x 257],
            [7, '<>?@[]^()']
        ),
        'type' => "vnet: v1\n\tzone z\n\ttype vnet\n\ttype other\n\nVNET: v2\n\tzone z\n",
        'tags' =>
            "vnet: v1\n\tzone z\n\ttag 0\n\ttag 16777216\n\ttag 0x1\n\ttag 016777215\n\tvlanaware\n\tvlanaware 1\n",
        'twice' => "vnet: v1\n\tzone z\n\nvnet: v1\n\tzone y\n\nvnet: v1\n",
    },
    Subnets => {
        'ranges' =>
            "subnet: z-10.0.0.0-24\n\tvnet v\n\tdhcp-range $RANGE\n\tdhcp-range x\n\tdhcp-range\n"
            . "\tdhcp-range start-address=1\n\tdhcp-range end-address=x,start-address=y\n\tdhcp-range $RANGE,a=b\n",
        'gateways' =>
            "subnet: z-10.0.0.0-24\n\tvnet v\n\tgateway 10.0.0.256\n\tgateway ::ffff:1.2.3.4\n\tsnat yes\n",
        'ids' =>
            "subnet: x\n\tvnet v\n\nsubnet: z-10.0.0.0-99\n\tvnet v\n\tsubnet z-10.0.0.0-24\n\tdnszoneprefix a..b\n",
    },
    Controllers => {
        'all' =>
            "evpn: c1\n\tasn 65000\n\tpeers 10.0.0.1,fd00::1\n\nbgp: c2\n\tnode a\n\tasn 4294967295\n\tpeers ::1\n"
            . "\tebgp\n\tebgp-multihop 3\n\tloopback lo\n\tbgp-multipath-as-path-relax 0\n\nfaucet: c3\n\n"
            . "isis: c4\n\tisis-domain d\n\tisis-net 49.0001.0002.0003.00\n\tisis-ifaces eth0,eth1\n\tnode a\n",
        'limits' => "evpn: c1\n\tasn 4294967296\n\tasn -1\n\tasn 0\n\tfabric -a\n\tpeers\n",
        'isis' =>
            "isis: c1\n\tisis-net 49.0001.0002.00\n\tisis-net 49.0001.0002.0003.0004.0005.0006.0007.0008.0009.0010.00\n"
            . "\tisis-ifaces a b c\n\tisis-ifaces -x\n\tisis-domain\n\tnode a.b\n",
        'faucet' => "faucet: c1\n\tasn 1\n\tnode x\n\nfaucet:\n\nbgp: c2\n\tpeers 10.0.0.1\n",
    },
    Ipams => {
        'all' => "pve: pve\n\nnetbox: n1\n\turl http://h/api\n\ttoken t\n\tfingerprint $PRINT\n\n"
            . "phpipam: p1\n\turl http://h/api\n\ttoken t\n\tsection 7\n",
        'misfits' =>
            "pve: pve\n\turl u\n\nnetbox: n1\n\turl u\n\nphpipam: p1\n\tsection x\n\tfingerprint $PRINT:\n",
    },
    Dns => {
        'all' =>
            "powerdns: d1\n\turl http://h/api\n\tkey k k\n\tttl 60\n\treversemaskv6 64\n\tfingerprint $PRINT\n",
        'misfits' =>
            "powerdns: d1\n\tttl x\n\treversev6mask 1\n\tdns d1\n\nPowerDNS: d2\n\turl u\n\tkey k\n",
    },
);

my ($what) = @ARGV;
my %kinds = (plugin => { '' => \%plugin }, odd => { '' => \%odd }, sdn => \%sdn);
my $cases = $kinds{ $what // '' } // die "usage: perl/record-sections.pl plugin|odd|sdn\n";
if ($what eq 'plugin') {
    PVE::Network::Rust::Test::ExamplePlugin->register();
    $STORAGE->init();
}
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

sub record {
    my ($base, $filename, $name, $text, %more) = @_;
    my ($parsed, $warnings) = call(sub { $base->parse_config($filename, $text) });
    my $recorded = $json->encode($parsed);
    my ($written) = call(sub { $base->write_config($filename, $parsed) });
    my %case = (
        %more,
        file => $name,
        input => $text,
        parsed => $json->decode($recorded),
        warnings => $warnings,
        written => $written,
    );
    print $json->encode(\%case), "\n";
    return;
}

for my $package (sort keys %$cases) {
    my $texts = $cases->{$package};
    for my $name (sort keys %$texts) {
        if ($package eq '') {
            record($STORAGE, 'storage.cfg', $name, $texts->{$name});
        } else {
            my $base = "PVE::Network::SDN::$BASE_OF{$package}";
            my $file = 'sdn/' . lc($package) . '.cfg';
            record($base, $file, $name, $texts->{$name}, package => $package);
        }
    }
}
