package PVE::Network::Rust::Test::SectionFormat;

# What the formats of section files have in common: whole files, Perl structures to be written, changes to a section, and
# the schemas of the API. A format says what its file, its packages and its sets are.

use strict;
use warnings;

use parent 'PVE::Network::Rust::Test::Format';

use PVE::Network::Rust::Test::Hostile qw(hostile_scalar hostile_text word);
use PVE::Network::Rust::Test::Outcome qw(outcome);
use PVE::Network::Rust::Test::Random qw(chance number_of pick subset);
use PVE::Network::Rust::Test::SectionText qw(changed_text new_text settings);
use PVE::Network::Rust::Test::Seeds qw(seed_texts);
use PVE::Network::Rust::Test::Value qw(copy);

# The reference's base plugin, the file's name, the seeds' name (Seeds.pm), and a pattern of the keys whose values are sets.
sub base_plugin { die "a format must name the base plugin\n" }
sub filename { die "a format must name its file\n" }
sub seeds { return undef }
sub sets { return qr/(?!)/ }

# The only type of the file, if its functions do not take one.
sub only_type { return undef }

# What a file that is read and written in one go has in common between the two sides.
sub fixed_arguments { return 1 }

sub new {
    my ($class, undef, $rust) = @_;
    my $self = $class->SUPER::new($class->base_plugin(), $rust);
    $self->{data} = $self->{reference}->private();
    return $self;
}

sub _text {
    my ($self) = @_;
    my $seeds = $self->seeds();
    return new_text($self->{data}) if !defined($seeds) || chance(0.6);
    return changed_text($self->{data}, seed_texts($seeds));
}

sub _file_case {
    my ($self) = @_;
    my $name = chance(0.97) ? $self->filename() : pick('', undef, "\xff", "\x{263a}", 7);
    my $raw = chance(0.99) ? $self->_text() : pick(undef, '', 0, 100);
    return { what => 'file', arguments => [$name, $raw, chance(0.9) ? () : pick(0, 1, undef)] };
}

# Changes some values of a structure. Returns whether something other than plain values came in.
sub _distort {
    my ($self, $cfg) = @_;
    my $sets = $self->sets();
    my $strange = 0;
    for (1 .. number_of(0, 3)) {
        my $section = $cfg->{ids}{ pick(sort keys %{ $cfg->{ids} }) };
        if (ref($section) ne 'HASH') {
            next;
        } elsif (chance(0.1)) {
            $cfg->{order}{ pick(sort keys %{ $cfg->{ids} }) } = hostile_scalar();
        } elsif (chance(0.2)) {
            delete $section->{ pick(sort keys %$section) };
        } else {
            my $key = chance(0.7) ? pick(sort keys %$section) : pick('comment', 'disable', word());
            $strange ||= ref($section->{$key}) || $key =~ /^$sets$/;
            $section->{$key} = chance(0.9) ? hostile_scalar() : { a => 1 };
            $strange ||= ref($section->{$key});
        }
    }
    return $strange ? 1 : 0;
}

sub _structure_case {
    my ($self) = @_;
    my $text = $self->_text();
    local $SIG{__WARN__} = sub { };
    my $cfg = $self->{reference}->parse_config($self->filename(), $text);
    # The default content is shared: a change would change the reference.
    $cfg = copy($cfg);
    my $strange = chance(0.8) && keys %{ $cfg->{ids} } && $self->_distort($cfg);
    my @allow = chance(0.7) ? () : pick(0, 1, '', undef);
    # A section of an unknown type is written with the addresses of what is in it.
    my $lenient = $strange || $allow[0] ? 1 : 0;
    return { what => 'structure', arguments => [undef, $cfg, @allow], lenient => $lenient };
}

# A type, an ID, settings as the API has them, and whether it is a new storage.
sub _check_case {
    my ($self) = @_;
    my $type = pick(sort keys %{ $self->{data}{plugins} });
    my %config = settings($self->{data}, $type);
    $config{ pick('path', 'nodes', word()) } = hostile_scalar() if chance(0.1);
    my @flags = map { pick(0, 1) } 1 .. 2;
    my $strange = grep { !defined || /[^\x00-\x7f]/ } %config;
    return {
        what => 'check',
        arguments => [$type, word() . 'x', \%config, @flags],
        lenient => $strange ? 1 : 0,
    };
}

sub _delete_case {
    my ($self) = @_;
    my $type = pick(sort keys %{ $self->{data}{plugins} });
    my %config = settings($self->{data}, $type);
    my %new = chance(0.5) ? () : settings($self->{data}, $type);
    my @delete = subset(0.4, sort keys %config);
    push @delete, word() if chance(0.1);
    return { what => 'delete', arguments => [$type, \%config, \%new, \@delete] };
}

sub generate {
    my ($self) = @_;
    local $PVE::Network::Rust::Test::SchemaValue::WILDNESS = pick(0, 0.01, 0.03, 0.1, 0.3);
    my $kind = rand();
    return $self->_file_case() if $kind < 0.6;
    return $self->_structure_case() if $kind < 0.8;
    return $self->_check_case() if $kind < 0.92;
    return $self->_delete_case() if $kind < 0.98;
    my $type = pick(undef, sort keys %{ $self->{data}{plugins} });
    return { what => 'schema', arguments => [$type] };
}

# Without what the reference leaves to the order of Perl's hashes: which of several missing options
# is named, and the order of sets.
sub _ordered {
    my ($self, $observed) = @_;
    return { map { $_ => $self->_ordered($observed->{$_}) } keys %$observed }
        if ref($observed) eq 'HASH';
    return [map { $self->_ordered($_) } @$observed] if ref($observed) eq 'ARRAY';
    my $sets = $self->sets();
    $observed =~ s/(missing value for required option )'[^']+'/$1'...'/g;
    $observed =~ s/(\\t$sets )(.*?)(?=\\n)/$1 . join(',', sort split(m{,}, $2))/ge;
    return $observed;
}

# Warnings in the order in which they are compared.
sub comparable_warnings {
    my ($self, $warnings) = @_;
    return $warnings;
}

sub _call {
    my ($self, $code, @arguments) = @_;
    my $observed = $self->_ordered(outcome($code, @arguments));
    $observed->{warnings} = $self->comparable_warnings($observed->{warnings});
    return $observed;
}

# The type's name, where the functions under test take one.
sub _type {
    my ($self, $type) = @_;
    return defined($self->only_type()) ? () : $type;
}

sub _check {
    my ($self, $package, $type, $id, $config, @flags) = @_;
    # The reference completes the caller's hash.
    my $code =
        $package eq $self->{reference}
        ? sub { $package->lookup($type)->check_config($id, copy($config), @flags) }
        : sub { $package->check_config($self->_type($type), $id, $config, @flags) };
    return $self->_call($code);
}

sub _delete {
    my ($self, $package, $type, $config, $new, $delete) = @_;
    my $options = $self->{data}{options}{$type};
    my $code =
        $package eq $self->{reference}
        ? sub { PVE::SectionConfig::delete_from_config(copy($config), $options, $new, $delete) }
        : sub { $package->delete_from_config($self->_type($type), $config, $new, $delete) };
    return $self->_call($code);
}

# What a schema says about values, without what is for people.
sub _bare {
    my ($schema) = @_;
    my %bare = map { $_ => $schema->{$_} }
        grep { defined($schema->{$_}) } qw(type enum minLength);
    # The reference has some patterns compiled.
    $bare{pattern} = "$schema->{pattern}" if defined($schema->{pattern});
    $bare{$_} = $schema->{$_} + 0 for grep { defined($schema->{$_}) } qw(minimum maximum);
    $bare{maxLength} = $schema->{maxLength} if $schema->{maxLength} && !$schema->{optional};
    $bare{optional} = $schema->{optional} ? 1 : 0;
    $bare{items} = _bare($schema->{items}) if $schema->{items};
    return \%bare;
}

sub _bare_object {
    my ($schema) = @_;
    my $properties = $schema->{properties};
    return { %$schema, properties => { map { $_ => _bare($properties->{$_}) } keys %$properties } };
}

sub _schema {
    my ($self, $package, $type) = @_;
    my ($create, $update) =
        $package eq $self->{reference}
        ? (
        sub { $package->createSchema() },
        sub {
            defined($type) ? $package->lookup($type)->updateSchema(1) : $package->updateSchema();
        }
        )
        : (sub { $package->create_schema() }, sub { $package->update_schema($type) });
    return {
        call => outcome(sub { _bare_object($create->()) }),
        update => outcome(sub { _bare_object($update->()) }),
    };
}

sub observe {
    my ($self, $package, $case) = @_;
    my @arguments = @{ copy($case->{arguments}) };
    return { call => $self->_check($package, @arguments) } if $case->{what} eq 'check';
    return { call => $self->_delete($package, @arguments) } if $case->{what} eq 'delete';
    return $self->_schema($package, @arguments) if $case->{what} eq 'schema';
    return { call => $self->_call(sub { $package->write_config(@_) }, @arguments) }
        if $case->{what} eq 'structure';
    my $cfg;
    my $observed = $self->_call(sub { $cfg = copy($package->parse_config(@_)) }, @arguments);
    return { call => $observed } if ref($cfg) ne 'HASH';
    my $write = sub { $package->write_config(@_) };
    # A section of an unknown type can only be written as one.
    my @allow = @arguments > 2 ? $arguments[2] : ();
    return {
        call => $observed,
        write => $self->_call($write, $self->filename(), $cfg, @allow),
    };
}

1;
