package PerlXS::Stderr;

# What this process and its children write to standard error.

use strict;
use warnings;

use parent 'Exporter';

our @EXPORT_OK = qw(stderr_of);

# Runs the code with standard error going to a file, and returns what was written there.
sub stderr_of {
    my ($code) = @_;
    open(my $kept, '>&', \*STDERR) or die "dup: $!\n";
    open(my $file, '+>', undef) or die "temporary file: $!\n";
    open(STDERR, '>&', $file) or die "dup: $!\n";
    my $ok = eval { $code->(); 1 };
    my $error = $@;
    my $status = $?;
    open(STDERR, '>&', $kept) or die "dup: $!\n";
    $? = $status;
    die $error if !$ok;
    seek($file, 0, 0);
    local $/ = undef;
    return scalar(<$file>);
}

1;
