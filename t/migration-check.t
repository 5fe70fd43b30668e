# Perl and Rust compared on the configurations of a cluster. In place of PVE's own modules there are ones that have Rust answer,
# and differ where a test plants it.

use strict;
use warnings;

use File::Path qw(make_path);
use File::Temp qw(tempdir);
use Test::More;

my $root;

BEGIN {
    $root = tempdir(CLEANUP => 1);
    $ENV{PVE_RUST_ROOT} = $root;
}

use lib "$root/lib";

use PVE::Network::Rust::Migration;
use PVE::Network::Rust::Migration::Check::Difference;

sub write_file {
    my ($path, $text) = @_;
    make_path($path =~ s{/[^/]*\z}{}r);
    open(my $out, '>', $path) or die "open $path: $!\n";
    print {$out} $text;
    close($out) or die "close: $!\n";
    return $path;
}

sub check {
    my (%options) = @_;
    return PVE::Network::Rust::Migration::check(\%options);
}

my $container = "arch: amd64\nhostname: ct\nnet0: name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:00:01\n"
    . "rootfs: local:100/a.raw,size=8G\nfeatures: nesting=1\n"
    . "\n[snap]\nnet1: name=eth1\nrootfs: local:100/a.raw,size=8G\nsnaptime: 1\n";
my $file = write_file("$root/etc/pve/nodes/one/lxc/100.conf", $container);
my $other = write_file("$root/etc/pve/nodes/two/lxc/101.conf", $container);
write_file("$root/etc/pve/nodes/two/lxc/101.conf.tmp.7", 'no configuration');
my $zones = write_file("$root/etc/pve/sdn/zones.cfg", "simple: a\n\tnodes one,two\n\n");

subtest 'without PVE\'s modules' => sub {
    my $result = check();
    is_deeply(
        [@$result{qw(files compared differing uncompared)}],
        [3, 0, 0, 3],
        'nothing is compared'
    );
    is_deeply(
        $result->{reasons},
        [
            {
                seam => 'LXC::Config::parse_pct_config',
                why => 'PVE::LXC::Config is not installed',
                files => 2,
                file => $file,
            },
            {
                seam => 'SDN::Zones::parse_config',
                why => 'PVE::Network::SDN::Zones is not installed',
                files => 1,
                file => $zones,
            },
        ],
        '… and why'
    );
};

write_file("$root/lib/PVE/LXC/Config.pm", <<'PERL');
package PVE::LXC::Config;
use PVE::Network::Rust::LXC::Config;
my $rust = 'PVE::Network::Rust::LXC::Config';
my $planted = do { local @ARGV = "$ENV{PVE_RUST_ROOT}/planted"; my $text = -e $ARGV[0] ? <> : ''; $text };
for my $name (qw(parse_lxc_network parse_volume parse_device parse_features parse_pct_config write_pct_config
    print_lxc_network print_volume print_device))
{
    no strict 'refs';
    my $code = $rust->can($name);
    *{$name} = sub { my $answer = $code->(@_); return $answer };
}
{
    no warnings 'redefine';
    my $parse = \&parse_volume;
    *parse_volume = sub {
        my $answer = $parse->(@_);
        $answer->{size} = "$answer->{size}" if $planted =~ /number/;
        warn "a warning\n" if $planted =~ /warning/;
        die "an error\n" if $planted =~ /error/;
        $answer->{password} = $planted if $planted =~ /password/;
        kill(9, $$) if $planted =~ /killed/;
        return $answer;
    };
}
1;
PERL

subtest 'what is compared' => sub {
    my (@results, @progress);
    my $result = check(
        result => sub { push @results, $_[0] },
        progress => sub { push @progress, "@_" }
    );
    is($result->{differing}, 0, 'no difference');
    is_deeply(\@progress, ['0 3', '1 3', '2 3', '3 3'], 'how far it is');
    my %seen;
    for my $of_file (grep { $_->{file} eq $file } @results) {
        $seen{ $of_file->{seam} } .= ' ' . ($of_file->{what} // 'all');
    }
    is_deeply(
        \%seen,
        {
            'LXC::Config::parse_pct_config' => ' all',
            'LXC::Config::write_pct_config' => ' all',
            'LXC::Config::parse_features' => ' features',
            (map { ("LXC::Config::${_}_lxc_network" => ' net0 net1') } qw(parse print)),
            (map { ("LXC::Config::${_}_volume" => ' rootfs rootfs') } qw(parse print)),
        },
        'everything that can be, in snapshots too'
    );
    is($result->{compared}, 2 * 11, 'of all nodes');
    is(check(files => [$file])->{compared}, 11, 'one file');
    is(check(files => [$file], phase => 'rust-read-only')->{compared}, 6, 'what reads');
    is(check(files => [$file], phase => 'perl-only')->{compared}, 0, 'what runs on Rust then');
    my $unknown = check(files => [write_file("$root/etc/pve/user.cfg", '')]);
    is_deeply(
        $unknown->{reasons},
        [{ why => 'no function reads such a file', file => "$root/etc/pve/user.cfg", files => 1 }],
        'a file that nothing reads'
    );
    is(
        eval { check(files => ["$root/none"]) } // $@,
        "$root/none: there is no such file\n", 'a file that is not there'
    );
    is(eval { check(phase => 'x') } // $@, "unknown phase 'x'\n", 'what is no phase');
};

subtest 'differences' => sub {
    my $planted = sub {
        write_file("$root/planted", $_[0]);
        return check(files => [$file])->{differences};
    };
    is_deeply(
        $planted->('number')->[0],
        {
            file => $file,
            seam => 'LXC::Config::parse_volume',
            what => 'rootfs',
            path => 'answer{size}',
            perl => '"8589934592"',
            rust => '8589934592',
        },
        'a string in place of a number'
    );
    is_deeply(
        [@{ $planted->('warning')->[0] }{qw(path perl rust)}],
        ['warnings[0]', '"a warning\n"', 'nothing'],
        'a warning'
    );
    my $error = $planted->('error');
    is_deeply(
        [@{ $error->[0] }{qw(path perl rust)}],
        ['error', '"an error\n"', 'nothing'],
        'an error'
    ) or diag(explain($error));
    my $secret = $planted->('password xyzzy')->[0];
    is($secret->{path}, 'answer{password}', 'a secret');
    unlike(join(' ', %$secret), qr/xyzzy/, '… is not told');
    is(
        eval { $planted->('killed') } // $@,
        "the process that compares ended after 0 of 1 files\n",
        'a process that is killed'
    );
    unlink("$root/planted");
};

subtest 'a module that cannot be loaded' => sub {
    write_file(
        "$root/lib/PVE/LXC/Config.pm",
        "package PVE::LXC::Config;\ndie \"broken\\nmore\\n\";\n"
    );
    is(
        check(files => [$file])->{reasons}[0]{why},
        'PVE::LXC::Config cannot be loaded: broken',
        'is told'
    );
};

subtest 'the shortest path' => sub {
    my $first = PVE::Network::Rust::Migration::Check::Difference->can('first');
    is($first->({ a => [1] }, { a => [1] }), undef, 'none');
    is_deeply(
        $first->(
            { a => { b => { c => 1 } }, d => [1, 2] },
            { a => { b => { c => 2 } }, d => [1, 3] }
        ),
        { path => '{d}[1]', perl => '2', rust => '3' },
        'not the first one'
    );
    is_deeply(
        $first->({ a => 1 }, { a => 1, b => undef }),
        { path => '{b}', perl => 'nothing', rust => 'undef' },
        'a key'
    );
    is_deeply(
        $first->([1, 2], [1]),
        { path => '[1]', perl => '2', rust => 'nothing' },
        'a value'
    );
    is_deeply(
        $first->({ a => [] }, { a => {} }),
        { path => '{a}', perl => '[]', rust => '{}' },
        'another kind'
    );
    is(length($first->('x' x 1_000, 'y')->{perl}), 203, 'what is long');
};
done_testing();
