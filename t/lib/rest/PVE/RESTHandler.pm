package PVE::RESTHandler;

# Stands in for the module of that name, for t/rest.t.

use strict;
use warnings;

use PVE::JSONSchema;

# By class: methods and subclasses, in the order in which they were registered.
my %registered;

sub register_method {
    my ($class, $info) = @_;
    die "method is registered without a path\n" if !defined($info->{path});
    $info->{method} //= 'GET' if !$info->{subclass};
    for my $other (@{ $registered{$class} }) {
        die "duplicate method definition\n"
            if $other->{path} eq $info->{path}
            && ($other->{method} // '') eq ($info->{method} // '');
        die "method name already defined\n"
            if $info->{name} && $info->{name} eq ($other->{name} // '');
    }
    push @{ $registered{$class} }, $info;
    return;
}

sub map_method_by_name {
    my ($class, $name) = @_;
    my ($info) = grep { ($_->{name} // '') eq $name } @{ $registered{$class} };
    return $info // die "no such method '${class}::$name'\n";
}

# Whether the beginning of a path, a list, is what was registered; then what is left, and the parameters in it.
sub _match {
    my ($info, @path) = @_;
    my %parameters;
    for my $wanted (grep { $_ ne '' } split(m{/}, $info->{path})) {
        my $found = shift(@path) // return;
        if (my ($name) = $wanted =~ /^\{(.*)\}$/) {
            $parameters{$name} = $found;
        } elsif ($found ne $wanted) {
            return;
        }
    }
    return (\%parameters, @path);
}

sub find_handler {
    my ($class, $method, $path, $parameters) = @_;
    my @path = grep { $_ ne '' } split(m{/}, $path);
    for my $info (@{ $registered{$class} }) {
        my ($found, @rest) = _match($info, @path) or next;
        if (my $subclass = $info->{subclass}) {
            my @handler = $subclass->find_handler($method, join('/', @rest), $found);
            @$parameters{ keys %$found } = values %$found if @handler;
            return @handler if @handler;
        } elsif (!@rest && $info->{method} eq $method) {
            @$parameters{ keys %$found } = values %$found;
            return ($class, $info);
        }
    }
    return;
}

sub handle {
    my ($class, $info, $parameters, $check_result) = @_;
    PVE::JSONSchema::validate($parameters, $info->{parameters});
    my $result = $info->{code}->($parameters);
    PVE::JSONSchema::validate($result, $info->{returns}, "Result verification failed\n")
        if $check_result && ref($result) eq 'HASH';
    PVE::JSONSchema::validate(
        { list => $result }, { properties => { list => $info->{returns} } },
        "Result verification failed\n"
    ) if $check_result && ref($result) eq 'ARRAY';
    return $result;
}

sub api_dump {
    my ($class, $prefix) = @_;
    return [
        map {
            my $path = "$prefix/$_->{path}" =~ s{/+$}{}r;
            $_->{subclass} ? @{ $_->{subclass}->api_dump($path) } : { path => $path, info => $_ };
        } @{ $registered{$class} }
    ];
}

1;
