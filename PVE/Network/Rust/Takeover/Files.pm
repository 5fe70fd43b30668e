package PVE::Network::Rust::Takeover::Files;

use strict;
use warnings;

use PVE::Network::Rust::Takeover::Breaker;
use PVE::Network::Rust::Takeover::Log;
use PVE::Network::Rust::Takeover::Seams;
use PVE::Network::Rust::Takeover::Setting;
use PVE::Network::Rust::Takeover::State;

# The first one goes before the second. `copy` has the last text that was a setting, in the node's state.
my @FILES = (
    { scope => 'node', path => '/etc/pve-network-rust/migration.cfg', copy => 'node-setting' },
    { scope => 'cluster', path => '/etc/pve/rust-migration.cfg', copy => 'cluster-setting' },
);

# For each file: `setting`, what is known; `stamp`, of which file that was read; `kept`, why it is not what the file says.
my %known = map { $_->{scope} => {} } @FILES;
my $off = {};

sub path {
    my ($scope) = @_;
    my ($file) = grep { $_->{scope} eq $scope } @FILES;
    return PVE::Network::Rust::Takeover::State::root() . $file->{path};
}

# As PVE::Cluster tells it: without it /etc/pve is an empty folder.
sub cluster_is_there {
    return -l PVE::Network::Rust::Takeover::State::root() . '/etc/pve/local';
}

# `absent` only where there is none, `unknown` with why where that cannot be told.
sub _stamp {
    my ($scope, $path) = @_;
    my @stat = stat($path);
    return join(' ', @stat[0, 1, 7, 9, 10]) if @stat;
    return "unknown $!" if !$!{ENOENT};
    return $scope eq 'node' || cluster_is_there() ? 'absent' : 'unknown /etc/pve is not mounted';
}

# The copy is root's. That it cannot be written is no reason for a process not to go on.
sub _keep_copy {
    my ($file, $text) = @_;
    return if $> != 0;
    my $copy = PVE::Network::Rust::Takeover::State::path($file->{copy});
    my $done = eval {
        if (!defined($text)) {
            unlink($copy) || $!{ENOENT} || die "remove $copy: $!\n";
            return 1;
        }
        my $is_there = eval { PVE::Network::Rust::Takeover::State::read_text($copy) };
        return 1 if defined($is_there) && $is_there eq $text;
        PVE::Network::Rust::Takeover::State::make_folder();
        PVE::Network::Rust::Takeover::State::replace($copy, $text, sync => 1);
        return 1;
    };
    PVE::Network::Rust::Takeover::Log::error("$@") if !$done;
    return;
}

# What a file says is not to be had: what this process knew of it stays, or else what was known on this node last.
sub _keep_known {
    my ($file, $known, $why) = @_;
    $known->{kept} = $why;
    return 0 if $known->{setting};
    my $copy = PVE::Network::Rust::Takeover::State::path($file->{copy});
    $known->{setting} = eval {
        my $text = PVE::Network::Rust::Takeover::State::read_text($copy);
        PVE::Network::Rust::Takeover::Setting::parse($text);
    };
    return defined($known->{setting});
}

sub _look_at_setting {
    my ($file) = @_;
    my $known = $known{ $file->{scope} };
    my $path = path($file->{scope});
    my $stamp = _stamp($file->{scope}, $path);
    return 0 if $stamp eq ($known->{stamp} // '');
    $known->{stamp} = $stamp;
    return _keep_known($file, $known, $stamp =~ s/\Aunknown //r) if $stamp =~ /\Aunknown /;
    if ($stamp eq 'absent') {
        delete(@$known{qw(setting kept)});
        _keep_copy($file, undef);
        return 1;
    }
    my ($text, $setting);
    my $understood = eval {
        $text = PVE::Network::Rust::Takeover::State::read_text($path);
        $setting = PVE::Network::Rust::Takeover::Setting::parse($text);
        1;
    };
    if (!$understood) {
        chomp(my $error = $@ =~ s/\A(?:open|read) \Q$path\E: //r);
        # Once more at the next look, where it may come from the file system.
        $known->{stamp} = "unread $stamp" if !defined($text);
        PVE::Network::Rust::Takeover::Log::error("$path: $error; the setting stays as it was")
            if ($known->{kept} // '') ne $error;
        return _keep_known($file, $known, $error);
    }
    $known->{setting} = $setting;
    delete($known->{kept});
    _keep_copy($file, $text);
    return 1;
}

my $breaker_stamp = '';

sub _look_at_breaker {
    my @stat = stat(PVE::Network::Rust::Takeover::Breaker::path());
    return 0 if !@stat && !$!{ENOENT};
    my $stamp = @stat ? join(' ', @stat[0, 1, 7, 9, 10]) : 'absent';
    return 0 if $stamp eq $breaker_stamp;
    $breaker_stamp = $stamp;
    $off = PVE::Network::Rust::Takeover::Breaker::off();
    return 1;
}

sub look {
    my $changed = grep { $_ } _look_at_breaker(), map { _look_at_setting($_) } @FILES;
    return $changed > 0;
}

sub sources {
    my $environment = PVE::Network::Rust::Takeover::Setting::of_environment(\%ENV);
    return (
        { scope => 'environment', setting => $environment },
        map { {
            scope => $_->{scope},
            path => path($_->{scope}),
            setting => $known{ $_->{scope} }{setting},
            kept => $known{ $_->{scope} }{kept},
        } } @FILES
    );
}

sub settings {
    return grep { defined($_) } map { $_->{setting} } sources();
}

sub phase {
    for my $source (sources()) {
        my $phase = ($source->{setting} // {})->{phase} // next;
        my %more = map { defined($source->{$_}) ? ($_ => $source->{$_}) : () } qw(path kept);
        return { phase => $phase, source => $source->{scope}, %more };
    }
    my ($first) = PVE::Network::Rust::Takeover::Seams::phases();
    return { phase => $first, source => 'default' };
}

sub off { return $off }

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Takeover::Files - the settings of this host, as they were when they were last looked at

=head1 DESCRIPTION

A file that cannot be read, or is no setting, leaves what was known before, also for processes that start later: each process
of root that reads a new setting keeps a copy of it in F</var/lib/pve-network-rust>. A file that was removed leaves nothing. In
F</etc/pve> a file is taken for removed only while the cluster's file system is there.

Processes of others than root have no such copy: they know what they have read themselves.

=head1 FUNCTIONS

=head2 look()

Reads what has changed, at the cost of a stat(2) a file. Of a file that cannot be read or understood that is logged. Returns
whether there is something new.

=head2 settings()

Returns the settings, the one that goes before the others first: those of the environment, of
F</etc/pve-network-rust/migration.cfg> and of F</etc/pve/rust-migration.cfg>.

=head2 sources()

Returns where they are from, in that order, hashes with C<scope> (C<environment>, C<node> or C<cluster>), C<path>, C<setting>,
which is undef where there is none, and C<kept>: why that is what was known before and not what the file says.

=head2 phase()

Returns the phase that counts, as C<phase> of L<PVE::Network::Rust::Migration> does.

=head2 path($scope)

Returns the path of the file of that scope.

=head2 cluster_is_there()

Returns whether the cluster's file system is mounted at F</etc/pve>.

=head2 off()

Returns the seams that are off on this node, as L<PVE::Network::Rust::Takeover::Breaker>, a hash that a process may add to.

=head1 SEE ALSO

L<PVE::Network::Rust::Takeover>

=cut
