#!/usr/bin/perl
# Interfaces of a running container change as with the reference's PVE::LXC::update_net: the same links, addresses and
# routes on both sides, the same configuration, the same warnings and errors (t/vectors/container, recorded by
# perl/record-container.pl).

use strict;
use warnings;

use File::Path ();
use File::Temp qw(tempdir);
use JSON ();
use Test::More;

use lib 'perl/lib', 't/lib';
use PVE::Network::Rust::Test::ContainerNet qw(differences play replay scenarios);
use Vectors qw(cases);

if (!$ENV{UML} && !grep { $_ eq '--inside' } @ARGV) {
    my @user = $> == 0 ? () : ('--user', '--map-root-user');
    my @command = (
        'unshare', @user, qw(--net --mount --pid --fork --mount-proc --propagation private),
        $^X, (map { "-I$_" } @INC), $0, '--inside'
    );
    exec { $command[0] } @command or die "start unshare (package util-linux): $!\n";
}
$ENV{PATH} = '/usr/sbin:/usr/bin:/sbin:/bin';
if (!$ENV{UML}) {
    system(qw(mount -t sysfs sysfs /sys)) == 0 or die "mount failed\n";
}

my $make_path;

BEGIN {
    $make_path = \&File::Path::make_path;
    no warnings 'redefine';
    *File::Path::make_path = sub { return $_[0] =~ m{/hook$} ? 0 : $make_path->(@_) };
}
require PVE::Network::Rust::Container;

# The host's modules that are called: what they are told is noted.
my @ran;
{
    no warnings 'once';
    *PVE::LXC::Config::write_config = sub { push @ran, 'write_config' };
    *PVE::LXC::Setup::new = sub { push @ran, "setup $_[2]"; return bless {}, 'PVE::LXC::Setup' };
    *PVE::LXC::Setup::setup_network = sub { push @ran, 'setup_network' };
    *PVE::Tools::run_command = sub {
        my ($command, %param) = @_;
        ok($param{timeout}, 'a program has a deadline');
        push @ran, $command;
    };
}

my $root = $ENV{PVE_RUST_ROOT} = tempdir(CLEANUP => 1);
$make_path->("$root/run", "$root/var/lock");
my $work = tempdir(CLEANUP => 1);
my $flag = "$root/run/proxmox-nftables-firewall-force-disable";

sub write_file {
    my ($path, $text) = @_;
    open(my $out, '>', $path) or die "open $path: $!\n";
    print {$out} $text;
    close($out) or die "write $path: $!\n";
    return;
}

# The cluster's VNets and zones, as wanted and as in effect.
sub write_vnets {
    my ($vnets) = @_;
    my $sdn = "$root/etc/pve/sdn";
    $make_path->($sdn);
    my $text = '';
    for my $id (sort keys %{ $vnets->{ids} }) {
        my %vnet = %{ $vnets->{ids}{$id} };
        $text .= delete($vnet{type}) . ": $id\n";
        $text .= join('', map { "\t$_ $vnet{$_}\n" } sort keys %vnet) . "\n";
    }
    write_file("$sdn/vnets.cfg", $text);
    write_file("$sdn/zones.cfg", $vnets->{zones});
    my %zones;
    for my $section (split(/\n\n/, $vnets->{zones})) {
        my ($type, $id, $options) = $section =~ /^(\S+): (\S+)(.*)$/s;
        $zones{$id} = { type => $type, $options =~ /^\t(\S+) (.*)$/mg };
    }
    my %running = (vnets => { ids => $vnets->{ids} }, zones => { ids => \%zones });
    write_file("$sdn/.running-config", JSON->new->canonical->encode(\%running));
    return;
}

my %settings = (
    settings => sub {
        write_vnets($_[0]{vnets} // { zones => '', ids => {} });
        unlink($flag);
        return if !$_[0]{pve_firewall};
        open(my $out, '>', $flag) or die "open $flag: $!\n";
        close($out);
    },
);
# What came of the scenario's steps, for the reference's commands and for this library.
sub both {
    my ($scenario, $expected, %patience) = @_;
    my @commands = map { $_->{commands} } @$expected;
    my $replayed = play(
        $scenario, $work, %settings, %patience,
        ran => [],
        parse => sub { },
        update_net => sub { replay(shift @commands, $_[6]{pid}) },
    );
    my $outcomes = play(
        $scenario, $work, %settings, %patience,
        ran => \@ran,
        parse => sub { PVE::Network::Rust::LXC::Config->parse_lxc_network($_[0]) },
        update_net => \&PVE::Network::Rust::Container::update_net,
    );
    my @steps;
    for my $step (0 .. $#$outcomes) {
        my %reference =
            (%{ $expected->[$step] }, map { $_ => $replayed->[$step]{$_} } qw(state warned));
        # Unlike the reference's, a change that fails leaves nothing.
        $reference{state} = $outcomes->[$step]{before} if $scenario->{settings}{undone};
        push @steps, {
            error => $replayed->[$step]{error},
            differences => [differences($outcomes->[$step], \%reference)],
        };
    }
    return @steps;
}

my %recorded = map { $_->{name} => $_ } cases('container/net');
my $only = $ENV{CONTAINER_SCENARIOS} // '';
for my $scenario (grep { $_->{name} =~ /$only/ } scenarios($ENV{UML} ? 'kernel' : 'plain')) {
    my ($name, @wanted) = ($scenario->{name}, grep { !ref } @{ $scenario->{steps} });
    my $expected = $recorded{$name}{outcomes};
    is_deeply([grep { !ref } @{ $recorded{$name}{steps} }], \@wanted, "$name: as recorded");
    my @steps = both($scenario, $expected);
    # What differs may be under way still.
    @steps = both($scenario, $expected, patient => 1) if grep { @{ $_->{differences} } } @steps;
    for my $step (0 .. $#wanted) {
        is($steps[$step]{error}, '', "$name: $wanted[$step]: the reference's commands run");
        my @differs = @{ $steps[$step]{differences} };
        ok(!@differs, "$name: $wanted[$step]") or diag(join("\n", @differs));
    }
}

done_testing();
