#!/usr/bin/perl
# The bridge of a VLAN is made under the lock that the reference takes, which a signal handler that dies ends the wait for.

use strict;
use warnings;

use Fcntl qw(LOCK_EX);
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use Test::More;

use lib 'perl/lib';
use PVE::Network::Rust::Host;
use PVE::Network::Rust::Test::HostRoom qw(enter);

my $root = tempdir(CLEANUP => 1);
make_path("$root/var/lock");
local $ENV{PVE_RUST_ROOT} = $root;
enter({ room => 'plain', tap => 0 });

# Another process that has the lock until it is told to go on, or ends by itself.
sub holder {
    my ($until) = @_;
    pipe(my $ready, my $is_ready) or die "pipe: $!\n";
    my $pid = fork() // die "fork: $!\n";
    if (!$pid) {
        open(my $lock, '>>', "$root/var/lock/pve-network.lck") or exit 1;
        flock($lock, LOCK_EX) or exit 1;
        close($is_ready);
        $until->();
        exit 0;
    }
    close($is_ready);
    my $end = <$ready>;
    return $pid;
}

my $pid = holder(sub { sleep(600) });
my $made = eval {
    local $SIG{ALRM} = sub { die "enough\n" };
    alarm(2);
    PVE::Network::Rust::Host::activate_bridge_vlan('vmbr0', 5);
};
alarm(0);
is($@, "enough\n", 'a handler that dies ends the wait');
is($made, undef, 'and nothing is returned');
ok(!-d '/sys/class/net/vmbr0v5', 'or made');
kill('KILL', $pid);
waitpid($pid, 0);

$pid = holder(sub {
    sleep(1);
    open(my $out, '>', "$root/released") or exit 1;
    close($out);
});
is(PVE::Network::Rust::Host::activate_bridge_vlan('vmbr0', 5), 'vmbr0v5', 'waited for');
ok(-e "$root/released", 'until it was given back');
waitpid($pid, 0);
ok(-d '/sys/class/net/vmbr0v5/brif/bond0.5', 'the port of the bridge');

# Who holds it already may call this, as with the reference, where the lock is the process's.
open(my $lock, '>>', "$root/var/lock/pve-network.lck") or die "lock: $!\n";
flock($lock, LOCK_EX) or die "flock: $!\n";
is(PVE::Network::Rust::Host::activate_bridge_vlan('vmbr0', 6), 'vmbr0v6', 'held by the caller');

done_testing();
