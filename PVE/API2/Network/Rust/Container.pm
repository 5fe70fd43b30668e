package PVE::API2::Network::Rust::Container;

use strict;
use warnings;

use PVE::API2::Network::Rust::Errors;
use PVE::Network::Rust::LXC::Config;

sub configuration {
    my ($vmid) = @_;
    my $conf = eval { PVE::Network::Rust::LXC::Config->load_config($vmid) };
    return $conf if $conf;
    my $error = $@;
    PVE::API2::Network::Rust::Errors::not_found($error)
        if $error =~ /^Configuration file '.*' does not exist$/;
    die $error;
}

sub locked {
    my ($vmid, $code) = @_;
    # Nobody can lock what there is not.
    configuration($vmid);
    require PVE::LXC::Config;
    return PVE::LXC::Config->lock_config(
        $vmid,
        sub {
            my $conf = configuration($vmid);
            PVE::LXC::Config->check_lock($conf);
            return $code->($conf);
        }
    );
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::API2::Network::Rust::Container - a container's configuration, for the API

=head1 FUNCTIONS

=head2 configuration($vmid)

Returns the configuration of a container of this node, as C<load_config> of L<PVE::Network::Rust::LXC::Config>. Dies with an
error 404 where there is none.

=head2 locked($vmid, $code)

Takes the lock of the configuration, as PVE::LXC::Config does, calls C<$code> with the configuration, and returns what that
returns. Dies as C<configuration>, where the lock is not to be had, and where the configuration says that the container is
locked.

=head1 SEE ALSO

L<PVE::API2::Network::Rust>, L<PVE::Network::Rust::LXC::Config>

=cut
