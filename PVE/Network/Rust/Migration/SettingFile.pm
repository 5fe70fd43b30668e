package PVE::Network::Rust::Migration::SettingFile;

use strict;
use warnings;

use File::Basename qw(dirname);

use PVE::Network::Rust::Migration::ClusterLock;
use PVE::Network::Rust::Migration::Text;
use PVE::Network::Rust::Takeover::Files;
use PVE::Network::Rust::Takeover::Setting;
use PVE::Network::Rust::Takeover::State;

# pmxcfs takes files of up to 1 MiB, and every process reads this one.
my $MOST_BYTES = 64 * 1024;

sub text {
    my ($scope) = @_;
    my $path = PVE::Network::Rust::Takeover::Files::path($scope);
    my $text = eval { PVE::Network::Rust::Takeover::State::read_text($path) };
    return $text if defined($text);
    return '' if $!{ENOENT};
    die $@;
}

sub lenient {
    my ($text) = @_;
    my ($repaired) = PVE::Network::Rust::Migration::Text::repaired($text);
    return PVE::Network::Rust::Takeover::Setting::parse($repaired);
}

sub _write {
    my ($scope, $text) = @_;
    my $path = PVE::Network::Rust::Takeover::Files::path($scope);
    die "$path would be longer than $MOST_BYTES bytes\n" if length($text) > $MOST_BYTES;
    # A setting that nobody could read would leave all nodes with what they had.
    PVE::Network::Rust::Takeover::Setting::parse($text);
    my %how = $scope eq 'node' ? (mode => 0644, sync => 1) : (mode => 0640);
    my $folder = dirname($path);
    mkdir($folder, 0755) || $!{EEXIST} || die "make $folder: $!\n" if $scope eq 'node';
    PVE::Network::Rust::Takeover::State::replace($path, $text, %how);
    return;
}

sub change {
    my ($scope, $edit) = @_;
    die "only root can change what runs on Rust\n" if $> != 0;
    my $locked = sub {
        my $text = text($scope);
        my $new = $edit->($text);
        _write($scope, $new) if $new ne $text;
    };
    my $in_cluster =
        $scope eq 'node'
        ? $locked
        : sub { PVE::Network::Rust::Migration::ClusterLock::locked($locked) };
    PVE::Network::Rust::Migration::ClusterLock::check() if $scope ne 'node';
    # Processes of this node wait for each other here, and those of other nodes for one of them.
    PVE::Network::Rust::Takeover::State::locked('migration', $in_cluster);
    PVE::Network::Rust::Takeover::Files::look();
    return;
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Migration::SettingFile - the files of settings, changed by one process at a time

=head1 FUNCTIONS

=head2 text($scope)

Returns the text of the file of C<node> or C<cluster>, empty where there is none. Dies where it cannot be read.

=head2 lenient($text)

Returns the setting of a text, without the lines that are none.

=head2 change($scope, $edit)

Calls C<$edit> with the text of the file, while no other process of this node, or for C<cluster> of the cluster, changes it, and puts
a file with what that returns in its place. Dies where it cannot be written, where it would be no setting, and of what C<$edit>
dies of; the file is as it was then.

=head1 SEE ALSO

L<PVE::Network::Rust::Migration>, L<PVE::Network::Rust::Takeover::Files>

=cut
