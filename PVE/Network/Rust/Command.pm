package PVE::Network::Rust::Command;

use strict;
use warnings;

use PVE::Network::Rust::Command::Output;

my $PROGRAM = 'pve-rustctl';

my ($DONE, $FAILED, $WRONG_USAGE) = (0, 1, 2);

# By the first word of a command, the module below this one that has it.
my %MODULE = (
    check => 'Check',
    ct => 'Container',
    divergences => 'Divergences',
    events => 'Event',
    op => 'Operation',
    phase => 'Phase',
    seam => 'Seam',
    status => 'Status',
    vnet => 'VNet',
);

# What each command that prints takes.
my @PRINTING = (
    { name => 'output-format', value => 'FORMAT', among => [qw(text json json-pretty yaml)] },
    { name => 'noborder' },
    { name => 'noheader' },
);

sub words {
    my @words = sort keys %MODULE;
    return @words;
}

# The commands that begin with a word, hashes with `name`, the words after it.
sub commands {
    my ($word) = @_;
    my $module = $MODULE{$word} // return;
    my $file = "PVE/Network/Rust/Command/$module.pm";
    require $file;
    return map { {
        %$_,
            word => $word,
            options => [@{ $_->{options} // [] }, $_->{is_silent} ? () : @PRINTING],
    } } "PVE::Network::Rust::Command::$module"->commands();
}

sub full_name {
    my ($command) = @_;
    return join(' ', grep { $_ ne '' } $command->{word}, $command->{name});
}

sub usage {
    my ($command) = @_;
    my @arguments = map {
        my $name = $_->{is_many} ? "$_->{name}..." : $_->{name};
        $_->{is_optional} ? "[$name]" : $name
    } @{ $command->{arguments} // [] };
    my @options = map { '[--' . $_->{name} . ($_->{value} ? " $_->{value}" : '') . ']' }
        @{ $command->{options} };
    return join(' ', $PROGRAM, full_name($command), @arguments, @options);
}

sub _wrong {
    my ($what, @commands) = @_;
    my @usage = map { usage($_) } @commands;
    @usage = map { "$PROGRAM $_ ..." } words(), 'help' if !@usage;
    print STDERR "$what\n", (map { "usage: $_\n" } @usage);
    return $WRONG_USAGE;
}

sub _help {
    my ($word) = @_;
    my @words = defined($word) ? ($word) : words();
    my @commands = map { commands($_) } @words;
    return _wrong("unknown command '$word'") if !@commands;
    for my $command (@commands) {
        print usage($command), "\n    $command->{help}\n\n";
    }
    print "The manual page $PROGRAM(8) says more.\n" if !defined($word);
    return $DONE;
}

# The command that the words name, and what is left of them.
sub find {
    my (@words) = @_;
    my $word = shift(@words);
    my @commands = commands($word);
    my ($command) = @words ? grep { $_->{name} eq $words[0] } @commands : ();
    return ($command, @words[1 .. $#words]) if $command;
    my ($bare) = grep { $_->{name} eq '' } @commands;
    return ($bare, @words);
}

# The words that are options, with their values, and the others. Getopt::Long alone takes as long to load as all of this.
sub _parsed {
    my ($command, @words) = @_;
    my %known = map { $_->{name} => $_ } @{ $command->{options} }, { name => 'help' };
    my (%options, @others);
    while (@words) {
        my $word = shift(@words);
        return (\%options, @others, @words) if $word eq '--';
        my ($name, $value) = $word =~ /\A--?([a-z][a-z-]*)(?:=(.*))?\z/s;
        $name = 'help' if $word eq '-h';
        if (!defined($name)) {
            push @others, $word;
            next;
        }
        my $option = $known{$name} // die "unknown option: $name\n";
        if (!$option->{value}) {
            die "option $name does not take a value\n" if defined($value);
            $value = 1;
        }
        $value //= shift(@words) // die "option $name requires a value\n";
        $options{$name} = $value;
    }
    return (\%options, @others);
}

sub _options {
    my ($command, @words) = @_;
    my ($options, @others) = _parsed($command, @words);
    for my $option (@{ $command->{options} }) {
        my ($name, $among) = @$option{qw(name among)};
        my $value = $options->{$name};
        next if !defined($value) || !$among;
        # What is in the list is nobody's input.
        ($options->{$name}) = grep { $_ eq $value } @$among;
        die "option $name: '$value' is none of @$among\n" if !defined($options->{$name});
    }
    return ($options, @others);
}

sub _check_arguments {
    my ($command, @given) = @_;
    my @arguments = @{ $command->{arguments} // [] };
    my @missing = grep { !$arguments[$_]{is_optional} && $_ > $#given } 0 .. $#arguments;
    die "$arguments[$missing[0]]{name} is missing\n" if @missing;
    die "too many arguments: '$given[@arguments]'\n"
        if @given > @arguments && !(@arguments && $arguments[-1]{is_many});
    return;
}

sub _run {
    my ($command, $options, @arguments) = @_;
    my $status;
    my $done = eval { $status = $command->{run}->($options, @arguments); 1 };
    return $status // $DONE if $done;
    my $error = "$@";
    $error .= "\n" if $error !~ /\n\z/;
    if ($error =~ /\Ausage: /) {
        return _wrong($error =~ s/\Ausage: //r =~ s/\n\z//r, $command);
    }
    print STDERR $error;
    return ref($@) && $@->isa('PVE::Network::Rust::Error') && $@->{check} ? 3 : $FAILED;
}

sub main {
    my (@words) = @_;
    my $word = $words[0];
    return _wrong('no command') if !defined($word);
    return _help(@words[1 .. $#words]) if $word =~ /\A(?:help|--help|-h)\z/;
    if ($word eq 'bashcomplete') {
        require PVE::Network::Rust::Command::Completion;
        return PVE::Network::Rust::Command::Completion::run();
    }
    return _wrong("unknown command '$word'") if !$MODULE{$word};
    my ($command, @rest) = find(@words);
    if (!$command) {
        return _help($word) if @rest && $rest[0] =~ /\A(?:help|--help|-h)\z/;
        return _wrong(
            @rest ? "unknown command '$word $rest[0]'" : 'the command is not complete',
            commands($word)
        );
    }
    my ($options, @arguments);
    my $understood = eval {
        ($options, @arguments) = _options($command, @rest);
        _check_arguments($command, @arguments) if !$options->{help};
        1;
    };
    return _wrong($@ =~ s/\n\z//r, $command) if !$understood;
    if ($options->{help}) {
        print usage($command), "\n    $command->{help}\n";
        return $DONE;
    }
    my $status = _run($command, $options, @arguments);
    # What could not be written is no success. The number stays taken.
    my $is_written = close(STDOUT);
    my $why = $!;
    open(STDOUT, '>', '/dev/null') or return $FAILED;
    return $status if $is_written || $status;
    print STDERR "write: $why\n";
    return $FAILED;
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Command - the program pve-rustctl

=head1 DESCRIPTION

Finds the command that words name, and checks its options and arguments. The commands are in the modules below this one; one is
loaded only where its first word is used. A module has C<commands>, a method that returns hashes: C<name>, the words after the
first one; C<arguments>, hashes with C<name>, and some with C<is_optional>, C<is_many> and C<complete>, a sub that returns what
it can be; C<options>, hashes with C<name>, and where it takes one C<value>, its name, C<among>, what it can be, or C<complete>;
C<help>, a sentence; C<is_silent>, where it prints no data; and C<run>, which is called with the options, a hash, and the
arguments. It may return an exit status. An error that begins with C<usage: > is one of usage.

=head1 FUNCTIONS

=head2 main(@words)

Carries out a command, and returns the exit status.

=head2 words(), commands($word), find(@words)

Return the first words that there are; the commands that begin with one; and the command that words name, with the words that are
left, or undef.

=head2 usage($command), full_name($command)

Return how it is used, and its words.

=head1 SEE ALSO

L<pve-rustctl(8)>

=cut
