# How PVE::Storage comes to load the takeover, and what happens where that fails.

use strict;
use warnings;

use File::Path qw(make_path);
use File::Temp qw(tempdir);
use Test::More;

my $root = tempdir(CLEANUP => 1);
make_path("$root/lib/PVE/Network", "$root/etc/pve");

sub write_file {
    my ($path, $text) = @_;
    open(my $out, '>', $path) or die "open $path: $!\n";
    print {$out} $text;
    close($out) or die "close: $!\n";
    return;
}

# What PVE::Storage does with a module of that folder, and with whoever is logged to in place of syslog.
my $storage = <<'PERL';
package PVE::Storage::Plugin; sub register { die "registered\n" }
package PVE::Storage; sub APIVER { return 15 }
package Sys::Syslog; BEGIN { $INC{'Sys/Syslog.pm'} = 'here' } sub syslog { shift; print "log: ", sprintf(shift, @_), "\n" }
package main;
my $class = 'PVE::Storage::Custom::NetworkRust';
my $file = 'PVE/Storage/Custom/NetworkRust.pm';
$@ = "before\n";
my $lived = do { local $@; eval { require $file; 1 } };
print "lived: ", $lived ? 1 : 0, "\n";
print "plugin: ", $class->isa('PVE::Storage::Plugin') ? 1 : 0, "\n";
print "api: ", $class->api(), "\n";
$class->register();
print "registered nothing\n";
require PVE::LXC::Config;
print PVE::LXC::Config->parse_volume('rootfs', 'local:100/a.raw')->{perl} ? "perl\n" : "rust\n";
PERL

sub run {
    my (@more) = @_;
    local $ENV{PVE_RUST_ROOT} = $root;
    open(
        my $in, '-|', $^X, '-T', (map { ('-I', $_) } @more, @INC, 't/lib/small-pve'),
        '-e', $storage
        )
        or die "start perl: $!\n";
    my $said = do { local $/ = undef; <$in> };
    close($in);
    is($?, 0, 'it goes on');
    return [split(/\n/, $said)];
}

my @as_a_plugin = ('lived: 1', 'plugin: 1', 'api: 15', 'registered nothing');
is_deeply(run(), [@as_a_plugin, 'perl'], 'Perl answers while nothing is set');
write_file("$root/etc/pve/rust-migration.cfg", "phase: rust-read-only\n");
is_deeply(run(), [@as_a_plugin, 'rust'], 'Rust answers when it is');

write_file(
    "$root/lib/PVE/Network/Rust.pm",
    "package PVE::Network::Rust;\ndie \"broken library\\nmore\\n\";\n"
);
is_deeply(
    run("$root/lib"),
    ['log: pve-network-rust: not loaded, Perl answers: broken library', @as_a_plugin, 'perl'],
    'a library that cannot be loaded'
);
write_file("$root/etc/pve/rust-migration.cfg", "phase: nonsense\n");
my $said = run();
like(
    shift(@$said),
    qr{\Alog: pve-network-rust: \S+/etc/pve/rust-migration\.cfg: line 1: unknown phase 'nonsense'; the setting stays as it was\z},
    'a setting that is none'
);
is_deeply($said, [@as_a_plugin, 'rust'], '… leaves what there was');
unlink("$root/var/lib/pve-network-rust/cluster-setting");
$said = run();
shift(@$said);
is_deeply($said, [@as_a_plugin, 'perl'], '… and Perl answers where there was none');
done_testing();
