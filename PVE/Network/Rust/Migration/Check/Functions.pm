package PVE::Network::Rust::Migration::Check::Functions;

use strict;
use warnings;

use PVE::Network::Rust::Takeover::Required;
use PVE::Network::Rust::Takeover::Seams;

# What has to be loaded for a package whose plugins register themselves.
my %LOADED_BY = (
    'PVE::Storage::Plugin' => 'PVE::Storage',
    'PVE::Network::SDN::VnetPlugin' => 'PVE::Network::SDN::Vnets',
    'PVE::Network::SDN::SubnetPlugin' => 'PVE::Network::SDN::Subnets',
    map { ("PVE::Network::SDN::${_}::Plugin" => "PVE::Network::SDN::$_") }
        qw(Zones Controllers Ipams Dns),
);

# By the seam's name: hashes with `perl` and `rust`, or `why` there are not both.
my %functions;

sub _load {
    my ($package) = @_;
    my $file = PVE::Network::Rust::Takeover::Required::file_of($package);
    return if eval { require $file };
    my ($why) = split(/\n/, "$@");
    die "$package is not installed\n" if $why =~ /\ACan't locate \Q$file\E in \@INC/;
    die "$package cannot be loaded: " . ($why =~ s/ \(you may need to install.*//r) . "\n";
}

sub _perl {
    my ($seam) = @_;
    my @why;
    for my $replaced (@{ $seam->{replaces} }) {
        my $package = $replaced->{package};
        if (!eval { _load($LOADED_BY{$package} // $package); 1 }) {
            push @why, $@;
            next;
        }
        my $code = $package->can($replaced->{function});
        return $code if $code;
        push @why, "$package has no $replaced->{function}\n";
    }
    die $why[0];
}

sub _rust {
    my ($seam) = @_;
    _load($seam->{package});
    my $code = $seam->{package}->can($seam->{function})
        // die "$seam->{package} has no $seam->{function}\n";
    die "it would stay with Perl: there are plugins that Rust does not know\n"
        if $seam->{needs} && !$seam->{package}->can($seam->{needs})->();
    return $code;
}

sub _of {
    my ($name) = @_;
    my $seam = PVE::Network::Rust::Takeover::Seams::find($name);
    my $both = eval { { seam => $seam, perl => _perl($seam), rust => _rust($seam) } };
    return $both if $both;
    chomp(my $why = $@);
    return { seam => $seam, why => $why };
}

sub of_seam {
    my ($name) = @_;
    $functions{$name} //= _of($name);
    # Loading PVE::Storage has put intercepts before them.
    PVE::Network::Rust::Takeover::uninstall() if PVE::Network::Rust::Takeover->can('uninstall');
    return $functions{$name};
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Migration::Check::Functions - both functions of a seam

=head1 FUNCTIONS

=head2 of_seam($name)

Loads what is needed for both, and returns a hash with C<seam>, C<perl> and C<rust>, references to the functions, or with C<why>
one of them is not to be had. The takeover is not in effect in this process then.

=head1 SEE ALSO

L<PVE::Network::Rust::Migration::Check>

=cut
