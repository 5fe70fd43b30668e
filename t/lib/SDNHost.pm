package SDNHost;

# A host for tests of SDN: a system bus with the service of a DHCP server on it, and a systemctl that only tells what it
# was asked. Both write JSON lines to a file.

use strict;
use warnings;

use File::Path qw(make_path);
use JSON::PP;
use POSIX ();
use Time::HiRes qw(sleep);

use PVE::Network::Rust::Test::SDN qw(fake_systemctl);

my $SERVICE = 'uk.org.thekelleys.dnsmasq.z';

sub _write {
    my ($path, $content) = @_;
    open(my $out, '>', $path) or die "open $path: $!\n";
    print $out $content;
    close($out) or die "close $path: $!\n";
    return;
}

sub _until {
    my ($condition) = @_;
    for (1 .. 1000) {
        return 1 if $condition->();
        sleep(0.01);
    }
    return 0;
}

sub _spawn {
    my ($code) = @_;
    my $pid = fork() // die "fork: $!\n";
    return $pid if $pid;
    eval { $code->() };
    print STDERR "# $@" if $@;
    POSIX::_exit(1);
}

# Starts bus and service below $root; what they are told goes to $log.
sub new {
    my ($class, $root, $log) = @_;
    make_path("$root/run/dbus", "$root/bin");
    my $socket = "$root/run/dbus/system_bus_socket";
    fake_systemctl("$root/bin", $log);
    _write("$root/bus.conf", <<"XML");
<busconfig>
  <type>system</type>
  <listen>unix:path=$socket</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/>
  </policy>
</busconfig>
XML
    my $bus = _spawn(sub { exec('dbus-daemon', "--config-file=$root/bus.conf", '--nofork') });
    _until(sub { -S $socket }) or die "the bus does not start\n";
    my $service = _spawn(sub { _serve($socket, $log, "$root/ready") });
    _until(sub { -e "$root/ready" }) or die "the service does not start\n";
    return bless { pids => [$service, $bus], path => "$root/bin", log => $log, owner => $$ },
        $class;
}

sub _serve {
    my ($socket, $log, $ready) = @_;
    require SDNHost::Dnsmasq;
    require Net::DBus::Reactor;
    my $bus = Net::DBus->new("unix:path=$socket");
    my $dnsmasq = SDNHost::Dnsmasq->new($bus->export_service($SERVICE), $log);
    _write($ready, '');
    Net::DBus::Reactor->main->run;
    die "the service has ended\n";
}

# The folder of the systemctl, for PATH.
sub path { return $_[0]->{path} }

# What was told since the last time.
sub events {
    my ($self) = @_;
    open(my $in, '<', $self->{log}) or return [];
    my @events = map { decode_json($_) } <$in>;
    close($in);
    unlink($self->{log});
    return \@events;
}

sub DESTROY {
    my ($self) = @_;
    return if $self->{owner} != $$;
    local ($?, $!);
    for my $pid (@{ $self->{pids} }) {
        kill('KILL', $pid);
        waitpid($pid, 0);
    }
    return;
}

1;
