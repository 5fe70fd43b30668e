#!/usr/bin/perl
# What the functions of PVE::Network::Rust::Host return, die with and warn of is the reference's, recorded in
# t/vectors/host/messages.jsonl, or with PVE_SRC that of its own Perl functions; and they start no process and open
# nothing for good.

use strict;
use warnings;

use JSON::XS ();
use Test::More;

use lib qw(perl/lib t/lib);
use OwnNamespace;
use PVE::Network::Rust::Host;
use PVE::Network::Rust::Test::HostMessages qw(messages prepare);

my $json = JSON::XS->new->canonical;
prepare();

sub descriptors {
    opendir(my $dh, '/proc/self/fd') or die "open /proc/self/fd: $!\n";
    return scalar grep { !m/^\./ } readdir($dh);
}

# The same calls with the reference, in another namespace.
sub of_reference {
    my @command = ('unshare', '--net', '--mount', $^X, 'perl/record-host.pl', '--messages');
    open(my $out, '-|', @command) or die "unshare: $!\n";
    return <$out>;
}

my @lines;
if (($ENV{PVE_SRC} // '') ne '') {
    @lines = of_reference();
} else {
    open(my $in, '<', 't/vectors/host/messages.jsonl') or die "messages.jsonl: $!\n";
    @lines = <$in>;
}
# ip itself says it, older ones with an article.
s/is a garbage/is garbage/ for @lines;
my @wanted = map { $json->decode($_) } @lines;
my $before = descriptors();
my @found = map { $json->decode($json->encode($_) =~ s/is a garbage/is garbage/r) }
    messages('PVE::Network::Rust::Host');
is(descriptors(), $before, 'no descriptor is left open');
is(scalar(@found), scalar(@wanted), 'every call is recorded');

for my $place (0 .. $#wanted) {
    my $name = $json->encode($wanted[$place]{call});
    is_deeply($found[$place], $wanted[$place], $name);
}

is(prototype('PVE::Network::Rust::Host::iface_create'), '$$@', 'prototypes');
is(prototype('PVE::Network::Rust::Host::iface_set'), '$@', 'prototypes');
is(prototype('PVE::Network::Rust::Host::iface_set_master'), '$$', 'prototypes');
is(prototype('PVE::Network::Rust::Host::iface_delete'), '$', 'prototypes');
is(prototype('PVE::Network::Rust::Host::check_iface_name'), '$', 'prototypes');

{
    my $host = 'PVE::Network::Rust::Host';
    my @warnings;
    local $SIG{__WARN__} = sub { push @warnings, @_ };
    my $children = sub { (times())[2] + (times())[3] };
    my $start = $children->();
    for (1 .. 5) {
        $host->can('veth_create')->('veth101i0', 'veth101i0p', 'vmbr0', 'BC:24:11:00:00:02');
        $host->can('tap_plug')->('veth101i0', 'vmbr0', undef, 1, undef, undef, { learning => 0 });
        $host->can('tap_plug')->('veth101i0', 'vmbr0', undef, 0, undef, undef, { learning => 1 });
        $host->can('tap_unplug')->('veth101i0');
        $host->can('veth_delete')->('veth101i0');
    }
    is($children->() - $start, 0, 'no process was started');
    is(waitpid(-1, 1), -1, 'and none is left to wait for');
    is_deeply(\@warnings, [], 'nothing to warn of');
}

done_testing();
