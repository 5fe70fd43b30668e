package PVE::Network::Rust::Error;

use strict;
use warnings;

use overload
    '""' => sub { return $_[0]->stringify() },
    'bool' => sub { return 1 },
    'cmp' => sub {
    my ($left, $right, $swapped) = @_;
    return $swapped ? "$right" cmp $left->stringify() : $left->stringify() cmp "$right";
    },
    'fallback' => 1;

sub kind {
    my ($self) = @_;
    return $self->{kind};
}

sub message {
    my ($self) = @_;
    return $self->{message};
}

sub errors {
    my ($self) = @_;
    return $self->{errors} // {};
}

sub stringify {
    my ($self) = @_;
    my $text = $self->{message} // '';
    my $errors = $self->errors();
    $text .= "\n" if $text !~ m/\n\z/;
    $text .= "$_: $errors->{$_}\n" for sort keys %$errors;
    return $text;
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Error - what the functions of PVE::Network::Rust throw

=head1 SYNOPSIS

    eval { $hotplug->hotplug_add(100, 0, $net, { netns => "/proc/$pid/ns/net" }) };
    if (ref($@) && $@->isa('PVE::Network::Rust::Error')) {
        warn "retry later: $@" if $@->kind() eq 'resource';
    }

=head1 DESCRIPTION

Functions that stand for one of Proxmox VE's Perl code throw what that throws; all others throw an object of this class.
As a string it is its message and a line for each entry of C<errors>, and ends in a newline.

=head1 METHODS

=head2 kind

    $error->kind()

Returns what the error is about: C<config> (what the caller asked for is wrong), C<resource> (something on this host is
missing, taken or exhausted), C<service> (another program or host failed), C<infrastructure> (the kernel or this
installation cannot do it), C<internal> (a bug).

=head2 message

    $error->message()

Returns what was tried, on what, why it failed, and where it is known, what to do.

=head2 errors

    $error->errors()

Returns a reference to a hash with a message for each parameter that is wrong; it is empty where none is.

=head2 stringify

    $error->stringify()

Returns the text that the object is as a string.

=head1 SEE ALSO

L<PVE::Network::Rust>

=cut
