#!/usr/bin/perl
# Configurations as typed data, in the reference's format and in the relaxed dialect.

use strict;
use warnings;

use File::Path qw(make_path);
use File::Temp qw(tempdir);
use Test::More;

use lib 't/lib';
use Vectors qw(canonical);

use PVE::Network::Rust::LXC::Config;

BEGIN {
    *parse = \&PVE::Network::Rust::LXC::Config::parse_container_config;
    *generate = \&PVE::Network::Rust::LXC::Config::generate_container_config;
}

my $root = tempdir(CLEANUP => 1);
local $ENV{PVE_RUST_ROOT} = $root;
my @warnings;
local $SIG{__WARN__} = sub { push @warnings, @_ };

my $text =
    "onboot: yes\nnet0: bridge=vmbr0,tag=7,firewall=on\nnet1: name=blue,hwaddr=BC:24:11:00:00:01\n";
my $config = parse(100, $text, { dialect => 'relaxed', vnets => ['blue'] });
is(
    canonical($config->{networks}),
    '[{"bridge":"vmbr0","firewall":1,"id":0,"name":"eth0","tag":7},'
        . '{"bridge":"blue","hwaddr":"BC:24:11:00:00:01","id":1,"name":"eth1","vnet":"blue"}]',
    'interfaces with their names, VNets and types',
);
is(canonical([@$config{qw(vmid onboot)}]), '[100,1]', 'numbers and booleans');
is_deeply(\@warnings, [], 'no warning');
is(
    generate($config),
    "net0: name=eth0,bridge=vmbr0,firewall=1,tag=7\n"
        . "net1: name=eth1,bridge=blue,hwaddr=BC:24:11:00:00:01\nonboot: 1\n",
    'written in the reference\'s format',
);

make_path("$root/etc/pve/sdn");
open(my $fh, '>', "$root/etc/pve/sdn/vnets.cfg") or die "open vnets.cfg: $!\n";
print $fh "vnet: green\n\tzone z\n";
close($fh) or die "close vnets.cfg: $!\n";
$config = parse(100, "net0: name=green\n", { dialect => 'relaxed' });
is($config->{networks}[0]{vnet}, 'green', 'VNets of the cluster');

$config = parse(100, "net0: bridge=vmbr0\n");
is($config->{networks}, undef, 'the reference\'s format wants a name');
is_deeply($config->{other}, { net0 => 'bridge=vmbr0' }, '… what does not fit is kept');
is(
    "@warnings",
    "vm 100 - unable to parse value of 'net0' - format error\n"
        . "name: property is missing and it is not optional\n",
    '… with the reference\'s warning',
);

eval { parse(100, '', { dialect => 'loose' }) };
like($@, qr/argument 3 \(\$options->\{dialect\}\)/, 'an unknown dialect');
eval { generate({ networks => [{ id => 0, name => 'eth0', tag => 'x' }] }) };
is(
    $@->{errors}{'net0.tag'},
    "type check ('integer') failed - got 'x'",
    'an error by setting and property'
);
eval { generate({ networks => { id => 0 } }) };
is($@->{errors}{networks}, 'a list is expected', 'a wrong structure');

for my $file (sort glob('examples/*.conf')) {
    open(my $in, '<:raw', $file) or die "open $file: $!\n";
    my $raw = do { local $/ = undef; <$in> };
    my ($vmid) = $file =~ m/(\d+)/;
    my $typed = parse($vmid, $raw);
    my $again = parse($vmid, generate($typed));
    delete $_->{digest} for $typed, $again;
    is(canonical($again), canonical($typed), "$file: the same data after it was written");
}

done_testing();
