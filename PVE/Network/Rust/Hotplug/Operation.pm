package PVE::Network::Rust::Hotplug::Operation;

use strict;
use warnings;

use PVE::Network::Rust::Hotplug;

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Hotplug::Operation - a change of an interface that is under way

=head1 SYNOPSIS

    my $operation = $hotplug->hotplug_remove(100, 0, { async => 1 });
    my $id = $operation->id();
    my $watcher = AnyEvent->io(fh => $operation->fd(), poll => 'r', cb => sub { ... });
    print "still under way\n" if !$operation->wait(0.5);
    my $done = $operation->result();

=head1 DESCRIPTION

What C<hotplug_add>, C<hotplug_remove> and C<hotplug_update> of L<PVE::Network::Rust::Hotplug> return with C<async>. The
operation goes on when the object goes away.

While a call waits, pending Perl signal handlers run; one that dies ends the wait, not the operation, which
C<cancel_operation> ends.

In a child of a fork the object tells what becomes of the operation, which its parent carries out. C<fd> is the same one
there; if the parent is killed, only C<wait> and C<result> notice.

=head1 METHODS

=for perlxs functions

=head1 SEE ALSO

L<PVE::Network::Rust::Hotplug>, L<AnyEvent>, eventfd(2)

=cut
