package PVE::Network::Rust::Hotplug;

use strict;
use warnings;

use PVE::Network::Rust;

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Hotplug - interfaces of running containers

=head1 SYNOPSIS

    use PVE::Network::Rust::Hotplug;
    use PVE::Network::Rust::LXC::Config;

    my $hotplug = PVE::Network::Rust::Hotplug->new();
    my $net = PVE::Network::Rust::LXC::Config->parse_lxc_network($conf->{net0});
    my $interface = $hotplug->hotplug_add(100, 0, $net, { netns => "/proc/$pid/ns/net" });
    print "$interface->{name} is a port of $net->{bridge}\n";
    $hotplug->hotplug_remove(100, 0);

=head1 DESCRIPTION

Plugs interfaces into running containers and takes them out, through netlink: no process is started. What is wanted is
planned from what is there, put into effect, read back and compared; whatever fails is undone, and the error names the
step.

While a call waits for the kernel, pending Perl signal handlers run; one that dies ends the call, and what was done is
undone.

=head1 METHODS

=for perlxs functions

=head1 SEE ALSO

L<PVE::Network::Rust>, L<PVE::Network::Rust::LXC::Config>, L<PVE::Network::Rust::Error>, veth(4), ip-link(8)

=cut
