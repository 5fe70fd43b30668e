#!/usr/bin/perl
# Open vSwitch is told in one transaction, and only where it is concerned: a program in its place writes down what it
# was told, a server in place of its database says which ports there are.

use strict;
use warnings;

use File::Path qw(make_path);
use File::Temp qw(tempdir);
use IO::Socket::UNIX;
use Test::More;

use lib 'perl/lib', 't/lib';
use Command qw(must);
use OwnNamespace;
use PVE::Network::Rust::Host;

my $root = tempdir(CLEANUP => 1);
local $ENV{PVE_RUST_ROOT} = $root;
my @warnings;
local $SIG{__WARN__} = sub { push @warnings, @_ };

sub write_file {
    my ($path, $text) = @_;
    open(my $out, '>', $path) or die "$path: $!\n";
    print {$out} $text;
    close($out) or die "$path: $!\n";
    return;
}

# What the program was told since the last time, a line each.
sub told {
    open(my $in, '<', "$root/told") or return [];
    chomp(my @lines = <$in>);
    unlink("$root/told");
    return \@lines;
}

must(qw(mount -t sysfs sysfs /sys));
must(qw(ip link add vmbr0 type bridge));
must(qw(ip link add ovsbr0 mtu 1400 type veth peer name ovsfar0));
must(qw(ip link add veth100i0 type veth peer name veth100i0p));

sub plug {
    my (@arguments) = @_;
    return PVE::Network::Rust::Host::tap_plug('veth100i0', @arguments);
}
my $on = { learning => 1 };

is(PVE::Network::Rust::Host::is_ovs_bridge('ovsbr0'), 0, 'not installed: no bridge of its');
plug('vmbr0', undef, 0, undef, undef, $on);
eval { plug('ovsbr0', undef, 0, undef, undef, $on) };
is($@, "bridge 'ovsbr0' is neither a linux nor an OVS bridge!\n", 'as the reference says');

make_path("$root/usr/bin", "$root/run/openvswitch");
my $program = "$root/usr/bin/ovs-vsctl";
write_file($program, <<"PERL");
#!/usr/bin/perl
open(my \$out, '>>', '$root/told');
print {\$out} "\@ARGV\\n";
close(\$out);
exit((\$ARGV[1] // '') eq 'ovsbr0' ? 0 : 2) if \$ARGV[0] eq 'br-exists';
if (-e '$root/fails' && \$ARGV[0] eq '--') { print STDERR "ovs-vsctl: no room\\n"; exit 1 }
if ("\@ARGV" =~ /add-port \\S+ (\\S+) .*type=internal/) {
    system(qw(ip link add), \$1, qw(type veth peer name intfar0));
}
system(qw(ip link delete), \$ARGV[1]) if \$ARGV[0] eq 'del-port' && \$ARGV[1] =~ /^fwln/;
PERL
chmod(0755, $program) or die "chmod: $!\n";

is(PVE::Network::Rust::Host::is_ovs_bridge('ovsbr0'), 1, 'a bridge of its');
is(PVE::Network::Rust::Host::is_ovs_bridge('vmbr0'), 0, 'a Linux bridge');
is(PVE::Network::Rust::Host::is_ovs_bridge('ovsfar0'), 0, 'neither');
is_deeply(told(), ['br-exists ovsbr0', 'br-exists ovsfar0'], 'asked where it is concerned');

plug('vmbr0', undef, 0, undef, undef, $on);
PVE::Network::Rust::Host::tap_unplug('veth100i0');
is_deeply(told(), [], 'no database: not told of what it cannot have');

plug('ovsbr0', undef, 0, undef, undef, $on);
is_deeply(
    told(),
    [
        'br-exists ovsbr0',
        '-- add-port ovsbr0 veth100i0 -- set Interface veth100i0 mtu_request=1400'
    ],
    'a port',
);
plug('ovsbr0', 5, 0, '7;9', undef, $on);
is(
    told()->[1],
    '-- add-port ovsbr0 veth100i0 tag=5 trunks=7,9 vlan_mode=native-untagged'
        . ' -- set Interface veth100i0 mtu_request=1400',
    'a port in VLANs, in one transaction',
);
plug('ovsbr0', 6, 1, undef, undef, { learning => 0 });
is(
    told()->[1],
    '-- add-port ovsbr0 fwln100o0 tag=6 -- set Interface fwln100o0 mtu_request=1400'
        . ' -- set Interface fwln100o0 type=internal',
    'a port behind a firewall bridge',
);
my @ports = sort map { s{.*/}{}r } glob('/sys/class/net/fwbr100i0/brif/*');
is_deeply(\@ports, [qw(fwln100o0 veth100i0)], 'which has both ports');

PVE::Network::Rust::Host::tap_unplug('veth100i0');
is_deeply(told(), ['del-port fwln100o0'], 'taken out again');
ok(!-d '/sys/class/net/fwbr100i0', 'the firewall bridge is gone');

write_file("$root/fails", '');
@warnings = ();
eval { plug('ovsbr0', 6, 1, undef, undef, $on) };
is(
    $@,
    q{can't add ovs port 'fwln100o0' - command '/usr/bin/ovs-vsctl -- add-port ovsbr0 fwln100o0}
        . q{ 'tag=6' -- set Interface fwln100o0 'mtu_request=1400' -- set Interface fwln100o0}
        . qq{ 'type=internal'' failed: exit code 1\n\n},
    'a failure in the words of the reference',
);
is_deeply(\@warnings, ["ovs-vsctl: no room\n"], 'and what the program said');
ok(!-d '/sys/class/net/fwbr100i0', 'nothing is left');
unlink("$root/fails");
told();

# The database: knows one port, whatever it is asked for.
my $server = IO::Socket::UNIX->new(Local => "$root/run/openvswitch/db.sock", Listen => 5)
    or die "socket: $!\n";
my $pid = fork() // die "fork: $!\n";
if (!$pid) {
    while (my $client = $server->accept) {
        sysread($client, my $question, 4096);
        my $rows = $question =~ /"name","==","veth100i0"/ ? '{"name":"veth100i0"}' : '';
        print {$client} qq({"id":0,"error":null,"result":[{"rows":[$rows]}]});
    }
    exit 0;
}
PVE::Network::Rust::Host::tap_unplug('veth100i0');
is_deeply(told(), ['del-port veth100i0'], 'a port that the database has is taken out of it');
PVE::Network::Rust::Host::tap_unplug('ovsfar0');
is_deeply(told(), [], 'no process for an interface that it does not have');
kill('KILL', $pid);
waitpid($pid, 0);

done_testing();
