package PVE::Network::Rust::Test::Format::LXCConfig;

# Container configurations: whole files, property strings, and Perl structures to be written.

use strict;
use warnings;

use parent 'PVE::Network::Rust::Test::Format';

use PVE::Network::Rust::Test::Hostile qw(hostile_scalar hostile_text mutated word);
use PVE::Network::Rust::Test::LXCConfigText qw(changed_text new_text);
use PVE::Network::Rust::Test::Outcome qw(outcome);
use PVE::Network::Rust::Test::Random qw(chance number_of pick subset);
use PVE::Network::Rust::Test::SchemaValue qw(property_string);
use PVE::Network::Rust::Test::Value qw(copy);

my $FILENAME = '/etc/pve/nodes/test/lxc/100.conf';
my @FILENAMES = (
    '/lxc/1.conf', 'lxc/100.conf', '/lxc/0100.conf', '/lxc/100xconf', "/lxc/100.conf\n",
    '/lxc/.conf', '/lxc/100.conf.tmp', '',
    "/etc/pve/\xff/lxc/7.conf", '/lxc/99999999999999999999.conf', undef, 100,
);
my @PROPERTIES = qw(net rootfs mp unused dev features);

sub name { return 'lxc-config' }
sub reference_module { return 'PVE::LXC::Config' }
sub rust_module { return 'PVE::Network::Rust::LXC::Config' }

# The file's name, or the key.
sub fixed_arguments { return 1 }

sub new {
    my ($class, @packages) = @_;
    my $self = $class->SUPER::new(@packages);
    my $schema = PVE::LXC::Config->json_config_properties({});
    $schema->{parent} = { type => 'string' };
    $schema->{snaptime} = { type => 'integer' };
    # One of a numbered family stands for all.
    my %family =
        map { ($_ => 1) } grep { /^(?:net|mp|dev)[0-3]$|^unused[0-2]$|^[a-z]+$/ } keys %$schema;
    $self->{schema} = $schema;
    $self->{options} = { map { $_ => $schema->{$_} } keys %family };
    return $self;
}

# A configuration, half of the time a recorded one with changes.
sub _text {
    my ($self) = @_;
    return chance(0.5) ? new_text($self->{options}) : changed_text($self->{options});
}

sub _file_case {
    my ($self) = @_;
    my $text = $self->_text();
    my $strict = chance(0.15) ? pick(1, '1', 'x', '0', '', undef) : 0;
    return { what => 'file', arguments => [$FILENAME, $text, $strict] } if chance(0.97);
    my $raw = pick($text, undef, '', 0, 100, "memory: 1\n\x{263a}: x\n", "hostname: \x{e9}\n");
    return {
        what => 'file',
        arguments => [pick($FILENAME, @FILENAMES), $raw, $strict],
        lenient => 1
    };
}

sub _key_of {
    my ($kind) = @_;
    return $kind if $kind =~ /^(?:rootfs|features)$/;
    return $kind . pick(0, 1, 255, 256, '007', '', 'x');
}

sub _property_case {
    my ($self) = @_;
    my $kind = pick(@PROPERTIES);
    my $name = $self->{schema}{$kind} ? $kind : "${kind}0";
    my $text = property_string($self->{schema}{$name}{format});
    $text = mutated($text) if chance(0.12);
    my $lenient = 0;
    if (chance(0.03)) {
        $text = hostile_scalar();
        $lenient = defined($text) && $text =~ /[^\x00-\x7f]/;
    }
    my $key = $kind =~ /^(?:rootfs|features)$/ || chance(0.95) ? $name : _key_of($kind);
    my @noerr = $kind =~ /^(?:net|features)$/ || chance(0.8) ? () : pick(0, 1, '', undef);
    return { what => 'property', arguments => [$key, $text, @noerr], lenient => $lenient ? 1 : 0 };
}

# Something that is no plain value.
sub _reference_value {
    return pick({}, [], [1, [2]], { a => 1 }, \'x', sub { 1 }, bless({ a => 1 }, 'Some::Class'));
}

# Changes some values of a structure, at any depth. Returns whether something other than plain
# values came in.
sub _distort {
    my ($data) = @_;
    my $strange = 0;
    for (1 .. number_of(0, 3)) {
        my $at = $data;
        while (1) {
            my @inner = grep { ref($at->{$_}) eq 'HASH' } sort keys %$at;
            last if !@inner || chance(0.6);
            $at = $at->{ pick(@inner) };
        }
        my @keys = sort keys %$at;
        my $key =
            @keys && chance(0.75)
            ? pick(@keys)
            : pick(hostile_text(), word(), "unused1", "\x{263a}", 'pending', 'lxc');
        my $kind = rand();
        if ($kind < 0.2) {
            delete $at->{$key};
        } elsif ($kind < 0.85) {
            $strange ||= $key =~ /^(?:pending|snapshots|lxc)$/ || ref($at->{$key});
            $at->{$key} = hostile_scalar();
        } else {
            $strange = 1;
            $at->{$key} = _reference_value();
        }
    }
    return $strange ? 1 : 0;
}

sub _quietly {
    my ($code) = @_;
    local $SIG{__WARN__} = sub { };
    return eval { $code->() };
}

sub _structure_case {
    my ($self) = @_;
    my $text = $self->_text();
    my $conf = _quietly(sub { PVE::LXC::Config::parse_pct_config($FILENAME, $text) }) // {};
    $conf->{"unused$_"} = 'local:100/vm-100-disk-' . number_of(0, 3) . '.raw'
        for subset(0.15, 0 .. 2);
    my $strange = chance(0.8) && _distort($conf);
    return { what => 'structure', arguments => [$FILENAME, $conf], lenient => $strange };
}

sub _print_case {
    my ($self) = @_;
    my $case = $self->_property_case();
    my ($key, $text) = @{ $case->{arguments} };
    my $parsed = _parse("PVE::LXC::Config", $key, $text);
    my $info = $parsed && _quietly($parsed);
    $info = {} if ref($info) ne 'HASH';
    my $strange = _distort($info);
    my $wide = grep { defined && !ref && /[^\x00-\x7f]/ } %$info;
    return { what => 'print', arguments => [$key, $info], lenient => $strange || $wide ? 1 : 0 };
}

sub generate {
    my ($self) = @_;
    local $PVE::Network::Rust::Test::SchemaValue::WILDNESS = pick(0, 0.01, 0.03, 0.1, 0.4);
    my $kind = rand();
    return $self->_file_case() if $kind < 0.45;
    return $self->_property_case() if $kind < 0.75;
    return $self->_structure_case() if $kind < 0.88;
    return $self->_print_case();
}

# The function that parses a key's value, or undef.
sub _parse {
    my ($package, $key, @arguments) = @_;
    return sub { $package->parse_lxc_network(@arguments) }
        if $key =~ /^net\d*/;
    return sub { $package->parse_volume($key, @arguments) }
        if $key =~ /^(?:rootfs|mp|unused)/;
    return sub { $package->parse_device(@arguments) }
        if $key =~ /^dev\d*/;
    return sub { $package->parse_features(@arguments) }

        if $key eq 'features';
    return undef;
}

sub _print {
    my ($package, $key) = @_;
    return sub { $package->print_lxc_network($_[0]) }
        if $key =~ /^net\d*/;
    return sub { $package->print_volume($key, $_[0]) }
        if $key =~ /^(?:rootfs|mp|unused)/;
    return sub { $package->print_device($_[0]) }
        if $key =~ /^dev\d*/;
    return undef;
}

# A generated address differs from call to call: only its prefix is compared, and printing it is
# left out.
sub _hide_address {
    my ($text, $observed) = @_;
    my $network = $observed->{ok};
    return 0 if ref($network) ne 'HASH' || !defined($network->{hwaddr});
    my ($address) = $network->{hwaddr} =~ /^"(.*)"$/;
    return 0 if !defined($address) || index($text // '', $address) >= 0;
    $network->{hwaddr} =~ s/(?::[0-9A-F]{2}){3}"$/ and random"/;
    return 1;
}

sub _property {
    my ($package, $key, @arguments) = @_;
    my $parse = _parse($package, $key, @arguments) // return;
    my $value;
    my $observed = outcome(sub { $value = $parse->(); return $value });
    my $is_random = _hide_address($arguments[0], $observed);
    my $print = _print($package, $key);
    return { call => $observed } if $is_random || !$print || ref($value) ne 'HASH';
    return { call => $observed, print => outcome($print, copy($value)) };
}

sub _properties {
    my ($package, $conf) = @_;
    my %properties;
    for my $key (sort keys %$conf) {
        next if ref($conf->{$key}) || $key !~ /^(?:(?:net|mp|unused|dev)\d+|rootfs|features)$/;
        $properties{$key} = _property($package, $key, $conf->{$key});
    }
    return \%properties;
}

sub _file {
    my ($package, @arguments) = @_;
    my $conf;
    my $parse = $package->can('parse_pct_config');
    my $observed = outcome(sub { $conf = $parse->(@_); return $conf }, @arguments);
    return { call => $observed } if ref($conf) ne 'HASH';
    my %sections = (
        main => $conf,
        pending => $conf->{pending},
        map { ("snapshot $_" => $conf->{snapshots}{$_}) } keys %{ $conf->{snapshots} }
    );
    return {
        call => $observed,
        properties => { map { $_ => _properties($package, $sections{$_}) } keys %sections },
        write => outcome($package->can('write_pct_config'), $arguments[0], copy($conf)),
    };
}

sub observe {
    my ($self, $package, $case) = @_;
    my @arguments = @{ copy($case->{arguments}) };
    my $what = $case->{what};
    return _file($package, @arguments) if $what eq 'file';
    return _property($package, @arguments) if $what eq 'property';
    return { call => outcome($package->can('write_pct_config'), @arguments) }
        if $what eq 'structure';
    my ($key, $info) = @arguments;
    my $print = _print($package, $key) // return {};
    return { call => outcome($print, $info) };
}

1;
