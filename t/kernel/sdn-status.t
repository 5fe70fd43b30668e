#!/usr/bin/perl
# How zones and VNets are is what the reference said of the same links and files, by ifquery, recorded in
# t/vectors/sdn/status.jsonl (perl/record-sdn-status.pl).

use strict;
use warnings;

use File::Path qw(make_path);
use File::Temp qw(tempdir);
use JSON::XS ();
use Test::More;

use lib 'perl/lib';
use PVE::Network::Rust::SDN;
use PVE::Network::Rust::Test::SDNStatusRoom qw(cases clean make_links);

my $json = JSON::XS->new->canonical;

my $path = 't/vectors/sdn/status.jsonl';
open(my $in, '<', $path) or die "$path: $!\n";
my @recorded = map { $json->decode($_) } <$in>;
close($in) or die "close: $!\n";
is_deeply(
    [map { { %$_{qw(name links interfaces generated running)} } } @recorded],
    [map { $json->decode($json->encode($_)) } cases()],
    'every case is recorded',
);

sub spew {
    my ($path, $content) = @_;
    return if !defined($content);
    open(my $out, '>', $path) or die "open $path: $!\n";
    print $out $content;
    close($out) or die "close $path: $!\n";
    return;
}

for my $case (@recorded) {
    my $root = tempdir(CLEANUP => 1);
    make_path("$root/etc/network/interfaces.d", "$root/etc/pve/sdn");
    spew("$root/etc/network/interfaces", $case->{interfaces});
    spew("$root/etc/network/interfaces.d/sdn", $case->{generated});
    spew("$root/etc/pve/sdn/.running-config", $json->encode($case->{running}));
    make_links($case);
    local $ENV{PVE_RUST_ROOT} = $root;
    local $SIG{__WARN__} = sub { };
    my @status = PVE::Network::Rust::SDN::status();
    clean();
    is($json->encode(\@status), $json->encode($case->{status}), $case->{name});
}

done_testing();
