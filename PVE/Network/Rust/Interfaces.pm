package PVE::Network::Rust::Interfaces;

use strict;
use warnings;

use Encode ();

use PVE::Network::Rust;
use PVE::Network::Rust::Host;

sub read_etc_network_interfaces {
    my ($fh, @links_and_active) = @_;
    my $text = do { local $/ = undef; <$fh> };
    return parse_etc_network_interfaces($text // '', @links_and_active);
}

sub read_file {
    my ($filename, $fh) = @_;
    my $links = PVE::Network::Rust::Host::ip_link_details();
    my @active = grep {
        grep { $_ eq 'UP' } @{ $links->{$_}{flags} }
    } keys %$links;
    return read_etc_network_interfaces($fh, $links, \@active);
}

sub write_file {
    my ($filename, $fh, $config) = @_;
    my $ifupdown2 = -e(($ENV{PVE_RUST_ROOT} // '') . '/usr/share/ifupdown2/ifupdown2');
    my $text = Encode::encode('UTF-8', write_etc_network_interfaces($config, $ifupdown2));
    print {$fh} $text or die "write to '$filename' failed\n";
    return;
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Interfaces - the host's network configuration

=head1 FUNCTIONS

=for perlxs functions

=cut
