package PVE::Network::Rust::Exception;

use strict;
use warnings;

use overload
    '""' => sub { return $_[0]->stringify() },
    'cmp' => sub {
    my ($left, $right) = @_;
    return "$left" cmp "$right";
    };

sub stringify {
    my ($self) = @_;
    my $text = ($self->{code} ? "$self->{code} " : '') . $self->{msg};
    if ($text !~ m/\n$/) {
        $text .= " at $self->{filename} line $self->{line}" if $self->{filename} && $self->{line};
        $text .= "\n";
    }
    my $errors = $self->{errors} // {};
    $text .= "$_: $errors->{$_}\n" for sort keys %$errors;
    return $text;
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Exception - stands in for PVE::Exception where that is not installed

=head1 SYNOPSIS

    eval { PVE::Network::Rust::LXC::Config->parse_lxc_network("mtu=x") };
    print "$_: $@->{errors}->{$_}\n" for sort keys %{ $@->{errors} };

=head1 DESCRIPTION

A format error is an object of C<PVE::Exception> wherever that module can be loaded. On a host without it, it is one of
this class, with the same fields: C<msg>, C<errors> (a message by key), C<filename> and C<line> of the caller. As a
string it is its message and a line for each entry of C<errors>.

=head1 METHODS

=head2 stringify

    $exception->stringify()

Returns the text that the object is as a string.

=head1 SEE ALSO

L<PVE::Network::Rust>

=cut
