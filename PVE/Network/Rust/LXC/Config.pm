package PVE::Network::Rust::LXC::Config;

use strict;
use warnings;

use PVE::Network::Rust;

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::LXC::Config - configurations of containers

=head1 SYNOPSIS

    use PVE::Network::Rust::LXC::Config;

    my $conf = PVE::Network::Rust::LXC::Config::parse_pct_config("/lxc/100.conf", $raw);
    my $net = PVE::Network::Rust::LXC::Config->parse_lxc_network($conf->{net0});
    $net->{tag} = 20;
    $conf->{net0} = PVE::Network::Rust::LXC::Config->print_lxc_network($net);
    print PVE::Network::Rust::LXC::Config::write_pct_config("/lxc/100.conf", $conf);

    $conf = PVE::Network::Rust::LXC::Config->load_config(100);
    $conf->{memory} = 1024;
    PVE::Network::Rust::LXC::Config->save_config(100, $conf);

    my $typed = PVE::Network::Rust::LXC::Config::parse_container_config(100, $raw);
    print "$_->{name} on $_->{bridge}\n" for values %{ $typed->{current}{net} };

=head1 DESCRIPTION

The functions of the same name of C<PVE::LXC::Config>, in Rust: same arguments, same structures (numbers and strings,
bytes and characters alike), same warnings and error texts, same effects on the caller's hash. C<parse_pct_config> and
C<write_pct_config> are plain functions, the others class methods, as there; a class method does not look at its
invocant.

A format error is an exception with a message by option in C<errors>: a C<PVE::Exception>, or where that is not
installed, a L<PVE::Network::Rust::Exception> of the same shape.

Two things differ: where the Perl function takes what it says from Perl's hash order (the lines of a format error),
these take the schema's; and where it would write the address of a reference into a file, these die.

C<save_config>, C<recover_config>, the cache, and the typed data of C<parse_container_config> and
C<generate_container_config> are this module's own.

=head1 FUNCTIONS

=for perlxs functions

=head1 FILES

=over

=item F</etc/pve/nodes/E<lt>nodeE<gt>/lxc/E<lt>vmidE<gt>.conf>

The configuration, and F</run/lock/lxc/pve-config-E<lt>vmidE<gt>.lock> its lock, the one that pve-container takes.

=item F</var/lib/pve-network-rust/>

The backup of the last version of each configuration that save_config replaced.

=back

=head1 ENVIRONMENT

=over

=item PVE_RUST_ROOT

A folder below which all files are looked for, for tests.

=back

=head1 SEE ALSO

L<PVE::Network::Rust::LXC::Options> for every setting, L<PVE::Network::Rust>, pct.conf(5)

=cut
