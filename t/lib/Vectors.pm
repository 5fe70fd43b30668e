package Vectors;

# Recorded cases: what the reference gave for an input, one JSON line a case (t/vectors). Numbers and strings are kept
# apart, as are bytes and decoded characters.

use strict;
use warnings;

use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename qw(dirname);
use JSON::XS;

our @EXPORT_OK = qw(canonical cases clone outcome);

# ->ascii: a byte above 127 is written as \u00XX, a decoded character as its own \uXXXX.
my $JSON = JSON::XS->new->ascii->canonical->allow_nonref->convert_blessed->allow_blessed;

sub canonical {
    my ($data) = @_;
    return $JSON->encode($data);
}

sub clone {
    my ($data) = @_;
    return ref($data) eq 'HASH'
        ? { map { $_ => clone($data->{$_}) } keys %$data }
        : ref($data) eq 'ARRAY' ? [map { clone($_) } @$data]
        : $data;
}

sub cases {
    my ($name) = @_;
    my $path = dirname(abs_path(__FILE__)) . "/../vectors/$name.jsonl";
    open(my $fh, '<:raw', $path) or die "open $path: $!\n";
    return map { $JSON->decode($_) } <$fh>;
}

# Where a message was raised is not part of the behaviour; the lines of a format error come in Perl's hash order.
sub _message {
    my ($text) = @_;
    $text =~ s/ at \S+ line \d+(?:, <[^>]*> line \d+)?(?=\.?\n)//g;
    $text =~ s/(format error\n)(.+)\z/$1 . join('', sort split(m{^}, $2))/es;
    return $text;
}

sub _error {
    my ($error) = @_;
    my $fields = ref($error) ? $error->{errors} : undef;
    return { text => _message("$error"), $fields && %$fields ? (errors => $fields) : () };
}

# Runs $code and returns { ok => … } or { error => { text, errors } }, and the warnings. Recorded messages are passed
# through the same normalisation.
sub outcome {
    my ($code) = @_;
    my @warnings;
    local $SIG{__WARN__} = sub {
        push @warnings, map { _message($_) } @_;
    };
    local $SIG{__DIE__};
    my $result;
    my $done = eval { $result = $code->(); 1 };
    return ($done ? { ok => $result } : { error => _error($@) }, \@warnings);
}

sub recorded {
    my ($outcome) = @_;
    return $outcome if ref($outcome) ne 'HASH' || !$outcome->{error};
    my $error = $outcome->{error};
    return { %$outcome, error => { %$error, text => _message($error->{text}) } };
}

sub recorded_messages {
    my ($messages) = @_;
    return [map { _message($_) } @{ $messages // [] }];
}

1;
