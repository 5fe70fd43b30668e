package PVE::Network::Rust::EventBus;

use strict;
use warnings;

use Scalar::Util qw(blessed reftype);
use Storable ();

use PVE::Network::Rust;
use PVE::Network::Rust::EventBus::Follower;
use PVE::Network::Rust::EventBus::Subscriber;
use PVE::Network::Rust::Takeover::Log;

# Perl code and descriptors do not cross into threads.
sub CLONE_SKIP { return 1 }

sub _refuse {
    my ($name, $why) = @_;
    my %error =
        (kind => 'config', message => "$name: invalid value: $why", errors => { $name => $why });
    die bless(\%error, 'PVE::Network::Rust::Error');
}

sub new {
    my ($class) = @_;
    my $follower = PVE::Network::Rust::EventBus::Follower->new();
    my $self = {
        # In the order in which they were registered: name, code, and whether it is gone.
        listeners => [],
        # Events of publish that listeners are to be told, and whether that is under way.
        queue => [],
        telling => 0,
# What was journalled since the object was made, and a bit for each event that publish has told, from `first` on.
        follower => $follower,
        first => $follower->next_sequence() // 1,
        told => '',
    };
    return bless($self, ref($class) || $class);
}

sub register_listener {
    my ($self, $name, $listener) = @_;
    _refuse('name', 'it is the name of a listener')
        if !defined($name) || ref($name) || $name eq '';
    _refuse('name', "there is a listener '$name' already")
        if grep { $_->{name} eq $name } $self->{listeners}->@*;
    my $code = $listener;
    if (defined($listener) && !ref($listener)) {
        my $known = built_in_listeners();
        _refuse(
            'listener',
            "there is no built-in listener '$listener', only " . join(', ', @$known)
            )
            if !grep { $_ eq $listener } @$known;
        $code = sub { tell_built_in($listener, $_[0]) };
    } elsif ((reftype($listener) // '') ne 'CODE') {
        _refuse('listener', 'it is a reference to a sub, or the name of a built-in listener');
    }
    push $self->{listeners}->@*, { name => $name, code => $code, gone => 0 };
    return;
}

sub unregister_listener {
    my ($self, $name) = @_;
    my ($found) = grep { $_->{name} eq $name } $self->{listeners}->@*;
    return 0 if !$found;
    $found->{gone} = 1;
    $self->{listeners} = [grep { $_ != $found } $self->{listeners}->@*];
    return 1;
}

sub listeners {
    my ($self) = @_;
    return [map { $_->{name} } $self->{listeners}->@*];
}

# Tells one event to all who listen now. Returns what failed.
sub _tell {
    my ($self, $event) = @_;
    my @failures;
    my @listeners = $self->{listeners}->@*;
    for my $listener (@listeners) {
        next if $listener->{gone};
        # What one of them changes is its own.
        my $copy = Storable::dclone($event);
        local ($@, $!, $_);
        next if eval { $listener->{code}->($copy); 1 };
        my $error = $@;
        push @failures,
            {
            listener => $listener->{name},
            sequence => $event->{sequence},
            event => $event->{event}->{event},
            error => $error,
            };
    }
    return @failures;
}

sub _text {
    my ($failure) = @_;
    my $why = "$failure->{error}";
    $why = 'it died without saying why' if $why eq '';
    chomp($why);
    return
        "listener '$failure->{listener}' failed on event $failure->{sequence} ($failure->{event}): $why";
}

# Tells all events of a list in order, also those that listeners add to it. Dies once, with everything that failed.
sub _tell_all {
    my ($self, $events) = @_;
    # A signal handler may die anywhere: what is in the list then is told by the next call.
    local $self->{telling} = 1;
    my @failures;
    while (defined(my $event = shift @$events)) {
        push @failures, $self->_tell($event);
    }
    return if !@failures;
    my %errors;
    for my $failure (@failures) {
        my $text = _text($failure);
        PVE::Network::Rust::Takeover::Log::error($text);
        my $of_it = \$errors{ $failure->{listener} };
        $$of_it = defined($$of_it) ? "$$of_it; $text" : $text;
    }
    my $message = join('; ', map { _text($_) } @failures);
    my %error =
        (kind => 'service', message => $message, errors => \%errors, failures => \@failures);
    die bless(\%error, 'PVE::Network::Rust::Error');
}

sub publish {
    my ($self, $event) = @_;
    return $self->publish_all([$event])->[0];
}

sub publish_all {
    my ($self, $events) = @_;
    my $journalled = journal($events, 1);
    for my $event (@$journalled) {
        my $place = $event->{sequence} - $self->{first};
        vec($self->{told}, $place, 1) = 1 if $place >= 0;
    }
    push $self->{queue}->@*, map { Storable::dclone($_) } @$journalled;
    $self->_tell_all($self->{queue}) if !$self->{telling};
    return $journalled;
}

sub append {
    my ($self, $events) = @_;
    return journal($events, 0);
}

sub fileno {
    my ($self) = @_;
    return $self->{follower}->fileno();
}

sub dispatch {
    my ($self) = @_;
    return 0 if $self->{telling};
    my $count = 0;
    my $follower = $self->{follower};
    # In pieces, so that neither memory nor a handler that dies in between is a matter.
    while (my @events = $follower->read(1000)->@*) {
        for my $event (@events) {
            my $place = $event->{sequence} - $self->{first};
            next if $place >= 0 && vec($self->{told}, $place, 1);
            push $self->{queue}->@*, $event;
            $count++;
        }
        my $next = $events[-1]->{sequence} + 1;
        my $bytes = int(($next - $self->{first}) / 8);
        if ($bytes > 0) {
            $self->{told} = $bytes < length($self->{told}) ? substr($self->{told}, $bytes) : '';
            $self->{first} += 8 * $bytes;
        }
    }
    $self->_tell_all($self->{queue});
    return $count;
}

sub lost {
    my ($self) = @_;
    return $self->{follower}->lost();
}

sub follow {
    my ($self, $options) = @_;
    return PVE::Network::Rust::EventBus::Follower->new($options);
}

sub subscribe {
    my ($self, $name, $options) = @_;
    return PVE::Network::Rust::EventBus::Subscriber->new($name, $options);
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::EventBus - what happens on this node, journalled and told

=head1 SYNOPSIS

    use PVE::Network::Rust::EventBus;

    my $bus = PVE::Network::Rust::EventBus->new();
    $bus->register_listener('billing', sub {
        my ($event) = @_;
        print "$event->{sequence}: $event->{event}->{event}\n";
    });
    $bus->register_listener('log', 'event-logger');
    $bus->publish({ event => 'container_started', id => 100 });

    # What other processes, and the library itself, have journalled.
    my $watcher = AnyEvent->io(fh => $bus->fileno(), poll => 'r', cb => sub { $bus->dispatch() });

    # Everything, also what came while this was not running.
    my $subscriber = $bus->subscribe('billing', { from => 'oldest' });
    for my $event ($subscriber->next()->@*) {
        eval { bill($event); 1 }
            ? $subscriber->ack([$event->{sequence}])
            : $subscriber->nack($event->{sequence}, "$@");
    }

=head1 DESCRIPTION

All events of a node are in one journal, which any number of processes append to and read. An event is on disk before a
listener sees it, wherever that is.

There are three ways to get them. I<Listeners> are called by the object that they are registered with: at once by C<publish>,
with what others have journalled by C<dispatch>. A I<follower> (L<PVE::Network::Rust::EventBus::Follower>) reads the journal
from any place on. A I<subscriber> (L<PVE::Network::Rust::EventBus::Subscriber>) is remembered, and gets each event until it
has acknowledged it, also after a crash.

The library journals what it does by itself, with or without an object of this class: C<interface_plugged>,
C<interface_unplugged>, C<interface_updated>, C<vnet_bound> and C<vnet_unbound>. A journal that cannot be written does not make
such a change fail.

=head1 EVENTS

An event is a hash with C<event>, its name, and the fields below: plain data, without objects, so that truth values are 1 and 0. A
number may be given as a string of digits. An unknown name
or field is an error.

    network_applied          changes: an array of CHANGES
    container_started        id: the VMID
    container_stopped        id
    container_migrated       id, from, to: names of nodes
    vnet_bound               vnet, vmid, iface, metadata (a hash, optional)
    vnet_unbound             the same
    interface_plugged        vmid, netid (the N of netN), iface (the host's end), operation (its id, optional)
    interface_unplugged      the same
    interface_updated        the same
    storage_vlan_created     id: the storage network
    storage_vlan_removed     id
    migration_phase_changed  phase, and optional: previous, who, scope (cluster or node)
    share_created            id: the share
    share_updated            id
    share_removed            id
    custom                   name, data: anything

A listener gets it as it was journalled, a hash of C<version> (1), C<sequence> (the event's number on this node: later ones are
greater, and there are no gaps but where events were lost), C<time> (in seconds since 1970, with three decimals), C<node>, and
C<event>, the event itself. The same is in the journal as JSON. Who reads should expect names and fields that it does not know.

=head2 CHANGES

A hash of C<change_type> (C<create>, C<update>, C<delete>, C<modify>), C<target> (what was changed), C<old_config> and C<new_config>
(any data, or undef), and C<description> (a text).

=head1 METHODS

=head2 new

    my $bus = PVE::Network::Rust::EventBus->new();

Returns a new object without listeners.

=head2 register_listener

    $bus->register_listener($name, $listener);

Has C<$listener> called with each event, after those that were registered before it: a reference to a sub, or the name of a
listener of this library, see C<built_in_listeners>. It is called with a copy of the event, on the thread and in the process of
the object. Dies where the name is taken. A listener that is registered while an event is told is
called from the next one on.

=head2 unregister_listener

    $bus->unregister_listener($name);

Has that listener not called any more. Returns 1, or 0 where there is none of that name. A listener may do that to itself or to
others while it is called.

=head2 listeners

Returns the names of all listeners, in the order in which they are called, as a reference to an array.

=head2 publish

    my $journalled = $bus->publish({ event => 'container_started', id => 100 });

Checks the event, journals it, waits until it is on disk, and calls all listeners in order. Returns the event as it was
journalled.

A listener that dies does not keep the others from being called. When all were, C<publish> dies with one object of
L<PVE::Network::Rust::Error> (C<kind> is C<service>) whose C<errors> has a text for each of these listeners, and whose
C<failures> is a reference to an array of hashes with C<listener>, C<sequence>, C<event> and C<error>, what it died with; each goes
to the system's log, too. The event is journalled all the same.

In a listener, C<publish> journals its event and returns; listeners are called with it when the one before has been told to all.
What fails then is in the error of the outer C<publish>.

An event that is not valid, or a journal that cannot be written, is an object of L<PVE::Network::Rust::Error>, and no listener is
called. Where that says that the event was not synced, it is journalled.

=head2 publish_all

    my $journalled = $bus->publish_all([$one, $another]);

The same for many, which is faster: they are synced together. If one is not valid, none is journalled.

=head2 append

    my $journalled = $bus->append([$event]);

Journals events without waiting for the disk, and calls no listener: C<dispatch> does, of this object and of others. A power cut
may take them as long as nobody has read them.

=head2 fileno

Returns the number of a descriptor that is readable while there may be something for C<dispatch>. It is the object's: nothing
else reads from it or closes it. In a child of a fork it is another one than in its parent.

=head2 dispatch

    my $count = $bus->dispatch();

Calls all listeners with what was journalled since the object was made, by any process, and was not told by C<publish> or
C<dispatch> of this object already. Waits for nothing but the disk. Returns how many events these were. Dies as C<publish> does
if listeners do. In a listener it does nothing, and returns 0.

=head2 lost

Returns the numbers of events that C<dispatch> did not find any more, see L<PVE::Network::Rust::EventBus::Follower>.

=head2 follow

    my $follower = $bus->follow({ from => 'oldest' });

Returns a new L<PVE::Network::Rust::EventBus::Follower>.

=head2 subscribe

    my $subscriber = $bus->subscribe('billing', { from => 'oldest', attempts => 3 });

Returns the L<PVE::Network::Rust::EventBus::Subscriber> of that name.

=head1 FUNCTIONS

=for perlxs functions

=head1 BUILT-IN LISTENERS

=over

=item event-logger

Writes a line to the system's log for each event.

=back

=head1 SIGNALS, FORKS AND THREADS

While a call waits for other writers or for the disk, pending Perl signal handlers run. One that dies ends the call with its
error. Whether the event is journalled then, is not known; no listener was called, and C<dispatch> tells it if it is. A handler that
dies while a listener runs has that listener fail with its error; the others are called.

A child of a fork has the listeners of its parent, and an object of its own: what either publishes, the other gets by
C<dispatch>. The object does not cross into ithreads, where it is undef.

=head1 FILES

F</var/lib/pve-network-rust/events/>, for root alone: at most 64 MiB of events, the oldest of which go first.

=head1 SEE ALSO

L<PVE::Network::Rust>, L<PVE::Network::Rust::EventBus::Follower>, L<PVE::Network::Rust::EventBus::Subscriber>,
L<PVE::Network::Rust::Error>, L<AnyEvent>

=cut
