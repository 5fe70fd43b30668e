package PVE::Network::Rust::Command::Completion;

use strict;
use warnings;

use PVE::Network::Rust::Command;

sub _of_options {
    my ($command) = @_;
    return map { "--$_->{name}" } @{ $command->{options} }, { name => 'help' };
}

# The option whose value comes next, and the arguments so far.
sub _state {
    my ($command, @words) = @_;
    my %option = map { ("--$_->{name}" => $_) } @{ $command->{options} };
    my ($open, @arguments);
    for my $word (@words) {
        if ($open) {
            undef $open;
        } elsif ($word =~ /\A--/) {
            $open = $option{$word} if $option{$word} && $option{$word}{value};
        } else {
            push @arguments, $word;
        }
    }
    return ($open, @arguments);
}

sub _values {
    my ($of, @arguments) = @_;
    return @{ $of->{among} } if $of->{among};
    return $of->{complete} ? $of->{complete}->('', @arguments) : ();
}

sub _possible {
    my ($typed, @words) = @_;
    return (PVE::Network::Rust::Command::words(), 'help') if !@words;
    return PVE::Network::Rust::Command::words() if $words[0] eq 'help' && @words == 1;
    my @commands = PVE::Network::Rust::Command::commands($words[0]) or return;
    my ($command, @rest) = PVE::Network::Rust::Command::find(@words);
    if (!$command) {
        return @words == 1 ? map { $_->{name} } @commands : ();
    }
    my ($open, @arguments) = _state($command, @rest);
    return _values($open, @arguments) if $open;
    return _of_options($command) if $typed =~ /\A-/;
    my @known = @{ $command->{arguments} // [] };
    my $next = $known[@arguments];
    $next //= $known[-1] if @known && $known[-1]{is_many};
    my @values = $next ? _values($next, @arguments) : ();
    return @values ? @values : _of_options($command);
}

sub complete {
    my ($line) = @_;
    my @words = split(/\s+/, $line, -1);
    my $typed = pop(@words) // '';
    shift(@words);
    my @fitting = grep { index($_, $typed) == 0 } eval { _possible($typed, @words) };
    # Bash takes a colon for the end of a word, and replaces only what is after it.
    my ($before) = $typed =~ /\A(.*:)/s;
    return defined($before) ? map { substr($_, length($before)) } @fitting : @fitting;
}

sub run {
    my $line = $ENV{COMP_LINE} // return 2;
    my $end = $ENV{COMP_POINT} // length($line);
    print map { "$_\n" } complete(substr($line, 0, $end));
    return 0;
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Command::Completion - what can come next on pve-rustctl's command line

=head1 DESCRIPTION

For bash, as C<complete -C 'pve-rustctl bashcomplete' pve-rustctl> has it ask.

=head1 FUNCTIONS

=head2 complete($line)

Returns what the last word of a line can be completed to, what is there of it included; after the last colon, since bash takes
that for the end of a word.

=head2 run()

Prints that for C<COMP_LINE> up to C<COMP_POINT>, as bash sets them. Returns the exit status.

=head1 SEE ALSO

L<PVE::Network::Rust::Command>

=cut
