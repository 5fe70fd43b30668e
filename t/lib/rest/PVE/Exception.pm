package PVE::Exception;

# Stands in for the module of that name, for t/rest.t.

use strict;
use warnings;

use overload '""' => sub { return $_[0]->stringify() }, fallback => 1;

use Exporter qw(import);

our @EXPORT_OK = qw(raise raise_param_exc raise_perm_exc);

sub stringify {
    my ($self) = @_;
    my $text = defined($self->{code}) ? "$self->{code} $self->{msg}" : $self->{msg};
    my $errors = $self->{errors} // {};
    return join('', $text, map { "$_: $errors->{$_}\n" } sort keys %$errors);
}

sub raise {
    my ($message, %fields) = @_;
    die bless({ %fields, msg => $message }, __PACKAGE__);
}

sub raise_param_exc {
    my ($errors) = @_;
    return raise("Parameter verification failed.\n", code => 400, errors => $errors);
}

sub raise_perm_exc {
    my ($what) = @_;
    return raise('Permission check failed' . ($what ? " ($what)" : '') . "\n", code => 403);
}

1;
