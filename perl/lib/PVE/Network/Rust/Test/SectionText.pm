package PVE::Network::Rust::Test::SectionText;

# The text of section files. $data is what the base plugin's `private` gives: the types' options
# and the properties.

use strict;
use warnings;

use Exporter qw(import);

use PVE::Network::Rust::Test::Hostile qw(hostile_text mutated number_text word);
use PVE::Network::Rust::Test::Random qw(chance number_of pick shuffled subset);
use PVE::Network::Rust::Test::SchemaValue qw(property_string value_of);

our @EXPORT_OK = qw(changed_text new_text settings);

my @CONTENT = qw(images rootdir vztmpl iso backup snippets none import);
my @IDS = qw(local local-lvm tank backup a.b x_y n1 Zz vnet1 z1-10.0.0.0-24);

sub _wild { return chance($PVE::Network::Rust::Test::SchemaValue::WILDNESS) }

sub _path {
    return pick('/a b', 'a', '/', '//', '/;', '/a(b)', '/..', '/é') if _wild();
    return '/' . join(pick('/', '//', '/./'), map { word() } 0 .. number_of(0, 3)) . pick('', '/');
}

sub _host {
    return pick('a_b', '-x', '1.2.3.256', 'x..y') if _wild();
    return pick('10.0.0.1', 'fd00::1', '::ffff:1.2.3.4', word(), word() . '.' . word());
}

sub _portal {
    return _host() if chance(0.4);
    return pick('[', '') . _host() . pick(']', '') . pick(':', '.', ':', '::') . number_text();
}

sub _list {
    my ($item) = @_;
    my @items = map { $item->() } 1 .. number_of(0, 4);
    return join(_wild() ? pick(', ', ' ', ';', ',,', "\0") : ',', @items);
}

# By the name of a format.
my %by_format = (
    'pve-storage-path' => \&_path,
    'pve-storage-server' => \&_host,
    'pve-storage-vgname' => sub { _wild() ? pick('a', '-a', 'a-') : word() . 'x' },
    'pve-storage-portal-dns' => \&_portal,
    'pve-storage-portal-dns-list' => sub { _list(\&_portal) },
    'pve-storage-content-list' => sub {
        _list(sub { _wild() ? word() : pick(@CONTENT) });
    },
    'pve-storage-options' => sub { _wild() ? 'a b' : 'vers=4.2,soft' },
    'pve-dir-override-list' => sub {
        _list(sub {
            pick(@CONTENT)
                . (_wild() ? pick('', '==', '=..', '=x.') : '=')
                . pick(word(), '.x/y', 'a.b');
        });
    },
    'pve-node-list' => sub {
        _list(sub { _wild() ? pick('a_b', '-a', 'a-') : word() =~ s/[._]|-$//gr || 'n' });
    },
    'pve-sdn-bgp-rt-list' => sub {
        _list(sub {
            join(
                ':',
                map { _wild() ? number_text() : number_of(0, 70_000) } 0 .. (_wild() ? 2 : 1)
            );
        });
    },
    'pve-sdn-fabric-id' =>
        sub { _wild() ? pick('-a', 'abcdefg-', 'abcdefghi', 'a_b') : 'fabric-1' },
    'pve-sdn-isis-net' => sub {
        my $hex = sub {
            join('', map { pick(0 .. 9, 'a' .. 'f', 'A', _wild() ? 'g' : ()) } 1 .. $_[0]);
        };
        my $inner = _wild() ? pick(2, 10) : number_of(3, 9);
        join('.', $hex->(2), (map { $hex->(4) } 1 .. $inner), $hex->(2));
    },
    'pve-storage-zfs-blocksize' => sub {
        _wild() ? pick('0', '3k', '17m', '511', '08k', '1g') : pick(qw(512 4k 8K 16k 1m 16M));
    },
);

my %by_name = (
    fingerprint => sub {
        join(':', map { sprintf('%02X', rand(256)) } 1 .. (_wild() ? 31 : 32));
    },
    alias => sub {
        _wild() ? hostile_text() : join(' ', map { word() } 0 .. number_of(0, 3));
    },
    is_mountpoint => sub { pick(qw(yes no 1 0), _path()) },
);

sub _value {
    my ($name, $schema) = @_;
    $schema = $schema->{items} if $schema->{items};
    return hostile_text() if _wild() && chance(0.5);
    return pick(0, 1, 0, 1, _wild() ? ('yes', 2, '') : ()) if ($schema->{type} // '') eq 'boolean';
    return $by_name{$name}->() if $by_name{$name};
    my $format = $schema->{format};
    return value_of($name, $schema) if !defined($format) || ref($format);
    return $by_format{$format}->() if $by_format{$format};
    my $registered = PVE::JSONSchema::get_format($format);
    return property_string($registered) if ref($registered) eq 'HASH';
    return value_of($name, $schema);
}

sub _line {
    my ($data, $type) = @_;
    my $options = $data->{options}{$type} // {};
    my @names = sort keys %$options;
    @names = sort keys %{ $data->{propertyList} } if _wild() || !@names;
    my $name = _wild() ? word() : pick(@names);
    my $schema = $data->{propertyList}{$name} // {};
    my $line = (_wild() ? pick('', ' ', '  ') : "\t") . $name . pick(' ', ' ', ' ', "\t", '  ')
        . _value($name, $schema);
    return _wild() ? mutated($line) : $line;
}

sub _section {
    my ($data) = @_;
    my $type = pick(sort keys %{ $data->{plugins} });
    my $options = $data->{options}{$type};
    my $id = chance(0.6) ? pick(@IDS) : word();
    $id = hostile_text() if _wild();
    my $name = _wild() ? pick('bogus', uc($type), '0', hostile_text()) : $type;
    my @lines;
    for my $key (sort keys %$options) {
        next if $options->{$key}{optional} || _wild();
        push @lines, "\t$key " . _value($key, $data->{propertyList}{$key} // {});
    }
    push @lines, map { _line($data, $type) } 1 .. number_of(0, 6);
    push @lines, pick("# comment", "  # comment", "\tdisable", "\tcontent ", ' ', '0')
        if chance(0.2);
    return ("$name: $id" . (_wild() ? ' ' : ''), shuffled(@lines), _wild() ? () : '');
}

# Settings of a section, as the API has them.
sub settings {
    my ($data, $type) = @_;
    my $options = $data->{options}{$type};
    my @keys = grep { $options->{$_}{optional} ? chance(0.3) : !_wild() } sort keys %$options;
    push @keys, pick(sort keys %{ $data->{propertyList} }) if _wild();
    return map { ($_ => _value($_, $data->{propertyList}{$_} // {})) } @keys;
}

# A file made up section by section.
sub new_text {
    my ($data) = @_;
    my @lines = map { _section($data) } 1 .. number_of(0, 5);
    my $end = chance(0.03) ? "\r\n" : "\n";
    return (chance(0.02) ? "\xef\xbb\xbf" : '') . join($end, @lines) . (chance(0.9) ? $end : '');
}

# One of @seeds with lines changed, moved, or taken from others.
sub changed_text {
    my ($data, @seeds) = @_;
    my @lines = split(/\n/, pick(@seeds), -1);
    for (1 .. number_of(0, 4)) {
        my $at = int(rand(@lines + 1));
        my $kind = rand();
        if ($kind < 0.25) {
            splice(@lines, $at, 1);
        } elsif ($kind < 0.6) {
            splice(@lines, $at, 0, _line($data, pick(sort keys %{ $data->{plugins} })));
        } elsif ($kind < 0.7) {
            splice(@lines, $at, 0, @lines ? pick(@lines) : ());
        } elsif (@lines) {
            my $index = int(rand(@lines));
            $lines[$index] = mutated($lines[$index]);
        }
    }
    return join("\n", @lines);
}

1;
