package PVE::Network::Rust::Test::HostEqual;

# Each case is played twice, in two rooms: by the reference's commands as they were recorded, or with PVE_SRC by its own Perl
# functions, and by this library's functions. What is there afterwards has to be the same.

use strict;
use warnings;

use Exporter qw(import);
use JSON::XS ();
use POSIX ();
use Test::More ();

use PVE::Network::Rust::Container ();
use PVE::Network::Rust::Host ();
use PVE::Network::Rust::Test::HostRoom qw(clean enter leave run_batch run_quietly state);

our @EXPORT_OK = qw(compare_cases recorded);

# Rooms that wait for the kernel at the same time.
my $AT_ONCE = 7;

my $JSON = JSON::XS->new->canonical;

# The recorded cases of a file, which are all that there are now.
sub recorded {
    my ($file, @cases) = @_;
    open(my $in, '<', $file) or die "$file: $!\n";
    my @recorded = map { $JSON->decode($_) } <$in>;
    close($in) or die "close: $!\n";
    my $plain = sub {
        return [map { $JSON->decode($JSON->encode([@$_{qw(name room calls)}])) } @_];
    };
    Test::More::is_deeply($plain->(@recorded), $plain->(@cases), 'every case is recorded');
    return @recorded;
}

sub _calls {
    my ($case, @packages) = @_;
    for my $call (@{ $case->{calls} }) {
        my ($name, @arguments) = @$call;
        my ($function) = grep { defined } map { $_->can($name) } @packages;
        $function->(@arguments);
    }
    return;
}

sub _write_file {
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

sub _replay {
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
            _write_file("/proc/sys/net/ipv6/conf/$rest[0]/disable_ipv6", "1\n");
        } elsif ($what eq 'write') {
            _write_file(@rest);
        } else {
            die "unknown command '$what'\n";
        }
    }
    return;
}

# Starts a process in a room of its own, where it plays cases one after the other; what it finds there is read later.
sub _start {
    my ($change, @cases) = @_;
    my $pid = open(my $from, '-|') // die "fork: $!\n";
    if (!$pid) {
        my $entered = eval { enter($cases[0]); 1 };
        my $error = $@;
        my @found;
        for my $case (@cases) {
            clean($case) if @found;
            my $state = $entered && eval { $change->($case); state($case) };
            push @found, $state ? { state => $state } : { error => $error || "$@" };
        }
        leave($cases[0]);
        print $JSON->encode(\@found);
        close(STDOUT);
        POSIX::_exit(0);
    }
    return $from;
}

sub _finish {
    my ($from) = @_;
    local $/ = undef;
    return @{ $JSON->decode(<$from>) };
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

# Compares them, so many in a room, or those whose names match the pattern HOST_CASES.
sub compare_cases {
    my ($in_a_room, @cases) = @_;
    my $with_reference = ($ENV{PVE_SRC} // '') ne '';
    if ($with_reference) {
        require PVE::Network::Rust::Test::Reference;
        my $why = PVE::Network::Rust::Test::Reference::unavailable('PVE::Network');
        Test::More::BAIL_OUT($why) if defined($why);
    }
    my $only = $ENV{HOST_CASES};
    @cases = grep { $_->{name} =~ /$only/ } @cases if defined($only);
    my @ours = qw(PVE::Network::Rust::Host PVE::Network::Rust::Container);
    my $ours = sub { _calls($_[0], @ours) };
    my $reference = sub {
        my ($case) = @_;
        return $with_reference && !$case->{ovs} ? _calls($case, 'PVE::Network') : _replay($case);
    };
    while (@cases) {
        my @started;
        for (1 .. $AT_ONCE) {
            my @some = splice(@cases, 0, $in_a_room) or last;
            push @started, [\@some, _start($reference, @some), _start($ours, @some)];
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
