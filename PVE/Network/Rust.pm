package PVE::Network::Rust;

use strict;
use warnings;

use PVE::Network::Rust::Error;
use PVE::Network::Rust::Exception;

our $VERSION = '0.1.0';

# Looks along @INC only. The library refuses to be loaded by another version of this module.
require XSLoader;
XSLoader::load(__PACKAGE__, $VERSION);

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust - network, container and storage functions of Proxmox VE, in Rust

=head1 SYNOPSIS

    use PVE::Network::Rust;
    print PVE::Network::Rust::version(), "\n";

    use PVE::Network::Rust::LXC::Config;
    my $conf = PVE::Network::Rust::LXC::Config::parse_pct_config("/lxc/100.conf", $raw);

=head1 DESCRIPTION

Loads the native library, in which every package below C<PVE::Network::Rust> has its functions. The modules of those
packages load it through this one.

Where a function stands for one of Proxmox VE's Perl code it has that function's name, arguments, result, warnings,
error texts and effects on the caller's data. Loading the module changes nothing in any other package.

=head2 Values

A number is a number only if the scalar is one; a parameter that wants a number also takes a string that is exactly one.
Text is either bytes (as configuration files are) or characters, and each function says which. What an argument holds is
never changed, not even its internal form, except where a function says so.

=head2 Errors

A function that stands for a Perl function throws what that throws. All others throw an object of
L<PVE::Network::Rust::Error>. C<internal error: ...> is a bug in this library: the process and later calls are unharmed.

=head1 FUNCTIONS

=for perlxs functions

=head1 SEE ALSO

L<PVE::Network::Rust::LXC::Config>, L<PVE::Network::Rust::Container>, L<PVE::Network::Rust::Host>,
L<PVE::Network::Rust::EventBus>, L<PVE::Network::Rust::Hotplug>, L<PVE::Network::Rust::Interfaces>,
L<PVE::Network::Rust::Migration>, L<PVE::Network::Rust::Monitor>, L<PVE::Network::Rust::SDN>,
L<PVE::Network::Rust::SDN::Zones>, L<PVE::Network::Rust::SDN::Vnets>, L<PVE::Network::Rust::SDN::Subnets>,
L<PVE::Network::Rust::Storage::Config>, L<PVE::Network::Rust::Takeover>, L<PVE::Network::Rust::VNetBinding>,
L<PVE::API2::Network::Rust>, L<PVE::Network::Rust::Error>, L<pve-rustctl(8)>

=cut
