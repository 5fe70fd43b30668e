package PVE::Network::Rust::Hotplug;

use strict;
use warnings;

use PVE::Network::Rust;

sub hotplug_batch {
    my ($self, $list, $opts) = @_;
    my $results = change_interfaces($list, $opts);
    for my $result (@$results) {
        bless($result, 'PVE::Network::Rust::Error') if exists($result->{kind});
    }
    return $results;
}

# What a thread does ends with the process.
END {
    local ($?, $@, $!);
    eval { finish_operations() };
    warn $@ if $@;
}

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
    my $interface = $hotplug->hotplug_add(100, 0, $net);
    print "$interface->{name} is a port of $net->{bridge}\n";
    $hotplug->hotplug_update(100, 0, { %$net, rate => 10 }, { old => $net });

    my $operation = $hotplug->hotplug_remove(100, 0, { async => 1 });
    my $watcher = AnyEvent->io(fh => $operation->fd(), poll => 'r', cb => sub {
        undef $watcher;
        eval { $operation->result() };
        warn $@ if $@;
    });

    my $results = $hotplug->hotplug_batch([
        { op => 'add', vmid => 100, netid => 0, net => $net, pid => $pid },
        { op => 'remove', vmid => 101, netid => 1 },
    ]);
    warn $_ for grep { ref($_) ne 'HASH' } @$results;

=head1 DESCRIPTION

Plugs interfaces into running containers, takes them out and changes them, through netlink: no process is started. What is
wanted is planned from what is there, put into effect, read back and compared; whatever fails is undone, and the error
names the step.

While a call waits for the kernel, pending Perl signal handlers run; one that dies ends the call, and what was done is
undone.

=head1 OPTIONS

Where the container is, and whether to wait, is said by a reference to a hash:

=over

=item netns

The path of its network namespace, such as F</proc/E<lt>pidE<gt>/ns/net>.

=item pid

A process in the container. Without it and C<netns>, LXC is asked for one.

=item async

Whether to return at once. Then the result is a L<PVE::Network::Rust::Hotplug::Operation>, and all errors but those of
values come from there.

=item old

For C<hotplug_update>: what the interface was configured as.

=back

=head1 OPERATIONS

Each change is an operation with an id. Its record is a file below F</run/pve-network-rust/operations>, so that other
processes can look at it and end it. One operation at a time has an interface; others on the same one wait. If a
process dies in the middle, its operation stays C<running> until C<reconcile>, C<cancel_operation>, or the next operation
on that interface undoes or completes it: the interface is as it was before, or as it was wanted.

An operation is a hash. Times are in seconds since the epoch, with fractions.

=over

=item id, kind, vmid, netid

What it is. C<kind> is C<add>, C<remove> or C<update>.

=item state

C<pending>: it waits for another one. C<running>. C<succeeded>. C<failed>: C<error> says why; what it did was undone,
as far as that does not say otherwise. C<cancelled>: it was ended before it was done, and what it did was undone.
C<undone>: its process died, or it was cancelled after it was done.

=item async, pid, created, started, ended

Whether its caller went on meanwhile; the process that carries it out, or did; when it was asked for, began, and ended.

=item steps

A reference to an array of hashes: C<name>, C<start>, and C<end> or undef.

=item error, interface

What it failed with; what it returned, without the id. Undef otherwise.

=back

=head1 METHODS

=head2 hotplug_batch

    $hotplug->hotplug_batch($list, $opts)

Plugs in and takes out many interfaces, as when a node boots or its containers stop. Afterwards everything is as if
C<hotplug_add>, C<hotplug_remove> and C<hotplug_update> had been called for each, one after another, save the numbers of
links and of bridges' ports; it takes a part of the time. Each is an operation with an id and a record of its own.

C<$list> is a reference to an array of references to hashes:

=over

=item op

C<add>, C<remove> or C<update>

=item vmid, netid

The container, and the N of C<netN>.

=item net

For C<add> and C<update>: a reference to a hash as C<parse_lxc_network> returns it. For C<update> there may be C<old>, too: what
the interface was configured as, see OPTIONS.

=item netns, pid

One of them: the path of the container's network namespace, or the number of a process in it. Without them, LXC is asked for
the container. For C<remove> they say nothing.

=back

C<$opts> may be left out; there are no options yet.

Returns a reference to an array with the result of each, in their order: for C<add> and C<update> what C<hotplug_add>
returns, for C<remove> a reference to a hash with the C<id> of the operation and C<name>, that of the host's end; and for one
that failed an object of L<PVE::Network::Rust::Error>. What fails is undone by itself and keeps none of the others from being
carried out.

The messages of up to 32 interfaces go out together over one socket. Those that need the bridge of a VLAN made, or the
remains of a firewall bridge removed, and those whose interface another operation has or died with, are plugged in by
themselves, in their turn. So are changes. Up to 128 interfaces at once are deleted as
one group, for which they are put into a group whose number nobody uses; if the kernel refuses that, or another link comes
into the group, they go back to where they were and are deleted one by one.

A signal handler that dies ends the call, and then there are no results: what is on its way is undone, what is done
stays. Errors in the form of C<$list> (a key that there is not, a VMID that is no number) end the call before anything is
touched.

C<cancel_operation> ends one of them before it is done, or undoes it afterwards; one that was taken out it cannot plug in again,
since what was in the container is not read.

=for perlxs functions

=head1 EVENTS

Each interface that was plugged in, taken out or changed, or where that was undone, is an event in the node's journal,
C<interface_plugged>, C<interface_unplugged> or C<interface_updated>, see L<PVE::Network::Rust::EventBus>. A journal that cannot
be written is a line in the system's log, and keeps nothing from being done.

=head1 FORKS AND ENDS

Operations that were begun with C<async> are carried out by a thread. A child of a fork has the object, which tells what
becomes of the operation in the parent. A program that ends waits for its operations; one that is killed, calls
C<POSIX::_exit> or C<exec> leaves them for C<reconcile>.

=head1 SEE ALSO

L<PVE::Network::Rust>, L<PVE::Network::Rust::Hotplug::Operation>, L<PVE::Network::Rust::LXC::Config>,
L<PVE::Network::Rust::EventBus>, L<PVE::Network::Rust::Error>, veth(4), ip-link(8)

=cut
