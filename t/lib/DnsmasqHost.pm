package DnsmasqHost;

# A node in this process's namespaces whose DHCP servers are real: a system bus that allows what configuration files allow,
# and a systemctl that runs dnsmasq as Debian's service does, with what is in /etc/default.

use strict;
use warnings;

use Command qw(must);
use File::Copy qw(copy);
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use POSIX ();
use Time::HiRes qw(sleep);

my $BUS = <<'XML';
<busconfig>
  <type>system</type>
  <listen>unix:path=/run/dbus/system_bus_socket</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus"/>
  </policy>
  <includedir>/etc/dbus-1/system.d</includedir>
</busconfig>
XML

my $SYSTEMCTL = <<'SH';
#!/bin/sh
echo "$1 $2" >> /run/told
pid=/run/dnsmasq/${2#dnsmasq@}
case "$1 $2" in
'stop dnsmasq@*')
    for one in /run/dnsmasq/*; do
        [ -e "$one" ] || continue
        number=$(cat "$one")
        kill "$number"
        while kill -0 "$number" 2>/dev/null; do sleep 0.01; done
        rm -f "$one"
    done ;;
'reload dbus')
    exec perl -MNet::DBus -e 'Net::DBus->system->get_service("org.freedesktop.DBus")
        ->get_object("/org/freedesktop/DBus", "org.freedesktop.DBus")->ReloadConfig' ;;
'reload dnsmasq@'*)
    kill -HUP "$(cat "$pid")" ;;
'restart dnsmasq@'*)
    [ ! -e "$pid" ] || kill "$(cat "$pid")"
    . "/etc/default/dnsmasq.${2#dnsmasq@}"
    exec /usr/sbin/dnsmasq -x "$pid" --user=root --group=root --log-facility=/run/dnsmasq.log \
        --log-dhcp -7 "$CONFIG_DIR" $DNSMASQ_OPTS ;;
esac
SH

sub write_file {
    my ($path, $content, $mode) = @_;
    make_path($path =~ s{/[^/]*$}{}r);
    open(my $out, '>', $path) or die "open $path: $!\n";
    print $out $content;
    close($out) or die "close $path: $!\n";
    chmod($mode, $path) or die "chmod: $!\n" if $mode;
    return;
}

# Replaces /etc, /run and what dnsmasq needs by folders of its own and starts the bus.
sub start {
    my ($class) = @_;
    my $root = tempdir(CLEANUP => 1);
    make_path("$root/etc/dbus-1/system.d", "$root/etc/dnsmasq.d", "$root/etc/default");
    copy("/etc/$_", "$root/etc/$_")
        for grep { -e "/etc/$_" }
        qw(group hosts ld.so.cache nsswitch.conf passwd protocols services);
    must(qw(mount --bind), "$root/etc", '/etc');
    must(qw(mount -t tmpfs tmpfs), $_) for qw(/run /var/lib/misc /lib/systemd/system);
    make_path(qw(/run/lock /run/dbus /run/dnsmasq /etc/pve/sdn /etc/pve/priv/lock));
    make_path('/etc/pve/nodes/here');
    symlink('nodes/here', '/etc/pve/local') or die "symlink: $!\n";
    write_file('/lib/systemd/system/dnsmasq.service', '');
    write_file('/run/bin/systemctl', $SYSTEMCTL, 0755);
    write_file('/run/bus.conf', $BUS);
    my $pid = fork() // die "fork: $!\n";

    if (!$pid) {
        open(STDERR, '>', '/run/bus.log') or POSIX::_exit(126);
        exec('dbus-daemon', '--config-file=/run/bus.conf', '--nofork', '--nopidfile')
            or POSIX::_exit(127);
    }
    for (1 .. 1000) {
        last if -S '/run/dbus/system_bus_socket';
        sleep(0.01);
    }
    -S '/run/dbus/system_bus_socket' or die "the bus does not start\n";
    return bless { bus => $pid, owner => $$ }, $class;
}

# The folder of the systemctl, for PATH.
sub path { return '/run/bin' }

sub _lines {
    my ($path) = @_;
    open(my $in, '<', $path) or return ();
    return <$in>;
}

# What systemctl was told since the last time.
sub told {
    my @told = map { chomp; $_ } _lines('/run/told');
    unlink('/run/told');
    return \@told;
}

# The process of a zone's server, if it runs.
sub server {
    my ($self, $zone) = @_;
    my ($pid) = _lines("/run/dnsmasq/$zone");
    return undef if !defined($pid);
    chomp($pid);
    return kill(0, $pid) ? $pid : undef;
}

# What the servers have to say.
sub log_text { return join('', _lines('/run/dnsmasq.log')) }

sub DESTROY {
    my ($self) = @_;
    return if $self->{owner} != $$;
    local ($?, $!);
    for my $path (glob('/run/dnsmasq/*')) {
        my ($pid) = _lines($path);
        kill('KILL', $pid) if $pid;
    }
    kill('KILL', $self->{bus});
    waitpid($self->{bus}, 0);
    return;
}

1;
