package PVE::Network::Rust::Test::Format;

# What the differential fuzzer needs to know about a format. A format is a module below this one;
# it makes cases and runs them on a package that has the reference's functions.
#
# A case is plain data: { what => name, arguments => [...] }, and `lenient => 1` where the
# arguments are nothing that the reference was made for: there a refusal by Rust is as good as the
# reference's answer.

use strict;
use warnings;

use PVE::Network::Rust::Test::Value qw(differences source);

# new($reference, $rust): the names of the two packages.
sub new {
    my ($class, $reference, $rust) = @_;
    return bless({ reference => $reference, rust => $rust }, $class);
}

# The name of the format, and the reference's module that has its functions.
sub name { die "a format must have a name\n" }
sub reference_module { die "a format must name the reference's module\n" }
sub rust_module { die "a format must name the module under test\n" }

# A random case.
sub generate { die "a format must make cases\n" }

# What happens to $case on $package: a described structure (Value::describe).
sub observe { die "a format must run cases\n" }

# How many arguments, from the first, stay as they are when a case is shrunk.
sub fixed_arguments { return 0 }

sub _refused {
    my ($observed) = @_;
    return 0 if !$observed->{call} || !exists $observed->{call}{error};
    my $error = source($observed->{call}{error});
    return $error !~ /internal error/;
}

# Where the two sides differ on $case, as Value::differences.
sub compare {
    my ($self, $case) = @_;
    my $rust = $self->observe($self->{rust}, $case);
    my $reference = $self->observe($self->{reference}, $case);
    return if $case->{lenient} && _refused($rust);
    return differences($reference, $rust);
}

# Whether the reference itself gives different answers, because it depends on Perl's hash order.
sub is_unstable {
    my ($self, $case) = @_;
    my $first = $self->observe($self->{reference}, $case);
    return scalar(grep { differences($first, $self->observe($self->{reference}, $case)) } 1 .. 20);
}

1;
