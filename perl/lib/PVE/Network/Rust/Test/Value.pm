package PVE::Network::Rust::Test::Value;

# Perl data compared as a JSON encoder sees it: structure, number or string, code points; and
# written down as Perl.

use strict;
use warnings;

use B qw(SVf_IOK SVf_NOK SVf_POK svref_2object);
use Exporter qw(import);
use Scalar::Util qw(blessed reftype);

our @EXPORT_OK = qw(copy describe differences is_number source);

# Whether a scalar is a number: its own kind decides, not what it could be converted to.
sub is_number {
    my $flags = svref_2object(\$_[0])->FLAGS;
    return !($flags & SVf_POK) && ($flags & (SVf_IOK | SVf_NOK));
}

sub _quote {
    my ($text) = @_;
    my %named = (
        "\n" => '\n',
        "\r" => '\r',
        "\t" => '\t',
        '"' => '\"',
        '\\' => '\\\\',
        '$' => '\$',
        '@' => '\@'
    );
    $text =~ s{([\n\r\t"\\\$\@])|([^\x20-\x7e])}{$1 ? $named{$1} : sprintf('\x{%x}', ord($2))}ge;
    return qq{"$text"};
}

sub _number {
    my ($value) = @_;
    return "$value" if $value =~ /^-?\d{1,18}$/;
    return $value == $value && abs($value) != 9**9**9 ? sprintf('%.17g', $value) : "$value";
}

# A new structure with the same content; every scalar keeps its kind. Objects and code are shared.
sub copy {
    my ($data) = @_;
    my $type = ref($data);
    return { map { $_ => copy($data->{$_}) } keys %$data } if $type eq 'HASH';
    return [map { copy($_) } @$data] if $type eq 'ARRAY';
    return $data;
}

# The data as nested hashes, arrays and Perl literals, in which what is equal to a JSON encoder is
# equal. Addresses of references that were turned into text are left out, as no two runs have the
# same.
sub describe {
    my ($data) = @_;
    if (my $class = blessed($data)) {
        my $type = reftype($data);
        my $inside = $type eq 'HASH' ? { map { $_ => $data->{$_} } keys %$data } : "$type";
        return { "blessed $class" => describe($inside) };
    }
    my $type = ref($data);
    return { map { $_ => describe($data->{$_}) } keys %$data } if $type eq 'HASH';
    return [map { describe($_) } @$data] if $type eq 'ARRAY';
    return "reference to $type" if $type ne '';
    return 'undef' if !defined($data);
    return _number($data) if is_number($data);
    return _quote($data =~ s/\b([A-Z]+)\(0x[0-9a-f]+\)/$1(0x...)/gr);
}

# Where two described structures differ: [path, left, right] for each place, missing ones as
# 'nothing'.
sub differences {
    my ($left, $right, $path) = @_;
    $path //= '';
    if (ref($left) eq 'HASH' && ref($right) eq 'HASH') {
        my %keys = (%$left, %$right);
        return map {
            my $key = $_;
            my @sides = map { exists $_->{$key} ? $_->{$key} : 'nothing' } $left, $right;
            differences(@sides, "$path\{$key\}");
        } sort keys %keys;
    }
    if (ref($left) eq 'ARRAY' && ref($right) eq 'ARRAY') {
        my $last = @$left > @$right ? $#$left : $#$right;
        return map {
            my $index = $_;
            my @sides = map { $index < @$_ ? $_->[$index] : 'nothing' } $left, $right;
            differences(@sides, "$path\[$index\]");
        } 0 .. $last;
    }
    return () if !ref($left) && !ref($right) && $left eq $right;
    return [$path, map { _shown($_) } $left, $right];
}

# A described structure in one line.
sub _shown {
    my ($described) = @_;
    my $type = ref($described);
    return $described if $type eq '';
    return '[' . join(', ', map { _shown($_) } @$described) . ']' if $type eq 'ARRAY';
    return
        '{ ' . join(', ', map { "$_ => " . _shown($described->{$_}) } sort keys %$described) . ' }';
}

# The data as Perl source that makes it again: strings quoted, numbers bare, characters by number.
sub source {
    my ($data, $indent) = @_;
    $indent //= '';
    my $deeper = "$indent    ";
    my $type = reftype($data) // '';
    my $text;
    if ($type eq 'HASH') {
        my @pairs =
            map { (/^[a-z]\w*$/aai ? $_ : _quote($_)) . ' => ' . source($data->{$_}, $deeper) }
            sort keys %$data;
        $text = @pairs ? "{\n" . join('', map { "$deeper$_,\n" } @pairs) . "$indent}" : '{}';
    } elsif ($type eq 'ARRAY') {
        $text = join('', map { $deeper . source($_, $deeper) . ",\n" } @$data);
        $text = @$data ? "[\n$text$indent]" : '[]';
    } elsif ($type eq 'CODE') {
        $text = 'sub { 0 }';
    } elsif ($type ne '') {
        $text = '\\' . source($$data, $indent);
    } elsif (!defined($data)) {
        return 'undef';
    } elsif (is_number($data)) {
        return _number($data);
    } else {
        return _quote($data);
    }
    my $class = blessed($data);
    return defined($class) ? "bless($text, " . _quote($class) . ')' : $text;
}

1;
