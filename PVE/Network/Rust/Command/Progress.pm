package PVE::Network::Rust::Command::Progress;

use strict;
use warnings;

use Time::HiRes ();

my $WIDTH = 40;
# In seconds.
my $EVERY = 0.1;

sub on_terminal {
    my ($what) = @_;
    return undef if !-t STDERR;    ## no critic (ProhibitInteractiveTest)
    my $shown = 0;
    return sub {
        my ($done, $all) = @_;
        my $now = Time::HiRes::time();
        return if $done < $all && $now - $shown < $EVERY;
        $shown = $now;
        my $full = $all ? int($WIDTH * $done / $all) : $WIDTH;
        my $bar = ('#' x $full) . ('.' x ($WIDTH - $full));
        my $end = $done < $all ? '' : "\r\e[K";
        print STDERR "\r[$bar] $done/$all $what$end";
        return;
    };
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Command::Progress - how far a command is

=head1 FUNCTIONS

=head2 on_terminal($what)

Returns a sub that draws a bar on standard error when it is called with how many are done, and of how many, such as C<files>; it
goes when all are. Undef where that is no terminal.

=head1 SEE ALSO

L<PVE::Network::Rust::Command>

=cut
