package PVE::Network::Rust::Takeover::Files;

use strict;
use warnings;

use PVE::Network::Rust::Takeover::Breaker;
use PVE::Network::Rust::Takeover::Log;
use PVE::Network::Rust::Takeover::Setting;

# The first one goes before the second.
my @SETTINGS = qw(/etc/pve-network-rust/migration.cfg /etc/pve/rust-migration.cfg);

# What was read, and by the path, of which file.
my (%setting, %stamp);
my $off = {};

# None where it cannot be told, as while the cluster's file system is not there.
sub _stamp {
    my ($path) = @_;
    my @stat = stat($path) or return $!{ENOENT} ? 'absent' : undef;
    return join(' ', @stat[0, 1, 7, 9, 10]);
}

sub _has_changed {
    my ($path) = @_;
    my $stamp = _stamp($path) // return 0;
    return 0 if $stamp eq ($stamp{$path} // '');
    $stamp{$path} = $stamp;
    return 1;
}

sub _read {
    my ($path) = @_;
    open(my $in, '<', $path) or die "open: $!\n";
    my $text = do { local $/ = undef; <$in> };
    return PVE::Network::Rust::Takeover::Setting::parse($text // '');
}

# Reads a setting. What cannot be read or understood leaves what was known.
sub _look_at_setting {
    my ($file) = @_;
    my $path = ($ENV{PVE_RUST_ROOT} // '') . $file;
    return 0 if !_has_changed($path);
    if ($stamp{$path} eq 'absent') {
        delete($setting{$file});
        return 1;
    }
    return 1 if eval { $setting{$file} = _read($path); 1 };
    chomp(my $error = $@);
    PVE::Network::Rust::Takeover::Log::error("$path: $error; the setting stays as it was");
    return 0;
}

sub _look_at_breaker {
    return 0 if !_has_changed(PVE::Network::Rust::Takeover::Breaker::path());
    $off = PVE::Network::Rust::Takeover::Breaker::off();
    return 1;
}

sub look {
    my $changed = grep { $_ } _look_at_breaker(), map { _look_at_setting($_) } @SETTINGS;
    return $changed > 0;
}

sub settings {
    return (
        PVE::Network::Rust::Takeover::Setting::of_environment(\%ENV),
        grep { defined($_) } @setting{@SETTINGS}
    );
}

sub off { return $off }

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Takeover::Files - the settings of this host, as they were when they were last looked at

=head1 FUNCTIONS

=head2 look()

Reads what has changed, at the cost of a stat(2) a file. A file that cannot be read or is no setting leaves what was known
before, which is logged. Returns whether there is something new.

=head2 settings()

Returns the settings, the one that goes before the others first: those of the environment, of
F</etc/pve-network-rust/migration.cfg> and of F</etc/pve/rust-migration.cfg>.

=head2 off()

Returns the seams that are off on this node, as L<PVE::Network::Rust::Takeover::Breaker>, a hash that a process may add to.

=head1 SEE ALSO

L<PVE::Network::Rust::Takeover>

=cut
