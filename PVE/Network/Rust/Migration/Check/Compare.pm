package PVE::Network::Rust::Migration::Check::Compare;

use strict;
use warnings;

use PVE::Network::Rust::Migration::Check::Difference;
use PVE::Network::Rust::Migration::Check::Files;
use PVE::Network::Rust::Migration::Check::Functions;
use PVE::Network::Rust::Takeover::Seams;
use PVE::Network::Rust::Takeover::Shadow;
use PVE::Network::Rust::Takeover::State;

my %SECTION_PACKAGE = (
    storage => 'Storage::Config',
    map { lc($_) => "SDN::$_" } qw(Zones Vnets Subnets Controllers Ipams Dns)
);

# One file on its way: `phase`, up to which functions are compared, and the `results` so far.
sub _new {
    my ($phase) = @_;
    return { phase => $phase, results => [] };
}

sub _is_wanted {
    my ($self, $seam) = @_;
    return !defined($self->{phase})
        || PVE::Network::Rust::Takeover::Seams::reaches($self->{phase}, $seam->{phase});
}

sub _add {
    my ($self, $name, $result, %more) = @_;
    push @{ $self->{results} }, { seam => $name, result => $result, %more };
    return;
}

# Has both functions of a seam called, and returns Perl's answer; undef where there is none.
sub _both {
    my ($self, $name, $arguments, %what) = @_;
    my $both = PVE::Network::Rust::Migration::Check::Functions::of_seam($name);
    return undef if !_is_wanted($self, $both->{seam});
    if (defined($both->{why})) {
        _add($self, $name, 'uncompared', why => $both->{why});
        return undef;
    }
    my $is_same = 1;
    my $differ = sub {
        my (undef, $perl, $rust, $seam) = @_;
        $is_same = 0;
        my @compared =
            map { PVE::Network::Rust::Takeover::Shadow::compared($_, $seam) } $perl, $rust;
        my $difference =
            PVE::Network::Rust::Migration::Check::Difference::of_outcomes(@compared);
        _add($self, $name, 'differs', %what, %$difference);
    };
    my $outcome = PVE::Network::Rust::Takeover::Shadow::both(
        $both->{perl}, $both->{rust}, $arguments,
        { wantarray => 0, differ => $differ, seam => $both->{seam} }
    );
    _add($self, $name, 'same', %what) if $is_same;
    return exists($outcome->{error}) ? undef : $outcome->{answer}[0];
}

# A property of a container: what it is read as, and what that is written as.
sub _property {
    my ($self, $key, $value) = @_;
    my $class = 'PVE::LXC::Config';
    my ($name, @arguments) =
        $key =~ /\Anet\d+\z/
        ? ('lxc_network', $class)
        : $key =~ /\A(?:rootfs|mp\d+|unused\d+)\z/ ? ('volume', $class, $key)
        : $key =~ /\Adev\d+\z/ ? ('device', $class)
        : $key eq 'features' ? ('features', $class)
        : return;
    my %what = (what => $key);
    my $parsed = _both($self, "LXC::Config::parse_$name", [@arguments, $value], %what) // return;
    _both($self, "LXC::Config::print_$name", [@arguments, $parsed], %what) if $name ne 'features';
    return;
}

sub _container {
    my ($self, $file, $text) = @_;
    my $conf = _both($self, 'LXC::Config::parse_pct_config', [$file->{name}, $text]) // return;
    my $snapshots = $conf->{snapshots} // {};
    for my $section ($conf, $conf->{pending} // {}, map { $snapshots->{$_} } sort keys %$snapshots)
    {
        for my $key (sort keys %$section) {
            my $value = $section->{$key};
            _property($self, $key, $value) if defined($value) && !ref($value);
        }
    }
    _both($self, 'LXC::Config::write_pct_config', [$file->{name}, $conf]);
    return;
}

sub _sections {
    my ($self, $file, $text) = @_;
    my $package = $SECTION_PACKAGE{ $file->{kind} };
    my $seam = PVE::Network::Rust::Takeover::Seams::find("${package}::parse_config");
    my $class = $seam->{replaces}[0]{package};
    my $config = _both($self, "${package}::parse_config", [$class, $file->{name}, $text]) // return;
    _both($self, "${package}::write_config", [$class, $file->{name}, $config]);
    return;
}

sub _interfaces {
    my ($self, $file, $text) = @_;
    open(my $in, '<', \$text) or die "open: $!\n";
    # Of the links here, those that the file may name by another name.
    my $links = eval {
        require PVE::IPRoute2;
        PVE::IPRoute2::ip_link_details();
    };
    my $config =
        _both($self, 'Interfaces::read_etc_network_interfaces', [$in, $links // {}, []]) // return;
    _both($self, 'Interfaces::write_etc_network_interfaces', [$config, 1]);
    return;
}

my %COMPARE = (
    container => \&_container,
    interfaces => \&_interfaces,
    map { $_ => \&_sections } keys %SECTION_PACKAGE
);

sub file {
    my ($path, $phase) = @_;
    my $file = PVE::Network::Rust::Migration::Check::Files::kind_of($path)
        // return [{ result => 'uncompared', why => 'no function reads such a file' }];
    my $text = eval { PVE::Network::Rust::Takeover::State::read_text($path) };
    return [{ result => 'uncompared', why => 'cannot be read: ' . ($@ =~ s/.*: (.*)\n\z/$1/sr) }]
        if !defined($text);
    my $self = _new($phase);
    $COMPARE{ $file->{kind} }->($self, $file, $text);
    return $self->{results};
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Migration::Check::Compare - one file, read and written by Perl and Rust

=head1 FUNCTIONS

=head2 file($path, $phase)

Has Perl and Rust read a file, and write what Perl has read, without touching the file; with a phase only by the functions
that run on Rust then. Returns a reference to a list of hashes: C<result>, which is C<same>, C<differs> or C<uncompared>; C<seam>;
C<what>, such as C<net0>, where it is about a part of the file; C<why> it could not be compared; and where it differs C<path>,
C<perl> and C<rust> of L<PVE::Network::Rust::Migration::Check::Difference>.

Loads PVE's own modules into this process.

=head1 SEE ALSO

L<PVE::Network::Rust::Migration::Check>

=cut
