package Debootstrap;

# A Debian in a folder, which reaches package archives and registries as this machine does.

use strict;
use warnings;

use parent 'Exporter';

use File::Path qw(make_path);

use Command qw(capture run);

our @EXPORT_OK = qw(debootstrap in_chroot remove_root);

# Beside the packages of the variant minbase.
my $include = 'ca-certificates,git,make';

sub in_chroot {
    my ($root, @command) = @_;
    run('perl/in-chroot', $root, @command);
    return;
}

sub write_file {
    my ($path, $text) = @_;
    open(my $out, '>:raw', $path) or die "open $path: $!\n";
    print {$out} $text;
    close($out) or die "write $path: $!\n";
    return;
}

# This machine's archives of Debian's main suite and of its security updates.
sub archives {
    my ($text) = capture(
        qw(apt-get indextargets --format), '$(LABEL) $(REPO_URI)',
        'Created-By: Packages'
    );
    my ($main) = $text =~ /^Debian (\S+)$/m;
    my ($security) = $text =~ /^Debian-Security (\S+)$/m;
    return ($main, $security);
}

sub debootstrap {
    my ($release, $root) = @_;
    my ($main, $security) = archives();
    my ($acquire) = capture(qw(apt-config dump Acquire));
    my ($proxy) = $acquire =~ /^Acquire::http::Proxy "([^"]+)";/m;
    local $ENV{http_proxy} = $proxy // $ENV{http_proxy};
    delete local $ENV{http_proxy} if !defined($ENV{http_proxy});

    make_path($root);
    run('debootstrap', '--variant=minbase', "--include=$include", $release, $root, $main // ());

    write_file("$root/etc/apt/apt.conf.d/00machine", $acquire);
    if ($security) {
        my $line = "deb $security $release-security main\n";
        write_file("$root/etc/apt/sources.list.d/security.list", $line);
    }
    run('cp', '-L', $_, "$root/etc/") for qw(/etc/hosts /etc/resolv.conf);
    my @certificates = glob('/usr/local/share/ca-certificates/*.crt');
    if (@certificates) {
        run('cp', @certificates, "$root/usr/local/share/ca-certificates/");
        in_chroot($root, 'update-ca-certificates');
    }
    in_chroot($root, qw(apt-get -qq update));
    in_chroot($root, qw(apt-get -qq -o Dpkg::Use-Pty=0 -y upgrade));
    return;
}

sub remove_root {
    my ($root) = @_;
    run('rm', '-rf', '--one-file-system', $root);
    return;
}

1;
