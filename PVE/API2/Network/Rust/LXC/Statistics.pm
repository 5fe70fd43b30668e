package PVE::API2::Network::Rust::LXC::Statistics;

use strict;
use warnings;

use PVE::JSONSchema qw(get_standard_option);
use PVE::RESTHandler;

use PVE::API2::Network::Rust::Container;

use base qw(PVE::RESTHandler);

# The columns of /proc/net/dev: what the host's end received, the container sent.
my @COLUMNS = (
    qw(netout packets_out errors_out dropped_out), (undef) x 4,
    qw(netin packets_in errors_in dropped_in),
);

my %COUNTED = (
    net => 'Bytes',
    packets_ => 'Packets',
    errors_ => 'Packets with errors',
    dropped_ => 'Packets dropped on the host',
);

sub _counter {
    my ($what, $direction) = @_;
    my $way = $direction eq 'in' ? 'to the container' : 'from the container';
    return { description => "$COUNTED{$what} $way.", type => 'integer' };
}

sub _counters {
    my ($vmid) = @_;
    open(my $in, '<', '/proc/net/dev') or die "unable to open '/proc/net/dev': $!\n";
    my @interfaces;
    while (defined(my $line = <$in>)) {
        my ($name, $netid, $numbers) = $line =~ /^\s*(veth\Q$vmid\Ei(\d+)):\s*(.*)/ or next;
        my @numbers = split(/\s+/, $numbers);
        my %interface = (id => "net$netid", name => $name);
        for my $column (grep { defined($COLUMNS[$_]) } 0 .. $#COLUMNS) {
            $interface{ $COLUMNS[$column] } = $numbers[$column] + 0;
        }
        push @interfaces, \%interface;
    }
    close($in);
    my $number = sub { return $_[0]->{id} =~ /(\d+)/ ? $1 : 0 };
    return [sort { $number->($a) <=> $number->($b) } @interfaces];
}

__PACKAGE__->register_method({
    name => 'link_counters',
    path => '',
    method => 'GET',
    proxyto => 'node',
    permissions => { check => ['perm', '/vms/{vmid}', ['VM.Audit']] },
    description =>
        "What went through a container's interfaces since they were plugged in. Those of a container that does not"
        . " run are not there.",
    parameters => {
        additionalProperties => 0,
        properties => {
            node => get_standard_option('pve-node'),
            vmid => get_standard_option('pve-vmid'),
        },
    },
    returns => {
        type => 'array',
        items => {
            type => 'object',
            properties => {
                id => {
                    description => "The interface's key in the configuration.",
                    type => 'string'
                },
                name => { description => "The host's end.", type => 'string' },
                map {
                    my $what = $_;
                    ("${what}in" => _counter($what, 'in'), "${what}out" => _counter($what, 'out'))
                } sort keys %COUNTED,
            },
        },
    },
    code => sub {
        my ($param) = @_;
        PVE::API2::Network::Rust::Container::configuration($param->{vmid});
        return _counters($param->{vmid});
    },
});

1;

__END__

=encoding utf8

=head1 NAME

PVE::API2::Network::Rust::LXC::Statistics - counters of a container's interfaces, in the API

=head1 DESCRIPTION

F</nodes/{node}/rust-network/lxc/{vmid}/statistics> lists the interfaces of a container that are plugged in, with what the
kernel counted at the host's end. C<netin> and C<netout> are, as elsewhere in the API, bytes to and from the container.

=head1 SEE ALSO

L<PVE::API2::Network::Rust>, proc(5)

=cut
