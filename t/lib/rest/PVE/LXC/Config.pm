package PVE::LXC::Config;

# Stands in for the module of that name, for t/rest.t, on this library: interfaces only, and those of stopped containers are
# entered, those of running ones are plugged in.

use strict;
use warnings;

use Fcntl qw(LOCK_EX);
use File::Path qw(make_path);

use PVE::Network::Rust::Container;
use PVE::Network::Rust::Host;
use PVE::Network::Rust::LXC::Config;

our @ISA = ('PVE::Network::Rust::LXC::Config');

sub lock_config {
    my ($class, $vmid, $code) = @_;
    make_path('/run/lock/lxc');
    open(my $lock, '>>', "/run/lock/lxc/pve-config-$vmid.lock") or die "open: $!\n";
    flock($lock, LOCK_EX) or die "lock: $!\n";
    return $code->();
}

sub check_lock {
    my ($class, $conf) = @_;
    die "CT is locked ($conf->{lock})\n" if $conf->{lock};
    return;
}

sub write_config {
    my ($class, $vmid, $conf) = @_;
    my %unchecked = %$conf;
    delete($unchecked{digest});
    return $class->save_config($vmid, \%unchecked);
}

sub _delete {
    my ($vmid, $conf, $key, $is_running) = @_;
    if (!defined($conf->{$key})) {
        warn "cannot delete '$key' - not set in current configuration!\n";
        return;
    }
    if ($is_running && $key !~ /^net\d$/) {
        $conf->{pending}{delete} = join(',', split(/,/, $conf->{pending}{delete} // ''), $key);
        return;
    }
    PVE::Network::Rust::Host::veth_delete("veth${vmid}i" . ($key =~ s/^net//r)) if $is_running;
    delete($conf->{$key});
    return;
}

sub update_pct_config {
    my ($class, $vmid, $conf, $is_running, $wanted, $delete, $revert) = @_;
    my %errors;
    for my $key (@$revert) {
        delete($conf->{pending}{$key});
        my @left = grep { $_ ne $key } split(/,/, $conf->{pending}{delete} // '');
        $conf->{pending}{delete} = join(',', @left);
        delete($conf->{pending}{delete}) if !@left;
    }
    _delete($vmid, $conf, $_, $is_running) for @$delete;
    for my $key (sort keys %$wanted) {
        my $net = $class->parse_lxc_network($wanted->{$key});
        if (my $mtu = $net->{mtu}) {
            my $most = PVE::Network::Rust::Host::read_bridge_mtu($net->{bridge});
            die "$key: MTU size '$mtu' is bigger than bridge MTU '$most'\n" if $mtu > $most;
        }
        if ($is_running) {
            my ($number) = $key =~ /(\d+)/;
            my @change = ($vmid, $conf, $key, $net, $number, '/rootfs');
            next if eval { PVE::Network::Rust::Container::update_net(@change); 1 };
            $errors{$key} = "unable to hotplug $key: $@";
        } else {
            $conf->{$key} = $class->print_lxc_network($net);
        }
    }
    return \%errors;
}

1;
