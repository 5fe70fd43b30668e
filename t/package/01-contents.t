use strict;
use warnings;

use File::Temp;
use Test::More;

use lib 'perl/lib';
use PackageTest qw($deb fields);

sub lines_of {
    my (@command) = @_;
    open(my $out, '-|', @command) or die "$command[0]: $!\n";
    my @lines = <$out>;
    close($out) or die "$command[0] failed\n";
    chomp(@lines);
    return @lines;
}

my $folder = File::Temp->newdir();
system('dpkg-deb', '-x', $deb, "$folder") == 0 or die "dpkg-deb -x failed\n";

my ($library) = glob("$folder/usr/lib/*/perl5/5.*/auto/PVE/Network/Rust/Rust.so");
ok($library, 'the library is where XSLoader looks');

my @exported = grep { !/ w / } lines_of('nm', '-D', '--defined-only', $library);
is_deeply(
    [map { s/^\S+ //r } @exported],
    ['T boot_PVE__Network__Rust'],
    'it exports its boot symbol only'
    )
    or diag(@exported);

my @dynamic = lines_of('readelf', '-d', $library);
ok(!grep({ /RPATH|RUNPATH|TEXTREL/ } @dynamic), 'it has no search path of its own');
like(
    fields('Depends'), qr/\bperlapi-5\.\d+\.\d+\b/,
    "the package depends on this Perl's binary interface"
);

my @modules = map { s{.*/perl5/}{}r } lines_of('find', "$folder/usr/share/perl5", '-name', '*.p*');
ok(scalar(@modules), 'it has Perl modules');
for my $module (@modules) {
    my $page = $module =~ s{/}{::}gr =~ s/\.(?:pm|pod)$/.3pm.gz/r;
    my $path = "$folder/usr/share/man/man3/$page";
    ok(-s $path, "$module has a manual page") or next;
    my @text = lines_of('gzip', '-dc', $path);
    ok(scalar(grep { /^\.SH "?NAME"?/i } @text), "$page has a NAME");
}
ok(-x "$folder/usr/sbin/pve-rustctl", 'it has its program');
my @page = lines_of('gzip', '-dc', "$folder/usr/share/man/man8/pve-rustctl.8.gz");
ok(scalar(grep { /^\.SH "?EXIT STATUS"?/i } @page), '… with a manual page');
ok(-s "$folder/usr/share/bash-completion/completions/pve-rustctl", '… and completion');
ok(-x "$folder/usr/share/lxc/hooks/pve-network-rust", "it has LXC's hook");
ok(-s "$folder/usr/share/pve-network-rust/lxc-hooks.conf", '… which is turned on by hand');
ok(
    scalar(glob("$folder/{usr/,}lib/systemd/system/pve-network-rust-hooks.service")),
    'it has the service'
);
ok(
    -s "$folder/usr/share/doc/libpve-network-rust-perl/migration.md.gz",
    'how to move a host comes with it'
);
ok(
    -s "$folder/usr/share/doc/libpve-network-rust-perl/licences-of-dependencies.gz",
    "the dependencies' licences come with it"
);

done_testing();
