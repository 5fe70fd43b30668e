package PVE::Network::Rust::Test::ExamplePlugin;

# A storage plugin as third parties write them: properties of its own, options of others, a list.

use strict;
use warnings;

use base qw(PVE::Storage::Plugin);

sub api { return 15 }

sub type { return 'example' }

sub plugindata {
    return {
        content => [{ images => 1, iso => 1, none => 1 }, { images => 1 }],
        format => [{ raw => 1, qcow2 => 1 }, 'raw'],
        'sensitive-properties' => { 'example-token' => 1 },
    };
}

sub properties {
    return {
        'example-address' => {
            description => 'The address.',
            type => 'string',
            format => 'ip',
            completion => sub { return [] },
        },
        'example-level' => { type => 'integer', minimum => 1, maximum => '9', optional => 1 },
        'example-mode' => { type => 'string', enum => ['fast', 'safe'], default => 'safe' },
        'example-ratio' => { type => 'number', minimum => '0.5' },
        'example-tags' => { type => 'string', format => 'pve-configid-list', maxLength => 20 },
        'example-hosts' => { type => 'array', items => { type => 'string', minLength => 3 } },
        'example-strict' => { type => 'boolean' },
    };
}

sub options {
    return {
        'example-address' => { fixed => 1 },
        'example-level' => { optional => 1 },
        'example-mode' => { optional => 1 },
        'example-ratio' => { optional => 1 },
        'example-tags' => { optional => 1 },
        'example-hosts' => { optional => 1 },
        'example-strict' => { optional => 1 },
        nodes => { optional => 1 },
        content => { optional => 1 },
        format => { optional => 1 },
        disable => { optional => 1 },
        server => { optional => 1 },
    };
}

1;
