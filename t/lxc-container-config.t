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
my $config = parse(100, $text, { vnets => ['blue'] });
is(
    canonical($config->{current}{net}),
    '{"0":{"bridge":"vmbr0","firewall":1,"name":"eth0","tag":7,"vnet":0},'
        . '"1":{"bridge":"blue","hwaddr":"BC:24:11:00:00:01","name":"eth1","vnet":1}}',
    'interfaces with their names, VNets and types',
);
is(canonical([$config->{vmid}, $config->{current}{onboot}]), '[100,1]', 'numbers and booleans');
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
is($config->{current}{net}{0}{bridge}, 'green', 'VNets of the cluster');

$config = parse(100, "memory: 1\n");
is_deeply($config->{current}{other}, { memory => '1' }, 'what does not fit is kept');
is(
    "@warnings",
    "vm 100 - unable to parse value of 'memory' - value must have a minimum value of 16\n",
    '… with a warning',
);
is(generate($config), "memory: 1\n", '… and written back');

eval { parse(100, "memory: 1\n", { dialect => 'strict' }) };
is("$@", $warnings[0], 'strict: an error');
isa_ok($@, 'PVE::Network::Rust::Error');
eval { parse(100, "net0: bridge=vmbr0\n", { dialect => 'strict' }) };
like("$@", qr/name: property is missing/, 'strict: an interface needs its name');
eval { parse(100, '', { dialect => 'loose' }) };
like($@, qr/argument 3 \(\$options->\{dialect\}\)/, 'an unknown dialect');
eval { generate({ vmid => 100, current => { net => { 0 => { name => 'eth0', tag => 5000 } } } }) };
like("$@", qr/^cannot write current\.net/, 'an error names the value');
eval { generate({ vmid => 100, current => { net => [] } }) };
like("$@", qr/argument 1 \(\$config->\{current\}\{net\}\)/, 'a wrong structure');
eval { generate({ vmid => 100, current => { onboot => 'perhaps' } }) };
like("$@", qr/argument 1 \(\$config->\{current\}\{onboot\}\)/, 'a wrong boolean');

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
