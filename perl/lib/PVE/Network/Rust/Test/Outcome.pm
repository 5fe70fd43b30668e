package PVE::Network::Rust::Test::Outcome;

# What a call does: its result or error, its warnings, and what it leaves in its arguments.

use strict;
use warnings;

use Exporter qw(import);
use Scalar::Util qw(blessed);

use PVE::Network::Rust::Test::Value qw(describe);

our @EXPORT_OK = qw(message outcome);

# Perl's own, about the implementation: not part of the behaviour.
my $PERLS_OWN = qr/^Use of uninitialized value|^Lost precision|isn't numeric/;

# Where a message was raised is not part of the behaviour; the lines of a format error come in
# Perl's hash order.
sub message {
    my ($text) = @_;
    $text =~ s/ at \S+ line \d+(?:, <[^>]*> (?:line|chunk) \d+)?(?=\.?\n)//g;
    $text =~ s/(format error\n)(.+)\z/$1 . join('', sort split(m{^}, $2))/es;
    return $text;
}

sub _messages {
    my ($data) = @_;
    return message($data) if !ref($data);
    return { map { $_ => _messages($data->{$_}) } keys %$data } if ref($data) eq 'HASH';
    return $data;
}

sub _error {
    my ($error) = @_;
    return message($error) if !ref($error);
    my $class = blessed($error) // return $error;
    my %fields = %$error;
    delete @fields{qw(filename line package)};    # where it was raised
    return { class => $class, text => message("$error"), fields => _messages(\%fields) };
}

# Calls $code with @arguments in scalar context. Returns a described structure with `ok` or
# `error`, and `warnings` and `arguments` afterwards.
sub outcome {
    my ($code, @arguments) = @_;
    my @warnings;
    local $SIG{__WARN__} = sub {
        push @warnings, grep { !/$PERLS_OWN/ } @_;
    };
    local $SIG{__DIE__};
    my $result;
    my $error;
    if (!eval { $result = $code->(@arguments); 1 }) {
        $error = $@;
    }
    return {
        defined($error) ? (error => describe(_error($error))) : (ok => describe($result)),
        warnings => describe([map { message($_) } @warnings]),
        arguments => describe(\@arguments),
    };
}

1;
