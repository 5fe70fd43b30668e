package PVE::API2::Network::Rust::Errors;

use strict;
use warnings;

use PVE::Exception qw(raise raise_param_exc);

# Of HTTP.
my $NOT_FOUND = 404;

sub not_found {
    my ($message) = @_;
    return raise($message =~ /\n\z/ ? $message : "$message\n", code => $NOT_FOUND);
}

sub of_parameters {
    my ($code, %in) = @_;
    my $result;
    return $result if eval { $result = $code->(); 1 };
    my $error = $@;
    die $error if ref($error) ne 'PVE::Network::Rust::Error';
    my $by_key = $error->errors();
    my $whole = $in{within};
    raise_param_exc({ $whole => $error->message() })

        if !%$by_key && defined($whole) && $error->kind() eq 'config';
    # A text, as most errors of the API are.
    die "$error" if !%$by_key;
    raise_param_exc($by_key) if !defined($whole);
    return raise_param_exc(
        { $whole => join(', ', map { "$_: $by_key->{$_}" } sort keys %$by_key) }
    );
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::API2::Network::Rust::Errors - errors of this library as errors of the API

=head1 FUNCTIONS

=head2 not_found($message)

Dies with a PVE::Exception of the HTTP status 404.

=head2 of_parameters($code, within => $parameter)

Returns what C<$code> returns, in scalar context. An L<PVE::Network::Rust::Error> that names what is wrong becomes an error
400 by parameter; all of it is said of C<$parameter>, if that is given, with the names before it, and so is all that is wrong with
what was asked for (its kind is C<config>). Others become their texts, an error 500; what else C<$code> dies with stays as it is.

=head1 SEE ALSO

L<PVE::API2::Network::Rust>

=cut
