package PVE::Network::Rust::Test::SchemaValue;

# Valid and nearly valid values for an option as the reference's schema describes it.

use strict;
use warnings;

use Exporter qw(import);

use PVE::Network::Rust::Test::Hostile qw(hostile_text mutated number_text size_text word);
use PVE::Network::Rust::Test::Random qw(chance number_of pick shuffled subset);

our @EXPORT_OK = qw(property_string value_of);

# How likely a value is one that its option does not accept. Most cases should be about valid
# values, or a parser's later half is never reached.
our $WILDNESS = 0.1;

sub _wild { return chance($WILDNESS) }

my @BOOLEANS = qw(0 1 0 1 yes no on off true false Yes NO TRUE);

sub _ipv4 {
    return join('.', map { int(rand(_wild() ? 300 : 256)) } 1 .. 4);
}

sub _ipv6 {
    return pick(qw(1::2::3 fe80::1%eth0 g:: 1:2:3 12345::)) if _wild();
    return pick(qw(fe80::1 2001:db8::1 :: ::1 ::ffff:10.0.0.1 2001:db8:0:0:0:0:0:1));
}

sub _mac {
    my $form = pick('%02X', '%02X', '%02x');
    my $bytes = _wild() ? pick(0, 5, 7) : 6;
    my $multicast = _wild();
    my @bytes = map { int(rand(256)) } 1 .. $bytes;
    $bytes[0] &= ~1 if $bytes && !$multicast;
    return join(_wild() ? '-' : ':', map { sprintf($form, $_) } @bytes);
}

sub _prefix {
    my ($bits) = @_;
    return int(rand(_wild() ? $bits + 3 : $bits - 7)) + 8;
}

sub _volume {
    return pick('../x', 'local:', ':x', 'a b', '/a b/c', word()) if _wild();
    return pick(
        'local:100/vm-100-disk-' . number_of(0, 3) . '.raw',
        'local-lvm:vm-100-disk-' . number_of(0, 3),
        'tank:subvol-100-disk-0', 'local:8', '/mnt/data', '/dev/sdb1', 'none', 'local:iso/x.iso',
        word() . ':' . word(),
    );
}

# By the name of a format, without -list or -opt.
my %by_format = (
    'CIDR' => sub { _ipv4() . '/' . _prefix(32) },
    'CIDRv4' => sub { _ipv4() . '/' . _prefix(32) },
    'CIDRv6' => sub { _ipv6() . '/' . _prefix(128) },
    'address' => sub { chance(0.5) ? _ipv4() : _ipv6() },
    'disk-size' => \&size_text,
    'dns-name' => sub {
        join('.', map { word() } 1 .. number_of(1, 3));
    },
    'ip' => sub { chance(0.5) ? _ipv4() : _ipv6() },
    'ipv4' => \&_ipv4,
    'pve-ipv4-config' =>
        sub { pick('dhcp', 'manual', _ipv4() . '/' . _prefix(32), _wild() ? _ipv4() : ()) },
    'ipv6' => \&_ipv6,
    'pve-ipv6-config' =>
        sub { pick(qw(auto dhcp manual), _ipv6() . '/' . _prefix(128), _wild() ? _ipv6() : ()) },
    'lxc-ip-with-ll-iface' => sub { pick(_ipv4(), _ipv6(), 'fe80::1%' . word()) },
    'mac-addr' => \&_mac,
    'pve-ct-timezone' => sub { pick(qw(host Europe/Vienna UTC), _wild() ? 'Nowhere/Else' : ()) },
    'pve-lxc-dev-string' =>
        sub { _wild() ? pick('/dev/../x', 'dev/x', '/dev/') : '/dev/' . word() },
    'pve-lxc-mp-string' =>
        sub { _wild() ? pick('/', 'srv', '/a/../b', '/a/./b', '//', '/a b') : '/srv/' . word() },
    'pve-volume-id' => \&_volume,
    'pve-startup-order' => sub {
        join(
            ',',
            subset(0.6, map { "$_=" . number_of(0, 99) } qw(order up down)),
            subset($WILDNESS, number_text())
        );
    },
    'pve-tag' => sub { _wild() ? pick('A+b.c', 'ä', '-x') : word() },
    'urlencoded' => sub { pick('a%20b', 'x', '%', '%zz') },
);

# What a pattern wants is not derived from it, but known for the options that have one.
my %by_name = (
    (
        map {
            ($_ => sub { chance(0.5) ? _ipv4() : _ipv6() })
        } qw(start-address end-address)
    ),
    idmap => sub {
        join(
            ';',
            map {
                pick(qw(u g), _wild() ? 'x' : ()) . ":$_:"
                    . number_of(0, 200_000) . ':'
                    . number_of(1, 70_000)
            } 0 .. number_of(0, 2)
        );
    },
    mode => sub { pick(qw(0660 0777), _wild() ? qw(660 0888 00 1) : ()) },
    mount => sub { join(';', subset(0.4, qw(nfs cifs ext4 xfs), _wild() ? 'bad!' : ())) },
    mountoptions => sub {
        join(
            ';',
            subset(
                0.4,
                qw(discard lazytime noatime nodev noexec nosuid),
                _wild() ? ('bogus', '') : ()
            )
        );
    },
    name => sub { pick('eth' . number_of(0, 20), word()) },
    parent => \&word,
    size => \&size_text,
    snaptime => \&number_text,
    trunks => sub {
        join(';', map { _wild() ? number_text() : number_of(2, 4094) } 0 .. number_of(0, 3));
    },
    volume => \&_volume,
);

sub _by_format {
    my ($format) = @_;
    my ($name, $kind) = $format =~ /^(.*?)(?:-(list|opt))?$/;
    my $make = $by_format{$name} // \&word;
    return $make->() if ($kind // '') ne 'list';
    return join(pick(',', ' ', ';', ', '), map { $make->() } 0 .. number_of(0, 3));
}

sub _whole_number {
    my ($schema) = @_;
    return number_text() if _wild();
    my $least = $schema->{minimum} // 0;
    return number_of($least, $schema->{maximum} // $least + 5000);
}

sub _plain {
    my ($name, $schema) = @_;
    my $type = $schema->{type} // '';
    my $format = $schema->{format};
    return property_string($format) if ref($format) eq 'HASH';
    return pick(@{ $schema->{enum} }) if $schema->{enum};
    return _wild() ? pick(2, 'maybe') : pick(@BOOLEANS) if $type eq 'boolean';
    return _whole_number($schema) if $type eq 'integer';
    return chance(0.3) ? pick(qw(0.5 1.25 2.0 1e2 .5)) : number_text() if $type eq 'number';
    return $by_name{$name}->() if $by_name{$name};
    return _by_format($format) if defined($format) && !ref($format);
    return word();
}

# A value for the option $name with the schema $schema: mostly one that it accepts.
sub value_of {
    my ($name, $schema) = @_;
    return hostile_text() if chance($WILDNESS / 2);
    my $value = _plain($name, $schema);
    return _wild() ? mutated($value) : $value;
}

# A property string for a format, with now and then a part too many, too few, or broken.
sub property_string {
    my ($format) = @_;
    my @keys = subset(chance(0.7) ? 0.35 : 0.8, sort keys %$format);
    push @keys, grep { !$format->{$_}{optional} && !$format->{$_}{alias} } sort keys %$format
        if !chance($WILDNESS);
    my %seen;
    my @parts;
    for my $key (shuffled(grep { !$seen{$_}++ } @keys)) {
        my $schema = $format->{$key};
        $schema = $format->{ $schema->{alias} } // {} if $schema->{alias};
        my $value = value_of($key, $schema);
        my $bare = $schema->{default_key} && chance(0.7);
        push @parts, $bare ? $value : "$key=$value";
    }
    if (_wild()) {
        my $extra = pick(
            hostile_text(), word(), word() . '=' . word(), '', ' ', '=', @parts ? pick(@parts) : '',
            pick(sort keys %$format) . '=' . hostile_text(),
        );
        splice(@parts, int(rand(@parts + 1)), 0, $extra);
    }
    return join(_wild() ? pick(', ', ' ,', ',,', ';', ' ') : ',', @parts);
}

1;
