package PVE::Network::Rust::Test::HostReplay;

# Plays a case of PVE::Network::Rust::Test::HostRoom in a room of its own and compares what is there afterwards.

use strict;
use warnings;

use Exporter qw(import);
use JSON::XS ();
use POSIX ();
use Test::More ();

use PVE::Network::Rust::Test::HostRoom qw(clean enter leave run_batch run_quietly state);

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

# Starting a program takes long in User-Mode Linux, so what follows each other of one program goes to it at once: commands that
# are done, and command lines that may fail.
sub _grouped {
    my (@commands) = @_;
    my @grouped;
    for my $command (@commands) {
        my ($what, @rest) = @$command;
        my ($code, $program, @words) = $what eq 'shell' ? (0, split(/ /, $rest[0])) : @rest;
        my $alone =
            $what !~ /^(?:run|shell)$/ || $code || $program !~ m{^/sbin/} || $words[0] =~ /^-/;
        my $last = $grouped[-1];
        if ($alone) {
            push @grouped, $command;
        } elsif ($last && $last->[0] eq "$what batch" && $last->[1] eq $program) {
            push @$last, "@words";
        } else {
            push @grouped, ["$what batch", $program, "@words"];
        }
    }
    return @grouped;
}

# Does what was recorded of the reference. Returns a reference to a list of what the calls said.
sub replay {
    my ($case) = @_;
    for my $command (_grouped(@{ $case->{commands} })) {
        my ($what, @rest) = @$command;
        if ($what =~ /^(run|shell) batch$/) {
            my ($program, @lines) = @rest;
            my ($code) = run_batch([$program, $1 eq 'shell' ? '-force' : ()], @lines);
            die "'$program' ends with $code at one of: @lines\n" if $code && $1 eq 'run';
        } elsif ($what eq 'run') {
            my ($wanted, @words) = @rest;
            my $code = run_quietly(@words);
            die "'@words' ends with $code instead of $wanted\n" if $code != $wanted;
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

# Starts a process in a room of its own, where it plays cases one after the other; what it finds there is read later.
sub _start {
    my ($change, @cases) = @_;
    my $pid = open(my $from, '-|') // die "fork: $!\n";
    if (!$pid) {
        local $SIG{__WARN__} = sub { };
        my $entered = eval { enter($cases[0]); 1 };
        my $error = "$@";
        my @found;
        for my $case (@cases) {
            my $state = $entered && eval {
                clean($case) if @found;
                my $said = $change->($case);
                +{ %{ state($case) }, said => join('', @$said) };
            };
            push @found, $state ? { state => $state } : { error => $error || "$@" };
        }
        leave($cases[0]);
        print $json->encode(\@found);
        close(STDOUT);
        POSIX::_exit(0);
    }
    return $from;
}

sub _finish {
    my ($from) = @_;
    local $/ = undef;
    return @{ $json->decode(<$from>) };
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
# reference to a list of what the calls said. `in_a_room`: how many cases one room is for (1).
sub compare_all {
    my ($how, @cases) = @_;
    my $only = $ENV{HOST_CASES};
    @cases = grep { $_->{name} =~ /$only/ } @cases if defined($only);
    while (@cases) {
        my @started;
        for (1 .. $AT_ONCE) {
            my @some = splice(@cases, 0, $how->{in_a_room} // 1) or last;
            push @started, [\@some, map { _start($how->{$_}, @some) } qw(reference library)];
        }
        for my $started (@started) {
            my ($some, @from) = @$started;
            my ($wanted, $found) = map { [_finish($_)] } @from;
            _compare($some->[$_], $wanted->[$_], $found->[$_]) for 0 .. $#$some;
        }
    }
    return;
}

1;
