# A panic is a bug of the library's, and becomes an ordinary Perl error wherever it happens.

use strict;
use warnings;

use Test::More;

use lib 't/lib';
use PerlXS::Stderr qw(stderr_of);
use PerlXS::Test;

sub error_of {
    my ($name, @args) = @_;
    my $error;
    my $log = stderr_of(
        sub {
            my $code = \&{"PerlXS::Test::Panics::$name"};
            eval { $code->(@args); 1 } or $error = $@;
        },
    );
    return ($error, $log);
}

my ($error, $log) = error_of('in_function', 'a text');
is($error, "internal error: a text\n", 'row 1: a panic in the function is an error with its text');
like($log, qr/panicked at .*panics\.rs:\d+:\d+:\na text$/m, 'row 1: the log has its place');
is(PerlXS::Test::add(1, 2), 3, 'row 1: the next call is fine');

($error) = error_of('in_function', "caf\x{e9} \x{263a}");
is($error, "internal error: caf\x{e9} \x{263a}\n", 'row 1: its text is characters');

($error) = error_of('out_of_bounds', 3);
like($error, qr/^internal error: index out of bounds: .* 3\n\z/, 'row 1: a failed check too');

($error) = error_of('with_payload');
is(
    $error, "internal error: panic with a payload that is no text\n",
    'row 1: a payload that panics itself',
);

{
    my @warnings;
    local $SIG{__WARN__} = sub { push @warnings, @_ };
    ($error) = error_of('after_warning', "before\n");
    is($error, "internal error: after a warning\n", 'row 1: a panic after a warning');
    is_deeply(\@warnings, ["before\n"], 'row 1: the warning is still given');
}

($error) = error_of('in_decode', 'first', {});
is($error, "internal error: in decoding\n", 'row 2: a panic while an argument is decoded');

($error) = error_of('in_drop', { text => 'argument' });
is($error, "internal error: in dropping 'argument'\n", 'row 2: while an argument is dropped');

($error) = error_of('in_encode');
is($error, "internal error: in encoding\n", 'row 2: while the result is made');

($error) = error_of('in_drop_of_result');
is($error, "internal error: in dropping 'result'\n", 'row 2: while the result is dropped');

($error) = error_of('in_error');
is(
    $error,
    "internal error: an object of class PerlXS::Test::Failure cannot be raised: in encoding\n",
    'row 2: while an error is made',
);

($error) = error_of('in_drop_of_error');
like($error, qr/^internal error: .*in dropping 'fields'\n\z/, 'row 2: while an error is dropped');

is(PerlXS::Test::add(1, 2), 3, 'row 2: the next call is fine');

# A handle's Drop.
{
    my @warnings;
    local $SIG{__WARN__} = sub { push @warnings, @_ };
    my $text = 'internal error while an object was destroyed';
    stderr_of(
        sub {
            my $grump = PerlXS::Test::Grump->new("no, thank you \x{263a}");
            $@ = 'kept';
            undef $grump;
            is($@, 'kept', 'row 3: $@ is kept');
        },
    );
    is_deeply(
        \@warnings,
        ["PerlXS::Test::Grump: $text: no, thank you \x{263a}\n"],
        'row 3: a panic in Drop is one warning',
    );

    @warnings = ();
    stderr_of(sub {
        my @many = map { PerlXS::Test::Grump->new($_) } 1 .. 3;
    });
    is(scalar(@warnings), 3, 'row 3: each of several');

    stderr_of(
        sub {
            local $SIG{__WARN__} = sub { die "fatal\n" };
            my $grump = PerlXS::Test::Grump->new('x' x 1000 . "\x{263a}");
            undef $grump;
        },
    );
    pass('row 3: a warning handler that dies does not matter');

    stderr_of(
        sub {
            my $grump = PerlXS::Test::Grump->new('in a call');
            eval { $grump->close };
            $error = $@;
        },
    );
    is($error, "internal error: in a call\n", 'row 3: inside a call it is that call\'s error');
}

my $program = 'use PerlXS::Test; our $g = PerlXS::Test::Grump->new("at the end"); $? = 3';
my $output = stderr_of(sub { system($^X, '-It/lib', '-e', "$program; exit 3") });
is($? >> 8, 3, 'row 3: global destruction goes on, with the exit status');
like($output, qr/^PerlXS::Test::Grump: .* destroyed: at the end$/m, 'row 3: and it is told');

done_testing();
