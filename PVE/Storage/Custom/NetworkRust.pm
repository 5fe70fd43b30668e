package PVE::Storage::Custom::NetworkRust;

use strict;
use warnings;

our @ISA = ('PVE::Storage::Plugin');

sub api { return PVE::Storage::APIVER() }

# There is no storage type.
sub register { return }

{
    local ($@, $!, $SIG{__DIE__}, $SIG{__WARN__}) = ('', 0, 'DEFAULT', sub { });
    my $loaded = eval {
        require PVE::Network::Rust::Takeover;
        PVE::Network::Rust::Takeover->import();
        require PVE::Network::Rust::NodeAPI;
        PVE::Network::Rust::NodeAPI::install();
        1;
    };
    if (!$loaded) {
        my ($why) = split(/\n/, $@);
        eval {
            require PVE::Network::Rust::Takeover::Log;
            PVE::Network::Rust::Takeover::Log::error("not loaded, Perl answers: $why");
        };
    }
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Storage::Custom::NetworkRust - has PVE's daemons and tools load PVE::Network::Rust

=head1 DESCRIPTION

C<PVE::Storage> loads the modules of this folder, as plugins for storages. This one is none: it has no storage type, and does
nothing but load L<PVE::Network::Rust::Takeover>, by which functions of Proxmox VE can be switched over to Rust, and
L<PVE::Network::Rust::NodeAPI>, which adds this library's REST interface. Until a setting says so, all functions are answered
by Perl.

Nothing that is wrong with the library, its settings or this Perl keeps a daemon from starting: it is logged in one line, and
Perl answers everything.

=head1 SEE ALSO

L<PVE::Network::Rust::Takeover>, L<PVE::Network::Rust::NodeAPI>

=cut
