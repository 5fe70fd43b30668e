use strict;
use warnings;

use File::Temp;
use IPC::Open2 qw(open2);
use Test::More;

use lib 'perl/lib';
use PackageTest qw($deb $name $root apt_install chroot_output fields in_root);

# An older package: this one under a lower version, its library another file with a few bytes more.
my $folder = File::Temp->newdir();
my $old = "$folder/old.deb";
system('dpkg-deb', '-R', $deb, "$folder/tree") == 0 or die "dpkg-deb -R failed\n";
my ($library) = glob("$folder/tree/usr/lib/*/perl5/5.*/auto/PVE/Network/Rust/Rust.so");
my $installed = $library =~ s{^\Q$folder\E/tree}{}r;
{
    open(my $out, '>>:raw', $library) or die "open $library: $!\n";
    print {$out} 'older';
    close($out) or die "write $library: $!\n";
    local ($^I, @ARGV) = ('', "$folder/tree/DEBIAN/control");
    while (defined(my $line = <>)) {
        $line =~ s/^Version: .*/Version: 0.0.1/;
        print $line;
    }
    unlink("$folder/tree/DEBIAN/md5sums");
}
system('dpkg-deb', '--root-owner-group', '-b', "$folder/tree", $old) == 0
    or die "dpkg-deb -b failed\n";
ok(apt_install($old), 'the older version is installed');

# A process that answers each line with what the library says and which file it has mapped.
my $program = <<'PERL';
use PVE::Network::Rust;
$| = 1;
while (defined(my $line = <STDIN>)) {
    my $version = eval { PVE::Network::Rust::version() } // "died: $@";
    open(my $maps, '<', '/proc/self/maps') or die;
    my ($mapped) = grep { m{/Rust\.so} } <$maps>;
    print "$version ", ($mapped =~ /\(deleted\)$/ ? 'old file' : 'installed file'), "\n";
}
PERL
my $pid = open2(my $answer, my $question, 'perl/in-chroot', $root, 'perl', '-T', '-e', $program);
$question->autoflush(1);
my $version = fields('Version');

sub ask {
    print {$question} "?\n";
    chomp(my $line = <$answer> // 'the process is gone');
    return $line;
}

is(ask(), "$version installed file", 'a process uses the older library');
ok(apt_install($deb), 'the package is upgraded');
is(chroot_output('dpkg-query', '-W', '-f', '${Version}', $name), $version, 'to the new version');
is(ask(), "$version old file", 'the process goes on with the library it has loaded');
is(ask(), "$version old file", 'call after call');
ok(in_root('dpkg', '--purge', $name), 'the package is removed');
is(ask(), "$version old file", 'and even then the process goes on');
close($question);
waitpid($pid, 0);
is($?, 0, 'until it ends by itself');

done_testing();
