package PVE::Network::Rust::Command::Event;

use strict;
use warnings;

use PVE::Network::Rust::Command::Output;

# Of those that are read at once.
my $MOST = 1_000;

sub _follower {
    my ($options) = @_;
    my $from = $options->{from};
    die "usage: option from: '$from' is neither a number nor oldest nor new\n"
        if defined($from) && $from !~ /\A(?:oldest|new|\d{1,18})\z/;
    require PVE::Network::Rust::EventBus::Follower;
    $from = $from + 0 if defined($from) && $from =~ /\A\d/;
    return PVE::Network::Rust::EventBus::Follower->new({ from => $from // 'new' });
}

# A line: when, which one, and what is in it.
sub _line {
    my ($event, $json) = @_;
    my %fields = %{ $event->{event} };
    my $name = delete($fields{event});
    my @fields = map {
        my $value = $fields{$_};
        "$_=" . (!defined($value) || ref($value) ? $json->encode($value) : $value)
    } sort keys %fields;
    my $time = PVE::Network::Rust::Command::Output::time_of($event->{time});
    return join(' ', $time, $event->{sequence}, $name, @fields);
}

sub _print {
    my ($events, $options, $json) = @_;
    for my $event (@$events) {
        if (PVE::Network::Rust::Command::Output::is_text($options)) {
            my $line = _line($event, $json);
            PVE::Network::Rust::Command::Output::lines($event, [$line], $options);
        } else {
            PVE::Network::Rust::Command::Output::list($event, [], $options);
        }
    }
    return;
}

sub _tail {
    my ($options) = @_;
    require JSON::PP;
    my $json = JSON::PP->new()->canonical()->allow_nonref();
    my $follower = _follower($options);
    # Whoever reads them wants them as they come.
    local $| = 1;
    while (1) {
        # Before it is read, so that nothing that comes meanwhile has to wait for what comes next.
        my $descriptor = $follower->fileno();
        my $events = $follower->read($MOST);
        _print($events, $options, $json);
        print STDERR "events $_->{first} to $_->{last} are lost\n" for @{ $follower->lost() };
        next if @$events;
        return if $options->{'no-follow'};
        my $wanted = '';
        vec($wanted, $descriptor, 1) = 1;
        select($wanted, undef, undef, undef);
    }
    return;
}

sub commands {
    return {
        name => 'tail',
        options => [
            { name => 'from', value => 'NUMBER', complete => sub { return qw(oldest new) } },
            { name => 'no-follow' },
        ],
        help => 'Prints the events of this node as they come, or those from one on.',
        run => \&_tail,
    };
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Command::Event - the commands of pve-rustctl about events

=head1 METHODS

=head2 commands()

Returns them, as L<PVE::Network::Rust::Command> has them.

=head1 SEE ALSO

L<PVE::Network::Rust::EventBus>

=cut
