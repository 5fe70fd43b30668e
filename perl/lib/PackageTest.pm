package PackageTest;

# For t/package: the package in a Debian that the tests may change, see perl/test-package.

use strict;
use warnings;

use parent 'Exporter';

use File::Basename qw(basename);
use File::Copy qw(copy);
use Test::More;

our @EXPORT_OK = qw($deb $name $root apt_install chroot_output file_list fields in_root);

our $name = 'libpve-network-rust-perl';
our $root = $ENV{PACKAGE_ROOT};
our $deb = $ENV{PACKAGE_DEB};

plan(skip_all => 'needs PACKAGE_ROOT and PACKAGE_DEB: run make test-package') if !$root || !$deb;

sub in_root {
    my (@command) = @_;
    system('perl/in-chroot', $root, @command);
    return $? == 0;
}

# What a command prints in there, or undef when it fails.
sub chroot_output {
    my (@command) = @_;
    open(my $out, '-|', 'perl/in-chroot', $root, @command) or die "perl/in-chroot: $!\n";
    local $/ = undef;
    my $text = <$out>;
    return close($out) ? $text // '' : undef;
}

# Installs a package file with its dependencies.
sub apt_install {
    my ($file) = @_;
    my $inside = '/var/cache/' . basename($file);
    copy($file, "$root$inside") or die "copy $file: $!\n";
    my $ok = in_root(qw(apt-get -qq -o Dpkg::Use-Pty=0 -y --allow-downgrades install), $inside);
    unlink("$root$inside");
    return $ok;
}

# A field of the package's control file.
sub fields {
    my ($field) = @_;
    open(my $out, '-|', 'dpkg-deb', '-f', $deb, $field) or die "dpkg-deb: $!\n";
    chomp(my $value = <$out> // '');
    close($out);
    return $value;
}

# Every path in there but those where dpkg, apt and the loader keep books.
sub file_list {
    my $text = chroot_output(
        'find', '/', '-xdev', '(',
        (
            map { ('-path', $_, '-o') }
                qw(/proc /sys /dev /tmp /opt/rust /var/lib/dpkg /var/lib/apt /var/log /var/cache)
        ),
        '-false',
        ')',
        '-prune',
        '-o',
        '-print'
    );
    return [sort split(/\n/, $text)];
}

1;
