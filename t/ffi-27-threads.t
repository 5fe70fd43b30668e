# ithreads: objects stay in the thread that made them.

use strict;
use warnings;

use Config;
use Test::More;

BEGIN { plan skip_all => 'row 27: this Perl has no threads' if !$Config{useithreads} }

use threads;

use lib 't/lib';
use PerlXS::Test;

my $class = 'PerlXS::Test::Counter';

my $counter = $class->new(5);
my $in_data = { list => [$counter] };
@PerlXS::Derived::ISA = ($class);
my $derived = PerlXS::Derived->new(6);

# Reblessed into a class that does not know about CLONE_SKIP.
my $stray = bless($class->new(7), 'Some::Class');

my $tell = sub {
    my ($object) = @_;
    return eval { PerlXS::Test::Counter::value($object); 1 } ? 'usable' : $@;
};
my @seen = threads->create(
    { context => 'list' },
    sub {
        my @seen = map { $tell->($_) } $counter, $in_data->{list}[0], $derived,
            bless($stray, $class);
        my $own = $class->new(8);
        return (@seen, $own->value, PerlXS::Test::add(1, 2));
    },
)->join;
like(
    $seen[$_],
    qr/^${class}::value: .*expected an object of class $class, got an unblessed reference/,
    'row 27: skipped'
    )
    for 0 .. 2;
like($seen[3], qr/^${class}::value: .*expected a live object .*: it is a copy/, 'row 27: or empty');
is($seen[4], 8, 'row 27: a thread has objects of its own');
is($seen[5], 3, 'row 27: and calls everything else');
is($counter->value, 5, 'row 27: the object is where it was');
is($derived->value, 6, 'row 27: likewise of a derived class');
is(PerlXS::Test::Counter::alive(), 3, 'row 27: none was dropped');

$_->join for map {
    threads->create(sub {
        my @own = map { $class->new($_) } 1 .. 50;
        return scalar(@own);
    })
} 1 .. 8;
is(PerlXS::Test::Counter::alive(), 3, 'row 27: each thread dropped its own');

my @results = map { $_->join } map {
    my $n = $_;
    threads->create(
        sub { my $sum = 0; $sum += PerlXS::Test::add($_, $n) for 1 .. 1000; return $sum }
    )
} 1 .. 4;
is_deeply(\@results, [map { 500_500 + 1000 * $_ } 1 .. 4], 'row 27: calls from several threads');

undef $counter;
undef $in_data;
undef $derived;
undef $stray;
is(PerlXS::Test::Counter::alive(), 0, 'row 27: one drop each');

done_testing();
