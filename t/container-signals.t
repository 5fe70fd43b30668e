#!/usr/bin/perl
# A signal handler that dies, before each system call of a function of PVE::Network::Rust::Container that changes something: its
# error is what the caller gets, each stage is done or not, nothing is left, and the next call works.

use strict;
use warnings;

use Fcntl qw(LOCK_EX LOCK_NB);
use File::Find qw(find);
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use IO::Select;
use JSON ();
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep);

use lib 'perl/lib', 't/lib';
use OwnNamespace;
use Command qw(must printed);
use PVE::Network::Rust::Container;
use PVE::Network::Rust::Host;
use PVE::Network::Rust::LXC::Config;
use PVE::Network::Rust::Test::Tracing;

# The host's modules that are called.
{
    no warnings 'once';
    *PVE::LXC::Config::write_config = sub { };
    *PVE::LXC::Setup::new = sub { return bless {}, 'PVE::LXC::Setup' };
    *PVE::LXC::Setup::setup_network = sub { };
}
# What the reference prints is not for here.
open(my $nowhere, '>', '/dev/null') or die "open: $!\n";
select($nowhere);
my $json = JSON->new->canonical;
my $root = $ENV{PVE_RUST_ROOT} = tempdir(CLEANUP => 1);
make_path("$root/run", "$root/var/lock");
# Firewall bridges are made where the node's firewall is not the one on nftables.
open(my $flag, '>', "$root/run/proxmox-nftables-firewall-force-disable") or die "open: $!\n";
close($flag) or die "close: $!\n";

must(qw(mount -t sysfs sysfs /sys));
for my $number (0, 1) {
    must(qw(ip link add), "vmbr$number", 'address', "02:00:00:00:00:0$number", qw(type bridge));
    must(qw(ip link set), "vmbr$number", 'up');
}
my $own = readlink('/proc/self/ns/net');
my $container = fork() // die "fork: $!\n";
if (!$container) {
    exec {'unshare'} qw(unshare --net sleep 1000) or POSIX::_exit(127);
}
my $test = $$;
END { kill('KILL', $container) if $container && $$ == $test }
sleep(0.01) while (readlink("/proc/$container/ns/net") // $own) eq $own;
my @inside = ('nsenter', "--net=/proc/$container/ns/net");
must(@inside, qw(sysctl -q -w net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0));
must(@inside, qw(ip link set lo up));
my $place = { pid => $container };

sub ask {
    my (@command) = @_;
    return @{ JSON::decode_json(printed(@command) =~ s/^\s*\z/[]/r) };
}

# Both ends, without what the kernel makes up or does in its own time.
sub state {
    my @state;
    for my $link (ask(qw(ip -j -d link))) {
        my $port = $link->{linkinfo}{info_slave_data} // {};
        my $up = grep { $_ eq 'UP' } @{ $link->{flags} };
        push @state, join(
            ' ', $link->{ifname}, $link->{master} // '-', $link->{mtu}, $up ? 'up' : 'down',
            map { "$_=" . ($port->{$_} // '') } qw(learning isolated)
        );
    }
    push @state, map { "$_->{mac} to $_->{ifname}" }
        grep { ($_->{state} // '') eq 'static' } ask(qw(bridge -j fdb));
    for my $link (ask(@inside, qw(ip -j address))) {
        my $up = grep { $_ eq 'UP' } @{ $link->{flags} };
        push @state, join(
            ' ', 'inside', @$link{qw(ifname address mtu)}, $up ? 'up' : 'down',
            map { "$_->{local}/$_->{prefixlen}" }
                grep { $_->{scope} eq 'global' } @{ $link->{addr_info} }
        );
    }
    push @state, map { join(' ', 'route', $_->{dst}, $_->{gateway} // '-', $_->{dev}) }
        grep { $_->{dst} !~ /^f[ef]/ } map { ask(@inside, 'ip', $_, qw(-j route)) } -4, -6;
    return join("\n", sort @state);
}

sub net { return PVE::Network::Rust::LXC::Config->parse_lxc_network($_[0]) }

my $A = 'name=eth0,hwaddr=BC:24:11:00:00:01,type=veth';
my $B = 'name=eth0,hwaddr=BC:24:11:00:00:02,type=veth';
my $ADDRESSES = 'ip=10.0.0.2/24,gw=10.0.0.1,ip6=fd00::2/64,gw6=fd00::1';
my $OTHERS = 'ip=10.0.1.2/24,gw=10.0.1.1,ip6=fd01::2/64,gw6=fd01::1';

sub update {
    my ($conf, $net) = @_;
    PVE::Network::Rust::Container::update_net(101, $conf, 'net0', net($net), 0, '/rootfs', $place);
    return;
}

# The interface from which a function starts, if any, and the function, with the container's configuration.
my @FUNCTIONS = (
    [
        'hotplug_net', undef,
        sub {
            PVE::Network::Rust::Container::hotplug_net(
                101, $_[0], 'net0', net("bridge=vmbr0,$A"), 0, $place
            );
        }
    ],
    [
        'hotplug_net behind a firewall', undef,
        sub {
            PVE::Network::Rust::Container::hotplug_net(
                101, $_[0], 'net0', net("bridge=vmbr0,$A,firewall=1"), 0, $place
            );
        }
    ],
    [
        'net_tap_plug',
        "bridge=vmbr0,$A,firewall=1",
        sub {
            PVE::Network::Rust::Container::net_tap_plug('veth101i0', net("bridge=vmbr1,$A"));
        }
    ],
    [
        'update_ipconfig',
        "bridge=vmbr0,$A,$ADDRESSES",
        sub {
            PVE::Network::Rust::Container::update_ipconfig(
                101, $_[0], 'net0', 'eth0', net("bridge=vmbr0,$A,$OTHERS"), '/rootfs', $place
            );
        }
    ],
    [
        'update_net of the bridge',
        "bridge=vmbr0,$A,firewall=1",
        sub { update($_[0], "bridge=vmbr1,$A,ip=10.0.0.2/24") }
    ],
    [
        'update_net of the address',
        "bridge=vmbr0,$A,$ADDRESSES",
        sub { update($_[0], "bridge=vmbr0,$B,$ADDRESSES") }
    ],
    [
        'get_interfaces',
        "bridge=vmbr0,$A,$ADDRESSES",
        sub { PVE::Network::Rust::Container::get_interfaces($place) }
    ],
);

sub prepare {
    my ($net) = @_;
    PVE::Network::Rust::Host::veth_delete('veth101i0');
    my %conf = (hostname => 'ct');
    update(\%conf, $net) if defined($net);
    return \%conf;
}

# The states after each native function of those that one in Perl calls.
sub stages {
    my ($function, $conf) = @_;
    my @stages;
    my %of = (
        Container => [qw(plug net_tap_plug change_addresses)],
        Host => [qw(tap_unplug veth_delete tap_rate_change)],
    );
    my @wrapped = map {
        my $package = "PVE::Network::Rust::$_";
        map { "${package}::$_" } @{ $of{$_} }
    } keys %of;
    no strict 'refs';    ## no critic (ProhibitNoStrict)
    no warnings qw(redefine prototype);
    my %native = map { $_ => \&$_ } @wrapped;
    for my $name (@wrapped) {
        *$name = sub {
            my $result = $native{$name}->(@_);
            push @stages, state();
            return $result;
        };
    }
    $function->($conf);
    *$_ = $native{$_} for @wrapped;
    return (@stages, state());
}

sub descriptors {
    opendir(my $dh, '/proc/self/fd') or die "open /proc/self/fd: $!\n";
    return scalar grep { !m/^\./ } readdir($dh);
}

# What a process does: the function, where a signal comes, and the next call.
sub child {
    my ($function, $conf, $from, $to) = @_;
    my ($seen, @warnings) = (0);
    local $SIG{__WARN__} = sub { push @warnings, @_ };
    local $SIG{USR1} = sub { $seen++; die "enough\n" };
    sysread($from, my $go, 1);
    my $open = descriptors();
    eval { $function->($conf) };
    my $error = "$@";
    local $SIG{USR1} = 'IGNORE';
    # One that has ended is there until it is known to who traces it.
    my @threads;
    for (1 .. 100) {
        @threads = glob('/proc/self/task/*');
        last if @threads == 1;
        sleep(0.02);
    }
    my %told = (
        seen => $seen,
        error => $error,
        warnings => join('', @warnings),
        threads => scalar @threads,
        open => descriptors() - $open,
    );
    syswrite($to, $json->encode(\%told));
    sysread($from, $go, 1);
    eval {
        PVE::Network::Rust::Host::veth_delete('veth101i0');
        update({ hostname => 'ct' }, "bridge=vmbr0,$A,ip=10.0.0.9/24");
        1;
    } or syswrite($to, "$@");
    POSIX::_exit(0);
}

sub locked {
    my @locked;
    my $look = sub {
        return if !-f $_;
        open(my $file, '+<', $_) or return;
        push @locked, $_ if !flock($file, LOCK_EX | LOCK_NB);
    };
    find({ wanted => $look, no_chdir => 1 }, $root);
    return @locked;
}

# What became of a function that got a signal at its stop of that number: what is wrong, and whether there was such a stop.
sub one {
    my ($function, $net, $stop, $allowed, $next) = @_;
    my $conf = prepare($net);
    pipe(my $from, my $go) or die "pipe: $!\n";
    pipe(my $result, my $to) or die "pipe: $!\n";
    my $pid = fork() // die "fork: $!\n";
    if (!$pid) {
        close($_) for $go, $result;
        child($function, $conf, $from, $to);
    }
    close($_) for $from, $to;
    my $traced = PVE::Network::Rust::Test::Tracing->seize($pid, $stop, 'USR1');
    my $select = IO::Select->new($result);
    syswrite($go, 'x');
    $traced->go_on(sub { return $select->can_read(0) });
    sysread($result, my $text, 65536);
    my $told = $json->decode($text);
    my $state = state();
    my @wrong = map { "$_ is locked" } locked();
    syswrite($go, 'x');
    my $said = '';
    $traced->go_on(sub {
        return if !$select->can_read(0) || !sysread($result, my $more, 65536);
        $said .= $more;
        return;
    });
    return if !$told->{seen};
# The reference warns of what fails while addresses are given back, and adds a newline to what fails on a new bridge.
    my $is_told = $told->{error} =~ /^enough\n+\z/ || $told->{warnings} eq "enough\n";
    push @wrong, "error '$told->{error}', warnings '$told->{warnings}'" if !$is_told;
    push @wrong, "neither before nor after a stage:\n$state" if !$allowed->{$state};
    push @wrong, "$told->{open} more descriptors" if $told->{open};
    push @wrong, "$told->{threads} threads" if $told->{threads} != 1;
    push @wrong, "the next call: $said" if $said ne '';
    push @wrong, "the next call leaves:\n" . state() if state() ne $next;
    return (\@wrong, $state);
}

prepare("bridge=vmbr0,$A,ip=10.0.0.9/24");
my $next = state();
my $only = $ENV{SIGNALS_ONLY} // '';
for my $case (grep { $_->[0] =~ /$only/ } @FUNCTIONS) {
    my ($name, $net, $function) = @$case;
    my $conf = prepare($net);
    my $before = state();
    my %allowed = map { $_ => 1 } $before, stages($function, $conf);
    my (%seen, @wrong);
    my $stop = 0;
    while (my ($wrong, $state) = one($function, $net, $stop, \%allowed, $next)) {
        $seen{$state}++;
        push @wrong, map { "$name, at stop $stop: $_" } @$wrong;
        $stop++;
    }
    ok(!@wrong, "$name: at each of $stop steps") or diag(join("\n", @wrong));
    cmp_ok($stop, '>', 2, "$name: there are steps");
    ok($seen{$before}, "$name: undone") if keys %allowed > 1;
}

done_testing();
