#!/usr/bin/perl
# storage.cfg beyond the recorded cases: large and strange input, effects on the caller's data, changes to a storage, and
# types of plugins of others.

use strict;
use warnings;

use Test::More;

use lib qw(t/lib t/lib/without-pve perl/lib);
use Vectors qw(outcome);

use PVE::Network::Rust::Storage::Config;
use PVE::Network::Rust::Test::ExamplePlugin;

my $CONFIG = 'PVE::Network::Rust::Storage::Config';
my $PLUGIN = 'PVE::Network::Rust::Test::ExamplePlugin';

sub error_of {
    my ($code) = @_;
    my ($got) = outcome($code);
    return $got->{error}{text};
}

subtest 'large input' => sub {
    my $mib = 'x' x (1 << 20);
    my $raw =
        "nfs: n1\n\tserver s\n\texport /$mib\n\toptions $mib\n\t$mib 1\n$mib\n#$mib\n\n$mib: n2\n\n";
    my ($got, $warnings) = outcome(sub { $CONFIG->parse_config('storage.cfg', $raw) });
    is($got->{ok}{ids}{n1}{options}, $mib, 'a value of 1 MiB');
    is(scalar(@$warnings), 3, 'a key, a line and a type of 1 MiB');
    is_deeply([map { length > 1 << 20 } @$warnings], [1, 1, 1], 'are told in full');
    my $many = join('', map { "dir: d$_\n\tpath /a$_\n\n" } 1 .. 50_000);
    my $cfg = $CONFIG->parse_config('storage.cfg', $many);
    is(scalar(keys %{ $cfg->{ids} }), 50_001, '50,000 storages');
    is(length($CONFIG->write_config('storage.cfg', $cfg)) > length($many), 1, 'are written');
    my $keys = "dir: d1\n\tpath /a\n" . join('', map { "\tk$_ 1\n" } 1 .. 50_000);
    ($got, $warnings) = outcome(sub { $CONFIG->parse_config('storage.cfg', $keys) });
    is(scalar(@{ $got->{ok}{errors} }), 50_000, '50,000 unknown keys');
};

subtest 'arguments' => sub {
    my $cfg = $CONFIG->parse_config(undef, undef);
    is_deeply($cfg->{order}, {}, 'undef is an empty file');
    my $raw = "dir: d1\n\tpath /a\n\ndir: d2\n\tpath /b\n";
    $cfg = $CONFIG->parse_config('storage.cfg', $raw, 1);
    is_deeply($cfg->{order}, { d1 => 1, d2 => 2 }, 'places');
    $CONFIG->write_config(undef, $cfg);
    is_deeply($cfg->{order}, { d1 => 1, d2 => 2, local => 3 }, 'a place for the one that has none');
    $cfg->{ids}{d1}{content}{iso} = 1;
    is_deeply($cfg->{ids}{d2}{content}, { images => 1, rootdir => 1 }, 'defaults are not shared');
    $cfg->{ids}{d2}{path} = "a\nb";
    is(
        error_of(sub { $CONFIG->write_config(undef, $cfg) }),
        "property 'path' contains a line feed\n",
        'no line feed is written'
    );
    my $unknown = { ids => { u1 => { type => 'u', b => [1, 2], a => 'x', comment => 'c' } } };
    is(error_of(sub { $CONFIG->write_config(undef, $unknown) }), "unknown section type 'u'\n");
    is(
        $CONFIG->write_config(undef, $unknown, 1),
        "u: u1\n\tcomment c\n\ta x\n\tb 1\n\tb 2\n\n",
        'an unknown type is written as it stands'
    );
};

subtest 'a change' => sub {
    my $check = sub { $CONFIG->check_config('nfs', 'n1', @_) };
    my %new = (server => 's', export => '/e', content => 'iso,images', nodes => 'a,b');
    is_deeply(
        $check->(\%new, 1),
        {
            type => 'nfs',
            server => 's',
            export => '/e',
            path => '/mnt/pve/n1',
            content => { iso => 1, images => 1 },
            nodes => { a => 1, b => 1 },
        },
        'a new storage'
    );
    is(
        error_of(sub { $check->({ server => 't' }) }),
        "can't change value of fixed parameter 'server'\n"
    );
    is(
        error_of(sub { $check->({ export => '/e' }, 1) }),
        "missing value for required option 'server'\n"
    );
    is(error_of(sub { $check->({ port => 1 }) }), "unexpected property 'port'\n");
    is(
        error_of(sub { $check->({ mkdir => 2 }) }),
        "type check ('boolean') failed - got '2'\n"
    );
    is_deeply($check->({ mkdir => 2 }, 0, 1), { type => 'nfs', mkdir => 2 }, 'unchecked');
    my $delete = sub { $CONFIG->delete_from_config('nfs', { server => 's', nodes => 1 }, @_) };
    is_deeply($delete->({}, ['nodes']), { server => 's' }, 'a deleted setting');
    is(error_of(sub { $delete->({}, ['server']) }), "unable to delete required option 'server'\n");
    is(error_of(sub { $delete->({}, ['port']) }), "no such option 'port'\n");
    is(
        error_of(sub { $delete->({ nodes => 'a' }, ['nodes']) }),
        "cannot set and delete property 'nodes' at the same time!\n"
    );
    is(error_of(sub { $CONFIG->update_schema('none') }), "unknown section type 'none'\n");
};

subtest 'schemas' => sub {
    my $create = $CONFIG->create_schema(0, { more => { type => 'string' } });
    my $properties = $create->{properties};
    is(ref($properties->{more}), 'HASH', 'further properties');
    is($properties->{storage}{optional}, undef, 'the ID is required');
    is($properties->{path}{optional}, 1, 'the path is not, for some types have none');
    is_deeply([@{ $properties->{type}{enum} }[0, -1]], ['btrfs', 'zfspool'], 'all types, sorted');
    ok(!$CONFIG->create_schema(1)->{properties}{type}, 'without the type');
    my $update = $CONFIG->update_schema('lvmthin')->{properties};
    is_deeply([sort keys %$update], [qw(bwlimit content delete digest disable nodes)]);
    is_deeply($CONFIG->sensitive_properties('pbs'), [qw(encryption-key master-pubkey password)]);
    is_deeply($CONFIG->sensitive_properties('dir'), []);
};

subtest 'plugins of others' => sub {
    my $raw = "example: e1\n\texample-address ::1\n";
    my ($got, $warnings) = outcome(sub { $CONFIG->parse_config('storage.cfg', $raw) });
    is_deeply(
        $warnings,
        ["file storage.cfg line 1 (skip section 'e1'): unsupported type 'example'\n"]
    );
    local @PVE::Storage::Plugin::SHARED_STORAGE = ('example');
    $CONFIG->register_plugin($PLUGIN);
    ($got, $warnings) = outcome(sub { $CONFIG->parse_config('storage.cfg', $raw) });
    is_deeply($warnings, [], 'a plugin is known');
    is($got->{ok}{ids}{e1}{shared}, 1, 'and shared');
    is_deeply($CONFIG->sensitive_properties('example'), ['example-token']);
    like(error_of(sub { $CONFIG->register_plugin($PLUGIN) }), qr/^duplicate property 'example-/);
    $CONFIG->unregister_type('example');
    is(
        error_of(sub { $CONFIG->unregister_type('example') }),
        "storage type 'example' is not registered\n"
    );

    my $register = sub {
        my ($properties, $options, $data) = @_;
        return sub { $CONFIG->register_type('other', $properties, $options // {}, $data // {}) };
    };
    my $needs_plugin = qr/^property 'p' has .*: only the plugin itself can check it$/;
    like(error_of($register->({ p => { type => 'string', pattern => 'a' } })), $needs_plugin);
    like(error_of($register->({ p => { type => 'string', format => 'no-such' } })), $needs_plugin);
    like(error_of($register->({ p => { type => 'string', format => {} } })), $needs_plugin);
    is(error_of($register->({}, { p => {} })), "undefined property 'p'.\n");
    is(error_of($register->({ path => { type => 'string' } })), "duplicate property 'path'.\n");
    no warnings 'once';
    local *PVE::Network::Rust::Test::ExamplePlugin::decode_value = sub { return 1 };
    local *PVE::Storage::Plugin::decode_value = sub { return 2 };
    is(
        error_of(sub { $CONFIG->register_plugin($PLUGIN) }),
        "storage type 'example': only the plugin itself can do what its methods do: decode_value\n"
    );
};

subtest 'a plugin that isolates its properties' => sub {
    my $path = { type => 'string', maxLength => 3 };
    my @plugin = ({ path => $path, own => { type => 'boolean' } }, { nodes => { optional => 1 } });
    $CONFIG->register_type('isolated', @plugin, { 'isolate-properties' => 1 });
    my $raw =
        "isolated: i1\n\tpath abc\n\town\n\tnodes a\n\nisolated: i2\n\tpath abcd\n\ndir: d1\n\tpath /abcd\n\town 1\n";
    my ($got, $warnings) = outcome(sub { $CONFIG->parse_config('storage.cfg', $raw) });
    is_deeply(
        $got->{ok}{ids}{i1},
        { type => 'isolated', path => 'abc', own => 1, nodes => { a => 1 } },
        'it has its own path'
    );
    is($got->{ok}{ids}{d1}{path}, '/abcd', 'others have theirs');
    is_deeply(
        [map { $_->{err} } @{ $got->{ok}{errors} }],
        ["value may only be 3 characters long\n", "unknown property type\n"],
        'and not its'
    );
    my $schema = $CONFIG->create_schema();
    is(scalar(@{ $schema->{allOf}[-1]{oneOf} }), 15, 'a schema for each type');
    ok($CONFIG->update_schema('isolated')->{allOf}[-1]{properties}{own}, 'and one for one');
    $CONFIG->unregister_type('isolated');
};

done_testing();
