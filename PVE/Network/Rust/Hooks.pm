package PVE::Network::Rust::Hooks;

use strict;
use warnings;

use Scalar::Util qw(blessed reftype);
use Time::HiRes ();

use PVE::Network::Rust::Error;
use PVE::Network::Rust::Hooks::Deadline;
use PVE::Network::Rust::Takeover::Log;

# By what hooks are for: what they may do, and which events each of that is for; undef for all.
my %EVENTS = (
    container => {
        on_lifecycle_event => qr/\Acontainer_/,
        on_network_change => qr/\A(?:network_applied|vnet_|interface_)/,
        on_validation => qr/\A\z/,
        on_system_event => undef,
    },
    storage => {
        on_status_change => qr/\A(?:storage_|share_)/,
        on_vlan_change => qr/\Astorage_vlan_/,
        on_system_event => undef,
    },
    migration => {
        on_phase_change => qr/\Amigration_phase_changed\z/,
        on_network_change => qr/\Anetwork_applied\z/,
        on_system_event => undef,
    },
);

my %BUILT_IN =
    map { $_->[0] => { class => "PVE::Network::Rust::Hooks::$_->[1]", for => $_->[2] } } (
    ['event-logger', 'EventLogger', 'container'],
    ['vnet-validation', 'VNetValidation', 'container'],
    ['container-integration', 'ContainerIntegration', 'container'],
    ['storage-status', 'StorageStatus', 'storage'],
    ['migration-state', 'MigrationState', 'migration'],
    );

my $PRIORITY = 50;
my $SECONDS = 10;
my $HISTORY = 1_000;

sub _refuse {
    my ($name, $why) = @_;
    my %error =
        (kind => 'config', message => "$name: invalid value: $why", errors => { $name => $why });
    die bless(\%error, 'PVE::Network::Rust::Error');
}

sub new {
    my ($class) = @_;
    my $self = { hooks => [], registered => 0, history => [], statistics => {} };
    return bless($self, ref($class) || $class);
}

# The sub that a hook does something with, or undef.
sub _method {
    my ($hook, $name) = @_;
    if (blessed($hook)) {
        return undef if !$hook->can($name);
        return sub { return $hook->$name(@_) };
    }
    return $hook->{$name};
}

sub _number {
    my ($name, $value, $default, $is_positive) = @_;
    return $default if !defined($value);
    _refuse($name, 'it is a number') if ref($value) || $value !~ /\A-?\d+(?:\.\d+)?\z/;
    _refuse($name, 'it is above 0') if $is_positive && $value <= 0;
    return $value + 0;
}

sub register {
    my ($self, $name, $hook, $options) = @_;
    my %options = %{ $options // {} };
    _refuse('name', 'it is the name of a hook') if !defined($name) || ref($name) || $name eq '';
    _refuse('name', "there is a hook '$name' already")
        if grep { $_->{name} eq $name } $self->{hooks}->@*;
    my $for = delete($options{for}) // 'container';
    my $events = $EVENTS{$for} // _refuse('for', 'there are ' . join(', ', sort keys %EVENTS));
    my $priority = _number('priority', delete($options{priority}), $PRIORITY);
    my $seconds = _number('timeout', delete($options{timeout}), $SECONDS, 1);
    my $is_required = delete($options{required}) ? 1 : 0;
    my ($unknown) = sort keys %options;
    _refuse($unknown, 'there is no such option') if defined($unknown);
    _refuse('hook', 'it is an object, or a reference to a hash of subs')

        if !blessed($hook) && ref($hook) ne 'HASH';
    if (!blessed($hook)) {
        for my $method (sort keys %$hook) {
            _refuse($method, "a hook for $for has " . join(', ', sort keys %$events))
                if !exists($events->{$method});
            _refuse($method, 'it is a reference to a sub')
                if (reftype($hook->{$method}) // '') ne 'CODE';
        }
    }
    my %does = map { my $sub = _method($hook, $_); $sub ? ($_ => $sub) : () } keys %$events;
    _refuse('hook', "a hook for $for has " . join(', ', sort keys %$events)) if !%does;
    push $self->{hooks}->@*, {
        name => $name,
        for => $for,
        does => \%does,
        priority => $priority,
        timeout => $seconds,
        required => $is_required,
        number => $self->{registered}++,
    };
    return;
}

sub built_in { return [sort keys %BUILT_IN] }

sub register_built_in {
    my ($self, @names) = @_;
    for my $name (@names ? @names : sort keys %BUILT_IN) {
        my $known = $BUILT_IN{$name} // _refuse('name', "there are @{ built_in() }");
        require(($known->{class} =~ s{::}{/}gr) . '.pm');
        $self->register($name, $known->{class}->new(), { for => $known->{for} });
    }
    return;
}

sub unregister {
    my ($self, $name) = @_;
    my @others = grep { $_->{name} ne $name } $self->{hooks}->@*;
    return 0 if @others == $self->{hooks}->@*;
    $self->{hooks} = \@others;
    return 1;
}

sub list {
    my ($self) = @_;
    return [
        map {
            my $hook = $_;
            my %shown = map { $_ => $hook->{$_} } qw(name for priority timeout required);
            +{ %shown, does => [sort keys $hook->{does}->%*] };
        } sort { $a->{priority} <=> $b->{priority} || $a->{number} <=> $b->{number} }
            $self->{hooks}->@*
    ];
}

sub _note {
    my ($self, $hook, $method, $run) = @_;
    my $of_hook = $self->{statistics}->{ $hook->{name} } //=
        { calls => 0, failures => 0, timeouts => 0, vetoes => 0, seconds => 0, longest => 0 };
    $of_hook->{calls}++;
    $of_hook->{failures}++ if $run->{outcome} eq 'failed';
    $of_hook->{timeouts}++ if $run->{outcome} eq 'timeout';
    $of_hook->{vetoes}++ if $run->{outcome} eq 'veto';
    $of_hook->{seconds} += $run->{seconds};
    $of_hook->{longest} = $run->{seconds} if $run->{seconds} > $of_hook->{longest};
    push $self->{history}->@*, { hook => $hook->{name}, method => $method, %$run };
    shift $self->{history}->@* while $self->{history}->@* > $HISTORY;
    return;
}

# Runs what one hook does: what it returned, and what went wrong, or undef.
sub _run_one {
    my ($self, $hook, $method, @arguments) = @_;
    my %run = (time => time(), outcome => 'ok');
    my $start = Time::HiRes::clock_gettime(Time::HiRes::CLOCK_MONOTONIC());
    my ($answer, $error, $is_late) =
        PVE::Network::Rust::Hooks::Deadline::run(
        $hook->{timeout},
        sub { $hook->{does}->{$method}->(@arguments) }
        );
    $run{seconds} = Time::HiRes::clock_gettime(Time::HiRes::CLOCK_MONOTONIC()) - $start;
    if (defined($error)) {
        $run{outcome} = $is_late ? 'timeout' : 'failed';
        $run{error} = "$error" =~ s/\n\z//r;
    } elsif ($method eq 'on_validation' && defined($answer) && "$answer" ne '') {
        $run{outcome} = 'veto';
        $run{error} = "$answer" =~ s/\n\z//r;
    }
    $self->_note($hook, $method, \%run);
    return \%run;
}

# Runs what all hooks for something do. Returns the runs that were not as they should, each with its hook's name.
sub _run {
    my ($self, $is_meant, $method, @arguments) = @_;
    my @hooks = sort { $a->{priority} <=> $b->{priority} || $a->{number} <=> $b->{number} }
        grep { $is_meant->($_) && $_->{does}->{$method} } $self->{hooks}->@*;
    my @wrong;
    for my $hook (@hooks) {
        my $run = $self->_run_one($hook, $method, @arguments);
        next if $run->{outcome} eq 'ok';
        push @wrong, { %$run, hook => $hook->{name}, required => $hook->{required} };
        next if $run->{outcome} eq 'veto';
        PVE::Network::Rust::Takeover::Log::error("hook '$hook->{name}', $method: $run->{error}");
    }
    return @wrong;
}

sub tell {
    my ($self, $envelope) = @_;
    my $name = ref($envelope) eq 'HASH'
        && ref($envelope->{event}) eq 'HASH' ? $envelope->{event}->{event} : undef;
    _refuse('event', 'it is an event as listeners of PVE::Network::Rust::EventBus are told it')
        if !defined($name);
    my @wrong;
    for my $for (sort keys %EVENTS) {
        my $meant = sub { return $_[0]->{for} eq $for };
        for my $method (sort keys $EVENTS{$for}->%*) {
            my $wanted = $EVENTS{$for}->{$method};
            next if defined($wanted) && $name !~ $wanted;
            push @wrong, $self->_run($meant, $method, $envelope);
        }
    }
    return [map { +{ %$_{qw(hook outcome error)} } } @wrong];
}

sub validate {
    my ($self, $change) = @_;
    my @wrong = $self->_run(sub { return $_[0]->{for} eq 'container' }, 'on_validation', $change);
    return [
        map { +{ hook => $_->{hook}, reason => $_->{error} } }
            grep { $_->{outcome} eq 'veto' || $_->{required} } @wrong
    ];
}

sub attach {
    my ($self, $bus, $name) = @_;
    $bus->register_listener(
        $name // 'hooks',
        sub {
            my ($envelope) = @_;
            my $wrong = $self->tell($envelope);
            return if !@$wrong;
            die join('', map { "hook '$_->{hook}': $_->{error}\n" } @$wrong);
        }
    );
    return;
}

sub history {
    my ($self, $filter) = @_;
    my %filter = %{ $filter // {} };
    return [
        map { +{%$_} } grep {
            my $run = $_;
            !grep { ($run->{$_} // '') ne $filter{$_} } keys %filter
        } $self->{history}->@*
    ];
}

sub statistics {
    my ($self) = @_;
    return { map { $_ => { $self->{statistics}->{$_}->%* } } keys $self->{statistics}->%* };
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Hooks - what is to be done when something happens on a node, and what may not be done

=head1 SYNOPSIS

    use PVE::Network::Rust::EventBus;
    use PVE::Network::Rust::Hooks;

    my $hooks = PVE::Network::Rust::Hooks->new();
    $hooks->register_built_in('vnet-validation', 'container-integration');
    $hooks->register('billing', {
        on_lifecycle_event => sub { my ($envelope) = @_; note_start($envelope->{event}) },
        on_validation => sub {
            my ($change) = @_;
            return $change->{net}->{rate} ? undef : 'a customer has a rate';
        },
    }, { priority => 20, timeout => 2 });

    my $vetoes = $hooks->validate({ vmid => 100, netid => 0, net => $net });
    die map { "$_->{hook}: $_->{reason}\n" } @$vetoes if @$vetoes;

    my $bus = PVE::Network::Rust::EventBus->new();
    $hooks->attach($bus);

=head1 DESCRIPTION

A hook is an object, or a reference to a hash of subs, that does one or more of what there is for what it is registered for:

=over

=item container

C<on_lifecycle_event> for the events of containers, C<on_network_change> for C<network_applied> and the events of VNets and
interfaces, C<on_validation>, and C<on_system_event> for every event.

=item storage

C<on_status_change> for events of storage and of shares, C<on_vlan_change> for those of storage VLANs, and C<on_system_event>.

=item migration

C<on_phase_change> for C<migration_phase_changed>, C<on_network_change> for C<network_applied>, and C<on_system_event>.

=back

All but C<on_validation> get an event as listeners of L<PVE::Network::Rust::EventBus> are told it. Hooks run one after another,
those of a lower priority first, then in the order in which they were registered. One that dies or takes longer than it may stops
none of the others; it is logged to syslog.

C<on_validation> gets a change that somebody is about to make, a reference to a hash with C<vmid>, C<netid>, and C<net>, as
C<parse_lxc_network> of L<PVE::Network::Rust::LXC::Config> returns it. What it returns, if it is neither undef nor empty, is the
reason why it may not be. One that dies or is late has no say, unless it was registered as C<required>.

=head1 BUILT-IN HOOKS

=over

=item event-logger

Writes each event to syslog: L<PVE::Network::Rust::Hooks::EventLogger>.

=item vnet-validation

Lets an interface have only a VNet that there is, on this node, with a tag and an MTU that fit:
L<PVE::Network::Rust::Hooks::VNetValidation>.

=item container-integration

Keeps the bindings of containers that start, stop and move: L<PVE::Network::Rust::Hooks::ContainerIntegration>.

=item storage-status

Keeps the status of storages: L<PVE::Network::Rust::Hooks::StorageStatus>.

=item migration-state

Keeps the phase, and how often the network was changed: L<PVE::Network::Rust::Hooks::MigrationState>.

=back

=head1 METHODS

=head2 new()

Returns an object without hooks.

=head2 register($name, $hook, \%options)

Adds a hook. C<%options> may have C<for>, which is C<container>, C<storage> or C<migration>, C<container> without it; C<priority>, a
number, 50 without it; C<timeout>, in seconds, 10 without it; and C<required>. Dies with an object of
L<PVE::Network::Rust::Error> where the name is taken or something else is not as above.

=head2 register_built_in(@names)

Adds built-in hooks, all without names.

=head2 built_in()

Returns their names, a reference to a list.

=head2 unregister($name)

Takes a hook away. Returns whether there was one.

=head2 list()

Returns the hooks in the order in which they run, a reference to a list of hashes with C<name>, C<for>, C<priority>, C<timeout>,
C<required> and C<does>, the names of what they do.

=head2 tell($envelope)

Runs what hooks do for an event. Returns what went wrong, a reference to a list of hashes with C<hook>, C<outcome>, which is
C<failed> or C<timeout>, and C<error>.

=head2 validate(\%change)

Returns the vetoes against a change, a reference to a list of hashes with C<hook> and C<reason>; it is empty where there is none.

=head2 attach($bus, $name)

Has the hooks be told of all events of a L<PVE::Network::Rust::EventBus>, as the listener C<hooks>, or of that name. What goes wrong
is that listener's error.

=head2 history(\%filter)

Returns the last 1,000 runs, the oldest first, as a reference to a list of hashes: C<time> in seconds since 1970, C<hook>,
C<method>, C<seconds>, C<outcome>, which is C<ok>, C<failed>, C<timeout> or C<veto>, and C<error> where it is not C<ok>. With a filter only
those whose fields are the same.

=head2 statistics()

Returns a reference to a hash by the name of the hook: C<calls>, C<failures>, C<timeouts>, C<vetoes>, the C<seconds> that all of its
runs took, and the C<longest> one.

=head1 SEE ALSO

L<PVE::Network::Rust::EventBus>, L<PVE::Network::Rust::VNetBinding>

=cut
