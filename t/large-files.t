#!/usr/bin/perl
# Files of 100 MB in each format, whatever they hold: read whole, with memory for a few copies. Where PVE_SRC names the
# reference, with its answer.

use strict;
use warnings;

use Test::More;

use lib 'perl/lib';
use PVE::Network::Rust::Interfaces;
use PVE::Network::Rust::LXC::Config;
use PVE::Network::Rust::Storage::Config;
use PVE::Network::Rust::Test::Reference;

my $SIZE = 100_000_000;
# The text, what a file handle hands over, the result, its warning, and one to spare.
my $COPIES = 6;

sub lines {
    my ($line) = @_;
    return $line x ($SIZE / length($line));
}

sub opened {
    my ($raw) = @_;
    open(my $fh, '<', \$raw) or die "open: $!\n";
    return $fh;
}

my %formats = (
    storage => {
        rust => sub { PVE::Network::Rust::Storage::Config->parse_config('storage.cfg', $_[0]) },
        reference => sub { PVE::Storage::Plugin->parse_config('storage.cfg', $_[0]) },
        module => 'PVE::Storage',
        long => sub { "nfs: n1\n\tserver s\n\texport /e\n\toptions " . 'x' x $SIZE . "\n" },
        value => sub { $_[0]{ids}{n1}{options} },
    },
    interfaces => {
        rust => sub {
            PVE::Network::Rust::Interfaces::read_etc_network_interfaces(opened($_[0]), {}, []);
        },
        reference => sub {
            PVE::Network::Interfaces::__read_etc_network_interfaces(opened($_[0]), {}, []);
        },
        module => 'PVE::Network::Interfaces',
        long => sub { "iface eth0 inet manual\n\tpost-up " . 'x' x $SIZE . "\n" },
        value => sub { substr($_[0]{ifaces}{eth0}{options}[0], length('post-up ')) },
    },
    container => {
        rust => sub { PVE::Network::Rust::LXC::Config::parse_pct_config('/lxc/100.conf', $_[0]) },
        reference => sub { PVE::LXC::Config::parse_pct_config('/lxc/100.conf', $_[0]) },
        module => 'PVE::LXC::Config',
        long => sub { "arch: amd64\n#" . 'x' x $SIZE . "\n" },
        value => sub { $_[0]{description} =~ s/\n\z//r },
    },
);

# kB of memory of this process: VmRSS now, VmHWM at most.
sub memory {
    my ($what) = @_;
    open(my $status, '<', '/proc/self/status') or die "open: $!\n";
    my ($kb) = map { /^$what:\s+(\d+) kB/ ? $1 : () } <$status>;
    return $kb;
}

# From here on VmHWM is that of what follows (proc_pid_clear_refs(5)).
sub reset_peak {
    open(my $clear, '>', '/proc/self/clear_refs') or die "open: $!\n";
    syswrite($clear, "5\n") or die "write: $!\n";
    return;
}

sub call {
    my ($code, $raw) = @_;
    my @warnings;
    local $SIG{__WARN__} = sub {
        push @warnings, $_[0] =~ s/ at \S+ line \d+.*//sr if $_[0] !~ /^Use of uninitialized/;
    };
    my $result = eval { $code->($raw) };
    return { result => $result, error => $@, warnings => \@warnings };
}

for my $name (sort keys %formats) {
    my $format = $formats{$name};
    my %contents = (
        'a line' => $format->{long},
        'lines of comments' => sub { lines('#' . 'x' x 98 . "\n") },
        'lines that are nothing' => sub { lines("\xff" x 99 . "\n") },
        'zeros' => sub { "\0" x $SIZE },
        'newlines' => sub { "\n" x $SIZE },
    );
    # A warning a line is as much as the reference gives, and takes as many scalars.
    delete $contents{'lines that are nothing'} if $name ne 'interfaces';
    for my $content (sort keys %contents) {
        my $raw = $contents{$content}->();
        my $before = memory('VmRSS');
        reset_peak();
        my $got = call($format->{rust}, $raw);
        my $used = 1024 * (memory('VmHWM') - $before);
        is($got->{error}, '', "$name: $content");
        cmp_ok($used, '<', $COPIES * $SIZE, 'in memory for a few copies');
        is($format->{value}->($got->{result}), 'x' x $SIZE, 'the value') if $content eq 'a line';
        next if ($ENV{PVE_SRC} // '') eq '';
        my $why = PVE::Network::Rust::Test::Reference::unavailable($format->{module});
        die "the reference cannot be loaded: $why\n" if defined($why);
        my $expected = call($format->{reference}, $raw);
        ok(eq_hash($got, $expected), 'as the reference');
    }
}

done_testing();
