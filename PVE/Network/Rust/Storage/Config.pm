package PVE::Network::Rust::Storage::Config;

use strict;
use warnings;

use PVE::Network::Rust;

# What of a property's schema says how its value is checked.
my @SCHEMA =
    qw(type format enum pattern minimum maximum minLength maxLength optional items alias oneOf allOf);

# The methods that a plugin of Rust's tables has from these classes only.
my @INHERITED = qw(
    parse_section_header format_section_header get_property_schema private
    check_value decode_value encode_value parse_config write_config
);
my %PATH = (
    'PVE::SectionConfig' => 'any',
    'PVE::Storage::DirPlugin' => 'folder',
    'PVE::Storage::BTRFSPlugin' => 'folder',
    'PVE::Storage::NFSPlugin' => 'mounted',
    'PVE::Storage::CIFSPlugin' => 'mounted',
    'PVE::Storage::CephFSPlugin' => 'mounted',
);

sub _plain_schema {
    my ($schema) = @_;
    my %plain = map { $_ => $schema->{$_} } grep { defined($schema->{$_}) } @SCHEMA;
    # A format that is no name is told as such.
    $plain{format} = {} if ref($plain{format});
    $plain{items} = _plain_schema($plain{items}) if ref($plain{items}) eq 'HASH';
    return \%plain;
}

# Which class's check_config a plugin has, or undef for one of its own.
sub _path_of {
    my ($plugin) = @_;
    my $check = $plugin->can('check_config') // return 'any';
    for my $class (sort keys %PATH) {
        return $PATH{$class}
            if $class->can('check_config') && $class->can('check_config') == $check;
    }
    return undef;
}

sub register_plugin {
    my ($class, $plugin) = @_;
    my $type = $plugin->type();
    my $path = _path_of($plugin);
    my @own = grep {
        my $base = PVE::Storage::Plugin->can($_);
        $base && $plugin->can($_) && $plugin->can($_) != $base
    } @INHERITED;
    push @own, 'check_config' if !defined($path);
    die "storage type '$type': only the plugin itself can do what its methods do: @own\n" if @own;
    my $properties = $plugin->properties();
    my %plain = map { $_ => _plain_schema($properties->{$_}) } keys %$properties;
    my @shared = do { no warnings 'once'; @PVE::Storage::Plugin::SHARED_STORAGE };
    my %more = (path => $path, shared => scalar(grep { $_ eq $type } @shared));
    $class->register_type($type, \%plain, $plugin->options(), $plugin->plugindata(), \%more);
    return;
}

# By the number of plugins that the reference has: whether all of them are known.
my ($plugins, $are_known) = (0, 1);

sub knows_plugins {
    my $class_of = PVE::Storage::Plugin->private()->{plugins};
    my $count = keys %$class_of;
    return $are_known if $count == $plugins;
    my $types = __PACKAGE__->create_schema()->{properties}{type}{enum};
    my %known = map { $_ => 1 } @$types;
    ($plugins, $are_known) = ($count, 1);
    for my $type (grep { !$known{$_} } sort keys %$class_of) {
        next if eval { __PACKAGE__->register_plugin($class_of->{$type}); 1 };
        $are_known = 0;
    }
    return $are_known;
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Storage::Config - the storages of a cluster

=head1 SYNOPSIS

    use PVE::Network::Rust::Storage::Config;

    my $cfg = PVE::Network::Rust::Storage::Config->parse_config("storage.cfg", $raw);
    print "$_ is a $cfg->{ids}{$_}{type}\n" for sort keys %{ $cfg->{ids} };
    $cfg->{ids}{backup}{disable} = 1;
    print PVE::Network::Rust::Storage::Config->write_config("storage.cfg", $cfg);

=head1 DESCRIPTION

The methods of the same name of C<PVE::Storage::Plugin>, in Rust: same arguments, same structures (numbers and strings
alike), same warnings and error texts, same effects on the caller's hash. They do not look at their invocant.

Where the Perl methods follow the order of Perl's hashes, these have one of their own: C<content> and C<nodes> are written
sorted; settings of a storage are looked at in the order of the file, those that are missing in the order of their names;
and storages without a place are written in the order of their IDs. Where they would write the address of a reference into
a file, these die. The C<content> of a storage that names none is the caller's own, not shared with others.

=head1 PLUGINS OF OTHERS

=head2 $class->register_plugin($plugin)

Adds the storage type of a plugin that is derived from C<PVE::Storage::Plugin>, a class, to those that are known in this
process: its C<type>, C<properties>, C<options> and C<plugindata>. Properties of isolated plugins, and those that they expose,
are understood. The plugin's type is shared if it is among C<@PVE::Storage::Plugin::SHARED_STORAGE>.

Dies where only the plugin itself can do what it does, naming it: a C<check_config> that is none of PVE's own or another method
of its own that reading and writing call, a pattern, or a format that is not known here. Its storages are unknown then, and
whoever reads a file that has some does so in Perl.

=head2 knows_plugins()

Registers the plugins that C<PVE::Storage::Plugin> has and this does not, and returns whether all are known now.

=head1 FUNCTIONS

=for perlxs functions

=head1 SEE ALSO

L<PVE::Network::Rust::Storage::Options> for every type and setting, L<PVE::Network::Rust>, pvesm(1)

=cut
