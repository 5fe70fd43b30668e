package PVE::Network::Rust::Migration::ClusterLock;

use strict;
use warnings;

use Time::HiRes ();

use PVE::Network::Rust::Takeover::Files;
use PVE::Network::Rust::Takeover::State;

# In seconds, as PVE::Cluster waits.
our $WAIT = 10;
my $POLL = 0.1;

sub _etc_pve { return PVE::Network::Rust::Takeover::State::root() . '/etc/pve' }

# pmxcfs takes everybody's right to write from what is in it while there is no quorum.
sub is_quorate {
    my @link = lstat(_etc_pve() . '/local') or return 0;
    return ($link[2] & 0200) != 0;
}

my $OR_THIS_NODE = 'or change the setting of this node alone';

sub check {
    die
        "the cluster's file system is not mounted at /etc/pve: see `systemctl status pve-cluster`, $OR_THIS_NODE\n"
        if !PVE::Network::Rust::Takeover::Files::cluster_is_there();
    die
        "the cluster has no quorum, so that nothing in /etc/pve can be changed: see `pvecm status`, $OR_THIS_NODE\n"
        if !is_quorate();
    return;
}

# mkdir(2) on pmxcfs succeeds on one node; setting the times to 0 asks it to remove a lock that nobody has kept for two
# minutes.
sub _acquire {
    my ($lock) = @_;
    my $until = Time::HiRes::time() + $WAIT;
    while (!mkdir($lock)) {
        my $why = $!;
        if (!$!{EEXIST}) {
            check();
            die "make $lock: $why\n";
        }
        die
            "another node has $lock since more than $WAIT s: try again; one that was left behind goes after two minutes\n"
            if Time::HiRes::time() >= $until;
        utime(0, 0, $lock);
        Time::HiRes::sleep($POLL);
    }
    return;
}

sub locked {
    my ($code) = @_;
    check();
    my $folder = _etc_pve() . '/priv/lock';
    mkdir($folder);
    # The name that cfs_lock_file would give it.
    my $lock = "$folder/file-rust-migration_cfg";
    _acquire($lock);
    my $done = eval { $code->(); 1 };
    my $error = $@;
    rmdir($lock);
    die $error if !$done;
    return;
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Migration::ClusterLock - one node at a time changes the cluster's setting

=head1 DESCRIPTION

The lock F</etc/pve/priv/lock/file-rust-migration_cfg> of the cluster's file system, taken as C<PVE::Cluster::cfs_lock_file> takes
its own. PVE::Cluster is not loaded for it: that knows a list of files, and this one is not among them.

=head1 FUNCTIONS

=head2 check()

Dies where the cluster's file system is not mounted or there is no quorum, with what to do.

=head2 is_quorate()

Returns whether the cluster's files can be changed.

=head2 locked($code)

Calls C<$code> while nobody else in the cluster has the lock. It waits 10 seconds for it. Dies where it cannot be had, and of what
C<$code> dies of.

=head1 SEE ALSO

L<PVE::Network::Rust::Migration>

=cut
