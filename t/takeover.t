# Which functions of Proxmox VE run on Rust, and how that is changed.

use strict;
use warnings;
no warnings qw(once);

use File::Path qw(make_path);
use File::Temp qw(tempdir);
use POSIX ();
use Test::More;

my $root;

BEGIN {
    $root = tempdir(CLEANUP => 1);
    $ENV{PVE_RUST_ROOT} = $root;
    delete $ENV{$_} for grep { /^PVE_RUST_(?:PHASE|SEAM)/ } keys %ENV;
}

use lib 't/lib/small-pve';

use PVE::Network::Rust::Takeover ();
use PVE::Network::Rust::Takeover::Seams;
use PVE::Network::Rust::Takeover::Setting;

my $takeover = 'PVE::Network::Rust::Takeover';
my $setting = 'PVE::Network::Rust::Takeover::Setting';
my $node_file = "$root/etc/pve-network-rust/migration.cfg";
my $cluster_file = "$root/etc/pve/rust-migration.cfg";
make_path("$root/etc/pve-network-rust", "$root/etc/pve");
# As the cluster's file system has it.
symlink('nodes/here', "$root/etc/pve/local") or die "symlink: $!\n";

sub write_file {
    my ($path, $text) = @_;
    open(my $out, '>', "$path.new") or die "open $path.new: $!\n";
    print {$out} $text;
    close($out) or die "close: $!\n";
    rename("$path.new", $path) or die "rename: $!\n";
    return;
}

sub seam {
    my ($name) = @_;
    my ($seam) = grep { $_->{name} eq $name } @{ PVE::Network::Rust::Takeover::status() };
    return $seam;
}

sub answered {
    my ($text) = @_;
    my $answer = PVE::LXC::Config->parse_volume('rootfs', $text // 'local:100/disk.raw,size=8G');
    return $answer->{perl} ? 'perl' : 'rust';
}

# As if the time to look had come.
sub look {
    return PVE::Network::Rust::Takeover::look_every(5, \&PVE::Network::Rust::Takeover::look);
}

subtest 'the settings' => sub {
    my $text = "phase: rust-sdn\nseam: LXC::Config::parse_device perl\nseam: New::seam shadow\n";
    my $parsed = $setting->can('parse')->("# for readers\n\n  $text");
    is_deeply(
        $parsed,
        {
            phase => 'rust-sdn',
            seams => { 'LXC::Config::parse_device' => 'perl', 'New::seam' => 'shadow' },
        },
        'read'
    );
    is($setting->can('format')->($parsed), $text, 'written');
    for my $case (
        ["phase: rust\n", "line 1: unknown phase 'rust'\n"],
        ["\nphase: perl-only\nphase: perl-only\n", "line 3: there is a phase already\n"],
        ["seam: X::y\n", "line 1: expected the name of a seam and a mode\n"],
        ["seam: X::y off\n", "line 1: unknown mode 'off'\n"],
        ["seams: X::y perl\n", "line 1: unknown key 'seams'\n"],
        ["breaker: 3\n", "line 1: expected a number of failures and one of seconds\n"],
        ["nonsense\n", "line 1: expected 'phase: NAME' or 'seam: NAME MODE'\n"],
        )
    {
        my ($bad, $why) = @$case;
        is(eval { $setting->can('parse')->($bad) } // $@, $why, $why =~ s/\n//r);
    }
    my $seam = PVE::Network::Rust::Takeover::Seams::find('LXC::Config::write_pct_config');
    my $host = PVE::Network::Rust::Takeover::Seams::find('Host::tap_plug');
    my $mode = $setting->can('mode');
    my $named = { seams => { $seam->{name} => 'shadow', $host->{name} => 'shadow' } };
    is($mode->($seam, { seams => {} }), 'perl', 'Perl where nothing is said');
    is($mode->($seam, { phase => 'rust-read-only', seams => {} }), 'perl', 'before its phase');
    is($mode->($seam, { phase => 'rust-basic-write', seams => {} }), 'rust', 'from its phase on');
    is($mode->($seam, { phase => 'rust-full', seams => {} }), 'rust', 'in a later one');
    is(
        $mode->(
            $seam, { phase => 'perl-only', seams => {} }, { phase => 'rust-full', seams => {} }
        ),
        'perl',
        'the first phase counts'
    );
    is(
        $mode->($seam, { phase => 'rust-full', seams => {} }, $named),
        'shadow', 'what names it goes before a phase'
    );
    is($mode->($host, $named), 'perl', 'not both where it has an effect');
    my $variable = $setting->can('variable')->($seam);
    is($variable, 'PVE_RUST_SEAM_LXC_CONFIG_WRITE_PCT_CONFIG', 'a variable');
    is_deeply(
        $setting->can('of_environment')->({
            PVE_RUST_PHASE => 'rust-sdn',
            $variable => 'rust-strict',
            PVE_RUST_SEAM_HOST_TAP_PLUG => 'x'
        }),
        { phase => 'rust-sdn', seams => { $seam->{name} => 'rust-strict' } },
        'of the environment'
    );
};

subtest 'before the module is loaded' => sub {
    PVE::Network::Rust::Takeover->import();
    is(seam('LXC::Config::parse_volume')->{installed}, 0, 'there is nothing yet');
    my @plain;
    for my $is_plain (1, 0) {
        PVE::Network::Rust::Takeover::uninstall() if $is_plain;
        PVE::Network::Rust::Takeover::install() if !$is_plain;
        for my $way (qw(compiling running object false)) {
            local $ENV{BROKEN_MODULE} = $way;
            my $error = eval { require PVE::Storage::Plugin; 1 } ? '' : $@;
            my $known = exists($INC{'PVE/Storage/Plugin.pm'}) ? 'known' : 'not known';
            delete $INC{'PVE/Storage/Plugin.pm'};
            push @plain, "$error$known" if $is_plain;
            is("$error$known", shift(@plain), "a module that fails as without it: $way")
                if !$is_plain;
        }
    }
    is(eval { require PVE::LXC::Config }, 1, 'loaded');
    is($INC{'PVE/LXC/Config.pm'}, 't/lib/small-pve/PVE/LXC/Config.pm', '… from where it is');
    is($PVE::LXC::Config::FILE, $INC{'PVE/LXC/Config.pm'}, '… which it sees');
    is(seam('LXC::Config::parse_volume')->{installed}, 1, 'a sub is intercepted');
    is(seam('LXC::Config::parse_device')->{installed}, 0, 'none that is not there');
    is(answered(), 'perl', 'Perl answers');
    is(seam('LXC::Config::parse_volume')->{calls}, 1, 'calls are counted');
};

subtest 'modes' => sub {
    my $original = \&PVE::LXC::Config::parse_volume;
    my $kept = sub {
        return $original->('PVE::LXC::Config', 'rootfs', 'local:1/a')->{perl} ? 'perl' : 'rust';
    };
    for my $mode (qw(rust rust-strict)) {
        PVE::Network::Rust::Takeover::set({ seams => { 'LXC::Config::parse_volume' => $mode } });
        is(answered(), 'rust', $mode);
        is($kept->(), 'rust', '… by a reference from before');
    }
    PVE::Network::Rust::Takeover::set({ seams => { 'LXC::Config::parse_volume' => 'perl' } });
    is(answered(), 'perl', 'perl');
    PVE::Network::Rust::Takeover::set({ phase => 'rust-read-only', seams => {} });
    is(answered(), 'rust', 'by the phase');
    is(PVE::LXC::Config->print_lxc_network({}), 'seen=perl', '… not what is later');
    is(\&PVE::LXC::Config::parse_volume, $original, 'the sub is the same');
};

subtest 'both' => sub {
    PVE::Network::Rust::Takeover::set({
        seams => {
            map { ("LXC::Config::$_" => 'shadow') }
                qw(parse_volume print_lxc_network parse_features)
        }
    });
    my $divergences = sub { return seam("LXC::Config::$_[0]")->{divergences} };
    is(answered(), 'perl', 'Perl answers');
    is($divergences->('parse_volume'), 1, '… and that they differ is counted');
    is_deeply(PVE::LXC::Config->parse_features('nesting=1'), { nesting => 1 }, 'the same');
    is($divergences->('parse_features'), 1, '… but for number and string, which differ');
    my @warnings;
    local $SIG{__WARN__} = sub { push @warnings, @_ };
    is(answered('warning'), 'perl', 'with a warning');
    is_deeply(\@warnings, ["perl warns\n"], '… once, of Perl');
    my @heard;
    {
        local $SIG{__DIE__} = sub { push @heard, @_ };
        is(eval { answered('death') } // $@, "perl dies\n", 'an error of Perl');
    }
    is_deeply(\@heard, ["perl dies\n"], '… of which a handler hears once');
    my $net = { bridge => 'vmbr0' };
    is(PVE::LXC::Config->print_lxc_network($net), 'bridge=vmbr0,seen=perl', 'the answer');
    is_deeply(
        $net,
        { bridge => 'vmbr0', seen => 'perl' },
        'the caller sees what Perl does with an argument'
    );
    is($divergences->('print_lxc_network'), 1, '… and that Rust did not is counted');
    is(
        join(' ', (PVE::LXC::Config->parse_features('nesting=1'))[0]{nesting}),
        '1', 'in list context'
    );
};

subtest 'what is not compared' => sub {
    my $differ = sub {
        my ($perl, $rust, $seam) = @_;
        my $count = 0;
        PVE::Network::Rust::Takeover::Shadow::both(
            $perl, $rust, [],
            { wantarray => 0, seam => $seam // {}, differ => sub { $count++ } }
        );
        return $count;
    };
    my $dies = sub {
        my ($text) = @_;
        return sub { die $text }
    };
    my $warns = sub {
        my ($text) = @_;
        return sub { warn $text; 1 }
    };
    is($differ->($dies->('a'), $dies->('b')), 1, 'what they die with is');
    is($differ->(map { $dies->("a at $_ line 5.\n") } qw(x y)), 0, '… but for the place');
    my @errors = map { "format error\n$_" } "a: one\nb: two\n", "b: two\na: one\n";
    is($differ->(map { $dies->($_) } @errors), 0, '… and the order of a format error');
    is($differ->($warns->("a\n"), sub { 1 }), 1, 'what they warn about is');
    is(
        $differ->($warns->("Use of uninitialized value in addition (+) at x line 5.\n"), sub { 1 }),
        0, '… but for what Perl says'
    );
    my @texts = ("a: 1\n\tnodes x,y\n\nb: 2\n", "b: 2\n\na: 1\n\tnodes y,x\n");
    my @subs = map {
        my $text = $_;
        sub { $text }
    } @texts;
    is($differ->(@subs), 1, 'texts are');
    is($differ->(@subs, { sections => 1 }), 0, '… but for the order of their sections');
    is($differ->($subs[0], sub { $texts[1] . "c: 3\n" }, { sections => 1 }), 1, '… not for more');
    my $given = sub {
        my ($seam) = @_;
        my $number = 0;
        my $place = sub { $_[0]{order}{a} = ++$number; $texts[0] };
        my $count = 0;
        PVE::Network::Rust::Takeover::Shadow::both(
            $place, $place,
            [{ order => {} }],
            { wantarray => 0, seam => $seam, differ => sub { $count++ } }
        );
        return $count;
    };
    is($given->({}), 1, 'what becomes of arguments is compared');
    is($given->({ sections => 1 }), 0, '… but for the places that sections get');
};

subtest 'what is recorded' => sub {
    my $divergences = 'PVE::Network::Rust::Takeover::Divergences';
    my @of_volume =
        grep { $_->{seam} eq 'LXC::Config::parse_volume' } @{ $divergences->can('list')->() };
    is_deeply(
        [@{ $of_volume[0] }{qw(arguments perl)}],
        [
            ['PVE::LXC::Config', 'rootfs', 'local:100/disk.raw,size=8G'],
            {
                answer => [{ perl => 'local:100/disk.raw,size=8G' }],
                warnings => [],
                arguments => ['PVE::LXC::Config', 'rootfs', 'local:100/disk.raw,size=8G'],
            },
        ],
        'the arguments, and what Perl made of them'
    );
    is($of_volume[0]{rust}{answer}[0]{size}, 8 << 30, 'what Rust did');
    is((stat("$root/var/lib/pve-network-rust"))[2] & 077, 0, 'nobody else reads it');
    $divergences->can('clear')->();
    is_deeply($divergences->can('list')->(), [], 'removed');
    my $record = $divergences->can('record');
    my $secrets = {
        password => 'abc',
        user => 'u',
        list => [{ 'csi-token' => 'abc' }],
        raw => "user: u\npassword: abc\n\tkeyring abc\nopt: a=1,password=abc,b=2\n",
    };
    $record->('Some::seam', [$secrets, 5, '5'], bless({ secret => 'abc' }, 'Some::Class'), undef);
    my ($masked) = @{ $divergences->can('list')->() };
    unlike(
        PVE::Network::Rust::Takeover::Divergences::path() && JSON::PP::encode_json($masked),
        qr/abc/, 'no secret is written'
    );
    like(
        JSON::PP::encode_json($masked->{arguments}),
        qr/,5,"5"\]\z/, 'numbers and strings as they are'
    );
    is($masked->{perl}{class}, 'Some::Class', 'the class of an object');
    $record->('Many::times', [], {}, {}) for 1 .. 500;
    is(
        scalar(grep { $_->{seam} eq 'Many::times' } @{ $divergences->can('list')->() }),
        104, 'a hundred, and then each hundredth'
    );
    $record->('Much::data', ['x' x 150_000, 'y' x 150_000], {}, {});
    my ($last) = reverse @{ $divergences->can('list')->() };
    ok($last->{too_long} && !exists($last->{arguments}), 'not what is too long');
    for my $n (1 .. 60) { $record->("Large::$n", ['x' x 200_000], {}, {}) }
    my $bytes = (-s $divergences->can('path')->()) + (-s $divergences->can('path')->() . '.1');
    cmp_ok($bytes, '<', 10_000_000, 'it is bounded');
    $divergences->can('clear')->();
};

subtest 'inherited methods' => sub {
    PVE::Network::Rust::Takeover::set({ phase => 'rust-read-only', seams => {} });
    require PVE::Network::SDN::Zones::Plugin;
    my $call =
        sub { return $PVE::Network::SDN::Zones::Plugin::KEPT->('sdn/zones.cfg', "simple: a\n") };
    is($call->()->{ids}{a}{type}, 'simple', 'Rust answers');
    is_deeply(
        SmallPVE::SectionConfig->parse_config(),
        { perl => 'SmallPVE::SectionConfig' },
        '… for that class alone'
    );
    PVE::Network::Rust::Takeover::set({ phase => 'perl-only', seams => {} });
    is_deeply(
        $call->(),
        { perl => 'PVE::Network::SDN::Zones::Plugin' },
        'Perl, with the class that was asked'
    );
};

subtest 'what changes by itself' => sub {
    PVE::Network::Rust::Takeover::set({ seams => { 'Host::ip_link_details' => 'shadow' } });
    require PVE::Network;
    my $divergences = sub { return seam('Host::ip_link_details')->{divergences} };
    PVE::Network::ip_link_details() for 1 .. 2;
    is($divergences->(), 0, 'a timer is not compared');
    local $PVE::Network::MORE = 1;
    ok(PVE::Network::ip_link_details()->{more}, 'Perl answers');
    is($divergences->(), 1, 'everything else is');
};

subtest 'what Rust passes by' => sub {
    PVE::Network::Rust::Takeover::set({ phase => 'rust-full', seams => {} });
    require PVE::Network::SDN;
    my $generated = \&PVE::Network::SDN::generate_raw_etc_network_config;
    is($generated->({}), '', 'Rust answers');
    {
        no warnings qw(redefine);
        local *PVE::Network::SDN::running_config = sub { return {} };
        is($generated->({}), "perl\n", 'Perl, while somebody has replaced what it asks by');
    }
    is($generated->({}), '', 'Rust, once it is as it was');
    local *PVE::Network::SDN::Ipams::Plugin::private =
        sub { return { plugins => { pve => 'A', other => 'B' } } };
    is($generated->({}), "perl\n", 'Perl, where there is a plugin that Rust does not know');
};

subtest 'files' => sub {
    PVE::Network::Rust::Takeover::set({ seams => {} });
    is(answered(), 'perl', 'there is none');
    write_file($cluster_file, "phase: rust-read-only\n");
    look();
    is(answered(), 'rust', 'the cluster\'s');
    write_file($node_file, "seam: LXC::Config::parse_volume perl\n");
    look();
    is(answered(), 'perl', 'the node\'s goes before it');
    write_file($node_file, "seam LXC::Config::parse_volume rust\n");
    look();
    is(answered(), 'perl', 'what is no setting leaves what was known');
    unlink($node_file);
    look();
    is(answered(), 'rust', 'without the node\'s');
    unlink($cluster_file);
    look();
    is(answered(), 'perl', 'without either');
    local $ENV{PVE_RUST_SEAM_LXC_CONFIG_PARSE_VOLUME} = 'rust';
    write_file($cluster_file, "phase: perl-only\n");
    look();
    is(answered(), 'rust', 'the environment goes before files');
    unlink($cluster_file);
};

subtest 'the handle that was read last' => sub {
    my $said = sub {
        my $warning;
        local $SIG{__WARN__} = sub { $warning = $_[0] };
        warn 'a warning';
        return $warning =~ s/\A.*? line \d+//r;
    };
    my $lines = "one\ntwo\nthree\n";
    open(my $in, '<', \$lines) or die "open: $!\n";
    my $first = <$in>;
    is($said->(), ", <\$in> line 1.\n", 'warnings tell of it');
    write_file($cluster_file, "phase: rust-read-only\n");
    look();
    is($said->(), ", <\$in> line 1.\n", '… after settings were read');
    my $count = sub { my ($handle) = @_; return scalar(() = <$handle>) };
    my $outcome = PVE::Network::Rust::Takeover::Shadow::both(
        $count, $count,
        [$in],
        { wantarray => 0, seam => {}, differ => sub { fail("the same: @_") } }
    );
    is($outcome->{answer}[0], 2, 'both read what is left');
    is($said->(), ", <\$in> line 3.\n", '… once');
    unlink($cluster_file);
    look();
};

subtest 'failures' => sub {
    my $breaker = 'PVE::Network::Rust::Takeover::Breaker';
    PVE::Network::Rust::Takeover::set({ phase => 'rust-read-only', seams => {} });
    my $name = 'LXC::Config::parse_volume';
    is_deeply($breaker->can('off')->(), {}, 'none is off');
    is($breaker->can('failed')->($name, 3, 600), 0, 'once');
    is($breaker->can('failed')->($name, 3, 600), 0, 'twice');
    is($breaker->can('failed')->('Other::seam', 3, 600), 0, 'another one');
    look();
    is(answered(), 'rust', 'Rust answers');
    is($breaker->can('failed')->($name, 3, 600), 1, 'three times');
    is_deeply([keys %{ $breaker->can('off')->() }], [$name], 'it is off');
    look();
    is(answered(), 'perl', '… and Perl answers, in another process');
    cmp_ok(seam($name)->{off}, '<=', time(), '… which says since when');
    PVE::Network::Rust::Takeover::set({ seams => { $name => 'rust-strict' } });
    is(answered(), 'perl', '… whatever is set');
    $breaker->can('clear')->($name);
    look();
    is(answered(), 'rust', 'until it is cleared');
    is($breaker->can('failed')->($name, 3, 600), 0, '… with nothing against it');
    write_file($breaker->can('path')->(), 'failed ' . (time() - 700) . " $name\n" x 1);
    is($breaker->can('failed')->($name, 2, 600), 0, 'what is long ago does not count');
    unlink($breaker->can('path')->());
    my $failed = PVE::Network::Rust::Takeover->can('_failed');
    PVE::Network::Rust::Takeover::set(
        { phase => 'rust-read-only', breaker => [2, 60], seams => {} }
    );
    $failed->($name);
    is(answered(), 'rust', 'as often as is set');
    $failed->($name);
    is(answered(), 'perl', '… in this process at once');
    $breaker->can('clear')->($name);
    look();
    my @pids = map {
        my $pid = fork() // die "fork: $!\n";
        if (!$pid) { $breaker->can('failed')->($name, 1_000, 600) for 1 .. 20; POSIX::_exit(0) }
        $pid;
    } 1 .. 8;
    waitpid($_, 0) for @pids;
    open(my $in, '<', $breaker->can('path')->()) or die "open: $!\n";
    is(scalar(() = <$in>), 160, 'none is lost where many fail at once');
    unlink($breaker->can('path')->());
};

subtest 'taken away' => sub {
    PVE::Network::Rust::Takeover::set({ phase => 'rust-full', seams => {} });
    is(answered(), 'rust', 'before');
    PVE::Network::Rust::Takeover::uninstall();
    is(answered(), 'perl', 'after');
    is(
        PVE::Network::SDN::Zones::Plugin->can('parse_config'),
        \&SmallPVE::SectionConfig::parse_config,
        'a method is inherited again'
    );
    ok(!(grep { ref($_) } @INC), 'nothing is left in @INC');
    PVE::Network::Rust::Takeover->import('rust-full');
    is(answered(), 'rust', 'once more');
};
done_testing();
