use strict;
use warnings;

use Test::More;

use lib 'perl/lib';
use PackageTest qw($deb $name apt_install chroot_output fields file_list in_root);

# Its dependencies stay when it goes, so they come first.
my ($perl) = fields('Depends') =~ /\b(perl)\b/;
ok(in_root(qw(apt-get -qq -o Dpkg::Use-Pty=0 -y install), $perl), 'Perl is installed');
my $before = file_list();

ok(apt_install($deb), 'the package installs with its dependencies from the archive');
is(chroot_output(qw(perl -T -MPVE::Network::Rust -e1)), '', 'it loads under taint mode');

my @installed = split(/\n/, chroot_output('dpkg', '-L', $name));
for my $path (grep { m{/perl5/.*\.pm$} } @installed) {
    my $module = $path =~ s{.*/perl5/(.*)\.pm$}{$1}r =~ s{/}{::}gr;
    # Those are of classes of Proxmox VE, which is not in the chroot; t/rest.t loads them.
    next if $module =~ /^PVE::API2::/;
    is(chroot_output('perl', '-T', "-M$module", '-e', "print '$module'"), $module, "$module loads");
}
is(chroot_output('dpkg', '--verify', $name), '', 'every file is as packaged');

like(chroot_output(qw(pve-rustctl phase get --noborder)), qr/^phase +perl-only$/m, 'nothing is on');
ok(in_root(qw(pve-rustctl phase set rust-read-only --node)), 'its program makes a setting');
ok(in_root(qw(test -s /var/lib/pve-network-rust/migration-history.jsonl)), '… and it has state');
ok(in_root('dpkg', '--purge', $name), 'the package is removed');
my %before = map { $_ => 1 } @$before;
is_deeply([grep { !$before{$_} } @{ file_list() }], [], 'no file of it is left');

done_testing();
