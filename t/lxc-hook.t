#!/usr/bin/perl
# What LXC's hook journals, that it never fails, and that hooks are told of it by a process of their own.

use strict;
use warnings;

use File::Temp qw(tempdir);
use POSIX ();
use Test::More;
use Time::HiRes ();

use lib 't/lib';
use OwnNamespace;
use PVE::Network::Rust::EventBus;
use PVE::Network::Rust::Hooks;
use PVE::Network::Rust::Hooks::Runner;

my $root = $ENV{PVE_RUST_ROOT} = tempdir(CLEANUP => 1);
my @libraries = map { "-I$_" } @INC[grep { !ref($INC[$_]) } 0 .. $#INC];

sub hook {
    my (@arguments) = @_;
    my $pid = open(my $out, '-|') // die "fork: $!\n";
    if (!$pid) {
        open(STDERR, '>&', \*STDOUT) or POSIX::_exit(126);
        exec($^X, '-T', @libraries, 'lxc/pve-network-rust', @arguments) or POSIX::_exit(127);
    }
    my $said = join('', <$out>);
    close($out);
    return "$?$said";
}

sub ip {
    my (@words) = @_;
    system('ip', @words) == 0 or die "ip @words failed\n";
    return;
}

sub journalled {
    return map {
        my %event = %{ $_->{event} };
        my $name = delete($event{event});
        join(' ', $name, map { "$_=$event{$_}" } sort keys %event);
    } @{ PVE::Network::Rust::EventBus->new()->follow({ from => 'oldest' })->read() };
}

ip(qw(link add veth100i0 type veth peer name veth100i0p));
ip(qw(link add veth100i12 type veth peer name veth100i12p));
ip(qw(link add veth1000i0 type veth peer name veth1000i0p));

subtest 'what is journalled' => sub {
    is(hook(qw(100 lxc start-host)), '0', 'a container starts');
    is(hook(qw(100 net up veth veth100i0)), '0', 'a network is up');
    is(hook(qw(100 net down veth veth100i0)), '0', '… and down');
    is(hook(qw(100 lxc post-stop)), '0', 'it has stopped');
    is_deeply(
        [journalled()],
        [
            'container_started id=100',
            'interface_plugged iface=veth100i0 netid=0 vmid=100',
            'interface_plugged iface=veth100i12 netid=12 vmid=100',
            'interface_plugged iface=veth100i0 netid=0 vmid=100',
            'interface_unplugged iface=veth100i0 netid=0 vmid=100',
            'container_stopped id=100',
        ],
        'the events'
    );
};

subtest 'what is not' => sub {
    my $before = journalled();
    for my $arguments (
        [], ['100'], [qw(100 lxc)], [qw(web lxc start-host)], [qw(100 lxc mount)],
        [qw(0100 lxc start-host)],
        [qw(100 net up veth eth0)], [qw(100 net up veth veth101i0)], [qw(100 other start-host)]
        )
    {
        is(hook(@$arguments), '0', "of '@$arguments'");
    }
    is(scalar(journalled()), $before, 'nothing');
    local $ENV{PVE_RUST_ROOT} = '/proc/none';
    is(
        hook(qw(100 lxc start-host)),
        '0', 'a journal that cannot be written is none of LXC\'s business'
    );
};

subtest 'hooks' => sub {
    my $hooks = PVE::Network::Rust::Hooks->new();
    my $told = "$root/told";
    my $failures = 1;
    $hooks->register(
        'note',
        {
            on_lifecycle_event => sub {
                my ($envelope) = @_;
                die "not yet\n"
                    if $envelope->{event}{event} eq 'container_stopped' && $failures-- > 0;
                open(my $out, '>>', $told) or die "open: $!\n";
                print {$out} "$envelope->{event}{event} $envelope->{event}{id}\n";
                return;
            }
        }
    );
    my $pid = fork() // die "fork: $!\n";
    if (!$pid) {
        my $lived = eval { PVE::Network::Rust::Hooks::Runner::run($hooks, 'test'); 1 };
        print STDERR $@ if !$lived;
        POSIX::_exit($lived ? 0 : 1);
    }
    my $lines = sub { open(my $in, '<', $told) or return 0; return scalar(() = <$in>) };
    # A subscriber that is new begins with what comes from then on.
    for (1 .. 600) {
        last if -e "$root/var/lib/pve-network-rust/events/subscribers/test.json";
        Time::HiRes::sleep(0.1);
    }
    hook(qw(200 lxc start-host));
    hook(qw(200 lxc post-stop));
    for (1 .. 600) {
        last if $lines->() == 2;
        Time::HiRes::sleep(0.1);
    }
    kill('TERM', $pid);
    waitpid($pid, 0);
    is($?, 0, 'it ends when it is told to');
    open(my $in, '<', $told) or die "open: $!\n";
    is(
        join('', <$in>),
        "container_started 200\ncontainer_stopped 200\n",
        'were told, and what failed once more'
    );
};

done_testing();
