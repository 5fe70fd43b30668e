package PVE::Network::Rust::Test::SmallHost;

# A host of Proxmox VE that is small: this machine's own Debian, as it would be with PVE's Perl code and this package installed,
# where every change is made in memory and ends with it. /etc/pve is a folder of plain files in which a cluster of this one node
# is kept, and its network is a bridge vmbr0 without ports, which hosts of one program share. PVE's code is that of PVE_SRC, a sub-folder a repository. Needs
# root.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Find qw(find);
use File::Path qw(make_path);
use IO::Socket::UNIX ();
use POSIX ();
use Socket qw(MSG_DONTWAIT SOCK_DGRAM);

use Command qw(must);
use PVE::Network::Rust::Test::Reference;

# Of this checkout, the folder perl.
my $tools = abs_path(dirname(__FILE__) . '/../../../../..');

my $PERL = '/usr/share/perl5';
my %PROGRAMS = (
    '/usr/sbin/pct' => 'pve-container/src/pct',
    '/usr/sbin/pvesm' => 'pve-storage/src/bin/pvesm',
    '/usr/bin/pvesh' => 'pve-manager/bin/pvesh',
);

# What a step of the build, or another package, would put there.
my @FOLDERS =
    qw(/etc/pve /etc/network /var/lib/vz /var/lib/lxc /var/log/pve/tasks /var/lib/pve-manager /run/lock/lxc /run/pve /var/lock);

my $hosts = 0;

sub nodename { return (split(/\./, (POSIX::uname())[1]))[0] }

# Why there can be none, or undef.
sub unavailable {
    return 'set PVE_SRC' if ($ENV{PVE_SRC} // '') eq '';
    return 'it needs root' if $> != 0;
    return 'it needs overlayfs' if !grep { /\toverlay$/ } _lines('/proc/filesystems');
    return undef;
}

sub _lines {
    my ($path) = @_;
    open(my $in, '<', $path) or die "open $path: $!\n";
    return <$in>;
}

# Has this program run once more where what it mounts is its own, and ends with it.
sub enter_namespaces {
    return if $ENV{SMALL_HOST};
    local $ENV{SMALL_HOST} = 1;
    my @unshare = qw(unshare --mount --propagation private --net --ipc --pid --fork --kill-child);
    exec(@unshare, $^X, $0, @ARGV) or die "unshare could not be started: $!\n";
}

sub _write {
    my ($self, $path, $text) = @_;
    make_path(dirname("$self->{root}$path"));
    open(my $out, '>', "$self->{root}$path") or die "open $path: $!\n";
    print {$out} $text;
    close($out) or die "write $path: $!\n";
    return;
}

# The native modules that PVE's code loads, as PVE::Network::Rust::Test::Reference has them, but for the one that reads /etc/pve.
sub _install_native_modules {
    my ($self, $source) = @_;
    my %wanted;
    my $look = sub {
        return if !/\.pm\z/;
        for my $line (_lines($File::Find::name)) {
            my ($module) = $line =~ /^\s*(?:use|require)\s+((?:PVE|Proxmox)::[\w:]+)/ or next;
            $wanted{ ($module =~ s{::}{/}gr) . '.pm' } = 1;
        }
    };
    find({ wanted => $look, no_chdir => 1 }, "$self->{root}$PERL/PVE");
    for my $file (sort keys %wanted, 'PVE/Cluster/IPCConst.pm') {
        next if -e "$self->{root}$PERL/$file";
        my $text = PVE::Network::Rust::Test::Reference::generated($source, $file) // next;
        $self->_write("$PERL/$file", $text);
    }
    must('cp', "$tools/lib/small-host/PVE/IPCC.pm", "$self->{root}$PERL/PVE/");
    return;
}

# What programs have of /dev, and the socket that takes what they log.
sub _make_devices {
    my ($self) = @_;
    for my $device (qw(null zero full random urandom tty net/tun)) {
        next if !-e "/dev/$device";
        $self->_write("/dev/$device", '');
        must('mount', '--bind', "/dev/$device", "$self->{root}/dev/$device");
    }
    $self->{log} = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => "$self->{root}/dev/log")
        // die "make /dev/log: $!\n";
    return;
}

# What hosts share.
sub _make_first {
    must(qw(mount -t tmpfs tmpfs /mnt));
    must(qw(ip link add vmbr0 type bridge));
    must(qw(ip link set), $_, 'up') for qw(lo vmbr0);
    return;
}

# A new one.
sub new {
    my ($class) = @_;
    # Nobody else sees what is mounted there.
    my $folder = '/mnt/' . $hosts++;
    _make_first() if $hosts == 1;
    make_path($folder);
    my $source = abs_path($ENV{PVE_SRC}) // die "PVE_SRC: $!\n";
    my $self = bless({ root => "$folder/root" }, $class);
    must(qw(mount -t tmpfs tmpfs), $folder);
    make_path(map { "$folder/$_" } qw(changes work root));
    my $options = "lowerdir=/,upperdir=$folder/changes,workdir=$folder/work";
    must(qw(mount -t overlay overlay -o), $options, $self->{root});
    # Of the namespaces that are this program's own.
    must('mount', '-t', $_->[0], $_->[0], "$self->{root}/$_->[1]")
        for ['proc', 'proc'], ['sysfs', 'sys'];
    make_path(map { "$self->{root}/$_" } qw(var/lib/vz));
    must(qw(mount -t tmpfs -o size=64M tmpfs), "$self->{root}/$_")
        for qw(dev run tmp srv var/lib/vz);
    $self->_make_devices();
    for my $path (PVE::Network::Rust::Test::Reference::folders($source)) {
        must('cp', '-a', "$path/PVE", "$self->{root}$PERL/") if -d "$path/PVE";
    }
    must('install', '-m', '0755', "$source/$PROGRAMS{$_}", "$self->{root}$_")
        for sort keys %PROGRAMS;
    # Events of devices of others, which PVE waits for, are none of its business.
    symlink('true', "$self->{root}/usr/bin/udevadm") || $!{EEXIST} || die "symlink: $!\n";
    $self->_install_native_modules($source);
    make_path(map { "$self->{root}$_" } @FOLDERS);
    my $node = nodename();
    make_path(
        map { "$self->{root}/etc/pve/$_" } qw(sdn priv/lock),
        map { "nodes/$node/$_" } qw(lxc qemu-server priv)
    );
    symlink("nodes/$node", "$self->{root}/etc/pve/local") or die "symlink: $!\n";
    symlink('local/lxc', "$self->{root}/etc/pve/lxc") or die "symlink: $!\n";
    $self->_write('/etc/hostname', "$node\n");
    return $self;
}

# The package, as `make deb` would put it there.
sub install_package {
    my ($self) = @_;
    must("$tools/install", '--vendor', $self->{root});
    return;
}

sub path {
    my ($self, $path) = @_;
    return "$self->{root}$path";
}

sub write_file { return _write(@_) }

# Runs a command there: its exit status, what it printed and what it complained about.
sub run {
    my ($self, @command) = @_;
    my @files = map { "/tmp/$_.$$" } qw(out err);
    my $pid = fork() // die "fork: $!\n";
    if (!$pid) {
        chroot($self->{root}) && chdir('/') or POSIX::_exit(126);
        %ENV = (
            PATH => '/usr/sbin:/usr/bin:/sbin:/bin',
            HOME => '/root',
            LC_ALL => 'C.UTF-8',
            $self->environment()
        );
        open(STDIN, '<', '/dev/null')
            && open(STDOUT, '>', $files[0])
            && open(STDERR, '>', $files[1])
            or POSIX::_exit(126);
        no warnings 'exec';
        exec { $command[0] } @command or POSIX::_exit(127);
    }
    waitpid($pid, 0);
    my $status = $?;
    my @said = map { join('', _lines("$self->{root}$_")) } @files;
    unlink(map { "$self->{root}$_" } @files);
    return ($status, @said);
}

# What was logged since it was last asked for: a line an entry, without the time and the number of the process.
sub logged {
    my ($self) = @_;
    my @lines;
    while (defined(recv($self->{log}, my $entry, 65_536, MSG_DONTWAIT))) {
        last if $entry eq '';
        push @lines,
            $entry =~ s/\A<\d+>\w+ +\d+ [\d:]+ //r =~ s/\A([^:]*?)\[\d+\]/$1/r =~ s/[\0\n]+\z//r;
    }
    return @lines;
}

# What is in the environment of commands beside the usual.
sub environment {
    my ($self) = @_;
    return %{ $self->{environment} // {} };
}

sub set_environment {
    my ($self, %environment) = @_;
    $self->{environment} = \%environment;
    return;
}

# The files below some folders, by path, and what is in them.
sub files {
    my ($self, @folders) = @_;
    my %content;
    my $look = sub {
        return if !-f || -l;
        $content{ substr($File::Find::name, length($self->{root})) } = join('', _lines($_));
    };
    find({ wanted => $look, no_chdir => 1 }, map { "$self->{root}$_" } @folders);
    return \%content;
}

1;
