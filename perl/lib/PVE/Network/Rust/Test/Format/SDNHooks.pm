package PVE::Network::Rust::Test::Format::SDNHooks;

# What must hold before zones, VNets, subnets and controllers are written or deleted: the hooks of SDN's plugins.

use strict;
use warnings;

use parent 'PVE::Network::Rust::Test::Format';

use PVE::Network::Rust::Test::Hostile qw(hostile_scalar);
use PVE::Network::Rust::Test::Outcome qw(outcome);
use PVE::Network::Rust::Test::Random qw(chance number_of pick subset);
use PVE::Network::Rust::Test::Value qw(copy);

my $SDN = 'PVE::Network::SDN';
my @ZONES = qw(z1 z2 z3 z4 z5 z6);
my @VNETS = qw(v1 v2 v3 v4 v5);
my @CONTROLLERS = qw(c1 c2 c3);

sub name { return 'sdn-hooks' }
sub reference_module { return 'PVE::Network::SDN::Controllers' }
sub rust_module { return 'PVE::Network::Rust::SDN::Zones' }

sub new {
    my ($class) = @_;
    for my $package (qw(Vnets Subnets Controllers)) {
        my $file = "PVE/Network/Rust/SDN/$package.pm";
        require $file;
    }
    return $class->SUPER::new($SDN, 'PVE::Network::Rust::SDN');
}

# One of the values, and rarely something else or nothing.
sub _odd {
    my (@values) = @_;
    return hostile_scalar() if chance(0.02);
    return undef if chance(0.05);
    return pick(@values);
}

# A configuration whose sections have the settings that the code makes.
sub _config {
    my ($make, @ids) = @_;
    my %ids = map { $_ => chance(0.03) ? undef : $make->() } subset(0.7, @ids);
    return { ids => \%ids };
}

sub _settings {
    my (%of) = @_;
    return { map { $_ => $of{$_}->() } grep { chance(0.8) } sort keys %of };
}

sub _zones {
    return _config(
        sub {
            return _settings(
                type => sub { _odd(qw(simple vlan qinq vxlan vxlan evpn evpn faucet)) },
                controller => sub { _odd(@CONTROLLERS) },
                'vrf-vxlan' => sub { _odd(1 .. 6, '1', '2') },
                peers => sub { _odd('10.0.0.1', '0', '') },
                fabric => sub { _odd('f', '', 0) },
                mac => sub { _odd('BC:24:11:00:00:01') },
            );
        },
        @ZONES
    );
}

sub _vnets {
    return _config(
        sub {
            return _settings(
                type => sub { _odd('vnet') },
                zone => sub { _odd(@ZONES) },
                tag => sub { _odd(1 .. 6, '1', '2', 4096, 4097, 16777216, 16777217, 0) },
                vlanaware => sub { _odd(0, 0, 1) },
                mac => sub { _odd('BC:24:11:00:00:01') },
            );
        },
        @VNETS
    );
}

sub _address {
    return pick('10.0.0.', '10.0.0.', '10.0.1.') . number_of(0, 40) if chance(0.7);
    return pick('fd00::', 'fd00::', 'fd01::') . sprintf('%x', number_of(0, 40)) if chance(0.7);
    return pick(
        '10.0', '10.0.0.0/30', 'fd00::/127', '10.0.0.1-10.0.0.9', '::ffff:10.0.0.1', 'x',
        '', 0
    );
}

sub _cidr {
    my $v4 = chance(0.6);
    my $prefix = $v4 ? pick(8, 24, 24, 30, 31, 32) : pick(64, 64, 120, 127, 128);
    return ($v4 ? '10.0.0.0' : 'fd00::', $prefix);
}

sub _range {
    return hostile_scalar() if chance(0.02);
    my ($start, $end) = (_address(), _address());
    return "start-address=$start,end-address=$end" if chance(0.9);
    return pick("start-address=$start", "$start-$end", "end-address=$end,start-address=$start,a=b");
}

sub _subnet {
    my ($network, $mask) = _cidr();
    my %subnet = (cidr => "$network/$mask", network => $network, mask => "$mask", zone => 'z1');
    $subnet{vnet} = _odd(@VNETS, '', 0) if chance(0.9);
    $subnet{gateway} = _odd(_address()) if chance(0.6);
    $subnet{'dhcp-range'} = [map { _range() } 1 .. number_of(0, 3)] if chance(0.6);
    return \%subnet;
}

sub _subnets {
    my %ids = map { join('-', 'z1', _cidr()) => { vnet => _odd(@VNETS, '') } } 1 .. number_of(0, 2);
    return { ids => \%ids };
}

sub _controllers {
    return _config(
        sub {
            return _settings(
                type => sub { _odd(qw(evpn evpn bgp isis faucet)) },
                node => sub { _odd('here', 'here', 'there') },
                peers => sub { _odd('10.0.0.1', '') },
                fabric => sub { _odd('f', '', '') },
            );
        },
        @CONTROLLERS
    );
}

my %MAKE = (
    zone_update => sub { [pick(@ZONES), _zones(), _controllers()] },
    zone_delete => sub { [pick(@ZONES), _vnets()] },
    vnet_in_zone => sub { [_vnets(), pick(@VNETS), _zones()] },
    vnet_update => sub { [pick(@VNETS), _vnets(), _subnets()] },
    vnet_delete => sub { [pick(@VNETS), _vnets(), _subnets()] },
    subnet_update => sub { [_subnet(), _vnets()] },
    ranges => sub { [_subnet()] },
    controller_update => sub { [pick(@CONTROLLERS), _controllers(), 'here'] },
    controller_delete => sub { [pick(@CONTROLLERS), _zones(), _controllers()] },
);

sub generate {
    my $what = pick(sort keys %MAKE);
    return { what => $what, arguments => $MAKE{$what}->() };
}

sub _plugin {
    my ($base, $section) = @_;
    return "${SDN}::${base}::Plugin"->lookup($section->{type});
}

my %REFERENCE = (
    zone_update => sub {
        my ($id, $zones, $controllers) = @_;
        _plugin('Zones', $zones->{ids}{$id})->on_update_hook($id, $zones, $controllers);
    },
    zone_delete => sub { "${SDN}::Zones::Plugin"->on_delete_hook(@_) },
    vnet_in_zone => sub {
        my ($vnets, $id, $zones) = @_;
        my $zone = $zones->{ids}{ $vnets->{ids}{$id}{zone} // '' };
        _plugin('Zones', $zone)->vnet_update_hook($vnets, $id, $zones);
    },
    vnet_update => sub { "${SDN}::VnetPlugin"->on_update_hook(@_[0, 1]) },
    vnet_delete => sub { "${SDN}::VnetPlugin"->on_delete_hook(@_[0, 1]) },
    subnet_update =>
        sub { "${SDN}::SubnetPlugin"->on_update_hook({}, 'z1-x', $_[0]) },
    ranges => sub { PVE::Network::SDN::SubnetPlugin::validate_dhcp_ranges($_[0]) },
    controller_update => sub {
        my ($id, $controllers) = @_;
        _plugin('Controllers', $controllers->{ids}{$id})->on_update_hook($id, $controllers);
    },
    controller_delete => sub {
        my ($id, $zones, $controllers) = @_;
        _plugin('Controllers', $controllers->{ids}{$id})->on_delete_hook($id, $zones);
    },
);

my %RUST = (
    zone_update => sub { PVE::Network::Rust::SDN::Zones->on_update_hook(@_) },
    zone_delete => sub { PVE::Network::Rust::SDN::Zones->on_delete_hook(@_) },
    vnet_in_zone => sub { PVE::Network::Rust::SDN::Zones->vnet_update_hook(@_) },
    vnet_update => sub { PVE::Network::Rust::SDN::Vnets->on_update_hook(@_) },
    vnet_delete => sub { PVE::Network::Rust::SDN::Vnets->on_delete_hook(@_) },
    subnet_update => sub {
        PVE::Network::Rust::SDN::Subnets->on_update_hook({}, 'z1-x', $_[0], undef, $_[1]);
    },
    ranges => sub { PVE::Network::Rust::SDN::Subnets::validate_dhcp_ranges($_[0]) },
    controller_update => sub { PVE::Network::Rust::SDN::Controllers->on_update_hook(@_) },
    controller_delete => sub { PVE::Network::Rust::SDN::Controllers->on_delete_hook(@_) },
);

# What the hooks leave: no results, random addresses, and nothing that only looking into a hash made.
sub _comparable {
    my ($observed) = @_;
    my $data = $observed->{arguments};
    $observed->{arguments} = _macs($data);
    $observed->{ok} = 1 if exists $observed->{ok};
    # Which of several objects is in the way first.
    $observed->{error} = _without_names($observed->{error}) if exists $observed->{error};
    return $observed;
}

sub _without_names {
    my ($error) = @_;
    return { map { $_ => _without_names($error->{$_}) } keys %$error } if ref($error) eq 'HASH';
    return $error if ref($error);
    $error =~ s/(already exist in vnet |used by (?:vnet )?|declared in )[vz]\d/$1.../g;
    return $error;
}

sub _is_nothing {
    my ($value) = @_;
    return ref($value) eq 'HASH' ? !%$value : $value eq 'undef';
}

sub _macs {
    my ($data) = @_;
    return [map { _macs($_) } @$data] if ref($data) eq 'ARRAY';
    if (ref($data) eq 'HASH') {
        my %kept = map { $_ => _macs($data->{$_}) } keys %$data;
        # What only looking into a hash has made, or was not there.
        delete @kept{ grep { _is_nothing($kept{$_}) } keys %kept };
        return \%kept;
    }
    return '"mac"' if defined($data) && $data =~ /^"BC:24:11:[0-9A-F:]{8}"$/;
    return $data;
}

sub observe {
    my ($self, $package, $case) = @_;
    my ($what, @arguments) = ($case->{what}, @{ copy($case->{arguments}) });
    return { call => _comparable(outcome($RUST{$what}, @arguments)) } if $package ne $SDN;
    my ($vnets, $subnets) = ({}, {});
    $vnets = $arguments[1] if $what eq 'subnet_update';
    $subnets = $arguments[2] if $what =~ /^vnet_(?:update|delete)$/;
    no warnings qw(redefine once);
    local *PVE::Network::SDN::Vnets::config = sub { return copy($vnets) };
    local *PVE::Network::SDN::Subnets::config = sub { return copy($subnets) };
    local *PVE::Network::SDN::Zones::Plugin::datacenter_config =
        sub { return { mac_prefix => 'BC:24:11' } };
    local *PVE::INotify::nodename = sub { return 'here' };
    return { call => _comparable(outcome($REFERENCE{$what}, @arguments)) };
}

1;
