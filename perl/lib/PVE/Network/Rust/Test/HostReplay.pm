package PVE::Network::Rust::Test::HostReplay;

# Plays a case of PVE::Network::Rust::Test::HostRoom in a room of its own and compares what is there afterwards.

use strict;
use warnings;

use Exporter qw(import);
use JSON::XS ();
use POSIX ();
use Test::More ();

use PVE::Network::Rust::Test::HostRoom qw(enter run_quietly state);

our @EXPORT_OK = qw(compare_all replay);

# Rooms that wait for the kernel at the same time.
my $AT_ONCE = 7;

my $json = JSON::XS->new->canonical;

sub _write {
    my ($file, $text) = @_;
    open(my $out, '>', $file) or die "$file: $!\n";
    print {$out} $text;
    close($out) or die "$file: $!\n";
    return;
}

# Does what was recorded of the reference. Returns a reference to a list of what the calls said.
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
            _write("/proc/sys/net/ipv6/conf/$rest[0]/disable_ipv6", "1\n");
        } elsif ($what eq 'write') {
            _write(@rest);
        } else {
            die "unknown command '$what'\n";
        }
    }
    return $case->{said} // [];
}

# Starts a process in a room of its own; what it finds there is read later.
sub _start {
    my ($case, $change) = @_;
    my $pid = open(my $from, '-|') // die "fork: $!\n";
    if (!$pid) {
        my $found = eval {
            enter($case);
            my @warnings;
            local $SIG{__WARN__} = sub { push @warnings, @_ };
            my $said = $change->();
            { state => { %{ state($case) }, said => join('', @$said) }, warnings => \@warnings };
        } // { error => "$@" };
        print $json->encode($found);
        close(STDOUT);
        POSIX::_exit(0);
    }
    return $from;
}

sub _finish {
    my ($from) = @_;
    local $/ = undef;
    return $json->decode(<$from>);
}

# The parts of one text that are not in the other.
sub _differences {
    my @parts = map { [split(/(?<=[}]),(?=[{])|\n|,(?=")/, $_ // '')] } @_;
    my @sets = map { my ($list, %seen) = $_; $seen{$_}++ for @$list; \%seen } @parts;
    my %more =
        map { $_ => 1 } grep { ($sets[0]{$_} // 0) != ($sets[1]{$_} // 0) } map { @$_ } @parts;
    return map { "$_: wanted " . ($sets[0]{$_} // 0) . ' times, found ' . ($sets[1]{$_} // 0) }
        sort keys %more;
}

sub _compare {
    my ($case, $wanted, $found) = @_;
    for my $one (['reference', $wanted], ['library', $found]) {
        if (defined($one->[1]{error})) {
            Test::More::fail("$case->{name}: $one->[0]: $one->[1]{error}");
            return;
        }
    }
    my %questions = (%{ $wanted->{state} }, %{ $found->{state} });
    my @different =
        grep { ($wanted->{state}{$_} // '') ne ($found->{state}{$_} // '') } sort keys %questions;
    Test::More::ok(!@different, $case->{name});
    for my $question (@different) {
        Test::More::diag("$question: $_")
            for _differences($wanted->{state}{$question}, $found->{state}{$question});
    }
    return;
}

# Compares what `reference` and `library` of %$how, called with a case, leave behind, and what they return: a
# reference to a list of what the calls said.
sub compare_all {
    my ($how, @cases) = @_;
    my $only = $ENV{HOST_CASES};
    @cases = grep { $_->{name} =~ /$only/ } @cases if defined($only);
    while (my @some = splice(@cases, 0, $AT_ONCE)) {
        my @started = map {
            my $case = $_;
            [
                $case,
                map {
                    my $one = $how->{$_};
                    _start($case, sub { $one->($case) })
                    }
                    qw(reference library)
            ];
        } @some;
        _compare($_->[0], _finish($_->[1]), _finish($_->[2])) for @started;
    }
    return;
}

1;
