package PVE::Tools;

# Stands in for the module of that name, for t/rest.t.

use strict;
use warnings;

use Exporter qw(import);

our @EXPORT_OK = qw(extract_param);

sub extract_param {
    my ($parameters, $name) = @_;
    return delete($parameters->{$name});
}

sub assert_if_modified {
    my ($one, $other) = @_;
    die "detected modified configuration - file changed by other user? Try again.\n"
        if $one && $other && $one ne $other;
    return;
}

1;
