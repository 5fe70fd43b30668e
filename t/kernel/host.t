#!/usr/bin/perl
# What ip, bridge, tc and /proc/sys show after the functions of PVE::Network::Rust::Host is what they show after the
# reference's commands, recorded in t/vectors/host, or with PVE_SRC after its own Perl functions.

use strict;
use warnings;

use JSON::XS ();
use Test::More;

use lib 'perl/lib';
use PVE::Network::Rust::Host;
use PVE::Network::Rust::Test::HostRoom qw(cases enter run_quietly state);

# Rooms that wait for the kernel at the same time.
my $AT_ONCE = 7;

my $json = JSON::XS->new->canonical;
my $with_reference = ($ENV{PVE_SRC} // '') ne '';
if ($with_reference) {
    require PVE::Network::Rust::Test::Reference;
    my $why = PVE::Network::Rust::Test::Reference::unavailable('PVE::Network');
    BAIL_OUT($why) if defined($why);
}

open(my $in, '<', 't/vectors/host/cases.jsonl') or die "t/vectors/host/cases.jsonl: $!\n";
my @cases = map { $json->decode($_) } <$in>;
close($in) or die "close: $!\n";
is_deeply(
    [map { [@$_{qw(name room calls)}] } @cases],
    [map { $json->decode($json->encode([@$_{qw(name room calls)}])) } cases()],
    'every case is recorded',
);

sub calls {
    my ($package, $case) = @_;
    for my $call (@{ $case->{calls} }) {
        my ($name, @arguments) = @$call;
        no strict 'refs';
        &{"${package}::$name"}(@arguments);
    }
    return;
}

sub write_file {
    my ($file, $text) = @_;
    open(my $out, '>', $file) or die "$file: $!\n";
    print {$out} $text;
    close($out) or die "$file: $!\n";
    return;
}

sub replay {
    my ($case) = @_;
    for my $command (@{ $case->{commands} }) {
        my ($what, @rest) = @$command;
        if ($what eq 'run') {
            my ($wanted, @words) = @rest;
            my $code = run_quietly(@words);
            die "'@words' ends with $code instead of $wanted\n" if $code != $wanted;
        } elsif ($what eq 'shell') {
            run_quietly(split(/ /, $rest[0]));
        } elsif ($what eq 'disable_ipv6') {
            write_file("/proc/sys/net/ipv6/conf/$rest[0]/disable_ipv6", "1\n");
        } elsif ($what eq 'write') {
            write_file(@rest);
        } else {
            die "unknown command '$what'\n";
        }
    }
    return;
}

# Starts a process in a room of its own; what it finds there is read later.
sub start {
    my ($case, $change) = @_;
    my $pid = open(my $from, '-|') // die "fork: $!\n";
    if (!$pid) {
        my $found = eval {
            enter($case);
            my @warnings;
            local $SIG{__WARN__} = sub { push @warnings, @_ };
            $change->();
            { state => state($case), warnings => \@warnings };
        } // { error => "$@" };
        print $json->encode($found);
        close(STDOUT);
        require POSIX;
        POSIX::_exit(0);
    }
    return $from;
}

sub finish {
    my ($from) = @_;
    local $/ = undef;
    return $json->decode(<$from>);
}

# The parts of one text that are not in the other.
sub differences {
    my @parts = map { [split(/(?<=[}]),(?=[{])|\n|,(?=")/, $_ // '')] } @_;
    my @sets = map { my ($list, %seen) = $_; $seen{$_}++ for @$list; \%seen } @parts;
    my %more = map { $_ => 1 } grep { ($sets[0]{$_} // 0) != ($sets[1]{$_} // 0) } map { @$_ } @parts;
    return map { "$_: wanted " . ($sets[0]{$_} // 0) . ' times, found ' . ($sets[1]{$_} // 0) }
        sort keys %more;
}

sub compare {
    my ($case, $wanted, $found) = @_;
    for my $one (['reference', $wanted], ['library', $found]) {
        if (defined($one->[1]{error})) {
            fail("$case->{name}: $one->[0]: $one->[1]{error}");
            return;
        }
    }
    my %questions = (%{ $wanted->{state} }, %{ $found->{state} });
    my @different =
        grep { ($wanted->{state}{$_} // '') ne ($found->{state}{$_} // '') } sort keys %questions;
    ok(!@different, $case->{name});
    for my $question (@different) {
        diag("$question: $_") for differences($wanted->{state}{$question}, $found->{state}{$question});
    }
    return;
}

my $only = $ENV{HOST_CASES};
@cases = grep { $_->{name} =~ /$only/ } @cases if defined($only);
while (my @some = splice(@cases, 0, $AT_ONCE)) {
    my @started = map {
        my $case = $_;
        my $reference =
            $with_reference ? sub { calls('PVE::Network', $case) } : sub { replay($case) };
        [$case, start($case, $reference), start($case, sub { calls('PVE::Network::Rust::Host', $case) })];
    } @some;
    compare($_->[0], finish($_->[1]), finish($_->[2])) for @started;
}
done_testing();
