package PerlXS::Overloaded;

# Objects that overload a string, a number, an operator, or die when they are read.

use strict;
use warnings;

package PerlXS::Overloaded::Text {
    use overload '""' => sub { my ($self) = @_; $self->{read}++; return $self->{text} };
}

package PerlXS::Overloaded::Adds {
    use overload '+' => sub { return 1 }, fallback => 1;
}

package PerlXS::Overloaded::Number {
    use overload '0+' => sub { return 42 }, fallback => 1;
}

package PerlXS::Overloaded::Dies {
    use overload '""' => sub { die "no text\n" };
}

1;
