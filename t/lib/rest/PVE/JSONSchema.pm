package PVE::JSONSchema;

# Stands in for the module of that name, for t/rest.t: what a schema of PVE::API2::Network::Rust says is checked, and refused
# with the same words.

use strict;
use warnings;

use Exporter qw(import);
use PVE::Exception qw(raise);

our @EXPORT_OK = qw(get_standard_option);

my %STANDARD = (
    'pve-node' => {
        description => 'The cluster node name.',
        type => 'string',
        format => 'pve-node',
    },
    'pve-vmid' => {
        description => 'The (unique) ID of the VM.',
        type => 'integer',
        format => 'pve-vmid',
        minimum => 100,
        maximum => 999_999_999,
    },
);

sub get_standard_option {
    my ($name, $more) = @_;
    return { %{ $STANDARD{$name} // die "no such standard option '$name'\n" }, %{ $more // {} } };
}

my $CONFIGID = qr/[a-z][a-z0-9_-]+/i;

my %FORMATS = (
    'pve-node' => sub {
        $_[0] =~ /^[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?$/
            or die "value does not look like a valid node name\n";
    },
    'pve-vmid' => sub {
        $_[0] =~ /^[1-9][0-9]{2,8}$/ or die "value does not look like a valid VM ID\n";
    },
    'pve-bridge-id' => sub { $_[0] =~ /^[-_.\w]+$/ or die "invalid bridge ID '$_[0]'\n" },
    'pve-configid' => sub { $_[0] =~ /^$CONFIGID$/ or die "invalid configuration ID '$_[0]'\n" },
    'pve-lxc-network' => sub {
        die "format error\n" if $_[0] eq '';
        PVE::LXC::Config->parse_lxc_network($_[0]);
    },
);

sub _check_format {
    my ($format, $value) = @_;
    if (my ($element) = $format =~ /^(.*)-list$/) {
        $FORMATS{$element}->($_) for grep { $_ ne '' } split(/[\s,;\0]+/, $value);
        return;
    }
    my $check = $FORMATS{$format} // die "undefined format '$format'\n";
    return $check->($value);
}

my %TYPES = (
    integer => qr/^[+-]?\d+$/,
    number => qr/^[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i,
    boolean => qr/^(?:1|on|yes|true|0|off|no|false)$/i,
);

sub _why_not {
    my ($value, $schema) = @_;
    my $type = $schema->{type};
    return "type check ('$type') failed - got " . (ref($value) || "'$value'")
        if ref($value) || ($TYPES{$type} && $value !~ $TYPES{$type});
    if (my $format = $schema->{format}) {
        return "invalid format - $@" if !eval { _check_format($format, $value); 1 };
    }
    return 'value does not match the regex pattern'
        if $schema->{pattern} && $value !~ /^$schema->{pattern}$/;
    return "value may only be $schema->{maxLength} characters long"
        if defined($schema->{maxLength}) && length($value) > $schema->{maxLength};
    return "value must have a maximum value of $schema->{maximum}"
        if defined($schema->{maximum}) && $value > $schema->{maximum};
    return "value must have a minimum value of $schema->{minimum}"

        if defined($schema->{minimum}) && $value < $schema->{minimum};
    return "value '$value' does not have a value in the enumeration '"
        . join(', ', @{ $schema->{enum} }) . q{'}
        if $schema->{enum} && !grep { $_ eq $value } @{ $schema->{enum} };
    return undef;
}

sub _check {
    my ($path, $value, $schema, $errors) = @_;
    my $type = $schema->{type};
    my $wanted = { object => 'HASH', array => 'ARRAY' }->{$type};
    if (!defined($value)) {
        $errors->{$path} = 'property is missing and it is not optional'
            if !$schema->{optional} && $type ne 'null';
    } elsif (!$wanted) {
        my $why = _why_not($value, $schema);
        $errors->{$path} = $why if defined($why);
    } elsif (ref($value) ne $wanted) {
        $errors->{$path} = "type check ('$type') failed";
    } elsif ($wanted eq 'ARRAY') {
        _check("${path}[$_]", $value->[$_], $schema->{items}, $errors) for 0 .. $#$value;
    } else {
        _check_object($path, $value, $schema, $errors);
    }
    return;
}

sub _check_object {
    my ($path, $value, $schema, $errors) = @_;
    my $properties = $schema->{properties};
    my $below = $path eq '' ? '' : "$path.";
    _check("$below$_", $value->{$_}, $properties->{$_}, $errors) for keys %$properties;
    return if $schema->{additionalProperties} // 1;
    for my $unknown (grep { !$properties->{$_} } keys %$value) {
        $errors->{"$below$unknown"} =
            'property is not defined in schema and the schema does not allow additional properties';
    }
    return;
}

sub validate {
    my ($value, $schema, $message) = @_;
    my %errors;
    _check('', $value, { type => 'object', %$schema }, \%errors);
    raise($message // "Parameter verification failed.\n", code => 400, errors => \%errors)
        if %errors;
    return 1;
}

1;
