package RestAPI;

# A node for t/rest.t, in namespaces of the test's own: /etc with a cluster's files, bridges, a container that runs, and
# requests as pvedaemon answers them. With PVE_SRC the API is that of the reference, else that of t/lib/rest.

use strict;
use warnings;

use Cwd qw(abs_path);
use Exporter qw(import);
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use POSIX ();
use Socket qw(AF_UNIX SOCK_STREAM);
use Sys::Hostname qw(hostname);
use Time::HiRes qw(sleep);

use Command qw(capture must);

our @EXPORT_OK = qw(configuration $folder load $node request slurp spew start_container);

our $node = hostname() =~ s/\..*//r;
our $folder = "/etc/pve/nodes/$node/lxc";

my $work;

sub spew {
    my ($path, $text) = @_;
    open(my $out, '>', "$path.new") or die "open $path: $!\n";
    print {$out} $text;
    close($out) or die "close $path: $!\n";
    rename("$path.new", $path) or die "rename $path: $!\n";
    return;
}

sub slurp {
    my ($path) = @_;
    open(my $in, '<', $path) or die "open $path: $!\n";
    local $/ = undef;
    return scalar <$in>;
}

sub configuration {
    my ($vmid, $more) = @_;
    spew(
        "$folder/$vmid.conf",
        "arch: amd64\nhostname: ct$vmid\nostype: unmanaged\nrootfs: local:$vmid/vm-$vmid-disk-0.raw,size=1G\n$more"
    );
    return;
}

# A program of LXC's, in the PATH.
sub _program {
    my ($name, $says) = @_;
    spew("$work/bin/$name", "#!/bin/sh\necho '$says'\n");
    chmod(0755, "$work/bin/$name") or die "chmod: $!\n";
    return;
}

sub _make_files {
    $work = tempdir(CLEANUP => 1);
    make_path("$work/etc", "$work/bin");
    # What only root may read is not needed.
    capture(qw(cp -a /etc/.), "$work/etc");
    must(qw(mount --bind), "$work/etc", '/etc');
    must(qw(mount -t tmpfs tmpfs), $_) for qw(/var/lib /run);
    make_path($folder, '/etc/pve/sdn', '/etc/pve/priv/lock', '/run/lock', '/var/lib/lxc');
    symlink("nodes/$node", '/etc/pve/local') or die "symlink: $!\n";
    spew('/etc/pve/sdn/zones.cfg', "simple: here\n\n");
    spew(
        '/etc/pve/sdn/vnets.cfg',
        join('', map { "vnet: $_\n\tzone here\n\n" } qw(blue green late))
    );
    my $vnets = join(',', map { qq("$_":{"type":"vnet","zone":"here"}) } qw(blue green));
    spew(
        '/etc/pve/sdn/.running-config',
        qq({"version":1,"vnets":{"ids":{$vnets}},"zones":{"ids":{"here":{"type":"simple"}}},"subnets":{"ids":{}}})
    );
    spew('/etc/pve/storage.cfg', "dir: local\n\tpath /var/lib/vz\n\tcontent rootdir,images\n\n");
    spew('/etc/pve/user.cfg', <<'USERS');
user:audit@pve:1:0::::::
user:admin@pve:1:0::::::
user:blue@pve:1:0::::::
user:vlan@pve:1:0::::::
user:system@pve:1:0::::::
user:watch@pve:1:0::::::
user:nobody@pve:1:0::::::
role:Audit:VM.Audit:
role:Network:VM.Audit,VM.Config.Network:
role:Use:SDN.Use:
role:System:Sys.Audit,Sys.Modify:
role:Watch:Sys.Audit:
acl:1:/vms/100:audit@pve:Audit:
acl:1:/vms:admin@pve:Network:
acl:1:/sdn:admin@pve:Use:
acl:1:/vms:blue@pve:Network:
acl:1:/sdn/zones/here/blue:blue@pve:Use:
acl:1:/vms:vlan@pve:Network:
acl:1:/sdn/zones/localnetwork/vmbr0/5:vlan@pve:Use:
acl:1:/:system@pve:System:
acl:1:/nodes:audit@pve:Watch:
acl:1:/:watch@pve:Watch:
USERS
    _program('lxc-start', '5.0.2');
    _program('timedatectl', 'Etc/UTC');
    $ENV{PATH} = "$work/bin:$ENV{PATH}";    ## no critic (RequireLocalizedPunctuationVars)
    return;
}

sub _make_bridges {
    my $number = 0;
    for my $bridge (qw(vmbr0 vmbr1 blue green)) {
        $number++;
        must(qw(ip link add), $bridge, 'address', "02:00:00:00:00:0$number", qw(type bridge));
        must(qw(ip link set), $bridge, 'up');
    }
    return;
}

# A process in a network namespace of its own, and LXC's answers about it.
sub start_container {
    my ($vmid) = @_;
    my $own = readlink('/proc/self/ns/net');
    my $pid = fork() // die "fork: $!\n";
    exec {'unshare'} 'unshare', '--net', 'sleep', '600' or POSIX::_exit(1) if !$pid;
    sleep(0.01) while (readlink("/proc/$pid/ns/net") // $own) eq $own;
    _program('lxc-info', "PID:            $pid");
    make_path("/var/lib/lxc/$vmid");
    spew("/var/lib/lxc/$vmid/config", '');
    socket(my $lxc, AF_UNIX, SOCK_STREAM, 0) or die "socket: $!\n";
    # An abstract name, without the NULs that fill the room for it.
    bind($lxc, pack('S', AF_UNIX) . "\0/var/lib/lxc/$vmid/command") or die "bind: $!\n";
    listen($lxc, 9) or die "listen: $!\n";
    my $server = fork() // die "fork: $!\n";
    if (!$server) {
        while (accept(my $client, $lxc)) {
            sysread($client, my $question, 16);
            syswrite($client, pack('x8 Q', $pid));
        }
        POSIX::_exit(0);
    }
    close($lxc);
    return ($pid, $server);
}

# What pmxcfs answers, from /etc/pve.
sub _answer_for_pmxcfs {
    no warnings qw(redefine prototype);
    my $text = sub {
        return eval { slurp("/etc/pve/$_[0]") }
    };
    *PVE::IPCC::ipcc_send_rec = sub {
        my ($what, $data) = @_;
        $! = 0;
        if ($what == 1) {
            # Each look finds something new.
            my @files = qw(user.cfg storage.cfg datacenter.cfg sdn/zones.cfg sdn/vnets.cfg);
            my $version = int(rand(1 << 30));
            return JSON::encode_json({
                starttime => 1,
                clinfo => 1,
                vmlist => $version,
                map { -e "/etc/pve/$_" ? ($_ => $version) : () } @files
            });
        } elsif ($what == 2) {
            return JSON::encode_json({ nodename => $node, version => 1 });
        } elsif ($what == 3) {
            my %ids = map {
                m{(\d+)\.conf$}
                    ? ($1 => { node => $node, type => 'lxc', version => 1 })
                    : ()
                }
                glob("$folder/*.conf");
            return JSON::encode_json({ version => 1, ids => \%ids });
        } elsif ($what == 6) {
            my $found = $text->(unpack('Z*', $data) =~ s{^/+}{}r);
            return $found if defined($found);
        }
        $! = POSIX::ENOENT();
        return undef;
    };
    return;
}

sub _load {
    my ($module) = @_;
    my $why = PVE::Network::Rust::Test::Reference::unavailable($module) // return;
    die "$module of the reference cannot be loaded: $why\n";
}

# As PVE's daemons start: PVE::Storage loads the loader, and the API of nodes comes after that.
sub load {
    _make_files();
    _make_bridges();
    if (($ENV{PVE_SRC} // '') ne '') {
        require PVE::Network::Rust::Test::Reference;
        require JSON;
        _answer_for_pmxcfs();
        # That of this network namespace.
        must(qw(mount -t sysfs sysfs /sys));
        _load('PVE::Storage');
    } else {
        unshift @INC, abs_path('t/lib/rest');
    }
    require PVE::Storage::Custom::NetworkRust;
    if (($ENV{PVE_SRC} // '') ne '') {
        _load('PVE::API2::Nodes');
    } else {
        require PVE::API2::Nodes;
    }
    require PVE::RPCEnvironment;
    PVE::RPCEnvironment->init('priv');
    return;
}

# Answers a request as PVE::HTTPServer does: a hash with `status`, and `data`, or `message` and maybe `errors`.
sub request {
    my ($user, $method, $path, %parameters) = @_;
    my $environment = PVE::RPCEnvironment->get();
    my $data = eval {
        $environment->init_request(userconfig => '/etc/pve/user.cfg');
        $environment->set_user($user);
        my ($handler, $info) =
            PVE::API2::Nodes->find_handler($method, "$node/rust-network$path", \my %all);
        die "501\n" if !$handler || !$info;
        %all = (%all, %parameters);
        $environment->check_api2_permissions($info->{permissions}, $user, \%all);
        $handler->handle($info, \%all, 1);
    };
    my $error = $@;
    return { status => 200, data => $data } if !$error;
    return { status => 501 } if $error eq "501\n";
    return { status => 500, message => $error } if ref($error) ne 'PVE::Exception';
    my $errors = $error->{errors};
    return {
        status => $error->{code} || 500,
        message => $error->{msg},
        $errors ? (errors => $errors) : (),
    };
}

1;
