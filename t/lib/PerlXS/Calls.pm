package PerlXS::Calls;

# One harmless call of every export, for the tests of memory; and what exports there are, from Perl's symbol table.

use strict;
use warnings;

use parent 'Exporter';

use B ();
use File::Temp ();

our @EXPORT_OK = qw(call_of exports product_is_built rounds_of);

# The packages of SDN's files.
my @SDN_FILES = qw(Zones Vnets Subnets Controllers Ipams Dns Fabrics);

sub product_is_built { return -e 'blib/arch/auto/PVE/Network/Rust/Rust.so' }

# Some calls need what others made: the modules are there before the table is.
if (product_is_built()) {
    require blib;
    blib->import('blib');
    for my $module (
        qw(PVE::Network::Rust PVE::Network::Rust::LXC::Config PVE::Network::Rust::Hotplug),
        qw(PVE::Network::Rust::Container PVE::Network::Rust::Host PVE::Network::Rust::Monitor),
        (map { "PVE::Network::Rust::SDN$_" } '', map { "::$_" } @SDN_FILES),
        qw(PVE::Network::Rust::VNetBinding PVE::Network::Rust::Hotplug::Operation),
        qw(PVE::Network::Rust::Interfaces PVE::Network::Rust::Storage::Config),
        qw(PVE::Network::Rust::Takeover PVE::Network::Rust::Takeover::Intercept),
        qw(PVE::Network::Rust::EventBus)
        )
    {
        require $module =~ s{::}{/}gr . '.pm';
    }
}

# Most exports are called very often; these take a thread, a file or a change of the host.
my %rounds = (
    'PerlXS::Test::Namespace::new' => 2_000,
    'PerlXS::Test::Waiting::thread' => 5_000,
    'PVE::Network::Rust::Hotplug::hotplug_add' => 1_000,
    'PVE::Network::Rust::Hotplug::hotplug_remove' => 1_000,
    'PVE::Network::Rust::Hotplug::hotplug_update' => 1_000,
    'PVE::Network::Rust::Hotplug::change_interfaces' => 1_000,
    # Each looks at the records of all operations.
    (
        map { ("PVE::Network::Rust::Hotplug::$_" => 100) }
            qw(list_operations cleanup_operations reconcile)
    ),
    'PVE::Network::Rust::Hotplug::cancel_operation' => 1_000,
    'PVE::Network::Rust::Hotplug::get_operation_status' => 1_000,
    # A thread and a lock a call.
    (
        map { ("PVE::Network::Rust::VNetBinding::$_" => 1_000) }
            qw(bind_vnet unbind_vnet get_binding list_bindings cleanup_container validate reconcile)
    ),
    # Most wait for the disk, on a thread.
    'PVE::Network::Rust::EventBus::journal' => 1_000,
    (
        map { ("PVE::Network::Rust::EventBus::Follower::$_" => 1_000) }
            qw(new fileno read seek close)
    ),
    (
        map { ("PVE::Network::Rust::EventBus::Subscriber::$_" => 300) }
            qw(new fileno next ack nack redeliver discard replay forget close)
    ),
    'PVE::Network::Rust::Container::change_addresses' => 1_000,
    'PVE::Network::Rust::Container::get_interfaces' => 1_000,
    'PVE::Network::Rust::Container::net_tap_plug' => 1_000,
    'PVE::Network::Rust::Container::plug' => 1_000,
    'PVE::Network::Rust::Host::ip_link_details' => 1_000,
    'PVE::Network::Rust::Monitor::new' => 1_000,
    'PVE::Network::Rust::Monitor::close' => 1_000,
    'PVE::Network::Rust::Monitor::read' => 10_000,
    'PVE::Network::Rust::LXC::Config::load_config' => 20_000,
    'PVE::Network::Rust::LXC::Config::recover_config' => 1_000,
    'PVE::Network::Rust::LXC::Config::save_config' => 1_000,
);

my %twenty = map { sprintf('key%02d', $_) => "value$_" } 0 .. 19;
my $data = { list => [1, 'two', undef, { three => 3.5 }], "caf\x{e9}" => "\x{263a}" };
my $point = { x => 1, y => 2, label => 'point' };
my $counter;
my $monitor;
my $config = "arch: amd64\nhostname: test\nmemory: 512\n"
    . "net0: name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:00:01,ip=10.0.0.2/24\n"
    . "rootfs: local:100/vm.raw,size=8G\nunknown: 1\n[snap]\nmemory: 256\nsnaptime: 1\n";

sub fails {
    my ($code) = @_;
    return sub {
        return eval { $code->(); 1 }
    };
}

sub one {
    my ($package, $name, @args) = @_;
    my $code = \&{"${package}::$name"};
    return ("${package}::$name" => sub { $code->(@args) });
}

sub interfaces_calls {
    my $interfaces = 'PVE::Network::Rust::Interfaces';
    my ($parse, $write, $validate) =
        map { $interfaces->can($_) }
        qw(parse_etc_network_interfaces write_etc_network_interfaces validate);
    my $text = "auto eth0\niface eth0 inet static\n\taddress 10.0.0.1/24\n#note\n"
        . "iface vmbr0 inet manual\n\tbridge-ports none\n\tpost-up true\nsource x\n";
    my $read = sub { $parse->($text, { eth0 => { link_type => 'ether' } }, ['eth0']) };
    return (
        "${interfaces}::parse_etc_network_interfaces" => $read,
        "${interfaces}::write_etc_network_interfaces" => sub { $write->($read->(), 1) },
        "${interfaces}::validate" => sub { $validate->($read->(), { text => $text }) },
    );
}

# Exports of SDN on a root folder with a VNet; one call takes an address, the next gives it back.
sub sdn_calls {
    my ($sdn, $subnets) = ('PVE::Network::Rust::SDN', 'PVE::Network::Rust::SDN::Subnets');
    my $mac = 'BC:24:11:00:00:01';
    my $zone = { type => 'simple', ipam => 'pve', dhcp => 'dnsmasq' };
    my @subnet = ($zone, 'z-10.0.0.0-24', { type => 'subnet', vnet => 'v1' });
    my @unknown = ($zone, 'z-10.9.0.0-24', { type => 'subnet', vnet => 'v1' });
    my @ip = ('v1', '10.0.0.5');
    my @generation = (
        {
            version => 1,
            zones => { ids => { z => $zone } },
            vnets => { ids => { v1 => { zone => 'z' } } },
        },
        { nodename => 'here' },
    );
    my %arguments = (
        "${sdn}::get_vnet" => ['v1'],
        "${sdn}::get_subnets" => ['v1', 1],
        "${sdn}::add_next_free_cidr" => ['v1', 'web', $mac, 100],
        "${sdn}::add_ip" => [@ip, 'web', $mac, 100],
        "${sdn}::add_cidr" => ['v1', '10.0.0.5/24', 'web', $mac, 100],
        "${sdn}::update_ip" => [@ip, 'web', 'db', $mac, 100],
        "${sdn}::update_cidr" => ['v1', '10.0.0.5/24', 'web', 'db', $mac, 100],
        "${sdn}::del_ip" => [@ip, 'web', $mac],
        "${sdn}::del_cidr" => ['v1', '10.0.0.5/24', 'web', $mac],
        "${sdn}::get_ips_from_mac" => ['v1', $mac],
        "${sdn}::del_ips_from_mac" => ['v1', $mac, 'web'],
        "${sdn}::add_dhcp_mapping" => ['nope', $mac, 100, 'web'],
        "${sdn}::add_mapping" => ['nope', $mac, '10.0.0.5', undef],
        "${sdn}::remove_mapping" => ['v1', $mac],
        # No zone in effect has a DHCP server, and there is no dnsmasq.
        "${sdn}::regenerate_config" => [1],
        # No such interface or bridge.
        "${sdn}::tap_create" => ['none0', 'v1'],
        "${sdn}::veth_create" => ['veth9999i0', 'veth9999i0p', 'v1', $mac],
        "${sdn}::tap_plug" => ['veth9999i0', 'v1', 5, 1, '7;8', '2.5'],
        "${sdn}::add_bridge_fdb" => ['veth9999i0', $mac, 'v1'],
        "${sdn}::del_bridge_fdb" => ['veth9999i0', $mac, 'v1'],
        "${sdn}::generate_raw_etc_network_config" => [@generation],
        "${sdn}::diff" => [undef, @generation],
        "${sdn}::status" => [],
        "${subnets}::add_subnet" => [@subnet],
        "${subnets}::update_subnet" => [@subnet, {}],
        "${subnets}::del_subnet" => [@unknown],
        "${subnets}::add_ip" => [@subnet, '10.0.0.1', 'gw', undef, undef, 1],
        "${subnets}::del_ip" => [@subnet, '10.0.0.1'],
    );
    # What makes the call work the next time too.
    my %after = (
        (map { ("${sdn}::add_$_" => ["${sdn}::del_ip", @ip, 'web', $mac]) } qw(ip cidr)),
        (map { ("${sdn}::del_$_" => ["${sdn}::add_ip", @ip, 'web', $mac, 100]) } qw(ip cidr)),
        "${sdn}::add_next_free_cidr" => ["${sdn}::del_ips_from_mac", 'v1', $mac, 'web'],
        "${sdn}::del_ips_from_mac" => ["${sdn}::add_next_free_cidr", 'v1', 'web', $mac, 100],
    );
    my $folder;
    my %calls_of_sdn;
    for my $name (keys %arguments) {
        my ($code, @given) = (\&{$name}, @{ $arguments{$name} });
        $rounds{$name} = 1_000;
        $calls_of_sdn{$name} = fails(sub {
            $folder //= sdn_root();
            local $ENV{PVE_RUST_ROOT} = $folder;
            my $fine = eval { $code->(@given); 1 };
            my ($next, @next) = @{ $after{$name} // return $fine };
            (\&{$next})->(@next);
        });
    }
    return %calls_of_sdn;
}

# Files of SDN, each with a value that does not fit, and the hooks, of which some refuse.
sub sdn_file_calls {
    my %text = (
        Zones => "evpn: z\n\tcontroller c\n\tvrf-vxlan 5\n\tnodes a,b\n\tfoo 1\n",
        Vnets => "vnet: v1\n\tzone z\n\ttag x\n",
        Subnets => "subnet: z-10.0.0.0-8\n\tvnet v1\n\tgateway x\n"
            . "\tdhcp-range start-address=10.0.0.1,end-address=10.0.0.9\n",
        Controllers => "evpn: c\n\tasn 65000\n\tpeers x\n",
        Ipams => "netbox: n\n\turl u\n\ttoken t\n\tfoo 1\n",
        Dns => "powerdns: d\n\turl u\n\tkey k\n\tttl x\n",
        Fabrics => "openfabric_node: f_n\n\tip 10.0.0.1\n\tinterfaces name=eth0\n\tfoo 1\n",
    );
    my %type = (
        Zones => 'evpn',
        Controllers => 'evpn',
        Ipams => 'netbox',
        Dns => 'powerdns',
        Fabrics => 'openfabric_node',
    );
    my (%cfg, %found);
    for my $name (@SDN_FILES) {
        my $package = "PVE::Network::Rust::SDN::$name";
        my @type = defined($type{$name}) ? $type{$name} : ();
        local $SIG{__WARN__} = sub { };
        my $cfg = $cfg{$name} = $package->parse_config('f', $text{$name});
        my ($id) = keys %{ $cfg->{ids} };
        my $section = $cfg->{ids}{$id};
        my %settings = map { $_ => "$section->{$_}" } grep { !ref($section->{$_}) } keys %$section;
        %found = (
            %found,
            "${package}::parse_config" => sub {
                local $SIG{__WARN__} = sub { };
                $package->parse_config('f', $text{$name});
            },
            "${package}::write_config" => sub { $package->write_config('f', $cfg) },
            "${package}::check_config" =>
                sub { $package->check_config(@type, $id, \%settings, 1, 1) },
            "${package}::delete_from_config" =>
                fails(sub { $package->delete_from_config(@type, \%settings, {}, ['url', 'tag']) }),
            "${package}::create_schema" => sub { $package->create_schema() },
            "${package}::update_schema" => sub { $package->update_schema() },
        );
    }
    my ($zones, $vnets, $subnets, $controllers) = @cfg{qw(Zones Vnets Subnets Controllers)};
    $vnets->{ids}{v2} = { zone => 's', type => 'vnet' };
    $zones->{ids}{s} = { type => 'simple' };
    my $subnet = {
        vnet => 'v1',
        cidr => '10.0.0.0/8',
        mask => '8',
        'dhcp-range' => ['start-address=10.0.0.1,end-address=10.0.0.9'],
    };
    my %hooks = (
        'Zones::on_update_hook' => ['z', $zones, $controllers],
        'Zones::on_delete_hook' => ['z', $vnets],
        'Zones::vnet_update_hook' => [$vnets, 'v2', $zones],
        'Vnets::on_update_hook' => ['v1', $vnets, $subnets],
        'Vnets::on_delete_hook' => ['v1', $vnets, $subnets],
        'Subnets::on_update_hook' => [{}, 'z-10.0.0.0-8', $subnet, undef, $vnets],
        'Subnets::on_delete_hook' => ['z-10.0.0.0-8', $subnets, $vnets],
        'Controllers::on_update_hook' => ['c', $controllers, 'node'],
        'Controllers::on_delete_hook' => ['c', $zones, $controllers],
        'Ipams::on_update_hook' => [{ type => 'pve' }],
        'Dns::on_update_hook' => [{ type => 'none' }],
    );
    for my $name (keys %hooks) {
        my ($package, $method) = "PVE::Network::Rust::SDN::$name" =~ /^(.+)::(\w+)$/;
        my @arguments = @{ $hooks{$name} };
        $found{"${package}::$method"} = fails(sub { $package->$method(@arguments) });
    }
    my $package = 'PVE::Network::Rust::SDN::Subnets';
    return (
        %found,
        one($package, 'check_subnet', $subnet, $vnets),
        one($package, 'validate_dhcp_ranges', $subnet),
        one($package, 'validate', $subnets, $vnets),
    );
}

# A folder that stands for / with a VNet in it.
sub sdn_root {
    my $root = File::Temp->newdir();
    my %files = (
        'zones.cfg' => "simple: z\n\tipam pve\n\tdhcp dnsmasq\n",
        'vnets.cfg' => "vnet: v1\n\tzone z\n",
        '.running-config' =>
            '{"subnets":{"ids":{"z-10.0.0.0-24":{"vnet":"v1"}}},"vnets":{"ids":{"v1":{"zone":"z"}}}}',
        'pve-ipam-state.json' => '{"zones":{"z":{"subnets":{"10.0.0.0/24":{"ips":{}}}}}}',
    );
    my $path = "$root";
    for my $part (qw(etc pve sdn)) {
        $path .= "/$part";
        mkdir($path) or die "mkdir $path: $!\n";
    }
    mkdir("$root/etc/pve/$_") or die "mkdir $_: $!\n" for qw(local priv priv/lock);
    for my $name (keys %files) {
        open(my $out, '>', "$path/$name") or die "open $name: $!\n";
        print $out $files{$name};
        close($out) or die "close $name: $!\n";
    }
    return $root;
}

my %calls;
{
    my $package = 'PerlXS::Test';
    %calls = (
        one($package, 'nop'),
        one($package, 'add', 1, 2),
        one($package, 'descending', 1, 2),
        (map { one($package, $_, 7) } qw(i8 i16 i32 i64 u8 u16 u32 u64 f64 optional_u32)),
        one($package, 'boolean', 1),
        (
            map { one($package, $_, "caf\x{e9}") }
                qw(text characters utf8_length bytes optional_text)
        ),
        one($package, 'optional_first', undef, 2),
        (map { one("${package}::Structures", $_, $data) } qw(describe describe_perl echo)),
        one("${package}::Structures", 'describe_both', $data, [$data]),
        one("${package}::Structures", 'integers', { a => 1, b => 2 }),
        one("${package}::Structures", 'integer_lists', { a => [1], b => [] }),
        one("${package}::Structures", 'by_number', { 1 => 1, 2 => 0 }),
        (map { one("${package}::Structures", $_, {%twenty}) } qw(texts twenty borrowed)),
        (map { one("${package}::Structures", $_, $point) } qw(point optional_point)),
        one("${package}::Structures", 'shape', { path => { points => [$point] } }),
        one("${package}::Structures", 'name_of', { name => 'x', rest => $data }),
        (
            map { one("${package}::Results", $_) }
                qw(nothings undefined booleans json_booleans twenty change_errno)
        ),
        one("${package}::Results", 'list', 10),
        one("${package}::Results", 'comparison', 0),
        one("${package}::Results", 'maybe', 0),
        one("${package}::Effects", 'warn', "text\n"),
        "${package}::Effects::warn_and_fail" =>
            fails(sub { PerlXS::Test::Effects::warn_and_fail("a\n", 'b') }),
        "${package}::Effects::delete" =>
            sub { PerlXS::Test::Effects::delete({ a => 1, b => 2 }, 'a') },
        "${package}::Effects::create" =>
            sub { PerlXS::Test::Effects::create({ a => 1, b => 2 }, 'a') },
        "${package}::Effects::change_inside" => sub {
            PerlXS::Test::Effects::change_inside({ a => { b => {} } }, 'a', 'b', 'c', [1], 'd');
        },
        "${package}::Effects::delete_and_fail" =>
            fails(sub { PerlXS::Test::Effects::delete_and_fail({ a => 1 }, 'a') }),
        "${package}::Effects::raise_and_delete" =>
            sub { PerlXS::Test::Effects::raise_and_delete(10, { a => 1 }, 'a') },
        "${package}::Waiting::raise" => sub { PerlXS::Test::Waiting::raise(10, $data) },
        one("${package}::Waiting", 'wait', 0, 'text'),
        one("${package}::Waiting", 'thread', 0),
        "${package}::Counter::new" => sub { PerlXS::Test::Counter->new(1) },
        "${package}::Counter::close" => sub { PerlXS::Test::Counter->new(1)->close },
        "${package}::Counter::alive" => sub { PerlXS::Test::Counter::alive() },
        (
            map {
                my $m = $_;
                ("${package}::Counter::$m" => sub { counter()->$m })
            } qw(value plus forks)
        ),
        "${package}::Counter::add" => sub { counter()->add(1) },
        "${package}::Counter::hold" => sub { counter()->hold(0) },
        "${package}::Counter::watch" => sub { counter()->watch(0) },
        "${package}::Counter::fail" => fails(sub { counter()->fail("failed\n") }),
        "${package}::Counter::panic" => fails(sub { counter()->panic }),
        "${package}::Grump::new" => sub { PerlXS::Test::Grump->new('text') },
        "${package}::Grump::text" => sub { PerlXS::Test::Grump->new('text')->text },
        "${package}::Grump::close" => fails(sub { PerlXS::Test::Grump->new('text')->close }),
        intercept_calls("${package}::Intercept"),
        "${package}::Namespace::new" => sub { PerlXS::Test::Namespace->new('/proc/self/ns/net') },
        "${package}::Namespace::path" => do {
            my $n;
            sub { ($n //= PerlXS::Test::Namespace->new('/proc/self/ns/net'))->path }
        },
    );
    my %failing = (
        'Errors::fail' => ["text\n"],
        'Errors::fail_bytes' => ["\xff\n"],
        'Errors::fail_at_caller' => ['text'],
        'Errors::fail_object' => ['config', 'text'],
        'Errors::fail_loaded' => ['text'],
        'Errors::fail_broken' => [],
        'Panics::in_function' => ['text'],
        'Panics::out_of_bounds' => [5],
        'Panics::after_warning' => ["text\n"],
        'Panics::in_decode' => ['first', {}],
        'Panics::in_drop' => [{ text => 'x' }],
        (map { ("Panics::$_" => []) } qw(in_drop_of_result in_encode in_error in_drop_of_error)),
    );
    for my $name (keys %failing) {
        my ($code, @args) = (\&{"${package}::$name"}, @{ $failing{$name} });
        $calls{"${package}::$name"} = fails(sub { $code->(@args) });
    }

    # The payload itself is leaked, since dropping it might panic again: it has no size here.
    $calls{"${package}::Panics::with_payload"} =
        fails(sub { PerlXS::Test::Panics::with_payload() });

    my $lxc = 'PVE::Network::Rust::LXC::Config';
    my $binding = 'PVE::Network::Rust::VNetBinding';
    my $net = { name => 'eth0', bridge => 'vmbr0', hwaddr => 'BC:24:11:00:00:01', type => 'veth' };
    my $folder;
    my $with_files = sub {
        my ($code) = @_;
        return sub {
            $folder //= prepared_root();
            local $ENV{PVE_RUST_ROOT} = $folder;
            return $code->();
        };
    };
    %calls = (
        %calls,
        'PVE::Network::Rust::version' => sub { PVE::Network::Rust::version() },
        "${lxc}::parse_pct_config" =>
            sub { $lxc->can('parse_pct_config')->('/lxc/100.conf', $config) },
        "${lxc}::write_pct_config" => sub {
            my $parsed = $lxc->can('parse_pct_config')->('/lxc/100.conf', $config);
            return $lxc->can('write_pct_config')->('/lxc/100.conf', $parsed);
        },
        "${lxc}::parse_lxc_network" =>
            sub { $lxc->parse_lxc_network('name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:00:01') },
        "${lxc}::print_lxc_network" => sub { $lxc->print_lxc_network({%$net}) },
        "${lxc}::parse_volume" =>
            sub { $lxc->parse_volume('mp0', 'local:100/vm.raw,mp=/srv,size=8G') },
        "${lxc}::print_volume" =>
            sub { $lxc->print_volume('mp0', { volume => 'local:100/vm.raw', mp => '/srv' }) },
        "${lxc}::parse_device" => sub { $lxc->parse_device('/dev/null,mode=0660') },
        "${lxc}::print_device" => sub { $lxc->print_device({ path => '/dev/null' }) },
        "${lxc}::parse_features" => sub { $lxc->parse_features('nesting=1,keyctl=1') },
        "${lxc}::load_config" => $with_files->(sub { $lxc->load_config(100) }),
        "${lxc}::save_config" =>
            $with_files->(sub { $lxc->save_config(100, $lxc->load_config(100)) }),
        "${lxc}::recover_config" => $with_files->(sub {
            eval { $lxc->recover_config(100) }
        }),
        "${lxc}::parse_container_config" => sub {
            $lxc->can('parse_container_config')
                ->(100, $config, { dialect => 'relaxed', vnets => [] });
        },
        "${lxc}::generate_container_config" => sub {
            my $parse = $lxc->can('parse_container_config');
            $lxc->can('generate_container_config')->($parse->(100, $config));
        },
        "${lxc}::cache_statistics" => $with_files->(sub { $lxc->cache_statistics }),
        "${lxc}::clear_cache" => $with_files->(sub { $lxc->clear_cache }),
        'PVE::Network::Rust::Container::find_lxc_pid' =>
            fails(sub { PVE::Network::Rust::Container::find_lxc_pid(99) }),
        container_calls(),
        'PVE::Network::Rust::Container::get_interfaces' => sub {
            PVE::Network::Rust::Container::get_interfaces({ netns => '/proc/self/ns/net' });
        },
        'PVE::Network::Rust::Host::ip_link_details' =>
            sub { PVE::Network::Rust::Host::ip_link_details() },
        'PVE::Network::Rust::Host::ip_link_is_physical' =>
            sub { PVE::Network::Rust::Host::ip_link_is_physical({ link_type => 'ether' }) },
        'PVE::Network::Rust::Host::altname_mapping' =>
            sub { PVE::Network::Rust::Host::altname_mapping({ eth0 => { altnames => ['a'] } }) },
        'PVE::Network::Rust::Host::get_physical_bridge_ports' => sub {
            PVE::Network::Rust::Host::get_physical_bridge_ports(
                'br0',
                { br0 => { linkinfo => { info_kind => 'bridge' } } }
            );
        },
        host_calls(),
        interfaces_calls(),
        sdn_calls(),
        sdn_file_calls(),
        hotplug_calls($net, $with_files),
        event_calls($with_files),
        storage_calls(),
        intercept_calls(
            'PVE::Network::Rust::Takeover::Intercept', 'PVE::Network::Rust::Takeover'
        ),
        'PVE::Network::Rust::Takeover::same' =>
            sub { PVE::Network::Rust::Takeover::same({ a => [1] }, { a => ['1'] }) },
        "${binding}::new" => sub { $binding->new },
        "${binding}::bind_vnet" =>
            $with_files->(fails(sub { $binding->new->bind_vnet('none', 100, 'net0', { a => 1 }) })),
        "${binding}::unbind_vnet" =>
            $with_files->(fails(sub { $binding->new->unbind_vnet('none', 100, 'net0') })),
        "${binding}::get_binding" => $with_files->(sub { $binding->new->get_binding(100, 'net0') }),
        "${binding}::list_bindings" =>
            $with_files->(sub { $binding->new->list_bindings({ vmid => 100 }) }),
        "${binding}::cleanup_container" =>
            $with_files->(sub { $binding->new->cleanup_container(100) }),
        "${binding}::validate" => $with_files->(sub { $binding->new->validate() }),
        "${binding}::reconcile" => $with_files->(sub { $binding->new->reconcile() }),
        'PVE::Network::Rust::Monitor::new' => sub { PVE::Network::Rust::Monitor->new() },
        'PVE::Network::Rust::Monitor::close' => sub { PVE::Network::Rust::Monitor->new()->close() },
        (
            map {
                my $method = $_;
                ("PVE::Network::Rust::Monitor::$method" => sub { monitor()->$method() })
            } qw(fileno read resyncs)
        ),
    );
}

# No such container, interface or operation, except for one that has failed.
sub hotplug_calls {
    my ($net, $with_files) = @_;
    my $package = 'PVE::Network::Rust::Hotplug';
    my $hotplug = $package->new;
    my $id = ('0' x 16) . '-00000000';
    my %arguments = (
        hotplug_add => [100, 0, {%$net}, { netns => '/nowhere' }],
        hotplug_remove => [100, 0],
        hotplug_update => [100, 0, {%$net}, { netns => '/nowhere', old => {%$net} }],
        get_operation_status => [$id],
        list_operations => [{ vmid => 100 }],
        cancel_operation => [$id],
        cleanup_operations => [0],
        reconcile => [],
    );
    my @removals = map { { op => 'remove', vmid => 100, netid => $_ } } 0, 1;
    my %calls = (
        "${package}::change_interfaces" => $with_files->(sub {
            PVE::Network::Rust::Hotplug::change_interfaces(\@removals);
        }),
    );
    for my $name (keys %arguments) {
        my @arguments = @{ $arguments{$name} };
        $calls{"${package}::$name"} = $with_files->(fails(sub { $hotplug->$name(@arguments) }));
    }
    my $operation;
    my $under_way = sub {
        return $operation //= $hotplug->hotplug_remove(100, 0, { async => 1 });
    };
    for my $name (qw(id fd wait)) {
        $calls{"${package}::Operation::$name"} = $with_files->(sub { $under_way->()->$name() });
    }
    $calls{"${package}::Operation::result"} =
        $with_files->(fails(sub { $under_way->()->result() }));
    return (
        %calls,
        "${package}::new" => sub { $package->new },
        "${package}::finish_operations" =>
            sub { PVE::Network::Rust::Hotplug::finish_operations() },
    );
}

sub event_calls {
    my ($with_files) = @_;
    my $bus = 'PVE::Network::Rust::EventBus';
    my $event = { event => 'container_started', id => 100 };
    my ($follower, $subscriber);
    my $follow = sub { $follower //= "${bus}::Follower"->new() };
    my $subscribe = sub { $subscriber //= "${bus}::Subscriber"->new('calls', { attempts => 1 }) };
    my $envelope = { version => 1, sequence => 1, time => 1.5, node => 'a', event => $event };
    my $failed = sub {
        PVE::Network::Rust::EventBus::journal([$event], 0);
        return $subscribe->()->next(1)->[0]->{sequence};
    };
    my %calls = (
        journal => sub { PVE::Network::Rust::EventBus::journal([$event], 1) },
        built_in_listeners => sub { PVE::Network::Rust::EventBus::built_in_listeners() },
        # None of that name: nothing is written to this machine's log.
        tell_built_in =>
            fails(sub { PVE::Network::Rust::EventBus::tell_built_in('none', $envelope) }),
        'Follower::new' => sub { "${bus}::Follower"->new({ from => 1 }) },
        'Follower::seek' => sub { $follow->()->seek({ from => 'new' }) },
        'Follower::close' => sub { "${bus}::Follower"->new()->close() },
        'Subscriber::new' => sub { "${bus}::Subscriber"->new('new') },
        'Subscriber::ack' => sub { $subscribe->()->ack([$failed->()]) },
        # Not kept: what is remembered of it would grow.
        'Subscriber::nack' => sub {
            my $sequence = $failed->();
            $subscribe->()->nack($sequence, 'failed');
            $subscribe->()->discard($sequence);
        },
        'Subscriber::redeliver' => fails(sub { $subscribe->()->redeliver(1) }),
        'Subscriber::discard' => fails(sub { $subscribe->()->discard(1) }),
        'Subscriber::replay' => sub { $subscribe->()->replay({ from => 'new' }) },
        'Subscriber::forget' => sub { "${bus}::Subscriber"->new('forget')->forget() },
        'Subscriber::close' => sub { "${bus}::Subscriber"->new('close')->close() },
    );
    for my $method (qw(fileno read lost next_sequence)) {
        $calls{"Follower::$method"} = sub { $follow->()->$method() };
    }
    for my $method (qw(name fileno next acknowledged lost dead_letters dropped_letters)) {
        $calls{"Subscriber::$method"} = sub { $subscribe->()->$method() };
    }
    return map { ("${bus}::$_" => $with_files->($calls{$_})) } keys %calls;
}

sub monitor { return $monitor //= PVE::Network::Rust::Monitor->new() }

# A storage of a plugin, and a value that does not fit.
sub storage_calls {
    my $package = 'PVE::Network::Rust::Storage::Config';
    my $raw = "dir: local\n\tpath /var/lib/vz\n\tcontent iso\n\tfoo 1\n\nnfs: n1\n\tserver x\n";
    my $cfg = $package->parse_config('storage.cfg', "dir: d1\n\tpath /a\n");
    my $options = { path => { fixed => 1 }, address => { optional => 1 } };
    my $type = ['leaktest', { address => { type => 'string', format => 'ip' } }, $options, {}];
    return (
        "${package}::parse_config" => sub {
            local $SIG{__WARN__} = sub { };
            $package->parse_config('storage.cfg', $raw);
        },
        "${package}::write_config" => sub { $package->write_config('storage.cfg', $cfg) },
        "${package}::register_type" => sub {
            $package->register_type(@$type);
            $package->unregister_type('leaktest');
        },
        "${package}::check_config" =>
            sub { $package->check_config('dir', 'd1', { path => '/a', content => 'iso' }, 1) },
        "${package}::delete_from_config" => sub {
            $package->delete_from_config(
                'dir', { path => '/a', nodes => { a => 1 } },
                {}, ['nodes']
            );
        },
        "${package}::create_schema" => sub { $package->create_schema() },
        "${package}::update_schema" => sub { $package->update_schema('dir') },
        "${package}::sensitive_properties" => sub { $package->sensitive_properties('pbs') },
        "${package}::unregister_type" => fails(sub { $package->unregister_type('leaktest') }),
    );
}

# No such container, bridge or interface.
sub container_calls {
    my $package = 'PVE::Network::Rust::Container';
    my %family = (version => 4, new_ip => '10.0.0.2/24');
    my %arguments = (
        net_tap_plug => ['none0', { bridge => 'none0' }],
        plug => [99, 'veth99i0', { bridge => 'none0', name => 'eth0' }],
        change_addresses => [99, 'eth0', \%family],
    );
    my %calls;
    for my $name (keys %arguments) {
        my ($code, @arguments) = (\&{"${package}::$name"}, @{ $arguments{$name} });
        $calls{"${package}::$name"} = fails(sub {
            local $SIG{__WARN__} = sub { };
            $code->(@arguments);
        });
    }
    return %calls;
}

# Each of these looks for an interface that is not there, and fails or finds nothing to do.
sub host_calls {
    my $host = 'PVE::Network::Rust::Host';
    my %arguments = (
        (map { $_ => ['none0'] } qw(read_bridge_mtu is_linux_bridge is_ovs_bridge disable_ipv6)),
        (map { $_ => ['none0'] } qw(iface_delete veth_delete tap_unplug)),
        check_iface_name => ['a/b'],
        iface_create_with => ['none/0', 'bridge', []],
        iface_set_with => ['none0', ['up']],
        iface_set_master => ['none0', undef],
        tap_create => ['none0', 'none1'],
        veth_create => ['none0', 'none0p', 'none1', 'BC:24:11:00:00:01'],
        tap_plug => ['none0', 'none1', 5, 1, undef, 2.5, { learning => 0, mac => 'x' }],
        (map { $_ => ['none0', 5] } qw(tap_rate_limit tap_rate_change)),
        (map { $_ => ['none0', 'BC:24:11:00:00:01'] } qw(add_bridge_fdb del_bridge_fdb)),
        copy_bridge_config => ['none0', 'none0'],
        activate_bridge_vlan => ['none0', 5],
        activate_bridge_vlan_slave => ['none0', 'none1', 5],
    );
    my %changes = map { $_ => 1 } grep { !/^(?:read_|check_|is_linux|disable_)/ } keys %arguments;
    my %found;
    for my $name (keys %arguments) {
        my ($code, @arguments) = (\&{"${host}::$name"}, @{ $arguments{$name} });
        # What commands would write to their standard error.
        my $quiet = sub {
            local $SIG{__WARN__} = sub { };
            $code->(@arguments);
        };
        $found{"${host}::$name"} = fails($quiet);
        $rounds{"${host}::$name"} = 2_000 if $changes{$name};
    }
    return %found;
}

sub intercepted { return @_ }

# The methods of a class of intercepts, and what has other code looked at while they are called.
sub intercept_calls {
    my ($class, $looks) = @_;
    my $with = sub {
        my ($method, @arguments) = @_;
        return sub {
            my $intercept = $class->new(\&intercepted);
            $intercept->$method(@arguments);
            intercepted('text');
        };
    };
    my $answer = $with->('answer', sub { return 'instead' }, sub { });
    return (
        "${class}::new" => $with->('calls'),
        "${class}::answer" => $answer,
        (map { ("${class}::$_" => $with->($_)) } qw(pass calls measured remove)),
        ($looks // $class) . '::look_every' => sub {
            ($looks // $class)->can('look_every')->(60, sub { });
        },
    );
}

sub counter { return $counter //= PerlXS::Test::Counter->new(1) }

# A host's folder with one configuration in it.
sub prepared_root {
    my $root = File::Temp::tempdir(CLEANUP => 1);
    require File::Path;
    require Sys::Hostname;
    my $node = Sys::Hostname::hostname() =~ s/\..*//r;
    File::Path::make_path(
        "$root/etc/pve/nodes/$node/lxc",
        "$root/run/lock/lxc", "$root/var/lib/pve-network-rust"
    );
    symlink("nodes/$node/lxc", "$root/etc/pve/lxc");
    open(my $out, '>', "$root/etc/pve/nodes/$node/lxc/100.conf") or die "open: $!\n";
    print {$out} $config;
    close($out) or die "close: $!\n";
    return $root;
}

# Every sub in this package and those below it that is native code.
sub exports {
    my ($package) = @_;
    my $stash = \%main::;
    $stash = *{ $stash->{"${_}::"} }{HASH} for split(/::/, $package);
    my @found;
    for my $name (sort keys %$stash) {
        push @found, exports("${package}::$1") if $name =~ /\A(\w+)::\z/;
        next if $name =~ /::\z|\A(?:CLONE_SKIP|bootstrap)\z/ || !defined(&{"${package}::$name"});
        my $cv = B::svref_2object(\&{"${package}::$name"});
        # Constants of Fcntl and others, where a package imports them, are no exports.
        next if $cv->CvFLAGS & B::CVf_CONST();
        push @found, "${package}::$name" if $cv->XSUB && $cv->GV->STASH->NAME eq $package;
    }
    return @found;
}

# A sub without arguments that calls the export; undef if nobody wrote one.
sub call_of {
    my ($export) = @_;
    return $calls{$export};
}

sub rounds_of {
    my ($export) = @_;
    return $rounds{$export} // 100_000;
}

1;
