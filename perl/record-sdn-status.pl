#!/usr/bin/perl
# usage: PVE_SRC=... IFUPDOWN2=FOLDER perl/uml perl -Mblib perl/record-sdn-status.pl FILE [NAME...]
# FILE gets the cases whose names begin so, or all of them: t/vectors/sdn/status.jsonl.
# Records how the reference says that zones and VNets are, by ifquery of the ifupdown2 whose sources IFUPDOWN2 names, for
# the cases of PVE::Network::Rust::Test::SDNStatusRoom. Proxmox VE's own ifupdown2 takes `^(tap|veth|fwpr)` for
# bridge-ports-condone-regex where nothing else is said (addons/bridge.py), and several bridges may filter VLANs
# (multiple_vlan_aware_bridge_support=1 in ifupdown2.conf), so must the sources.

use strict;
use warnings;

use File::Path qw(make_path);
use IO::Handle;
use JSON::XS ();

use lib 'perl/lib';
use Command qw(must);
use PVE::Network::Rust::Test::Outcome qw(message);
use PVE::Network::Rust::Test::Reference;
use PVE::Network::Rust::Test::SDNStatusRoom qw(cases clean make_links);

my ($file, @names) = @ARGV;
my $json = JSON::XS->new->canonical;
my $ifupdown2 = $ENV{IFUPDOWN2} // die "IFUPDOWN2 is not set\n";
PVE::Network::Rust::Test::Reference::unavailable('PVE::Network::SDN')
    and die "no PVE::Network::SDN\n";

sub spew {
    my ($path, $content) = @_;
    unlink($path);
    return if !defined($content);
    open(my $out, '>', $path) or die "open $path: $!\n";
    print $out $content;
    close($out) or die "close $path: $!\n";
    return;
}

make_path("/etc/network");
must(qw(mount -t tmpfs tmpfs), $_) for qw(/etc/network /run);
make_path('/etc/network/interfaces.d', '/run/network', '/run/bin');
must('cp', '-r', "$ifupdown2/etc/network/ifupdown2", '/etc/network/');
spew('/run/bin/ifquery', <<"PYTHON");
#!/usr/bin/python3
import sys
sys.path.insert(0, '$ifupdown2')
from ifupdown2.__main__ import main
main()
PYTHON
chmod(0755, '/run/bin/ifquery') or die "chmod: $!\n";
local $ENV{PATH} = '/run/bin:/usr/sbin:/usr/bin:/sbin:/bin';

my $running;
{
    no warnings qw(once redefine);    ## no critic (ProhibitNoWarnings)
    *PVE::INotify::nodename = sub { return 'here' };
    *PVE::Network::SDN::running_config = sub { return $running };
}

open(my $record, '>', $file) or die "open $file: $!\n";
for my $case (cases()) {
    next if @names && !grep { index($case->{name}, $_) == 0 } @names;
    make_links($case);
    spew('/etc/network/interfaces', $case->{interfaces});
    spew('/etc/network/interfaces.d/sdn', $case->{generated});
    $running = $json->decode($json->encode($case->{running}));
    my @warnings;
    local $SIG{__WARN__} = sub { push @warnings, message($_[0]) };
    my @status = PVE::Network::SDN::Zones::status();
    print $record $json->encode({ %$case, status => \@status }), "\n";
    $record->flush();
    print "$case->{name}: ", $json->encode(\@status), "\n";
    clean();
}
close($record) or die "close $file: $!\n";
