package PVE::Network::Rust::Hooks::EventLogger;

use strict;
use warnings;

use JSON::PP ();
use Sys::Syslog ();

my $json = JSON::PP->new()->canonical()->ascii()->allow_nonref();

# A line of syslog is cut by some at this length.
my $LENGTH = 1_000;

sub new { return bless({}, $_[0]) }

sub line {
    my ($envelope) = @_;
    my %fields = %{ $envelope->{event} };
    my $name = delete($fields{event});
    my $text = join(
        ' ',
        "event $envelope->{sequence}: $name",
        map { "$_=" . $json->encode($fields{$_}) } sort keys %fields
    );
    return length($text) > $LENGTH ? substr($text, 0, $LENGTH - 3) . '...' : $text;
}

sub on_system_event {
    my ($self, $envelope) = @_;
    Sys::Syslog::syslog('info', '%s', 'pve-network-rust: ' . line($envelope));
    return;
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Hooks::EventLogger - events in syslog

=head1 DESCRIPTION

A hook that writes a line to syslog for each event: its number, its name, and its fields as JSON, at most 1,000 characters.

=head1 FUNCTIONS

=head2 new()

Returns the hook.

=head2 on_system_event($envelope)

Writes the line of an event.

=head2 line($envelope)

A function: returns that line.

=head1 SEE ALSO

L<PVE::Network::Rust::Hooks>

=cut
