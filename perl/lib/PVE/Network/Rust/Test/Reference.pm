package PVE::Network::Rust::Test::Reference;

# Makes Proxmox VE's own Perl modules loadable for tests: those installed on this host, or, where
# PVE_SRC names a folder with one sub-folder per upstream repository, the sources. Sources are
# used as they are; what only a build would add to them comes from here:
#  - PVE::IPCC, a native module, answers that the cluster file system has no such file;
#  - PVE::Cluster::IPCConst is made from the header that the build makes it from;
#  - PVE::RS::SDN::Fabrics, a native module, says that there are no fabrics;
#  - native modules that are loaded but never called by what is tested exist, and die when called, but for what is called when
#    others are loaded.
# For child processes: PERL5OPT=-MPVE::Network::Rust::Test::Reference.

use strict;
use warnings;

use Errno qw(ENOENT);

my @FOLDERS = (
    qw(pve-common/src pve-cluster/src pve-access-control/src pve-guest-common/src),
    qw(pve-storage/src pve-network/src pve-container/src pve-firewall/src qemu-server/src),
    qw(pve-manager pve-ha-manager/src pve-http-server/src),
);
my $NEVER_CALLED =
    qr{^(?:PVE/RS/|Proxmox/RS/|PVE/ACME(?:/|\.pm$)|PVE/(?:APIClient/LWP|RADOS|pvecfg)\.pm$)};

my $IPCC = <<'PERL';
package PVE::IPCC;
sub ipcc_send_rec($;$) { $! = Errno::ENOENT(); return undef }
sub sendfd { return -1 }
1;
PERL

my $FABRICS = <<'PERL';
package PVE::RS::SDN::Fabrics;
sub config { return bless({}, $_[0]) }
sub running_config { return bless({}, $_[0]) }
sub list_all { return { fabrics => {}, nodes => {} } }
sub list_fabrics { return {} }
sub get_frr_raw_config { return [] }
sub get_interfaces_etc_network_config { return '' }
sub enabled_daemons { return [] }
1;
PERL

sub _never_called {
    my ($package) = @_;
    return <<"PERL";
package $package;
our \$AUTOLOAD;
sub register { }
sub init { }
sub lookup_types { return [] }
sub createSchema { return { additionalProperties => 0, properties => {} } }
sub updateSchema { return createSchema() }
sub AUTOLOAD { die "\$AUTOLOAD: not here\\n" if \$AUTOLOAD !~ /::DESTROY\$/ }
1;
PERL
}

sub _constants {
    my ($source) = @_;
    my $header = "$source/pve-cluster/src/pmxcfs/cfs-ipc-ops.h";
    open(my $in, '<', $header) or die "open $header: $!\n";
    my $text = do { local $/ = undef; <$in> };
    my %constants = $text =~ /^#define\s+(CFS_IPC_\w+)\s+(\d+)/mg;
    return join(
        '',
        "package PVE::Cluster::IPCConst;\nuse base 'Exporter';\nour \@EXPORT = qw(",
        join(' ', sort keys %constants), ");\n",
        (map { "use constant $_ => $constants{$_};\n" } sort keys %constants), "1;\n"
    );
}

# The folders below PVE_SRC that hold the reference's modules.
sub folders {
    my ($source) = @_;
    return map { "$source/$_" } @FOLDERS;
}

# The text of a module that a build would make, or undef.
sub generated {
    my ($source, $file) = @_;
    return $IPCC if $file eq 'PVE/IPCC.pm';
    return _constants($source) if $file eq 'PVE/Cluster/IPCConst.pm';
    return $FABRICS if $file eq 'PVE/RS/SDN/Fabrics.pm';
    return undef if $file !~ $NEVER_CALLED;
    my $package = $file =~ s{/}{::}gr;
    $package =~ s/\.pm$//;
    return _never_called($package);
}

sub _add {
    my ($source) = @_;
    unshift @INC, sub {
        my (undef, $file) = @_;
        my $text = generated($source, $file) // return;
        open(my $in, '<', \$text) or die "open: $!\n";
        return $in;
    };
    unshift @INC, folders($source);
    # Before the source's own, which wants its native half.
    $INC{'PVE/IPCC.pm'} = __FILE__;    ## no critic (RequireLocalizedPunctuationVars)
    eval "$IPCC" or die $@;    ## no critic (ProhibitStringyEval)
    return;
}

# Loads a module of the reference. Returns why that is not possible, or undef.
sub unavailable {
    my ($module) = @_;
    my $source = $ENV{PVE_SRC} // '';
    return "PVE_SRC is '$source', which is no folder" if $source ne '' && !-d $source;
    my $file = ($module =~ s{::}{/}gr) . '.pm';
    # Perl 5.36 tells that what the sources use has since become stable.
    local $SIG{__WARN__} = sub { warn @_ if $_[0] !~ /is experimental/ };
    return undef if eval { require $file; 1 };
    my ($why) = $@ =~ /^(.*?)(?: \(you may need| in \@INC| at \S+ line|$)/m;
    return $source eq '' ? "$why (set PVE_SRC to run the reference from its sources)" : $why;
}

_add($ENV{PVE_SRC}) if ($ENV{PVE_SRC} // '') ne '';

1;
