package Perl::Critic::Policy::ShellStrings::ProhibitShellStrings;

# system, exec and piped open get a program and its arguments, never one string that a shell would read.

use strict;
use warnings;

use Perl::Critic::Utils qw($SEVERITY_HIGHEST is_function_call parse_arg_list);

use parent 'Perl::Critic::Policy';

our $VERSION = '1';

my $explanation = 'A shell would read this string: pass the program and each argument on their own';

sub supported_parameters { return () }
sub default_severity { return $SEVERITY_HIGHEST }
sub default_themes { return qw(security) }
sub applies_to { return 'PPI::Token::Word' }

sub violates {
    my ($self, $word) = @_;
    return if !is_function_call($word);
    my $name = $word->content;
    if ($name eq 'system' || $name eq 'exec') {
        return if $word->snext_sibling && $word->snext_sibling->isa('PPI::Structure::Block');
        my @arguments = parse_arg_list($word);
        return if @arguments > 1 || @arguments == 1 && is_list($arguments[0]);
        return $self->violation("$name with one string", $explanation, $word);
    }
    if ($name eq 'open') {
        my @arguments = parse_arg_list($word);
        return if @arguments != 3 || !is_pipe($arguments[1]) || is_list($arguments[2]);
        return $self->violation('piped open with one string', $explanation, $word);
    }
    return;
}

# An array or a list of words stands for any number of arguments.
sub is_list {
    my ($tokens) = @_;
    my $first = $tokens->[0];
    return $first->isa('PPI::Token::QuoteLike::Words') || $first->content =~ /^\@/;
}

sub is_pipe {
    my ($tokens) = @_;
    my $first = $tokens->[0];
    return $first->isa('PPI::Token::Quote') && $first->string =~ /^(?:-\||\|-)/;
}

1;
