package PVE::Network::Rust::Container;

use strict;
use warnings;

use File::Path ();
use Scalar::Util ();

use PVE::Network::Rust;
use PVE::Network::Rust::Host;
use PVE::Network::Rust::LXC::Config;
use PVE::Network::Rust::SDN;

# As in PVE::LXC. A native function has no prototype of its own.
&Scalar::Util::set_prototype(\&net_tap_plug, '$$');

# How long a DHCP client may take to get an address or to give it back, in seconds; its own limit is 60.
my $DHCLIENT_SECONDS = 120;

sub _text_differs {
    my ($one, $other) = @_;
    return defined($one) != defined($other) if !defined($one) || !defined($other);
    return $one ne $other;
}

sub _number_differs {
    my ($one, $other) = @_;
    return defined($one) != defined($other) if !defined($one) || !defined($other);
    return $one != $other;
}

# Container configurations are written, and files in the container set up, by the host's own modules.
sub _write_config {
    my ($vmid, $conf) = @_;
    PVE::LXC::Config->can('write_config') or require PVE::LXC::Config;
    PVE::LXC::Config->write_config($vmid, $conf);
    return;
}

sub _save {
    my ($vmid, $conf, $opt, $net) = @_;
    $conf->{$opt} = PVE::Network::Rust::LXC::Config->print_lxc_network($net);
    _write_config($vmid, $conf);
    return;
}

sub _free_addresses {
    my ($net, $conf) = @_;
    eval {
        PVE::Network::Rust::SDN::del_ips_from_mac(
            $net->{bridge}, $net->{hwaddr}, $conf->{hostname}
        );
    };
    warn $@ if $@;
    return;
}

sub _take_addresses {
    my ($vmid, $net, $conf) = @_;
    PVE::Network::Rust::SDN::add_next_free_cidr(
        $net->{bridge}, $conf->{hostname}, $net->{hwaddr}, $vmid, undef, 1
    );
    return;
}

sub _tell_dhcp {
    my ($vmid, $net, $conf) = @_;
    PVE::Network::Rust::SDN::add_dhcp_mapping(
        $net->{bridge}, $net->{hwaddr}, $vmid, $conf->{hostname}
    );
    return;
}

sub hotplug_net {
    my ($vmid, $conf, $opt, $newnet, $netid, $place) = @_;

    plug($vmid, "veth${vmid}i${netid}", $newnet, $place);

    my %net = (type => 'veth');
    for my $key (qw(bridge tag firewall hwaddr name link_down)) {
        $net{$key} = $newnet->{$key} if $newnet->{$key};
    }
    _save($vmid, $conf, $opt, \%net);
    return;
}

# Another hardware address or name: a new pair of links.
sub _replace {
    my ($vmid, $conf, $opt, $oldnet, $newnet, $netid, $place) = @_;

    PVE::Network::Rust::Host::veth_delete("veth${vmid}i${netid}");
    if (_text_differs($oldnet->{hwaddr}, $newnet->{hwaddr})) {
        _free_addresses($oldnet, $conf);
        _take_addresses($vmid, $newnet, $conf);
        _tell_dhcp($vmid, $newnet, $conf);
    }
    delete $conf->{$opt};
    _write_config($vmid, $conf);
    hotplug_net($vmid, $conf, $opt, $newnet, $netid, $place);
    return;
}

# The host's end goes from one bridge to another, or becomes another kind of port.
sub _replug {
    my ($vmid, $conf, $veth, $oldnet, $newnet) = @_;

    my $moves = _text_differs($oldnet->{bridge}, $newnet->{bridge});
    if ($oldnet->{bridge}) {
        PVE::Network::Rust::Host::tap_unplug($veth);
        _free_addresses($oldnet, $conf) if $moves;
    }
    _take_addresses($vmid, $newnet, $conf) if $moves;

    eval { net_tap_plug($veth, $newnet) };
    if (my $err = $@) {
        eval { net_tap_plug($veth, $oldnet) };
        warn "restoring old network due to hot-plug failure for $veth failed - $@" if $@;
        die "$err\n";
    }
    for my $key (qw(bridge tag firewall rate link_down)) {
        $oldnet->{$key} = $newnet->{$key} if $newnet->{$key};
    }
    return;
}

sub update_net {
    my ($vmid, $conf, $opt, $newnet, $netid, $rootdir, $place) = @_;

    die "cannot update interface of type $newnet->{type}" if $newnet->{type} ne 'veth';

    my $veth = "veth${vmid}i${netid}";
    if (!$conf->{$opt}) {
        _take_addresses($vmid, $newnet, $conf);
        _tell_dhcp($vmid, $newnet, $conf);
        hotplug_net($vmid, $conf, $opt, $newnet, $netid, $place);
    } else {
        my $oldnet = PVE::Network::Rust::LXC::Config->parse_lxc_network($conf->{$opt});
        if (grep { _text_differs($oldnet->{$_}, $newnet->{$_}) } qw(hwaddr name)) {
            _replace($vmid, $conf, $opt, $oldnet, $newnet, $netid, $place);
        } else {
            if (
                _text_differs($oldnet->{bridge}, $newnet->{bridge})
                || _number_differs($oldnet->{tag}, $newnet->{tag})
                || _number_differs($oldnet->{firewall}, $newnet->{firewall})
                || !$oldnet->{link_down} != !$newnet->{link_down}
                )
            {
                _replug($vmid, $conf, $veth, $oldnet, $newnet);
            } elsif (_text_differs($oldnet->{rate}, $newnet->{rate})) {
                PVE::Network::Rust::Host::tap_rate_change($veth, $newnet->{rate});
                $oldnet->{rate} = $newnet->{rate};
            }
            _save($vmid, $conf, $opt, $oldnet);
        }
    }

    update_ipconfig($vmid, $conf, $opt, $newnet->{name}, $newnet, $rootdir, $place);
    return;
}

sub _dhclient {
    my ($action, $vmid, $version, $eth, $rootdir) = @_;

    my $folder = "/var/lib/lxc/$vmid/hook";
    File::Path::make_path($folder) if $action eq '-1';
    PVE::Tools->can('run_command') or require PVE::Tools;
    PVE::Tools::run_command(
        [
            'lxc-attach', '-n', $vmid, '-s', 'NETWORK|UTSNAME', '--',
            'aa-exec', '-p', 'unconfined',
            '/sbin/dhclient', $action, "-$version",
            '-pf', "$folder/dhclient$version-$eth.pid",
            '-lf', "$folder/dhclient$version-$eth.leases",
            '-e', "ROOTFS=$rootdir",
            '-sf', '/usr/share/lxc/hooks/dhclient-script',
            $eth,
        ],
        timeout => $DHCLIENT_SECONDS,
    );
    return;
}

sub _update_family {
    my ($version, $vmid, $old, $new, $eth, $rootdir, $place) = @_;

    my $suffix = $version == 4 ? '' : $version;
    my ($ip, $gw) = ("ip$suffix", "gw$suffix");
    my $ip_differs = _text_differs($old->{$ip}, $new->{$ip});
    return if !$ip_differs && !_text_differs($old->{$gw}, $new->{$gw});

    my @dhclient = ($vmid, $version, $eth, $rootdir);
    my $by_host = sub { return $_[0]->{'host-managed'} && ($_[0]->{$ip} // '') eq 'dhcp' };
    if ($ip_differs) {
        _dhclient('-1', @dhclient) if $by_host->($new);
        _dhclient('-r', @dhclient) if $by_host->($old);
    } elsif ($old->{'host-managed'} && !$new->{'host-managed'}) {
        _dhclient('-r', @dhclient);
    }

    my %family = (
        version => $version,
        old_ip => $old->{$ip},
        old_gw => $old->{$gw},
        new_ip => $new->{$ip},
        new_gw => $new->{$gw},
    );
    my $printed = change_addresses($vmid, $eth, \%family, $place) // return;
    print @$printed;
    for my $key ($ip, $gw) {
        delete $old->{$key};
        $old->{$key} = $new->{$key} if $new->{$key};
    }
    return 1;
}

sub update_ipconfig {
    my ($vmid, $conf, $opt, $eth, $newnet, $rootdir, $place) = @_;

    PVE::LXC::Setup->can('new') or require PVE::LXC::Setup;
    my $setup = PVE::LXC::Setup->new($conf, $rootdir);
    my $net = PVE::Network::Rust::LXC::Config->parse_lxc_network($conf->{$opt});

    for my $version (4, 6) {
        _update_family($version, $vmid, $net, $newnet, $eth, $rootdir, $place) or next;
        _save($vmid, $conf, $opt, $net);
        $setup->setup_network($conf);
    }
    return;
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Container - network interfaces of running containers

=head1 SYNOPSIS

    use PVE::Network::Rust::Container;
    use PVE::Network::Rust::LXC::Config;

    my $net = PVE::Network::Rust::LXC::Config->parse_lxc_network(
        'name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:00:01,ip=10.0.0.2/24,gw=10.0.0.1'
    );
    PVE::Network::Rust::Container::update_net(100, $conf, 'net0', $net, 0, $rootdir);

    my $interfaces = PVE::Network::Rust::Container::get_interfaces(100);
    print "$_->{name} $_->{'hardware-address'}\n" for @{ $interfaces // [] };

=head1 DESCRIPTION

The functions of PVE::LXC that change the network of a running container or look into it: plain functions with the same
arguments, warnings, errors and effects. They work through netlink, a socket in the container's network namespace, and
LXC's own command socket. No process is started, except for a DHCP client that the host runs (C<host-managed>).

Errors have the same texts, including those that name a command and its exit code, as if it had been run. What such a
command would write to its standard error comes as a warning; where that is LXC's, without the place in LXC's source.

Whether a bridge is a VNet is read from the cluster's SDN configuration. Configurations are written by
C<< PVE::LXC::Config->write_config >>, and files in the container set up by C<PVE::LXC::Setup>.

C<$place> is where the container is, where it is not to be found by its VMID: a reference to a hash with C<pid>, a
process in it, or C<netns>, the path of its network namespace.

While a call waits, pending Perl signal handlers run; one that dies ends the call.

=head1 FUNCTIONS

=head2 hotplug_net($vmid, $conf, $opt, $newnet, $netid, $place)

Stands for C<PVE::LXC::hotplug_net>: plugs interface C<$netid> into container C<$vmid>, enters it as C<$opt> in C<$conf>,
without its addresses, and writes C<$conf>. C<$newnet> is a reference to a hash as C<parse_lxc_network> returns it.

Dies with what C<veth_create> and C<tap_plug> of L<PVE::Network::Rust::Host> die with, C<command 'lxc-device ...' failed:
...> and C<command 'lxc-attach ...' failed: ...>. Then no link is left of it, and C<$conf> is as it was.

=head2 update_net($vmid, $conf, $opt, $newnet, $netid, $rootdir, $place)

Stands for C<PVE::LXC::update_net>: makes interface C<$netid> what C<$newnet> says, from what C<$opt> in C<$conf> says; if
it says nothing, plugs it in. C<$conf> is changed and written at each stage. Another hardware address or name makes a new
pair of links; another bridge, VLAN, firewall or C<link_down> plugs the host's end in anew; another rate alone changes the
limit in place. Addresses in VNets are given back and taken.

Dies as C<hotplug_net> and C<net_tap_plug>. If the host's end cannot be plugged in as wanted, it is plugged in as it was.

=head2 update_ipconfig($vmid, $conf, $opt, $eth, $newnet, $rootdir, $place)

Stands for C<PVE::LXC::update_ipconfig>: gives the interface C<$eth> in the container the addresses and gateways of
C<$newnet> in place of those of C<$opt> in C<$conf>, which is changed and written for each version of IP. The new address
is added, then the default route replaced, then the old address deleted; what fails before the default route is replaced
is a warning, and the old address stays.

=for perlxs functions

=head1 SEE ALSO

L<PVE::Network::Rust>, L<PVE::Network::Rust::Host>, L<PVE::Network::Rust::SDN>, L<PVE::Network::Rust::Hotplug>,
lxc-info(1), lxc-attach(1)

=cut
