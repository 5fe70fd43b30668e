#!/usr/bin/perl

# usage: PVE_SRC=DIR perl/record-storage.pl plugin > t/vectors/storage-plugin.jsonl
#        PVE_SRC=DIR perl/record-storage.pl odd > t/vectors/storage-odd.jsonl
#
# Records what the reference makes of storage.cfg in the form of t/vectors/storage.jsonl: with
# storages of a plugin of others (PVE::Network::Rust::Test::ExamplePlugin), or odd ones. PVE_SRC is
# a folder with one sub-folder per upstream repository.

use strict;
use warnings;

use FindBin;
use JSON;

use lib "$FindBin::Bin/lib";
use PVE::Network::Rust::Test::Reference;

use PVE::Storage;
use PVE::Network::Rust::Test::ExamplePlugin;

my $BASE = 'PVE::Storage::Plugin';
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

my ($what) = @ARGV;
my $is_odd = ($what // '') eq 'odd';
my %cases = $is_odd ? %odd : %plugin;
if (!$is_odd) {
    PVE::Network::Rust::Test::ExamplePlugin->register();
    $BASE->init();
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

for my $name (sort keys %cases) {
    my ($parsed, $warnings) = call(sub { $BASE->parse_config('storage.cfg', $cases{$name}) });
    my $recorded = $json->encode($parsed);
    my ($written) = call(sub { $BASE->write_config('storage.cfg', $parsed) });
    my %case = (
        file => $name,
        input => $cases{$name},
        parsed => $json->decode($recorded),
        warnings => $warnings,
        written => $written,
    );
    print $json->encode(\%case), "\n";
}
