package PVE::Network::Rust::Takeover::Setting;

use strict;
use warnings;

use PVE::Network::Rust::Takeover::Seams;

sub _line {
    my ($setting, $key, $value) = @_;
    if ($key eq 'phase') {
        die "unknown phase '$value'\n" if !PVE::Network::Rust::Takeover::Seams::is_phase($value);
        die "there is a phase already\n" if defined($setting->{phase});
        $setting->{phase} = $value;
        return;
    }
    if ($key eq 'breaker') {
        my ($failures, $seconds) = $value =~ /\A([1-9]\d*) ([1-9]\d*)\z/
            or die "expected a number of failures and one of seconds\n";
        $setting->{breaker} = [$failures, $seconds];
        return;
    }
    die "unknown key '$key'\n" if $key ne 'seam';
    my ($name, $mode, @more) = split(' ', $value);
    die "expected the name of a seam and a mode\n" if !defined($mode) || @more;
    die "unknown mode '$mode'\n" if !PVE::Network::Rust::Takeover::Seams::is_mode($mode);
    # A node of the cluster may have another version of this package.
    $setting->{seams}{$name} = $mode;
    return;
}

sub parse {
    my ($text) = @_;
    my $setting = { seams => {} };
    my $number = 0;
    for my $line (split(/\n/, $text)) {
        $number++;
        next if $line =~ /\A\s*(?:#.*)?\z/;
        my ($key, $value) = $line =~ /\A\s*([a-z]+):\s*(.*?)\s*\z/
            or die "line $number: expected 'phase: NAME' or 'seam: NAME MODE'\n";
        eval { _line($setting, $key, $value) };
        die "line $number: $@" if $@;
    }
    return $setting;
}

sub format {
    my ($setting) = @_;
    my $text = defined($setting->{phase}) ? "phase: $setting->{phase}\n" : '';
    $text .= "breaker: @{ $setting->{breaker} }\n" if $setting->{breaker};
    $text .= "seam: $_ $setting->{seams}{$_}\n" for sort keys %{ $setting->{seams} };
    return $text;
}

sub variable {
    my ($seam) = @_;
    return 'PVE_RUST_SEAM_' . uc($seam->{name} =~ s/[^A-Za-z0-9]+/_/gr);
}

sub of_environment {
    my ($environment) = @_;
    my $setting = { seams => {} };
    my $phase = $environment->{PVE_RUST_PHASE};
    ($setting->{phase}) = grep { $_ eq $phase } PVE::Network::Rust::Takeover::Seams::phases()
        if defined($phase);
    for my $seam (PVE::Network::Rust::Takeover::Seams::all()) {
        my $wanted = $environment->{ variable($seam) } // next;
        my ($mode) = grep { $_ eq $wanted } PVE::Network::Rust::Takeover::Seams::modes();
        $setting->{seams}{ $seam->{name} } = $mode if defined($mode);
    }
    return $setting;
}

sub mode {
    my ($seam, @settings) = @_;
    my $wanted;
    for my $setting (@settings) {
        $wanted //= $setting->{seams}{ $seam->{name} };
    }
    if (!defined($wanted)) {
        my ($phase) = ((grep { defined($_) } map { $_->{phase} } @settings), 'perl-only');
        $wanted =
            PVE::Network::Rust::Takeover::Seams::reaches($phase, $seam->{phase}) ? 'rust' : 'perl';
    }
    # Both would have the effect.
    return $wanted eq 'shadow' && !$seam->{pure} ? 'perl' : $wanted;
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Takeover::Setting - the setting of what runs on Rust

=head1 SYNOPSIS

    use PVE::Network::Rust::Takeover::Setting;

    my $setting = PVE::Network::Rust::Takeover::Setting::parse($text);
    $setting->{seams}{'LXC::Config::parse_volume'} = 'perl';
    print PVE::Network::Rust::Takeover::Setting::format($setting);

=head1 DESCRIPTION

The files F</etc/pve/rust-migration.cfg>, the cluster's, and F</etc/pve-network-rust/migration.cfg>, a node's own. A line is
one of

    # what is said to readers
    phase: rust-read-only
    seam: LXC::Config::parse_volume perl
    breaker: 3 600

There is at most one phase. C<breaker> says how many internal errors in how many seconds turn a seam off. Of several lines about
a seam the last one counts. Seams that this version does not know are kept, and have no effect.

=head1 FUNCTIONS

=head2 parse($text)

Returns the setting as a hash: C<phase> and C<breaker>, a list of two numbers, if there is one, and C<seams>, a hash of modes by
name. Dies with the line that is none.

=head2 format($setting)

Returns the text of a setting.

=head2 of_environment(\%ENV)

Returns the setting that C<PVE_RUST_PHASE> and the variables of the seams say. What is no phase and no mode has no effect.

=head2 variable($seam)

Returns the name of a seam's variable, such as C<PVE_RUST_SEAM_LXC_CONFIG_PARSE_VOLUME>.

=head2 mode($seam, @settings)

Returns the mode of a seam: what the first of the settings says that names it; or C<rust> or C<perl>, by the first of them
that has a phase. It is C<perl> where neither is in any of them, and in place of C<shadow> for a function with outside
effects.

=head1 SEE ALSO

L<PVE::Network::Rust::Takeover>

=cut
