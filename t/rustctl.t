# pve-rustctl, as a process of its own.

use strict;
use warnings;

use File::Path qw(make_path);
use File::Temp qw(tempdir);
use IPC::Open3 qw(open3);
use JSON::PP ();
use POSIX ();
use Symbol qw(gensym);
use Test::More;

my $root = tempdir(CLEANUP => 1);
$ENV{PVE_RUST_ROOT} = $root;
$ENV{LC_ALL} = 'C';
$ENV{TZ} = 'UTC';
delete $ENV{$_} for grep { /^PVE_RUST_(?:PHASE|SEAM)/ } keys %ENV;

my (undef, $node) = POSIX::uname();
$node =~ s/\..*//s;
make_path("$root/etc/pve/nodes/$node/lxc", "$root/etc/pve/priv/lock", "$root/etc/pve/sdn");
symlink("nodes/$node", "$root/etc/pve/local") or die "symlink: $!\n";
symlink('local/lxc', "$root/etc/pve/lxc") or die "symlink: $!\n";

sub write_file {
    my ($path, $text) = @_;
    open(my $out, '>', $path) or die "open $path: $!\n";
    print {$out} $text;
    close($out) or die "close: $!\n";
    return;
}

# The exit status, and what was printed on standard output and standard error.
sub run {
    my (@words) = @_;
    my $err = gensym();
    my @perl = ($^X, '-T', (map { ('-I', $_) } grep { !ref($_) } @INC));
    my $pid = open3(my $in, my $out, $err, @perl, 'bin/pve-rustctl', @words);
    close($in);
    my @said = map { local $/ = undef; scalar(<$_>) // '' } $out, $err;
    waitpid($pid, 0);
    return ($? >> 8, @said);
}

sub is_run {
    my ($words, $wanted, $what) = @_;
    my @got = run(@$words);
    is_deeply(\@got, $wanted, $what // join(' ', @$words)) or diag(explain(\@got));
    return;
}

sub data_of {
    my (@words) = @_;
    my ($status, $out, $err) = run(@words, '--output-format', 'json');
    is("$status$err", '0', "@words");
    return JSON::PP->new()->utf8()->decode($out);
}

my $usage_of_set = 'usage: pve-rustctl phase set PHASE [--node] [--force] [--output-format FORMAT] '
    . "[--noborder] [--noheader]\n";

subtest 'how it is used' => sub {
    my @words = qw(check ct divergences events op phase seam status vnet);
    my $usage = join('', map { "usage: pve-rustctl $_ ...\n" } @words, 'help');
    is_run([], [2, '', "no command\n$usage"], 'no command');
    is_run(['x'], [2, '', "unknown command 'x'\n$usage"]);
    my ($status, $out, $err) = run('help');
    is_deeply([$status, $err], [0, ''], 'help');
    for my $word (@words) {
        like($out, qr/^pve-rustctl $word\b/m, "… has $word");
        my ($of_word, $said) = run('help', $word);
        is($of_word, 0, "help $word");
        ok(index($out, $said) >= 0, '… says a part of that');
    }
    is_run(['help', 'x'], [2, '', "unknown command 'x'\n$usage"]);
    ($status, undef, $err) = run('phase');
    is($status, 2, 'half a command');
    like($err, qr/\Athe command is not complete\nusage: pve-rustctl phase get /, '… says how');
    like((run('phase', 'x'))[2], qr/\Aunknown command 'phase x'\nusage: /, 'no such command');
    is_run(['phase', 'set'], [2, '', "PHASE is missing\n$usage_of_set"]);
    is_run(['phase', 'set', 'x'], [2, '', "unknown phase 'x'\n$usage_of_set"]);
    is_run(
        ['phase', 'set', 'perl-only', 'y'],
        [2, '', "too many arguments: 'y'\n$usage_of_set"]
    );
    is_run(['phase', 'set', '--x'], [2, '', "unknown option: x\n$usage_of_set"]);
    is_run(
        ['phase', 'set', '--node=1', 'perl-only'],
        [2, '', "option node does not take a value\n$usage_of_set"]
    );
    is_run(
        ['phase', 'set', 'perl-only', '--output-format'],
        [2, '', "option output-format requires a value\n$usage_of_set"]
    );
    is_run(
        ['phase', 'set', 'perl-only', '--output-format', 'xml'],
        [
            2, '',
            "option output-format: 'xml' is none of text json json-pretty yaml\n$usage_of_set"
        ]
    );
    is((run('phase', 'set', '-h'))[0], 0, 'help of one command');
    my @words_for_number =
        (['divergences', 'show', 'x'], ['ct', 'show', '0'], ['op', 'list', '--vmid', 'x']);
    is((run(@$_))[0], 2, "@$_") for @words_for_number, ['ct', 'plug', '100', 'eth0'];
};

subtest 'phases' => sub {
    is_run(
        ['phase', 'get'],
        [
            0,
            join(
                "\n",
                '+--------+-----------+', '| key    | value     |',
                '+========+===========+', '| phase  | perl-only |',
                '+--------+-----------+', '| source | default   |',
                '+--------+-----------+', ''
            ),
            ''
        ],
        'a table'
    );
    is_run(
        ['phase', 'get', '--noborder', '--noheader'],
        [0, "phase  perl-only\nsource default\n", ''],
        'a table without lines'
    );
    is_run(
        ['phase', 'get', '--output-format', 'json'],
        [0, qq({"phase":"perl-only","source":"default"}\n), '']
    );
    is_run(
        ['phase', 'get', '--output-format', 'json-pretty'],
        [0, qq({\n   "phase" : "perl-only",\n   "source" : "default"\n}\n), '']
    );
    SKIP: {
        skip 'YAML::XS is not installed', 1 if !eval { require YAML::XS };
        is_run(
            ['phase', 'get', '--output-format', 'yaml'],
            [0, "---\nphase: perl-only\nsource: default\n", '']
        );
    }
    is_run(
        ['phase', 'set', 'rust-read-only'],
        [0, "perl-only -> rust-read-only (cluster)\n", '']
    );
    is_run(['phase', 'set', 'rust-read-only'], [0, "rust-read-only already (cluster)\n", '']);
    is_run(
        ['phase', 'set', 'rust-full'],
        [
            1, '',
            "from rust-read-only to rust-full are 4 steps: go to rust-basic-write first, or force it\n"
        ]
    );
    is_run(
        ['phase', 'set', 'rust-full', '--force', '--node'],
        [0, "rust-read-only -> rust-full (node)\n", '']
    );
    is(data_of('phase', 'get')->{source}, 'node', 'of the node');
    is_run(['phase', 'clear', '--node'], [0, "rust-full -> rust-read-only (node)\n", '']);
    my $history = data_of('phase', 'history');
    is_deeply([map { $_->{forced} } @$history], [0, 1, 0], 'the history');
    like((run('phase', 'history'))[1], qr/\| rust-full +\| yes /, '… as a table');
    write_file("$root/etc/pve/rust-migration.cfg", "phase: nonsense\n");
    my ($status, $out, $err) = run('phase', 'get', '--noborder');
    like($out, qr/^phase +rust-read-only$/m, 'what is kept');
    is(
        $err,
        "$root/etc/pve/rust-migration.cfg: line 1: unknown phase 'nonsense'; this is what was known before\n",
        '… is said'
    );
    my $made = "made a comment, since it is no setting: phase: nonsense\n";
    is_run(['phase', 'set', 'perl-only'], [0, "perl-only -> perl-only (cluster)\n", $made]);
    is(data_of('phase', 'get')->{phase}, 'perl-only', '… is what counts');
};

subtest 'a library that cannot be loaded' => sub {
    is((run('phase', 'set', 'rust-read-only', '--force'))[0], 0, 'a phase');
    make_path("$root/broken/PVE/Network");
    write_file("$root/broken/PVE/Network/Rust.pm", "die \"broken library\\n\";\n");
    local @INC = ("$root/broken", @INC);
    is_run(
        ['phase', 'set', 'rust-basic-write'],
        [
            1, '',
            "the check before the step failed: Perl and Rust cannot be compared: broken library\n"
        ],
        'no step up'
    );
    is_run(
        ['phase', 'set', 'perl-only'],
        [0, "rust-read-only -> perl-only (cluster)\n", ''],
        'a step back'
    );
    is((run('seam', 'list'))[0], 0, 'seams');
    is(data_of('status')->{error}, 'broken library', 'status says so');
    is((run('ct', 'show', '100'))[0], 1, 'the rest fails');
};

subtest 'seams' => sub {
    my $name = 'LXC::Config::parse_volume';
    my $seam = sub {
        return (grep { $_->{name} eq $name } @{ data_of('seam', 'list') })[0];
    };
    is($seam->()->{mode}, 'perl', 'by the phase');
    is_run(['seam', 'set', $name, 'shadow', '--node'], [0, "$name\n", '']);
    is_deeply([@{ $seam->() }{qw(mode source)}], ['shadow', 'node'], '… is set');
    is_run(['seam', 'set', $name, 'shadow', '--node'], [0, "nothing to change\n", '']);
    is_run(['seam', 'clear', $name, '--node'], [0, "$name\n", '']);
    is_run(['seam', 'set', 'x', 'perl'], [1, '', "no seam is called 'x'\n"]);
    is((run('seam', 'set', $name, 'x'))[0], 2, 'no such mode');
    my @set = @{ data_of('seam', 'set', 'LXC::*', 'rust') };
    is(scalar(@set), 9, 'many');
    is_deeply(data_of('seam', 'clear', '*'), \@set, '… and back');
    like((run('seam', 'list', '--noborder'))[1], qr/^\Q$name\E +perl +phase /m, 'a table');
};

my $text = "#caf%C3%A9%3A\narch: amd64\nhostname: ct\nmemory: 512\nnet0: name=eth0,bridge=vmbr0\n"
    . "lxc.idmap: u 0 100000 65536\n[pve:pending]\nmemory: 600\ndelete: hostname,!swap\n"
    . "[snap]\nmemory: 100\nsnaptime: 1\n";

subtest 'containers' => sub {
    write_file("$root/etc/pve/lxc/100.conf", $text);
    is_run(
        ['ct', 'show', '100'],
        [
            0,
            "arch: amd64\ndescription: caf%C3%A9%3A%0A\nmemory: 600\nnet0: name=eth0,bridge=vmbr0\n"
                . "lxc.idmap: u 0 100000 65536\n",
            ''
        ]
    );
    like((run(qw(ct show 100 --current)))[1], qr/^hostname: ct\nmemory: 512$/m, 'as it runs');
    is_run([qw(ct show 100 --snapshot snap)], [0, "memory: 100\nsnaptime: 1\n", '']);
    is_run([qw(ct show 100 --snapshot x)], [1, '', "snapshot 'x' does not exist\n"]);
    is((run(qw(ct show 100 --snapshot snap --current)))[0], 2, 'not both');
    is(data_of(qw(ct show 100))->{description}, "caf\x{e9}:\n", 'characters');
    is_run(
        [qw(ct show 999)],
        [1, '', "Configuration file 'nodes/$node/lxc/999.conf' does not exist\n"]
    );
    is_run([qw(ct plug 100 net1)], [1, '', "container 100 has no net1 in its configuration\n"]);
    like((run(qw(ct plug 100 net0)))[2], qr/\Acontainer 100 is not running: /, 'not running');
    is((run(qw(ct unplug 100 net0)))[0], 1, 'nothing to take out');
    is((run(qw(ct show 100), '--', '--node'))[0], 2, 'an argument that looks like an option');
};

subtest 'VNets and operations' => sub {
    write_file("$root/etc/pve/sdn/zones.cfg", "simple: z\n");
    write_file(
        "$root/etc/pve/sdn/vnets.cfg",
        "vnet: blue\n\tzone z\n\ttag 7\n\talias the blue one\n"
    );
    my ($vnet) = @{ data_of('vnet', 'list') };
    is_deeply(
        [@$vnet{qw(vnet zone tag alias bindings)}],
        ['blue', 'z', 7, 'the blue one', 0],
        'a VNet'
    );
    like(
        (run('vnet', 'list', '--noborder'))[1], qr/^blue z +7 the blue one +0 /m,
        '… as a table'
    );
    is_deeply(data_of('vnet', 'bindings'), [], 'no bindings');
    is_run(['vnet', 'bindings'], [0, '', ''], '… print nothing');
    is_deeply(data_of('op', 'list', '--state', 'cancelled'), [], 'no operations');
    is((run('op', 'list', '--state', 'x'))[0], 2, 'no such state');
    like((run('op', 'show', 'x'))[2], qr/\Aid: invalid value 'x': /, 'no id');
    my $id = '0123456789abcdef-01234567';
    is((run('op', $_, $id))[0], 1, "$_ what there is not") for qw(show cancel);
};

subtest 'check' => sub {
    make_path("$root/lib/PVE/LXC");
    write_file("$root/lib/PVE/LXC/Config.pm", <<'PERL');
package PVE::LXC::Config;
use PVE::Network::Rust::LXC::Config;
sub parse_pct_config {
    my $conf = PVE::Network::Rust::LXC::Config::parse_pct_config(@_);
    $conf->{memory} = 7 if -e "$ENV{PVE_RUST_ROOT}/planted";
    return $conf;
}
1;
PERL
    local @INC = ("$root/lib", @INC);
    my ($status, $out, $err) = run('check', "$root/etc/pve/lxc/100.conf");
    is("$status$err", '0', 'nothing differs');
    like(
        $out, qr/^1 files, 1 comparisons: none differs; \d+ could not be made\n\z/m,
        '… is said'
    );
    like(
        $out,
        qr/^not compared: LXC::Config::write_pct_config: .* \(\S+\)$/m,
        '… and why not all'
    );
    write_file("$root/planted", '');
    ($status, $out) = run('check');
    is($status, 3, 'something differs');
    like(
        $out,
        qr{^\Q$root\E/etc/pve/nodes/\Q$node\E/lxc/100\.conf: LXC::Config::parse_pct_config: differs at answer\{memory\}
    Perl: 7
    Rust: 512
}m,
        '… is said'
    );
    ($status, $out, $err) = run('phase', 'set', 'rust-read-only');
    is($status, 3, 'no step up');
    like($out, qr/differs at answer\{memory\}/, '… says where');
    is($err, "1 of 1 comparisons differ between Perl and Rust\n", '… and why');
    is(data_of('phase', 'get')->{phase}, 'perl-only', '… and changes nothing');
    is((run('phase', 'set', 'rust-read-only', '--force'))[0], 0, 'unless forced');
    is((run('phase', 'set', 'perl-only'))[0], 0, 'and back');
    is_run(['check', "$root/none"], [1, '', "$root/none: there is no such file\n"]);
    is((run('check', '--phase', 'x'))[0], 2, 'no such phase');
    is((run('check', '--phase', 'perl-only'))[0], 0, 'nothing runs on Rust then');
    unlink("$root/planted");
    like((run('check', '--verbose'))[1], qr/parse_pct_config: the same$/m, 'what is the same');
};

subtest 'divergences' => sub {
    is_run(['divergences', 'list'], [0, '', ''], 'none');
    my $program = 'use PVE::Network::Rust::Takeover::Divergences;'
        . 'PVE::Network::Rust::Takeover::Divergences::record("Some::seam", [1],'
        . ' { answer => [{ a => 1 }], password => "xyzzy" }, { answer => [{ a => "1" }] }) for 1, 2';
    is(system($^X, (map { ('-I', $_) } @INC), '-e', $program), 0, 'two of them');
    my $list = data_of('divergences', 'list', '--seam', 'Some::seam');
    is_deeply([map { $_->{number} } @$list], [1, 2], 'listed');
    is_deeply(data_of('divergences', 'list', '--seam', 'x'), [], 'of another one');
    like((run('divergences', 'show', '1'))[1], qr/^seam: Some::seam$/m, 'one');
    is(data_of('divergences', 'show', '2')->{rust}{answer}[0]{a}, '1', '… as data');
    is_run(['divergences', 'show', '3'], [1, '', "there is no divergence 3\n"]);
    my ($status, $out) = run('divergences', 'export');
    is(scalar(() = $out =~ /\n/g), 2, 'exported');
    unlike($out, qr/xyzzy/, '… without secrets');
    is((run('divergences', 'export', "$root/exported"))[0], 0, 'to a file');
    is((-s "$root/exported"), length($out), '… the same');
    is_run(['divergences', 'clear'], [0, '', ''], 'removed');
    is_deeply(data_of('divergences', 'list'), [], '… all');
};

subtest 'status' => sub {
    my $status = data_of('status');
    is($status->{node}, $node, 'of this node');
    is_deeply(
        [map { $_->{calls} } grep { $_->{calls} } @{ $status->{seams} }],
        [], 'no calls'
    );
    my $program = 'use PVE::Network::Rust::Takeover; require PVE::LXC::Config;'
        . 'PVE::LXC::Config->parse_volume("rootfs", "local:1/a") for 1 .. 20';
    {
        local $ENV{PVE_RUST_PHASE} = 'rust-read-only';
        system($^X, (map { ('-I', $_) } @INC, 't/lib/small-pve'), '-e', $program);
    }
    my ($seam) = grep { $_->{calls} } @{ data_of('status')->{seams} };
    is_deeply([@$seam{qw(name calls)}], ['LXC::Config::parse_volume', 20], 'calls');
    like(
        (run('status'))[1],
        qr/^\| LXC::Config::parse_volume \| perl \| +20 \| +20 \| /m,
        '… in a table'
    );
    SKIP: {
        skip 'there is no /dev/full', 1 if !-e '/dev/full';
        open(my $kept, '>&', \*STDOUT) or die "dup: $!\n";
        open(my $kept_too, '>&', \*STDERR) or die "dup: $!\n";
        open(STDOUT, '>', '/dev/full') or die "open: $!\n";
        open(STDERR, '>', '/dev/null') or die "open: $!\n";
        my @perl = ($^X, '-T', (map { ('-I', $_) } grep { !ref($_) } @INC));
        my $status = system(@perl, 'bin/pve-rustctl', 'seam', 'list');
        open(STDOUT, '>&', $kept) or die "dup: $!\n";
        open(STDERR, '>&', $kept_too) or die "dup: $!\n";
        is($status >> 8, 1, 'what cannot be written is no success');
    }
    my ($exit, $out, $err) = run('status', '--all');
    is($exit, 0, 'all nodes');
    is($err, "this node only: PVE::Cluster is not installed\n", '… of which there is one');
    like($out, qr/^\| \Q$node\E +\| \S+ +\| perl-only \|/m, '… this one');

    make_path("$root/cluster/PVE");
    write_file("$root/cluster/PVE/Cluster.pm", <<"PERL");
package PVE::Cluster;
sub cfs_update { return }
sub get_nodelist { return ['$node', 'aa', 'zz'] }
sub get_node_kv {
    my (\$key) = \@_;
    return { aa => '{"time":5,"phase":"rust-full","source":"node","version":"1","seams":{"X::y":{"mode":"rust",'
        . '"calls":7,"calls_by_mode":{"rust":6},"failures":1,"divergences":2,"off":9}}}' };
}
1;
PERL
    local @INC = ("$root/cluster", @INC);
    is_deeply(
        [map { $_->{node} } @{ data_of('status', '--all')->{nodes} }],
        [sort('aa', $node, 'zz')],
        'the nodes of a cluster'
    );
    $out = (run('status', '--all', '--noborder'))[1];
    like(
        $out,
        qr/^aa +1 +rust-full node +1 rust, 1 off +7 +6 +1 +2 1970-01-01 00:00:05$/m,
        'what one has told'
    );
    like($out, qr/^zz .*has told nothing yet/m, 'one that has told nothing');
};

subtest 'events' => sub {
    my ($status, $out, $err) = run('events', 'tail', '--from', 'oldest', '--no-follow');
    is("$status$err", '0', 'events');
    like(
        $out,
        qr/^\d{4}-\d\d-\d\d [\d:]+ 1 migration_phase_changed phase=rust-read-only previous=perl-only scope=cluster who=\S+$/m,
        'a change of the phase is among them'
    );
    my @all = split(/\n/, $out);
    ($status, $out) =
        run('events', 'tail', '--from', '2', '--no-follow', '--output-format', 'json');
    my @from = split(/\n/, $out);
    is(scalar(@from), @all - 1, 'from one on');
    is(JSON::PP->new()->decode($from[0])->{sequence}, 2, '… as data');
    is_deeply([run('events', 'tail', '--no-follow')], [0, '', ''], 'only what comes next');
    is((run('events', 'tail', '--from', 'x'))[0], 2, 'no number');

    my @perl = ($^X, '-T', (map { ('-I', $_) } grep { !ref($_) } @INC), 'bin/pve-rustctl');
    my $pid = open(my $in, '-|', @perl, 'events', 'tail', '--from', 'oldest') // die "fork: $!\n";
    my $last;
    $last = <$in> for @all;
    is($last, "$all[-1]\n", 'what was there');
    is((run('phase', 'set', 'rust-read-only', '--force'))[0], 0, 'one more');
    like(
        scalar(<$in>),
        qr/ migration_phase_changed phase=rust-read-only /,
        '… comes when it does'
    );
    is((run('phase', 'set', 'perl-only'))[0], 0, 'and back');
    like(scalar(<$in>), qr/ migration_phase_changed phase=perl-only /, '… and the next one');
    kill('TERM', $pid);
    close($in);
};

subtest 'completion' => sub {
    my $complete = sub {
        my ($line) = @_;
        local $ENV{COMP_LINE} = "$line and more";
        local $ENV{COMP_POINT} = length($line);
        my ($status, $out, $err) = run('bashcomplete');
        return $status || $err ? ['failed', $err] : [split(/\n/, $out)];
    };
    my @phases = qw(rust-read-only rust-basic-write rust-advanced rust-sdn rust-full);
    my @cases = (
        ['pve-rustctl se', 'seam'],
        ['pve-rustctl phase ', qw(get set clear history)],
        ['pve-rustctl phase set rust-', @phases],
        ['pve-rustctl phase set --node rust-s', 'rust-sdn'],
        [
            'pve-rustctl seam set Storage',
            map { "Storage::Config::$_" } qw(parse_config write_config)
        ],
        ['pve-rustctl seam set Storage::Config::p', 'parse_config'],
        ['pve-rustctl seam set Storage::Config::parse_config sh', 'shadow'],
        ['pve-rustctl ct show ', '100'],
        ['pve-rustctl ct plug 100 ', 'net0'],
        ['pve-rustctl ct show 100 --snapshot ', 'snap'],
        ['pve-rustctl ct show 100 --output-format j', qw(json json-pretty)],
        ['pve-rustctl ct show 100 --c', '--current'],
        ['pve-rustctl ct show x --snapshot '],
        ['pve-rustctl x '],
        ['pve-rustctl help ph', 'phase'],
        ['pve-rustctl vnet bindings --vnet ', 'blue'],
        ["pve-rustctl check $root/etc/pve/n", "$root/etc/pve/nodes/$node/lxc/100.conf"],
    );
    for my $case (@cases) {
        my ($line, @wanted) = @$case;
        is_deeply($complete->($line), \@wanted, $line);
    }
    SKIP: {
        skip 'bash is not installed', 1 if !-x '/bin/bash';
        my $said =
            qx{/bin/bash -c '. completions/pve-rustctl && complete -p pve-rustctl'};    ## no critic
        is(
            $said, "complete -o default -C 'pve-rustctl bashcomplete' pve-rustctl\n",
            'bash asks it'
        );
    }
};

subtest 'many at once' => sub {
    my @names = map { "LXC::Config::$_" }
        qw(parse_pct_config parse_lxc_network parse_volume parse_device parse_features
        write_pct_config print_lxc_network print_volume);
    my @pids = map {
        my $name = $_;
        my $pid = fork() // die "fork: $!\n";
        if (!$pid) {
            my ($status) = run('seam', 'set', $name, 'rust', '--node');
            POSIX::_exit($status);
        }
        $pid;
    } @names;
    is_deeply([map { waitpid($_, 0); $? } @pids], [(0) x 8], 'eight processes');
    is(
        scalar(grep { $_->{source} eq 'node' } @{ data_of('seam', 'list') }),
        8, 'none of them is lost'
    );
};

subtest 'the manual page' => sub {
    open(my $in, '<', 'bin/pve-rustctl') or die "open: $!\n";
    my $pod = do { local $/ = undef; <$in> };
    my ($status, $help) = run('help');
    for my $command ($help =~ /^pve-rustctl ([a-z]+(?: [a-z]+)?)\b/mg) {
        like($pod, qr/^=item B<\Q$command\E>/m, "has $command");
    }
    my %options = map { $_ => 1 } $help =~ /\[(--[a-z-]+)/g;
    like($pod, qr/B<\Q$_\E>/, "has $_") for sort keys %options;
};
done_testing();
