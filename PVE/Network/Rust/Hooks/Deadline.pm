package PVE::Network::Rust::Hooks::Deadline;

use strict;
use warnings;

use Time::HiRes ();

sub _now { return Time::HiRes::clock_gettime(Time::HiRes::CLOCK_MONOTONIC()) }

sub run {
    my ($seconds, $code) = @_;
    local ($@, $!, $_);
    my ($answer, $error, $is_late);
    my $start = _now();
    # The caller's own alarm, of which this takes no time.
    my $before = Time::HiRes::alarm(0);
    {
        local $SIG{ALRM} = sub {
            $is_late = 1;
            die "it took longer than $seconds s\n";
        };
        my $lived = eval {
            Time::HiRes::alarm($seconds);
            my $in_time = eval { $answer = $code->(); 1 };
            my $why = $@;
            Time::HiRes::alarm(0);
            die $why if !$in_time;
            1;
        };
        $error = $@ if !$lived;
        Time::HiRes::alarm(0);
    }
    # Also where the code has caught what the alarm died with.
    $error = "it took longer than $seconds s\n" if $is_late;
    if ($before) {
        my $left = $before - (_now() - $start);
        Time::HiRes::alarm($left > 0.001 ? $left : 0.001);
    }
    return ($answer, $error, $is_late);
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Hooks::Deadline - code that may only take so long

=head1 FUNCTIONS

=head2 run($seconds, $code)

Calls C<$code> in scalar context and ends it after that time with a SIGALRM whose handler dies; an alarm that was set before goes
on afterwards. Code of C that does not let Perl's handlers run ends later.

Returns what it returned, what it died with, undef if it did not, and whether it was late.

=head1 SEE ALSO

L<PVE::Network::Rust::Hooks>

=cut
