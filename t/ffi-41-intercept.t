# An intercepted sub stays what and where it is, and another one answers for it.

use strict;
use warnings;

use B ();
use Config;
BEGIN { require threads if $Config{useithreads} }
use POSIX ();
use Test::More;

use lib 't/lib';
use PerlXS::Stderr qw(stderr_of);
use PerlXS::Test;

my $class = 'PerlXS::Test::Intercept';

package Original {    ## no critic (RequireFilenameMatchesPackage)
    sub sum { my ($x, $y) = @_; return $x + $y }
    sub context { return wantarray ? 'list' : defined(wantarray) ? 'scalar' : 'void' }
    sub method { my ($class, $text) = @_; return "perl $text" }
    sub depth { my ($n) = @_; return $n ? 1 + depth($n - 1) : 0 }
    sub signature : prototype($;$) { return scalar(@_) }
    sub die_in_perl { die "perl\n" }
    sub backwards { return $b <=> $a }
}
@Derived::ISA = ('Original');

BEGIN { *imported = \&Original::sum }

my $kept = \&Original::sum;
Derived->method('cached');

my $sum = $class->new($kept);
isa_ok($sum, $class);
is(Original::sum(1, 2), 3, 'the sub itself answers at first');
is($class->new($kept), undef, 'one is enough');
is($class->new(\&PerlXS::Test::add), undef, 'none for native code');
is($class->new(\&Original::undefined), undef, 'none for a sub without a body');
like(
    eval { $class->new('sum') } // $@,
    qr/argument 2 \(\$sub\): is not a reference to a sub/,
    'none for text'
);

$sum->answer(sub { return "instead @_" });
is(Original::sum(1, 2), 'instead 1 2', 'called by its name');
is($kept->(3, 4), 'instead 3 4', 'by a reference from before');
is(imported(5, 6), 'instead 5 6', 'by an imported name');
is(\&Original::sum, $kept, 'it is the same sub');
is(B::svref_2object($kept)->START->name, 'intercept', '… whose first op has a name for tools');
my $method = $class->new(\&Original::method);
$method->answer(sub { return "rust $_[1]" });
is(Derived->method('x'), 'rust x', 'as a method that was found before');
is(&{ sub { &Original::sum } }(7), 'instead 7', 'with the arguments of the caller');

$sum->answer(sub { return (caller(1))[3] . ' from line ' . (caller(1))[2] });
my $line = __LINE__ + 1;
is(Original::sum(1, 2), "Original::sum from line $line", 'caller shows the sub');
$sum->answer(\&PerlXS::Test::add);
is(Original::sum(40, 2), 42, 'native code answers');
$sum->answer(sub { $_[0] = 'changed' });
my $argument = 'as it was';
Original::sum($argument);
is($argument, 'changed', 'the arguments are the caller\'s own');

my $context = $class->new(\&Original::context);
my $void;
$context->answer(sub { $void = wantarray; return wantarray ? ('a', 'list') : 'scalar' });
is_deeply([Original::context()], ['a', 'list'], 'a list');
is_deeply(scalar(Original::context()), 'scalar', 'one value');
Original::context();
is($void, undef, 'nothing');
$context->answer(sub { return });
is_deeply([Original::context(), scalar(Original::context())], [undef], 'an empty list');
$context->answer(sub { return @_[1 .. 3] });
is_deeply([Original::context(0 .. 5)], [1 .. 3], 'several');
$context->answer(undef);
is(scalar(Original::context()), 'scalar', 'itself again');

is_deeply([Original::signature(1), Original::signature(1, 2)], [1, 2], 'its prototype stays');
my $depth = $class->new(\&Original::depth);
is(Original::depth(50), 50, 'it may call itself');
$depth->answer(sub {
    my ($n) = @_;
    return 1000 if $n == 3;
    $depth->pass();
    return Original::depth($n);
});
is(Original::depth(5), 1002, 'passes are for the next call alone');
is($depth->calls(), 51 + 3, 'the calls, without those that passed');

my @heard;
my $die = $class->new(\&Original::die_in_perl);
for my $failed (undef, sub { push @heard, "failed: @_" }) {
    my $with = $failed ? 'with somebody to tell' : 'alone';
    $die->answer(sub { die { text => 'ordinary' } }, $failed);
    local $SIG{__DIE__} = sub { push @heard, ref($_[0]) ? $_[0]{text} : $_[0] };
    @heard = ();
    eval { Original::die_in_perl() };
    is_deeply([$@, @heard], [{ text => 'ordinary' }, 'ordinary'], "an ordinary error, $with");
    eval { die "before\n" };
    $die->answer(sub { return 'fine' }, $failed);
    is(Original::die_in_perl(), 'fine', "no error, $with");
    is($@, "before\n", '… and what was in $@ stays');
    my $error;
    stderr_of(sub {
        $die->answer(\&PerlXS::Test::Panics::in_function, $failed);
        @heard = ();
        $error = eval { Original::die_in_perl('a bug') } // $@;
    });
    my @expected =
        $failed ? ("failed: internal error: a bug\n", "perl\n") : ("internal error: a bug\n");
    is($error, $expected[-1], "an internal error, $with");
    is_deeply(\@heard, \@expected, '… and who hears of it');
}
{
    my @warnings;
    local $SIG{__WARN__} = sub { push @warnings, @_ };
    $die->answer(\&PerlXS::Test::Panics::after_warning, sub { });
    my $error;
    stderr_of(sub {
        $error = eval { Original::die_in_perl("a warning\n") } // $@;
    });
    is_deeply([$error, @warnings], ["perl\n"], '… of which nothing else is left');
}
$die->answer(sub { $die->answer(undef); undef $die; return 'the last one' }, sub { });
is(Original::die_in_perl(), 'the last one', 'it may go while it answers');
is(eval { Original::die_in_perl() } // $@, "perl\n", '… and the sub is as it was');

my $looked = 0;
$class->can('look_every')->(3_600, sub { $looked++; die "unheard\n" });
eval { die "before\n" };
$sum->answer(undef);
is(Original::sum(1, 2) + Original::sum(3, 4), 10, 'looking does not change the answer');
is_deeply([$looked, $@], [1, "before\n"], '… and is seldom');

$sum->remove();
is(Original::sum(1, 2), 3, 'removed');
like(eval { $sum->calls() } // $@, qr/handle is closed/, '… it cannot be used');
$sum = $class->new($kept);
$sum->answer(sub { return 'again' });
is(Original::sum(1, 2), 'again', 'the same sub once more');

SKIP: {
    skip 'this Perl has no threads', 2 if !$Config{useithreads};
    my @of_thread = threads->create(
        { context => 'list' },
        sub { return (Original::sum(1, 2), $class->new(\&Original::sum) ? 'another' : 'one') }
    )->join();
    is_deeply(\@of_thread, [3, 'one'], 'in another thread the sub itself answers');
    is(Original::sum(1, 2), 'again', '… and here what did');
}

{

    package Original;    ## no critic (ProhibitMultiplePackages)
    my $backwards = $class->new(\&backwards);
    Test::More::is_deeply([sort backwards 1 .. 5], [5, 4, 3, 2, 1], 'a sub that sorts');
}

undef &Original::method;
my $again = 'package Original; sub method { return "defined again" }; 1';
eval($again) or die $@;    ## no critic (ProhibitStringyEval)
is(Derived->method('x'), 'defined again', 'a sub that was defined again is as it was defined');
undef $method;
is(Derived->method('x'), 'defined again', '… and stays so');

{
    my $dropped = 0;

    package Canary {
        sub new { return bless([$_[1]], $_[0]) }
        sub DESTROY { ${ $_[0][0] }++ }
    }
    my $canary = Canary->new(\$dropped);
    $sum->answer(sub { return $canary });
    undef $canary;
    Original::sum();
    $sum->answer(undef);
    is($dropped, 1, 'what answered before is let go');
}

{

    package Counted {
        sub one { return 1 }
    }
    my $counted = $class->new(\&Counted::one);
    Counted::one() for 1 .. 40;
    is_deeply([$counted->calls(), $counted->measured()], [40, 0], 'calls that the sub answers');
    $counted->answer(sub { return 2 }, sub { });
    Counted::one() for 1 .. 40;
    is_deeply([$counted->calls(), $counted->measured()], [80, 2], 'one in sixteen is measured');
    my $pid = open(my $child, '-|') // die "fork: $!\n";

    if (!$pid) {
        Counted::one() for 1 .. 3;
        syswrite(STDOUT, join(' ', $counted->calls(), $counted->measured(), Counted::one()));
        POSIX::_exit(0);
    }
    is(scalar(<$child>), '3 1 2', 'a child of a fork starts at none');
    close($child);
    is($counted->calls(), 80, '… and its parent goes on');
}
done_testing();
