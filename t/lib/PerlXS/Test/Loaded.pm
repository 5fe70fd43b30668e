package PerlXS::Test::Loaded;

# A class of errors that nobody has loaded yet when one is raised.

use strict;
use warnings;

use overload '""' => sub { return "$_[0]{message}\n" }, fallback => 1;

sub new {
    my ($class, %fields) = @_;
    return bless {%fields}, $class;
}

1;
