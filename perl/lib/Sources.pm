package Sources;

# The project's files by kind, as git lists them: committed or about to be.

use strict;
use warnings;

use parent 'Exporter';

use Command qw(capture);

our @EXPORT_OK = qw(files perl_files read_text shell_files);

sub files {
    my ($text, $ok) = capture(qw(git ls-files -z --cached --others --exclude-standard));
    die "git ls-files failed: run this in a checkout\n" if !$ok;
    return grep { -f $_ && !-l $_ } split(/\0/, $text);
}

sub read_text {
    my ($path) = @_;
    open(my $in, '<:raw', $path) or die "open $path: $!\n";
    local $/ = undef;
    return scalar(<$in>) // '';
}

sub first_line {
    my ($path) = @_;
    open(my $in, '<:raw', $path) or die "open $path: $!\n";
    return scalar(<$in>) // '';
}

sub perl_files {
    return grep { /\.(?:p[lm]|t)$/ || !/\.[^\/]*$/ && first_line($_) =~ /^#!.*\bperl\b/ } files();
}

sub shell_files {
    return grep { /\.sh$/ || !/\.[^\/]*$/ && first_line($_) =~ /^#!.*\b(?:ba|da)?sh\b/ } files();
}

1;
