package PVE::Network::Rust::Test::Format::Interfaces;

# The host's network configuration: whole files, with links and active interfaces; and Perl
# structures to be written.

use strict;
use warnings;

use parent 'PVE::Network::Rust::Test::Format';

use PVE::Network::Rust::Test::Hostile qw(hostile_scalar hostile_text mutated word);
use PVE::Network::Rust::Test::Outcome qw(outcome);
use PVE::Network::Rust::Test::Random qw(chance number_of pick shuffled subset);
use PVE::Network::Rust::Test::Seeds qw(seed_texts);
use PVE::Network::Rust::Test::Value qw(copy);

my @NAMES = (
    qw(lo eth0 eth1 eth2 enp3s0 nic0 if1 ibp1s0 bond0 bond1 bond2 vmbr0 vmbr1 vmbr2 eth0.5 eth0.6 bond0.7),
    qw(vmbr0.100 vlan5 vlan6 custom dummy0 vxlan1 vxlan2 wlan0 in0 in1 eth0:1 vmbr0:2 eth0.5:1 wlan0.3),
    qw(tap0 a.b.c eth0.0 vlan0 eth0.4095 x:1 . eth0.),
);
my @WORDS = (
    qw(address netmask gateway broadcast mtu ovs_mtu ovs_type ovs_options ovs_bridge ovs_bonds ovs_ports),
    qw(bridge_fd bridge-fd bridge_vids bridge-vids bridge-access bridge-learning bridge-arp-nd-suppress),
    qw(bridge-unicast-flood bridge-multicast-flood bridge-disable-mac-learning bond_miimon bond-miimon),
    qw(bond_xmit_hash_policy bond-xmit-hash-policy bond-primary bond_mode bond-mode link-type uplink-id),
    qw(vlan-protocol vlan-raw-device vlan-id vxlan-id vxlan-svcnodeip vxlan-physdev vxlan-remoteip),
    qw(vxlan-local-tunnelip slaves bond-slaves bond_slaves bridge_ports bridge-ports bridge_stp bridge-stp),
    qw(bridge_vlan_aware bridge-vlan-aware post-up pre-down hwaddress dns-nameservers),
);
my @ADDRESSES = qw(
    10.0.0.1 10.0.0.1/24 192.168.7.254/16 fd00::1 fd00::1/64 fe80::5/10 0.0.0.0 :: 10.0.0.1/ 10.0.0.1/x 1/2/3 0 dhcp
);
my @MASKS =
    qw(255.255.255.0 24 255.255.0.0 0.0.0.0 255.255.255.255 64 255.0.255.0 0 33 ffff:: 255.255.255.00);
my @MTUS = (1500, 9000, 1400, 1280, 0, '', 'x', 1500.5, '1e4', 9000);

sub name { return 'interfaces' }
sub reference_module { return 'PVE::Network::Interfaces' }

sub rust_module { return 'PVE::Network::Rust::Interfaces' }

# The functions have other names in the reference.
sub _function {
    my ($package, $what) = @_;
    my $name = "${what}_etc_network_interfaces";
    return $package->can("__$name") // $package->can($name);
}

sub _names {
    return join(pick(' ', ' ', "\t", '  '), map { pick(@NAMES) } 1 .. number_of(1, 4));
}

sub _ovs_options {
    my @options = (
        'tag=' . number_of(0, 5000),
        'lacp=active', 'lacp=off', 'trunks=1,2', 'x', '0=1', 'y=', 'a=b=c'
    );
    push @options, map { "bond_mode=$_" } qw(balance-slb balance-tcp active-backup);
    return join(' ', shuffled(subset(0.3, @options)));
}

sub _value {
    my ($word) = @_;
    return hostile_text() if chance(0.03);
    return pick(@ADDRESSES) if $word =~ /^(?:address|gateway|broadcast)$|ip$/;
    return pick(@MASKS) if $word eq 'netmask';
    return pick(@MTUS) if $word =~ /mtu$/;
    return pick(qw(OVSBridge OVSPort OVSIntPort OVSBond other)) if $word eq 'ovs_type';
    return _ovs_options() if $word eq 'ovs_options';
    return pick('none', 'none', '') . ' ' . (chance(0.8) ? _names() : '')

        if $word =~ /ports|slaves|bonds/;
    return pick(@NAMES) if $word =~ /device|physdev|primary|ovs_bridge/;
    return pick(qw(on yes off no ON Yes 1 0)) if $word =~ /stp|aware|learning|flood|suppress/;
    return pick(
        qw(0 1 2 5 6 7 802.3ad balance-xor active-backup balance-rr balance-slb lacp-balance-tcp),
        'lacp-balance-slb'
        )
        if $word =~ /mode$/;
    return pick(qw(layer2 layer2+3)) if $word =~ /hash/;
    return pick(qw(dummy bridge)) if $word eq 'link-type';
    return pick(qw(802.1ad 802.1q 802.1x)) if $word eq 'vlan-protocol';
    return number_of(0, 5000);
}

sub _option {
    my $word = chance(0.95) ? pick(@WORDS) : word();
    return pick("\t", '    ', '', ' ') . $word . pick(' ', ' ', "\t", '  ') . _value($word);
}

sub _comment {
    return pick('', ' ', "\t") . '#'
        . pick(
        '', ' a note', 'x ', "caf\xc3\xa9", "\xff\xc3\xa9", "\xed\xa0\x80", "\xef\xbf\xbf",
        hostile_text()
        );
}

sub _header {
    my $name = chance(0.95) ? pick(@NAMES) : word();
    my $family = pick(
        ' inet manual', ' inet static', ' inet6 static', ' inet dhcp', ' inet6 manual', '',
        ' inet6 auto', ' inet',
        ' ipx static', ' inet static x'
    );
    return "iface $name$family";
}

# Options that belong together, so that many files can be written.
sub _coherent {
    my ($at) = @_;
    my @kinds = (
        "auto eth$at\niface eth$at inet manual\n",
        "iface eth$at inet manual\n\tmtu " . pick(1500, 9000) . "\n",
        "iface vmbr$at inet static\n\taddress 10.0.$at.1/24\n\tbridge-ports none\n",
        "iface vmbr$at inet static\n\taddress 10.0.$at.1/24\n\tbridge-ports eth$at eth$at.5\n\tbridge-vlan-aware yes\n"
            . "iface eth$at inet manual\n",
        "auto bond$at\niface bond$at inet manual\n\tbond-slaves eth$at\n\tbond-mode 802.3ad\niface eth$at inet manual\n",
        "iface eth$at inet manual\niface eth$at.7 inet manual\niface vlan$at inet6 static\n\tvlan-raw-device eth$at\n",
        "iface vmbr$at inet manual\n\tovs_type OVSBridge\n\tovs_ports eth$at in$at\n"
            . "allow-vmbr$at in$at eth$at other\niface in$at inet manual\n\tovs_type OVSIntPort\n\tovs_bridge vmbr$at\n"
            . "\tovs_options tag=$at\niface eth$at inet manual\n\tovs_type OVSPort\n\tovs_bridge vmbr$at\n",
        "iface vx$at\n\tvxlan-id $at\n\tvxlan-remoteip 10.0.0.2\n\tvxlan-remoteip 10.0.0.3\n",
        "iface dum$at inet manual\n\tlink-type dummy\n",
        "source /etc/network/interfaces.d/*\n",
        "mapping eth$at\n\tscript x\n",
    );
    return pick(@kinds);
}

sub _line {
    my $kind = rand();
    return _option() if $kind < 0.55;
    return _header() if $kind < 0.72;
    return _comment() if $kind < 0.78;
    return pick('auto', 'allow-hotplug', 'allow-auto', 'allow-ovs', 'allow-' . pick(@NAMES)) . ' '
        . _names()
        if $kind < 0.86;
    return pick(
        'source x',
        'source-directory y',
        'mapping z',
        'source',
        'auto',
        'iface',
        'no-auto-down eth0'
        )
        if $kind < 0.9;
    return '' if $kind < 0.97;
    return hostile_text();
}

sub _text {
    my $kind = rand();
    return join('', map { _coherent($_) } 0 .. number_of(0, 9)) if $kind < 0.35;
    my @seeds = seed_texts('interfaces');
    my $text =
        $kind < 0.6
        ? pick(@seeds)
        : join('', map { _line() . pick("\n", "\n", "\n", "\r\n") } 1 .. number_of(0, 30));
    return chance(0.4) ? mutated($text) : $text;
}

sub _links {
    my %links;
    for my $name (subset(0.2, @NAMES, 'altered')) {
        $links{$name} = {
            ifname => $name,
            link_type => pick(qw(ether ether ether loopback none)),
            chance(0.3) ? (linkinfo => { chance(0.8) ? (info_kind => 'bridge') : () }) : (),
            chance(0.4) ? (altnames => [subset(0.1, @NAMES, 'enx1')]) : (),
        };
    }
    # The same alternative name of two links, and a name that is one: the reference takes any.
    my %seen;
    for my $name (sort keys %links) {
        my $altnames = $links{$name}{altnames} // next;
        @$altnames = grep { !$links{$_} && !$seen{$_}++ } @$altnames;
    }
    return \%links;
}

sub _quietly {
    my ($code) = @_;
    local $SIG{__WARN__} = sub { };
    return eval { $code->() };
}

sub _distort {
    my ($ifaces) = @_;
    my $lenient = 0;
    for (1 .. number_of(1, 3)) {
        my $iface = $ifaces->{ pick(sort keys %$ifaces) } // next;
        next if ref($iface) ne 'HASH';
        my $key = pick(
            keys %$iface ? sort keys %$iface : (),
            qw(mtu bridge_fd cidr address6 type options)
        );
        my $kind = rand();
        if ($kind < 0.3) {
            delete $iface->{$key};
        } elsif (ref($iface->{$key}) || $key =~ /^(?:options6?|families|vxlan-remoteip)$/) {
            $lenient = 1;
            $iface->{$key} = pick(undef, [], {}, hostile_scalar());
        } else {
            $iface->{$key} = chance(0.5) ? hostile_scalar() : _value(pick(@WORDS));
        }
    }
    return $lenient;
}

sub generate {
    my ($self) = @_;
    my $text = _text();
    my $links = chance(0.5) ? _links() : {};
    my $active = chance(0.3) ? [subset(0.3, @NAMES)] : [];
    return { what => 'file', arguments => [$text, $links, $active, pick(0, 1, 1)] } if chance(0.75);
    my $config = _quietly(sub { _read($self->{reference}, $text, $links, $active) }) // {};
    my $lenient = _distort($config->{ifaces});
    return {
        what => 'structure',
        arguments => [$config, pick(0, 1, 1, undef)],
        lenient => $lenient
    };
}

sub _read {
    my ($package, $text, @links_and_active) = @_;
    open(my $fh, '<', \$text) or die "open: $!\n";
    return _function($package, 'read')->($fh, @links_and_active);
}

# Options of Open vSwitch are written in Perl's hash order.
sub _ordered {
    my ($data) = @_;
    if (ref($data) eq 'HASH') {
        return { map { $_ => _ordered($data->{$_}) } keys %$data };
    }
    return [map { _ordered($_) } @$data] if ref($data) eq 'ARRAY';
    $data =~ s{(ovs_options )((?:(?!\\n).)*)}{$1 . join(' ', sort split(/ /, $2))}ge;
    return $data;
}

sub _sorted_options {
    my ($data) = @_;
    if (ref($data) eq 'HASH') {
        for my $key (keys %$data) {
            if ($key eq 'ovs_options' && !ref($data->{$key})) {
                $data->{$key} = '"' . join(' ', sort split(/ /, $data->{$key} =~ s/^"|"$//gr)) . '"'
                    if $data->{$key} =~ /^"/;
            } else {
                _sorted_options($data->{$key});
            }
        }
    } elsif (ref($data) eq 'ARRAY') {
        _sorted_options($_) for @$data;
    }
    return $data;
}

# Interfaces of unknown types and others go round in circles: their order depends on Perl's hash
# order, too.
sub _has_circles {
    my ($config) = @_;
    my $ifaces =
        ref($config) eq 'HASH' && ref($config->{ifaces}) eq 'HASH' ? $config->{ifaces} : {};
    for my $name (keys %$ifaces) {
        my $root = $ifaces->{ (split(/[.:]/, $name))[0] // '' };
        return 1 if ref($root) ne 'HASH' || ($root->{type} || 'unknown') eq 'unknown';
    }
    return 0;
}

sub _observed {
    my ($observed, $circles) = @_;
    $observed = _sorted_options(_ordered($observed));
    # The empty lines depend on that order, too.
    $observed->{ok} = join('\n', sort grep { $_ ne '' } split(/\\n/, $observed->{ok}))
        if $circles && defined($observed->{ok}) && !ref($observed->{ok});
    # Which interfaces were looked into before one was died of.
    delete $observed->{arguments} if $circles && defined($observed->{error});
    return $observed;
}

# Where the reference writes the address of a reference, Rust dies.
sub compare {
    my ($self, $case) = @_;
    my $rust = $self->observe($self->{rust}, $case);
    return
        if grep { ($rust->{$_}{error} // '') =~ /which cannot be written/ } qw(call write);
    return $self->SUPER::compare($case);
}

sub observe {
    my ($self, $package, $case) = @_;
    my @arguments = @{ copy($case->{arguments}) };
    my $write = _function($package, 'write');
    return { call => _observed(outcome($write, @arguments), _has_circles($arguments[0])) }
        if $case->{what} eq 'structure';
    my $ifupdown2 = pop(@arguments);
    my $config;
    my $observed = outcome(sub { $config = _read($package, @_); return $config }, @arguments);
    return {
        call => _observed($observed),
        write => _observed(outcome($write, copy($config), $ifupdown2), _has_circles($config)),
    };
}

1;
