package PVE::Network::Rust::Command::Container;

use strict;
use warnings;

use PVE::Network::Rust::Command::Output;
use PVE::Network::Rust::Takeover::State;

my %VMID = (name => 'VMID', complete => \&vmids);

sub vmids {
    opendir(my $entries, PVE::Network::Rust::Takeover::State::root() . '/etc/pve/lxc') or return;
    my @vmids = sort { $a <=> $b } map { /\A(\d+)\.conf\z/ ? $1 : () } readdir($entries);
    return @vmids;
}

sub _vmid {
    my ($text) = @_;
    my ($vmid) = $text =~ /\A([1-9]\d{0,8})\z/ or die "usage: '$text' is no VMID\n";
    return $vmid;
}

sub _load {
    my ($vmid) = @_;
    require PVE::Network::Rust::LXC::Config;
    return PVE::Network::Rust::LXC::Config->load_config($vmid);
}

# With the changes that wait for the container to be started again.
sub _with_pending {
    my ($conf) = @_;
    my $pending = $conf->{pending} // {};
    for my $option (grep { $_ ne 'delete' && !ref($pending->{$_}) } keys %$pending) {
        $conf->{$option} = $pending->{$option};
    }
    for my $option (map { s/\A!//r } split(/[,;\s]+/, $pending->{delete} // '')) {
        delete($conf->{$option}) if $conf->{$option};
    }
    return;
}

# As PVE::Tools::encode_text.
sub _encoded {
    my ($text) = @_;
    utf8::encode($text);
    return $text =~ s/([^\x20-\x24\x26-\x39\x3b-\x7e])/sprintf('%%%02X', ord($1))/ger;
}

sub _show {
    my ($options, $text) = @_;
    my $vmid = _vmid($text);
    my $snapshot = $options->{snapshot};
    die "usage: --snapshot and --current exclude each other\n"
        if defined($snapshot) && $options->{current};
    my $conf = _load($vmid);
    if (defined($snapshot)) {
        my $digest = $conf->{digest};
        $conf = $conf->{snapshots}{$snapshot} // die "snapshot '$snapshot' does not exist\n";
        $conf->{digest} = $digest;
    } else {
        _with_pending($conf) if !$options->{current};
        delete @$conf{qw(snapshots pending)};
    }
    my @lines;
    for my $key (sort grep { $_ ne 'digest' && $_ ne 'lxc' } keys %$conf) {
        my $value = $conf->{$key} // '';
        $value = _encoded($value) if $key eq 'description';
        push @lines, "$key: $value";
    }
    push @lines, map { "$_->[0]: $_->[1]" } @{ $conf->{lxc} // [] };
    PVE::Network::Rust::Command::Output::lines($conf, \@lines, $options);
    return;
}

sub _netid {
    my ($text) = @_;
    my ($netid) = $text =~ /\Anet(\d{1,2})\z/
        or die "usage: '$text' is no interface, such as net0\n";
    return int($netid);
}

sub _printed {
    my ($result, $options) = @_;
    my @columns = map { { key => $_ } } sort grep { !ref($result->{$_}) } keys %$result;
    PVE::Network::Rust::Command::Output::object($result, \@columns, $options);
    return;
}

sub _plug {
    my ($options, @words) = @_;
    my ($vmid, $netid) = (_vmid($words[0]), _netid($words[1]));
    my $value = _load($vmid)->{"net$netid"}
        // die "container $vmid has no net$netid in its configuration\n";
    my $net = PVE::Network::Rust::LXC::Config->parse_lxc_network($value);
    require PVE::Network::Rust::Hotplug;
    my $result = PVE::Network::Rust::Hotplug->new()->hotplug_add($vmid, $netid, $net);
    return _printed($result, $options);
}

sub _unplug {
    my ($options, @words) = @_;
    my ($vmid, $netid) = (_vmid($words[0]), _netid($words[1]));
    require PVE::Network::Rust::Hotplug;
    return _printed(PVE::Network::Rust::Hotplug->new()->hotplug_remove($vmid, $netid), $options);
}

sub _interfaces {
    my (undef, $vmid) = @_;
    my $conf = defined($vmid) ? eval { _load(_vmid($vmid)) } : undef;
    return $conf ? sort grep { /\Anet\d+\z/ } keys %$conf : ();
}

sub _snapshots {
    my (undef, $vmid) = @_;
    my $conf = defined($vmid) ? eval { _load(_vmid($vmid)) } : undef;
    return $conf ? sort keys %{ $conf->{snapshots} // {} } : ();
}

sub commands {
    my @interface = (\%VMID, { name => 'netN', complete => \&_interfaces });
    return (
        {
            name => 'show',
            arguments => [\%VMID],
            options => [
                { name => 'current' },
                { name => 'snapshot', value => 'NAME', complete => \&_snapshots },
            ],
            help => 'Prints the configuration of a container as `pct config` does.',
            run => \&_show,
        },
        {
            name => 'plug',
            arguments => \@interface,
            help => 'Plugs an interface of the configuration into a running container.',
            run => \&_plug,
        },
        {
            name => 'unplug',
            arguments => \@interface,
            help => 'Takes an interface out of a running container; the configuration keeps it.',
            run => \&_unplug,
        },
    );
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Command::Container - the commands of pve-rustctl about containers

=head1 METHODS

=head2 commands()

Returns them, as L<PVE::Network::Rust::Command> has them.

=head1 FUNCTIONS

=head2 vmids()

Returns the containers of this node.

=head1 SEE ALSO

L<PVE::Network::Rust::Hotplug>, L<PVE::Network::Rust::LXC::Config>

=cut
