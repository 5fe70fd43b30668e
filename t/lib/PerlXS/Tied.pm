package PerlXS::Tied;

# Tied values that count how often they are read, and that may die or do harm when they are.

use strict;
use warnings;

package PerlXS::Tied::Scalar {
    sub TIESCALAR { my ($class, %self) = @_; return bless { reads => 0, %self }, $class }
    sub STORE { my ($self, $value) = @_; $self->{value} = $value; return }

    sub FETCH {
        my ($self) = @_;
        $self->{reads}++;
        $self->{on_read}->() if $self->{on_read};
        return $self->{value};
    }
}

package PerlXS::Tied::Array {

    sub TIEARRAY {
        my ($class, @values) = @_;
        return bless { reads => 0, values => [@values] }, $class;
    }
    sub FETCHSIZE { my ($self) = @_; return scalar(@{ $self->{values} }) }

    sub FETCH {
        my ($self, $index) = @_;
        $self->{reads}++;
        return $self->{values}[$index];
    }
}

package PerlXS::Tied::Hash {

    sub TIEHASH {
        my ($class, %values) = @_;
        return bless { reads => 0, values => {%values} }, $class;
    }
    sub FIRSTKEY { my ($self) = @_; keys(%{ $self->{values} }); return each(%{ $self->{values} }) }
    sub NEXTKEY { my ($self) = @_; return each(%{ $self->{values} }) }
    sub EXISTS { my ($self, $key) = @_; return exists($self->{values}{$key}) }
    sub STORE { my ($self, $key, $value) = @_; $self->{values}{$key} = $value; return }
    sub DELETE { my ($self, $key) = @_; return delete($self->{values}{$key}) }

    sub FETCH {
        my ($self, $key) = @_;
        $self->{reads}++;
        die "no $key\n" if $key eq 'die';
        return $self->{values}{$key};
    }
}

1;
