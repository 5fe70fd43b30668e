package PVE::IPCC;

# In place of the native module by which PVE asks pmxcfs: answers from plain files in /etc/pve, as pmxcfs would for a cluster of
# this one node.

use strict;
use warnings;

use Errno qw(EINVAL ENOENT);
use JSON::PP ();
use POSIX ();
use Time::HiRes ();

use PVE::Cluster::IPCConst;

my $json = JSON::PP->new()->canonical();
my $folder = '/etc/pve';
my $started = $^T;

# The status that a node tells the others, of this process alone.
my %status;

sub _version {
    my ($path) = @_;
    my @stat = Time::HiRes::stat("$folder/$path") or return undef;
    return int($stat[9] * 1_000_000) % 1_000_000_000_000 + $stat[7] + $stat[1];
}

sub _content {
    my ($path) = @_;
    return undef if !-f "$folder/$path";
    open(my $in, '<', "$folder/$path") or return undef;
    local $/ = undef;
    return <$in> // '';
}

sub _guests {
    my %guests;
    for my $path (glob("$folder/nodes/*/{lxc,qemu-server}/*.conf")) {
        my ($node, $type, $id) = $path =~ m{/nodes/([^/]+)/(lxc|qemu)(?:-server)?/(\d+)\.conf\z}
            or next;
        my $below = substr($path, length($folder) + 1);
        $guests{$id} = { node => $node, type => $type, version => _version($below) // 1 };
    }
    return \%guests;
}

sub _sum {
    my ($guests) = @_;
    my $sum = 1;
    $sum = ($sum * 31 + $_ + $guests->{$_}{version}) % 1_000_000_000_007
        for sort { $a <=> $b } keys %$guests;
    return $sum;
}

sub _observed {
    my %versions;
    for my $path (
        glob("$folder/*.{cfg,conf}"),
        glob("$folder/{sdn,priv,ha,firewall,mapping}/{*,.r*}")
        )
    {
        my $below = substr($path, length($folder) + 1);
        $versions{$below} = _version($below) if -f $path;
    }
    return %versions;
}

sub _properties {
    my ($id, @properties) = @_;
    my $guests = _guests();
    my %found;
    for my $guest (grep { !$id || $_ == $id } keys %$guests) {
        my $type = $guests->{$guest}{type} eq 'lxc' ? 'lxc' : 'qemu-server';
        my $text = _content("nodes/$guests->{$guest}{node}/$type/$guest.conf") // '';
        $text =~ s/^\[.*//ms;
        for my $property (@properties) {
            $found{$guest}{$property} = $1 if $text =~ /^\Q$property\E:\s*(.*?)\s*$/m;
        }
    }
    return \%found;
}

my %ANSWER = (
    PVE::Cluster::IPCConst::CFS_IPC_GET_FS_VERSION() => sub {
        return $json->encode(
            { starttime => $started, clinfo => 1, vmlist => _sum(_guests()), _observed() }
        );
    },
    PVE::Cluster::IPCConst::CFS_IPC_GET_CLUSTER_INFO() => sub {
        return $json->encode({ nodename => (split(/\./, (POSIX::uname())[1]))[0], version => 1 });
    },
    PVE::Cluster::IPCConst::CFS_IPC_GET_GUEST_LIST() => sub {
        my $guests = _guests();
        return $json->encode({ version => _sum($guests), ids => $guests });
    },
    PVE::Cluster::IPCConst::CFS_IPC_SET_STATUS() => sub {
        my ($name, $value) = unpack('Z[256]Z*', $_[0]);
        $status{$name} = $value;
        return undef;
    },
    PVE::Cluster::IPCConst::CFS_IPC_GET_STATUS() => sub {
        my ($name) = unpack('Z[256]', $_[0]);
        $! = ENOENT if !defined($status{$name});
        return $status{$name};
    },
    PVE::Cluster::IPCConst::CFS_IPC_GET_CONFIG() => sub {
        my $content = _content(unpack('Z*', $_[0]) =~ s{^/+}{}r);
        $! = defined($content) ? 0 : ENOENT;
        return ($content // '') eq '' ? undef : $content;
    },
    PVE::Cluster::IPCConst::CFS_IPC_LOG_CLUSTER_MSG() => sub { return undef },
    PVE::Cluster::IPCConst::CFS_IPC_GET_CLUSTER_LOG() => sub { return '{"data":[]}' },
    PVE::Cluster::IPCConst::CFS_IPC_GET_RRD_DUMP() => sub { return undef },
    PVE::Cluster::IPCConst::CFS_IPC_GET_GUEST_CONFIG_PROPERTY() => sub {
        return $json->encode(_properties(unpack('VZ*', $_[0])));
    },
    PVE::Cluster::IPCConst::CFS_IPC_GET_GUEST_CONFIG_PROPERTIES() => sub {
        my ($id, undef, @properties) = unpack('VC(Z*)*', $_[0]);
        return $json->encode(_properties($id, @properties));
    },
);

sub ipcc_send_rec($;$) {    ## no critic (ProhibitSubroutinePrototypes)
    my ($request, $data) = @_;
    $! = 0;
    if (my $answer = $ANSWER{$request}) {
        return $answer->($data);
    }
    $! = EINVAL;
    return undef;
}

sub sendfd { return -1 }

1;
