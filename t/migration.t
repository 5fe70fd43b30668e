# Phases and seams as administrators change them, and what this node knows of that.

use strict;
use warnings;
no warnings qw(once redefine);

use File::Path qw(make_path remove_tree);
use File::Temp qw(tempdir);
use POSIX ();
use Test::More;

my $root;

BEGIN {
    $root = tempdir(CLEANUP => 1);
    $ENV{PVE_RUST_ROOT} = $root;
    delete $ENV{$_} for grep { /^PVE_RUST_(?:PHASE|SEAM)/ } keys %ENV;
}

use PVE::Network::Rust::Migration;

my $migration = 'PVE::Network::Rust::Migration';
my $files = 'PVE::Network::Rust::Takeover::Files';
my $node_file = "$root/etc/pve-network-rust/migration.cfg";
my $cluster_file = "$root/etc/pve/rust-migration.cfg";
make_path("$root/etc/pve/priv", "$root/var/lib");
symlink('nodes/here', "$root/etc/pve/local") or die "symlink: $!\n";

# What the check finds.
our $found = { files => 1, compared => 4, differing => 0, uncompared => 0 };
my @checked;
*PVE::Network::Rust::Migration::check = sub {
    push @checked, $_[0]{phase};
    die "no library\n" if !$found;
    return {%$found};
};

sub write_file {
    my ($path, $text) = @_;
    open(my $out, '>', "$path.new") or die "open $path.new: $!\n";
    print {$out} $text;
    close($out) or die "close: $!\n";
    rename("$path.new", $path) or die "rename: $!\n";
    return;
}

sub read_file {
    my ($path) = @_;
    open(my $in, '<', $path) or return undef;
    local $/ = undef;
    return <$in>;
}

sub error_of {
    my ($name, @arguments) = @_;
    my $lived = eval { $migration->can($name)->(@arguments); 1 };
    return $lived ? 'none' : "$@";
}

sub call {
    my ($name, @arguments) = @_;
    return $migration->can($name)->(@arguments);
}

sub last_change { return call('history')->[-1] }

subtest 'phases' => sub {
    is_deeply(call('phase'), { phase => 'perl-only', source => 'default' }, 'by default');
    my $result = call('set_phase', 'rust-read-only', { who => 'root@pam' });
    is_deeply(
        $result,
        {
            what => 'phase',
            from => 'perl-only',
            to => 'rust-read-only',
            scope => 'cluster',
            who => 'root@pam',
            forced => 0,
            changed => 1,
            check => $found,
            warnings => [],
        },
        'a step up'
    );
    is_deeply([splice(@checked)], ['rust-read-only'], '… after a check of what it turns on');
    is(read_file($cluster_file), "phase: rust-read-only\n", '… is in the file');
    is_deeply(
        call('phase'),
        { phase => 'rust-read-only', source => 'cluster', path => $cluster_file },
        '… and counts'
    );
    my $record = last_change();
    cmp_ok(abs(delete($record->{time}) - time()), '<', 60, 'the history says when');
    is($record->{node}, PVE::Network::Rust::Takeover::Published::node(), '… and where');
    is_deeply(
        [@$record{qw(what from to scope who forced check)}],
        ['phase', 'perl-only', 'rust-read-only', 'cluster', 'root@pam', 0, $found],
        '… and what'
    );
    is(call('set_phase', 'rust-read-only')->{changed}, 0, 'nothing to change');
    is(scalar(@{ call('history') }), 1, '… is not in the history');
    is(
        error_of('set_phase', 'rust-sdn'),
        "from rust-read-only to rust-sdn are 3 steps: go to rust-basic-write first, or force it\n",
        'more than a step'
    );
    is_deeply([splice(@checked)], [], '… is not even checked');
    is(call('set_phase', 'rust-sdn', { force => 1 })->{to}, 'rust-sdn', '… unless forced');
    is(last_change()->{forced}, 1, '… which is in the history');
    is(call('set_phase', 'perl-only')->{from}, 'rust-sdn', 'back, all at once');
    is(scalar(@checked), 1, '… without a check');
    is(read_file($cluster_file), "phase: perl-only\n", '… is in the file');
    like(last_change()->{who}, qr/\A\S+/, 'who, where nobody says so');
};

subtest 'what is refused' => sub {
    is(
        error_of('set_phase', "rust-full\nphase: x"),
        "unknown phase 'rust-full\nphase: x': there are @{[PVE::Network::Rust::Takeover::Seams::phases()]}\n",
        'what is no phase'
    );
    is(
        error_of('set_phase', 'perl-only', { scope => 'all' }),
        "unknown scope 'all': there are cluster and node\n", 'what is no scope'
    );
    is(
        error_of('set_phase', 'perl-only', { forced => 1 }),
        "unknown option 'forced'\n",
        'what is no option'
    );

    local $found = { files => 2, compared => 9, differing => 2, uncompared => 0 };
    is(
        error_of('set_phase', 'rust-read-only'),
        "2 of 9 comparisons differ between Perl and Rust\n",
        'a step up where something differs'
    );
    is_deeply($@->{check}, $found, '… with what does');
    is(call('phase')->{phase}, 'perl-only', '… changes nothing');
    my $forced = call('set_phase', 'rust-read-only', { force => 1 });
    is_deeply($forced->{check}, $found, '… unless forced');
    is_deeply(last_change()->{check}, $found, '… which is in the history');
    undef $found;
    is(
        error_of('set_phase', 'rust-basic-write'),
        "the check before the step failed: no library\n",
        'a step up without a check'
    );
    is_deeply(
        call('set_phase', 'rust-basic-write', { force => 1 })->{check},
        { failed => 'no library' },
        '… unless forced'
    );
    is(call('set_phase', 'perl-only')->{changed}, 1, 'back without a library');
};

subtest 'a node of its own' => sub {
    call('set_phase', 'rust-read-only', { scope => 'node' });
    is(read_file($node_file), "phase: rust-read-only\n", 'in its file');
    is(call('phase')->{source}, 'node', '… which counts');
    is(call('clear_phase', { scope => 'node' })->{to}, 'perl-only', 'as the cluster again');
    is(read_file($node_file), '', '… with nothing in its file');
    is_deeply(
        call('phase'),
        { phase => 'perl-only', source => 'cluster', path => $cluster_file },
        '… so that the cluster\'s counts'
    );
    local $ENV{PVE_RUST_PHASE} = 'rust-full';
    is_deeply(
        call('phase'),
        { phase => 'rust-full', source => 'environment' },
        'what the environment says'
    );
};

subtest 'seams' => sub {
    my $name = 'LXC::Config::parse_volume';
    my $seam = sub {
        return (grep { $_->{name} eq $name } @{ call('seams') })[0];
    };
    is_deeply(
        $seam->(),
        {
            name => $name,
            phase => 'rust-read-only',
            pure => 1,
            mode => 'perl',
            source => 'phase',
            off => undef,
            perl => ['PVE::LXC::Config::parse_volume'],
        },
        'by the phase'
    );
    is_deeply(call('set_seam', $name, 'shadow'), [$name], 'set');
    is_deeply([@{ $seam->() }{qw(mode source)}], ['shadow', 'cluster'], '… counts');
    is_deeply(
        [@{ last_change() }{qw(what from to scope)}],
        ['seam', { $name => undef }, 'shadow', 'cluster'],
        '… is in the history'
    );
    is_deeply(call('set_seam', $name, 'shadow'), [], 'it is so already');
    call('set_seam', $name, 'rust', { scope => 'node' });
    is_deeply([@{ $seam->() }{qw(mode source)}], ['rust', 'node'], 'of the node');
    PVE::Network::Rust::Takeover::Breaker::failed($name, 1, 600);
    is_deeply([@{ $seam->() }{qw(mode source)}], ['perl', 'breaker'], 'off');
    is_deeply(call('clear_seam', $name, { scope => 'node' }), [$name], 'removed');
    is_deeply([@{ $seam->() }{qw(mode source)}], ['shadow', 'cluster'], '… and on again');
    my @pure = sort map { $_->{name} } grep { $_->{pure} } @{ call('seams') };
    is_deeply(
        [@{ call('set_seam', '*', 'shadow') }],
        [grep { $_ ne $name } @pure],
        'all that can be in shadow'
    );
    is_deeply(call('clear_seam', '*'), \@pure, 'none');
    is(read_file($cluster_file), "phase: perl-only\n", '… but what was there');
    write_file($cluster_file, "phase: perl-only\nseam: New::seam shadow\n");
    is_deeply(call('clear_seam', 'New::seam'), ['New::seam'], 'one that another version knows');
    is(error_of('set_seam', 'X::y', 'perl'), "no seam is called 'X::y'\n", 'there is none');
    is(
        error_of('set_seam', "$name\n", 'perl'),
        "no seam is called '$name?'\n", 'a line more is no name'
    );
    is(
        error_of('set_seam', $name, "rust\nphase: rust-full"),
        "unknown mode 'rust\nphase: rust-full': there are perl shadow rust rust-strict\n",
        '… and no mode'
    );
    is(
        error_of('set_seam', 'Host::tap_plug', 'shadow'),
        "Host::tap_plug has effects on the host, so that Perl and Rust cannot both run\n",
        'not both where it has effects'
    );
    is(error_of('clear_seam', 'X::y'), "no seam is called 'X::y'\n", 'nothing to remove');
};

subtest 'what an administrator wrote' => sub {
    my $text = "# ours\n\n  phase:  perl-only\n# of one\nseam: LXC::Config::parse_volume perl\n"
        . "breaker: 5 60\n";
    write_file($cluster_file, $text);
    call('set_phase', 'rust-full', { force => 1 });
    call('set_seam', 'LXC::Config::parse_volume', 'rust');
    call('set_seam', 'LXC::Config::parse_device', 'perl');
    is(
        read_file($cluster_file),
        "# ours\n\nphase: rust-full\n# of one\nseam: LXC::Config::parse_volume rust\n"
            . "breaker: 5 60\nseam: LXC::Config::parse_device perl\n",
        'stays'
    );
    write_file($cluster_file, "phase: rust-sdn\nnonsense\n# a\nseam: x\nphase: rust-full\n");
    like(
        error_of('set_phase', 'rust-full'),
        qr/\Aline 2: expected 'phase: NAME'/,
        'no step up in a file that is no setting'
    );
    my $result = call('set_phase', 'rust-read-only');
    is(
        read_file($cluster_file),
        "phase: rust-read-only\n# nonsense\n# a\n# seam: x\n# phase: rust-full\n",
        'going back makes a setting of it'
    );
    is_deeply(
        $result->{warnings},
        [
            map { "made a comment, since it is no setting: $_" } 'nonsense', 'seam: x',
            'phase: rust-full'
        ],
        '… and says so'
    );
};

subtest 'a cluster that is not there' => sub {
    my $not_mounted =
        "the cluster's file system is not mounted at /etc/pve: see `systemctl status pve-cluster`, "
        . "or change the setting of this node alone\n";
    write_file($cluster_file, "phase: rust-read-only\n");
    is(call('phase')->{phase}, 'rust-read-only', 'a phase');
    rename("$root/etc/pve", "$root/etc/pve.away") or die "rename: $!\n";
    make_path("$root/etc/pve");
    is_deeply(
        call('phase'),
        {
            phase => 'rust-read-only',
            source => 'cluster',
            path => $cluster_file,
            kept => '/etc/pve is not mounted'
        },
        'stays while the cluster\'s file system is not there'
    );
    is(error_of('set_phase', 'perl-only'), $not_mounted, '… and cannot be changed');
    is(error_of('set_seam', '*', 'perl'), $not_mounted, '… nor can seams');
    is(call('set_phase', 'perl-only', { scope => 'node' })->{changed}, 1, '… but of the node');
    call('clear_phase', { scope => 'node', force => 1 });
    my $program = 'print PVE::Network::Rust::Migration::phase()->{phase}';
    my $new_process = sub {
        open(
            my $out, '-|', $^X, '-T', (map { ('-I', $_) } @INC),
            '-MPVE::Network::Rust::Migration', '-e', $program
        ) or die "start perl: $!\n";
        my $said = <$out>;
        close($out);
        return $said;
    };
    is($new_process->(), 'rust-read-only', 'also for a process that starts then');
    remove_tree("$root/etc/pve");
    rename("$root/etc/pve.away", "$root/etc/pve") or die "rename: $!\n";
    write_file($cluster_file, "phase: nonsense\n");
    is($new_process->(), 'rust-read-only', '… or while it is no setting');
    unlink($cluster_file);
    is($new_process->(), 'perl-only', 'not where it was removed');
    ok(!-e "$root/var/lib/pve-network-rust/cluster-setting", '… which is known then');
    is(call('phase')->{source}, 'default', '… in processes that were there');

    no warnings qw(once);
    local *PVE::Network::Rust::Migration::ClusterLock::is_quorate = sub { return 0 };
    is(
        error_of('set_phase', 'perl-only'),
        "the cluster has no quorum, so that nothing in /etc/pve can be changed: see `pvecm status`, "
            . "or change the setting of this node alone\n",
        'without quorum'
    );
};

# Has eight processes set all seams at once, in that scope.
sub set_by_eight {
    my ($scope, @names) = @_;
    my @pids = map {
        my $number = $_;
        my $pid = fork() // die "fork: $!\n";
        if (!$pid) {
            my $done = eval {
                for my $index (grep { $_ % 8 == $number } 0 .. $#names) {
                    my %how = (who => "process of $scope", scope => $scope);
                    call('set_seam', $names[$index], 'rust', \%how);
                }
                1;
            };
            warn $@ if !$done;
            POSIX::_exit($done ? 0 : 1);
        }
        $pid;
    } 0 .. 7;
    is_deeply([map { waitpid($_, 0); $? } @pids], [(0) x 8], "$scope: all are done");
    return;
}

subtest 'many at once' => sub {
    make_path("$root/etc/pve/priv/lock");
    my %file = (cluster => $cluster_file, node => $node_file);
    my @names = map { $_->{name} } @{ call('seams') };
    for my $scope (sort keys %file) {
        unlink($file{$scope});
        set_by_eight($scope, @names);
        is_deeply(
            [sort grep { /^seam/ } split(/\n/, read_file($file{$scope}))],
            [sort map { "seam: $_ rust" } @names],
            '… none is lost'
        );
        my $changes = grep { $_->{who} eq "process of $scope" } @{ call('history') };
        is($changes, scalar(@names), '… nor of the history');
    }
    unlink($node_file);
    ok(!-e "$root/etc/pve/priv/lock/file-rust-migration_cfg", 'the lock is free');

    mkdir("$root/etc/pve/priv/lock/file-rust-migration_cfg") or die "mkdir: $!\n";
    local $PVE::Network::Rust::Migration::ClusterLock::WAIT = 0.3;
    like(
        error_of('set_seam', '*', 'perl'),
        qr{\Aanother node has \S+/file-rust-migration_cfg since more than 0\.3 s: try again},
        'another node has the lock'
    );
    rmdir("$root/etc/pve/priv/lock/file-rust-migration_cfg");
};

subtest 'the history' => sub {
    my $path = PVE::Network::Rust::Migration::History::path();
    my $before = @{ call('history') };
    open(my $out, '>>', $path) or die "open $path: $!\n";
    print {$out} '{"what":"pha';
    close($out);
    call('set_phase', 'rust-read-only', { force => 1, who => "a\nb" });
    is(scalar(@{ call('history') }), $before + 1, 'a line that was cut costs no other');
    is(last_change()->{who}, 'a?b', 'what is no text');
    local $PVE::Network::Rust::Migration::History::MOST_BYTES = -s $path;
    call('set_phase', 'perl-only');
    call('set_phase', 'rust-read-only');
    cmp_ok(scalar(@{ call('history') }), '<', $before, 'the older half goes');
    is(last_change()->{to}, 'rust-read-only', '… not the newest');
    is((stat($path))[2] & 077, 0, 'nobody else reads it');
};
done_testing();
