package PVE::Network::Rust::Test::Format::SDNGenerate;

# What is generated for zones and VNets. The reference's questions about the node are answered as the case says; fabrics are
# left out, since the reference has a library for them that is not part of its sources.

use strict;
use warnings;

use File::Temp ();

use parent 'PVE::Network::Rust::Test::Format';

use PVE::Network::Rust::Test::Outcome qw(outcome);
use PVE::Network::Rust::Test::Random qw(chance);
use PVE::Network::Rust::Test::SDNConfig qw(distorted random_node random_running);
use PVE::Network::Rust::Test::Value qw(copy);

my ($node, $running);

sub name { return 'sdn-generate' }
sub reference_module { return 'PVE::Network::SDN' }
sub rust_module { return 'PVE::Network::Rust::SDN' }

# The node.
sub fixed_arguments { return 1 }

sub _interfaces {
    open(my $fh, '<', \$node->{interfaces}) or die "open: $!\n";
    return PVE::Network::Interfaces::__read_etc_network_interfaces($fh, {}, []);
}

sub _bridge {
    return $node->{bridges}{ $_[0] // '' };
}

sub _route {
    my ($target) = @_;
    my $route = $node->{routes}{$target};
    return ($route->{src}, $route->{dev}) if $route;
    warn "RTNETLINK answers: Network is unreachable\n";
    die "command '/sbin/ip route get $target' failed: exit code 2\n";
}

sub new {
    my ($class, @packages) = @_;
    my $plugin = 'PVE::Network::SDN::Zones::Plugin';
    my %answers = (
        'PVE::INotify::nodename' => sub { return $node->{nodename} },
        'PVE::INotify::read_file' => \&_interfaces,
        'PVE::Network::is_ovs_bridge' => sub { return _bridge($_[0])->{ovs} },
        'PVE::Network::SDN::Subnets::config' => sub { return $running->{subnets} },
        'PVE::Network::SDN::running_config' => sub { return $running },
        "${plugin}::get_local_route_ip" => \&_route,
        "${plugin}::is_vlanaware" => sub { return _bridge($_[0])->{vlan_aware} },
        "${plugin}::get_bridge_ifaces" => sub { return @{ _bridge($_[0])->{ports} } },
        "${plugin}::find_bridge" => sub {
            my ($bridge) = @_;
            die "can't find bridge " . ($bridge // '') if !_bridge($bridge);
        },
    );
    no strict 'refs';    ## no critic (ProhibitNoStrict)
    no warnings qw(once redefine);    ## no critic (ProhibitNoWarnings)
    *{$_} = $answers{$_} for sort keys %answers;
    return $class->SUPER::new(@packages);
}

sub generate {
    my $config = random_running();
    my $lenient = chance(0.1) ? distorted($config) : 0;
    return {
        what => 'generate',
        arguments => [random_node(), $config],
        $lenient ? (lenient => 1) : (),
    };
}

# Runs $code; also returns what it writes to standard output.
sub _printed {
    my ($code) = @_;
    my $file = File::Temp->new();
    STDOUT->flush();
    open(my $stdout, '>&', \*STDOUT) or die "dup: $!\n";
    open(STDOUT, '>&', $file) or die "dup: $!\n";
    my $observed = $code->();
    STDOUT->flush();
    open(STDOUT, '>&', $stdout) or die "dup: $!\n";
    seek($file, 0, 0) or die "seek: $!\n";
    return (
        $observed,
        do { local $/ = undef; <$file> }
            // ''
    );
}

sub _is_rust {
    my ($package) = @_;
    return $package ne reference_module();
}

sub observe {
    my ($self, $package, $case) = @_;
    ($node, $running) = @{ copy($case->{arguments}) };
    my $call =
        _is_rust($package)
        ? sub { $package->can('generate_raw_etc_network_config')->($running, $node) }
        : sub { PVE::Network::SDN::Zones::generate_etc_network_config($running) // '' };
    my $observe = sub { return outcome($call) };
    # Only Faucet's zones print something.
    my $prints =
        ref($running->{zones}) eq 'HASH' && ref($running->{zones}{ids}) eq 'HASH'
        && grep { ref($_) eq 'HASH' && ($_->{type} // '') eq 'faucet' }
        values %{ $running->{zones}{ids} };
    my ($observed, $printed) = $prints ? _printed($observe) : ($observe->(), '');
    return { call => $observed, printed => $printed };
}

# Where the reference writes the address of a reference, Rust leaves the VNet out, with a warning.
sub compare {
    my ($self, $case) = @_;
    my $rust = $self->observe($self->{rust}, $case);
    return
        if $case->{lenient}
        && grep { /which cannot be written|strict refs|Not a HASH/ } @{ $rust->{call}{warnings} };
    return $self->SUPER::compare($case);
}

1;
