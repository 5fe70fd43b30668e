#!/usr/bin/perl
# The REST API below a node, as pvedaemon answers requests: on the reference's PVE::RESTHandler and PVE::LXC::Config where
# PVE_SRC names its sources, else on those of t/lib/rest.

use strict;
use warnings;

use POSIX ();
use Test::More;

use lib 'perl/lib', 't/lib';
use OwnNamespace;
use RestAPI qw(configuration $folder load $node request slurp spew start_container);

plan(skip_all => "$ENV{PVE_SRC} has no pve-manager, which has the API of nodes")
    if ($ENV{PVE_SRC} // '') ne '' && !-d "$ENV{PVE_SRC}/pve-manager";
load();

my $A = 'name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:00:01,type=veth';
my $B = 'name=eth1,bridge=blue,hwaddr=BC:24:11:00:00:02,type=veth';
my $ROOT = 'root@pam';
my $DIGEST = qr/^[0-9a-f]{40}$/;
my $SDN = '/sdn/zones';

configuration(100, "net0: $A\n");
configuration(101, "net0: $A\n");

sub good {
    my ($what, @request) = @_;
    my $answer = request(@request);
    is($answer->{status}, 200, $what) or diag(explain($answer));
    return $answer->{data};
}

sub refused {
    my ($what, $wanted, @request) = @_;
    my $answer = request(@request);
    is_deeply($answer, { %$wanted, exists($answer->{data}) ? (data => undef) : () }, $what)
        or diag(explain($answer));
    return;
}

sub parameters {
    my (%errors) = @_;
    return { status => 400, message => "Parameter verification failed.\n", errors => \%errors };
}

sub forbidden {
    my ($what) = @_;
    return { status => 403, message => "Permission check failed ($what)\n" };
}

sub missing {
    my ($message) = @_;
    return { status => 404, message => "$message\n" };
}

sub fails {
    my ($message) = @_;
    return { status => 500, message => "$message\n" };
}

my $UNKNOWN =
    'property is not defined in schema and the schema does not allow additional properties';
my $NEEDED = 'property is missing and it is not optional';

subtest 'directories' => sub {
    my $index = good('of everything', 'nobody@pve', 'GET', '');
    is_deeply([map { $_->{name} } @$index], [sort map { $_->{name} } @$index], '… sorted');
    for my $name (map { $_->{name} } @$index) {
        good("$name is there", $ROOT, 'GET', "/$name");
    }
    is_deeply(good('of containers', $ROOT, 'GET', '/lxc'), [{ vmid => 100 }, { vmid => 101 }]);
    is_deeply(good('… those one may see', 'audit@pve', 'GET', '/lxc'), [{ vmid => 100 }]);
    is_deeply(good('… none', 'nobody@pve', 'GET', '/lxc'), []);
    is_deeply(
        good('of a container', $ROOT, 'GET', '/lxc/100'),
        [map { { subdir => $_ } } qw(network statistics)]
    );
    refused('what there is not', { status => 501 }, $ROOT, 'GET', '/nothing');
    refused('a method that there is not', { status => 501 }, $ROOT, 'PUT', '/bindings');
    refused('nobody', forbidden('user != null'), undef, 'GET', '');
    refused('an unknown parameter', parameters(more => $UNKNOWN), $ROOT, 'GET', '', more => 1);
    my $entries =
        PVE::API2::Nodes::Nodeinfo->handle(
        PVE::API2::Nodes::Nodeinfo->map_method_by_name('index'),
        { node => $node }
        );
    my @names = map { $_->{name} } @$entries;
    is_deeply(\@names, [sort @names], 'the index of a node is sorted');
    is(scalar(grep { $_ eq 'rust-network' } @names), 1, '… and has it once');
};

my $now = time();

sub untimed {
    my ($binding) = @_;
    cmp_ok(delete($binding->{bound}), '>=', $now - 1, 'when it was bound');
    return $binding;
}

subtest 'bindings' => sub {
    my @bind = ('POST', '/bindings');
    my %wanted = (vmid => 100, iface => 'net0', vnet => 'blue');
    is_deeply(good('none at first', $ROOT, 'GET', '/bindings'), []);
    refused('unknown parameters', parameters(tag => $UNKNOWN), $ROOT, @bind, %wanted, tag => 5);
    refused(
        'missing parameters',
        parameters(vnet => $NEEDED, iface => $NEEDED),
        $ROOT, @bind, vmid => 100
    );
    refused(
        'wrong parameters',
        parameters(
            vmid => "type check ('integer') failed - got 'x'",
            iface => 'value may only be 15 characters long',
            vnet => "invalid format - invalid bridge ID '../x'\n"
        ),
        $ROOT, @bind,
        vmid => 'x',
        iface => 'x' x 16,
        vnet => '../x'
    );
    refused(
        'a number too low',
        parameters(vmid => "invalid format - value does not look like a valid VM ID\n"),
        $ROOT, @bind, %wanted,
        vmid => 99
    );
    refused(
        'metadata that is no object', parameters(metadata => 'it must be a JSON object'),
        $ROOT, @bind, %wanted,
        metadata => $_
    ) for '[]', 'x', '', '3';
    refused(
        'a VNet that there is not', parameters(vnet => "VNet 'red' does not exist"),
        $ROOT, @bind, %wanted,
        vnet => 'red'
    );
    refused(
        'a VNet that is not in effect',
        parameters(vnet => "VNet 'late' is not in effect yet: apply the SDN configuration first"),
        $ROOT, @bind, %wanted,
        vnet => 'late'
    );
    refused(
        'a name that is none',
        parameters(
            iface =>
                "'net 0' is no interface: give its key in the configuration, such as net0, or its name in the container, such as eth0"
        ),
        $ROOT, @bind, %wanted,
        iface => 'net 0'
    );
    refused(
        'without the container',
        forbidden('/vms/100, VM.Config.Network'),
        'audit@pve', @bind, %wanted
    );
    refused('without the VNet', forbidden("$SDN/here/blue, SDN.Use"), 'vlan@pve', @bind, %wanted);
    is_deeply(
        untimed(good(
            'bound', 'blue@pve', @bind, %wanted, metadata => '{"owner":"M\u00fcller","n":[1]}'
        )),
        { %wanted, metadata => { owner => "M\x{fc}ller", n => [1] } },
        'the binding'
    );
    refused(
        'twice',
        parameters(
            iface =>
                "interface 'net0' of container 100 is bound to VNet 'blue' already: unbind it first"
        ),
        $ROOT, @bind, %wanted
    );
    untimed(good('another', 'admin@pve', @bind, vmid => 101, iface => 'eth0', vnet => 'green'));

    my $all = good('all', $ROOT, 'GET', '/bindings');
    is_deeply([map { "$_->{vmid} $_->{iface}" } @$all], ['100 net0', '101 eth0'], '… of them');
    my $list = sub {
        my ($what, $user, @filter) = @_;
        return [map { $_->{vmid} } @{ good($what, $user, 'GET', '/bindings', @filter) }];
    };
    is_deeply($list->('of a container', $ROOT, vmid => 101), [101]);
    is_deeply($list->('of a VNet', $ROOT, vnet => 'blue'), [100]);
    is_deeply($list->('of both', $ROOT, vnet => 'blue', vmid => 101), []);
    is_deeply($list->('those one may see', 'audit@pve'), [100]);
    is_deeply($list->('none', 'nobody@pve'), []);
    is_deeply(
        [map { $_->{vnet} } @{ good('below it', 'audit@pve', 'GET', '/bindings/100') }],
        ['blue']
    );
    refused('not that one', forbidden('/vms/101, VM.Audit'), 'audit@pve', 'GET', '/bindings/101');
    is(good('one', 'audit@pve', 'GET', '/bindings/100/net0')->{vnet}, 'blue');
    refused(
        '… that one may not see',
        forbidden('/vms/101, VM.Audit'),
        'audit@pve', 'GET', '/bindings/101/eth0'
    );
    my $not_bound = missing("interface 'net7' of container 100 is not bound to a VNet");
    refused('… that there is not', $not_bound, $ROOT, 'GET', '/bindings/100/net7');

    refused('unbinding what is not bound', $not_bound, $ROOT, 'DELETE', '/bindings/100/net7');
    refused(
        'unbinding from another VNet',
        parameters(
            vnet =>
                "interface 'net0' of container 100 is not bound to VNet 'green', but to VNet 'blue'"
        ),
        $ROOT, 'DELETE', '/bindings/100/net0',
        vnet => 'green'
    );
    refused(
        'unbinding without the container',
        forbidden('/vms/100, VM.Config.Network'),
        'audit@pve', 'DELETE', '/bindings/100/net0'
    );
    refused(
        'unbinding without the VNet', forbidden("$SDN/here/green, SDN.Use"),
        'blue@pve', 'DELETE', '/bindings/101/eth0'
    );
    is(good('unbound', 'blue@pve', 'DELETE', '/bindings/100/net0', vnet => 'blue')->{vnet}, 'blue');
    refused(
        'twice',
        missing("interface 'net0' of container 100 is not bound to a VNet"),
        $ROOT, 'DELETE', '/bindings/100/net0'
    );

    good('bound again', $ROOT, @bind, %wanted, vmid => 101);
    refused(
        'ending all without one of the VNets', forbidden("$SDN/here/green, SDN.Use"),
        'blue@pve', 'DELETE', '/bindings/101'
    );
    is_deeply($list->('… ends none', $ROOT, vmid => 101), [101, 101]);
    my $ended = good('all of a container', 'admin@pve', 'DELETE', '/bindings/101');
    is_deeply([sort map { $_->{vnet} } @$ended], [qw(blue green)], '… are ended');
    is_deeply(good('none is left', $ROOT, 'GET', '/bindings'), []);
    is_deeply(good('and none to end', $ROOT, 'DELETE', '/bindings/101'), []);
};

sub network {
    my ($vmid, $user) = @_;
    return good("the network of $vmid", $user // $ROOT, 'GET', "/lxc/$vmid/network");
}

my @PUT = ('PUT', '/lxc/100/network');

subtest 'a configuration is read' => sub {
    configuration(
        102,
        "net0: $A\nnet1: name=eth1,bridge=blue\nnet10: name=eth10,colour=red\nnet2: $B\n[pve:pending]\nnet2: $B,tag=3\nnet3: $B\ndelete: net1\n"
    );
    my $network = do {
        local $SIG{__WARN__} = sub { };
        network(102);
    };
    like($network->{digest}, $DIGEST, 'the digest');
    my @interfaces = @{ $network->{interfaces} };
    is_deeply([map { $_->{id} } @interfaces], [qw(net0 net1 net2 net3 net10)], 'by number');
    is_deeply(
        $interfaces[0],
        {
            id => 'net0',
            value => $A,
            options => {
                name => 'eth0',
                bridge => 'vmbr0',
                hwaddr => 'BC:24:11:00:00:01',
                type => 'veth'
            },
        },
        'as configured'
    );
    is_deeply(
        $interfaces[1],
        {
            id => 'net1',
            value => 'name=eth1,bridge=blue',
            options => { name => 'eth1', bridge => 'blue', type => 'veth' },
            delete => 1,
        },
        'to be deleted; an address is not made up'
    );
    is($interfaces[2]->{pending}, "$B,tag=3", 'to be changed');
    is_deeply($interfaces[3], { id => 'net3', pending => $B }, 'to be added');
    like($interfaces[4]->{error}, qr/format error/, 'what is not understood');
    ok(!exists($interfaces[4]->{options}), '… has no options');
    unlink("$folder/102.conf") or die "unlink: $!\n";

    network(100, 'audit@pve');
    refused(
        'not that one', forbidden('/vms/101, VM.Audit'), 'audit@pve', 'GET',
        '/lxc/101/network'
    );
    my $nothing = missing("Configuration file 'nodes/$node/lxc/102.conf' does not exist");
    refused('none', $nothing, $ROOT, 'GET', '/lxc/102/network');
    refused('none to change', $nothing, $ROOT, 'PUT', '/lxc/102/network', net0 => $A);
    refused('no counters', $nothing, $ROOT, 'GET', '/lxc/102/statistics');
    refused(
        'no interface to plug in', $nothing, $ROOT, 'POST', '/hotplug',
        kind => 'add',
        vmid => 102,
        netid => 0
    );
    refused(
        'no number', parameters(vmid => "type check ('integer') failed - got 'x'"),
        $ROOT, 'GET', '/lxc/x/network'
    );
};

# The text of the configuration's interfaces.
sub lines {
    my ($vmid) = @_;
    return join(
        '',
        map { "$_\n" } grep { /^net|^\[|^delete/ } split(/\n/, slurp("$folder/$vmid.conf"))
    );
}

subtest 'the configuration of a stopped container' => sub {
    my $before = slurp("$folder/100.conf");
    my $unchanged =
        sub { return is(slurp("$folder/100.conf"), $before, '… and nothing is changed') };
    my @wrong = (
        ['nothing', fails('no options specified'), $ROOT],
        ['nothing but a digest', fails('no options specified'), $ROOT, digest => 'x'],
        ['an unknown parameter', parameters(memory => $UNKNOWN), $ROOT, memory => 512],
        ['a number too high', parameters(net32 => $UNKNOWN), $ROOT, net32 => $A],
        [
            'another digest',
            fails('detected modified configuration - file changed by other user? Try again.'),
            $ROOT,
            net1 => $B,
            digest => 'a' x 40
        ],
        [
            'a digest that is none', parameters(digest => 'value may only be 40 characters long'),
            $ROOT,
            net1 => $B,
            digest => 'a' x 41
        ],
        [
            'to delete what is no interface',
            parameters(delete => "'memory' is no interface of a container"),
            $ROOT,
            delete => 'net0,memory'
        ],
        [
            'to delete what is no name',
            parameters(delete => "invalid format - invalid configuration ID '0'\n"),
            $ROOT,
            delete => '0'
        ],
        [
            'to change and delete',
            parameters(delete => "you can't use '-net1' and '-delete net1' at the same time"),
            $ROOT,
            net1 => $B,
            delete => 'net0 net1'
        ],
        [
            'to change and revert',
            parameters(revert => "you can't use '-net1' and '-revert net1' at the same time"),
            $ROOT,
            net1 => $B,
            revert => 'net1'
        ],
        [
            'to delete and revert',
            parameters(delete => "you can't use '-revert' and '-delete net1' at the same time"),
            $ROOT,
            revert => 'net1',
            delete => 'net1'
        ],
        [
            'an MTU that does not fit',
            fails("net1: MTU size '9000' is bigger than bridge MTU '1500'"),
            $ROOT,
            net1 => "$B,mtu=9000"
        ],
        [
            'without the container', forbidden('/vms/100, VM.Config.Network'),
            'audit@pve',
            net1 => $B
        ],
        [
            'without the new VNet', forbidden("$SDN/here/green, SDN.Use"),
            'blue@pve',
            net1 => $B =~ s/blue/green/r
        ],
        [
            'without the old bridge', forbidden("$SDN/localnetwork/vmbr0, SDN.Use"),
            'blue@pve',
            net0 => $B
        ],
        [
            'without the bridge of what goes', forbidden("$SDN/localnetwork/vmbr0, SDN.Use"),
            'blue@pve',
            delete => 'net0'
        ],
        [
            'without the whole bridge', forbidden("$SDN/localnetwork/vmbr0, SDN.Use"),
            'vlan@pve',
            net1 => $A
        ],
        [
            'without the VLAN', forbidden("$SDN/localnetwork/vmbr0/6, SDN.Use"),
            'vlan@pve',
            net1 => "$A,tag=6"
        ],
        [
            'without a VLAN of a trunk', forbidden("$SDN/localnetwork/vmbr0/7, SDN.Use"),
            'vlan@pve',
            net1 => "$A,tag=5,trunks=5;7"
        ],
    );
    for my $case (@wrong) {
        my ($what, $wanted, $user, @parameters) = @$case;
        refused($what, $wanted, $user, @PUT, @parameters);
        $unchanged->();
    }
    for my $value ('', 'bridge=vmbr0', 'name=eth0,bridge=vmbr0,colour=red', 'name=eth0,tag=x') {
        my $answer = request($ROOT, @PUT, net1 => $value);
        is($answer->{status}, 400, "'$value' is refused");
        is_deeply([sort keys %{ $answer->{errors} }], ['net1'], '… by its name')
            or diag(explain($answer));
        $unchanged->();
    }

    my $digest = network(100)->{digest};
    my $new =
        good('an interface is added', 'blue@pve', @PUT, net1 => $B, digest => $digest)->{digest};
    isnt($new, $digest, 'another digest');
    is($new, network(100)->{digest}, '… that of the file');
    is(lines(100), "net0: $A\nnet1: $B\n", 'it is there');
    like(slurp('/var/lib/lxc/100/config'), qr/veth100i1/, '… and for LXC, too');
    refused(
        'with the old digest',
        fails('detected modified configuration - file changed by other user? Try again.'),
        $ROOT, @PUT,
        net1 => $A,
        digest => $digest
    );
    good('a VLAN', 'vlan@pve', 'PUT', '/lxc/101/network', net1 => $A =~ s/eth0/eth1/r . ',tag=5');
    good(
        'several at once', $ROOT, @PUT,
        net0 => "$A,tag=7",
        net10 => $A =~ s/eth0/eth10/r,
        delete => 'net1'
    );
    is(
        lines(100),
        "net0: " . ($A =~ s/,type/,tag=7,type/r) . "\nnet10: " . ($A =~ s/eth0/eth10/r) . "\n",
        '… are changed'
    );
    good('an address is made up', $ROOT, @PUT, net10 => 'name=eth10,bridge=vmbr1');
    like(
        lines(100),
        qr/^net10: name=eth10,bridge=vmbr1,hwaddr=BC:24:11(?::[0-9A-F]{2}){3},type=veth$/m
    );
    {
        my @warned;
        local $SIG{__WARN__} = sub { push @warned, @_ };
        good('what is not there is deleted', $ROOT, @PUT, delete => 'net9');
        is_deeply(
            \@warned, ["cannot delete 'net9' - not set in current configuration!\n"],
            '… with a warning'
        );
    }
    good('and back', $ROOT, @PUT, net0 => $A, delete => 'net10');

    my $text = slurp("$folder/100.conf");
    spew("$folder/100.conf", "${text}lock: backup\n");
    refused('a locked container', fails('CT is locked (backup)'), $ROOT, @PUT, net1 => $B);
    refused(
        '… is not plugged into', fails('CT is locked (backup)'),
        $ROOT, 'POST', '/hotplug',
        kind => 'add',
        vmid => 100,
        netid => 0
    );
    spew("$folder/100.conf", "$text\n[pve:pending]\nnet0: $B\nnet5: $B\ndelete: net0\n");
    good('pending changes are reverted', $ROOT, @PUT, revert => 'net0,net5');
    is(lines(100), "net0: $A\n", '… and gone');
    spew("$folder/100.conf", $text);
};

subtest 'changes by many at once' => sub {
    my @pids;
    my $digest = network(101)->{digest};
    for my $number (2 .. 9) {
        my $pid = fork() // die "fork: $!\n";
        if (!$pid) {
            my $value = "name=eth$number,bridge=vmbr0,hwaddr=BC:24:11:00:01:0$number,type=veth";
            my $answer = request($ROOT, 'PUT', '/lxc/101/network', "net$number" => $value);
            my $raced = request(
                $ROOT, 'PUT', '/lxc/101/network',
                "net2$number" => $value,
                digest => $digest
            );
            POSIX::_exit(!($answer->{status} == 200 && $raced->{status} == 500));
        }
        push @pids, $pid;
    }
    for my $pid (@pids) {
        waitpid($pid, 0);
        is($?, 0, 'one is made, and one is refused for its digest');
    }
    my @ids = map { $_->{id} } @{ network(101)->{interfaces} };
    is_deeply(\@ids, [map { "net$_" } 0 .. 9], 'none is lost');
};

subtest 'a container that does not run' => sub {
    my @hotplug = ('POST', '/hotplug');
    my %add = (kind => 'add', vmid => 100, netid => 0);
    is_deeply(good('no operations', $ROOT, 'GET', '/hotplug'), []);
    is_deeply(good('no counters', 'audit@pve', 'GET', '/lxc/100/statistics'), []);
    refused(
        'wrong parameters',
        parameters(
            kind => "value 'change' does not have a value in the enumeration 'add, remove, update'",
            netid => 'value must have a maximum value of 31',
            more => $UNKNOWN
        ),
        $ROOT, @hotplug, %add,
        kind => 'change',
        netid => 32,
        more => 1
    );
    refused(
        'missing parameters',
        parameters(map { $_ => $NEEDED } qw(kind netid)),
        $ROOT, @hotplug, vmid => 100
    );
    refused(
        'what nobody configured',
        parameters(net => "it must be given, as there is no 'net7' in the configuration"),
        $ROOT, @hotplug, %add,
        netid => 7
    );
    refused(
        'too much',
        parameters(net => "it says nothing for 'remove'"),
        $ROOT, @hotplug, %add,
        kind => 'remove',
        net => $A
    );
    refused(
        'without the container',
        forbidden('/vms/100, VM.Config.Network'),
        'audit@pve', @hotplug, %add
    );
    refused(
        'without the bridge', forbidden("$SDN/localnetwork/vmbr0, SDN.Use"),
        'blue@pve', @hotplug, %add
    );
    my $answer = request($ROOT, @hotplug, %add);
    is($answer->{status}, 500, 'it is not plugged in');
    like($answer->{message}, qr/pending change/, '… as the container does not run')
        or diag(explain($answer));
    my $unknown = '00064390aaaaaaaa-00000000';
    refused(
        'an operation that there is not',
        missing("there is no operation '$unknown'"),
        $ROOT, $_, "/hotplug/$unknown"
        )
        for qw(GET DELETE);
    refused(
        'an id that is none', parameters(id => 'value does not match the regex pattern'),
        $ROOT, 'GET', '/hotplug/x'
    );
};

subtest 'phases and seams' => sub {
    my ($auditor, $admin) = ('watch@pve', 'system@pve');
    my %phase = %{ good('the phase', $auditor, 'GET', '/phase') };
    is_deeply(\%phase, { phase => 'perl-only', source => 'default' }, '… at first');
    my $not = forbidden('/, Sys.Audit');
    refused('the phase is not for everybody', $not, 'admin@pve', 'GET', $_) for qw(/phase /seams);
    refused(
        '… nor is changing it',
        forbidden('/, Sys.Modify'),
        $auditor, $_, '/phase', phase => 'rust-read-only'
        )
        for qw(PUT DELETE);
    refused(
        'a phase that is none',
        parameters(
            phase =>
                "value 'rust' does not have a value in the enumeration 'perl-only, rust-read-only, rust-basic-write, rust-advanced, rust-sdn, rust-full'",
            scope => "value 'all' does not have a value in the enumeration 'cluster, node'",
            more => $UNKNOWN
        ),
        $admin, 'PUT', '/phase',
        phase => 'rust',
        scope => 'all',
        more => 1
    );
    refused(
        'two steps',
        fails(
            'from perl-only to rust-basic-write are 2 steps: go to rust-read-only first, or force it'
        ),
        $admin, 'PUT', '/phase',
        phase => 'rust-basic-write'
    );
    is_deeply(
        good('forced', $admin, 'PUT', '/phase', phase => 'rust-basic-write', force => 1),
        {
            from => 'perl-only',
            to => 'rust-basic-write',
            scope => 'cluster',
            changed => 1,
            warnings => []
        },
        '… goes'
    );
    is(good('the phase', $auditor, 'GET', '/phase')->{phase}, 'rust-basic-write', '… is that');
    is(
        good('of the node', $admin, 'PUT', '/phase', phase => 'perl-only', scope => 'node')
            ->{scope},
        'node'
    );
    %phase = %{ good('the phase', $auditor, 'GET', '/phase') };
    is_deeply([@phase{qw(phase source)}], ['perl-only', 'node'], '… is that of the node');
    good('cleared', $admin, 'DELETE', '/phase', scope => 'node', force => 1);
    is(
        good('the phase', $auditor, 'GET', '/phase')->{source},
        'cluster', '… is that of the cluster'
    );
    good('back', $admin, 'PUT', '/phase', phase => 'perl-only');
    require PVE::Network::Rust::Migration;
    my @who = map { $_->{who} } @{ PVE::Network::Rust::Migration::history() };
    is_deeply([grep { $_ ne $admin } @who], [], 'who did it is known');

    my $seams = good('seams', $auditor, 'GET', '/seams');
    my ($pure) = grep { $_->{pure} } @$seams;
    my ($other) = grep { !$_->{pure} } @$seams;
    my $path = "/seams/$pure->{name}";
    is_deeply(good('one', $auditor, 'GET', $path), $pure, '… of them');
    is_deeply([@{$pure}{qw(mode source)}], ['perl', 'phase'], '… as the phase says');
    refused('none', missing("no seam is called 'None'"), $ROOT, @$_)
        for ['GET', '/seams/None'], ['PUT', '/seams/None', mode => 'perl'],
        ['DELETE', '/seams/None'];
    refused(
        'all of them', parameters(name => 'value does not match the regex pattern'),
        $ROOT, 'PUT', '/seams/*', mode => 'rust'
    );
    refused('not by everybody', forbidden('/, Sys.Modify'), $auditor, @$_)
        for ['PUT', $path, mode => 'perl'], ['DELETE', $path];
    refused('without a mode', parameters(mode => $NEEDED), $admin, 'PUT', $path);
    refused(
        'a mode that is none',
        parameters(
            mode =>
                "value 'raku' does not have a value in the enumeration 'perl, shadow, rust, rust-strict'"
        ),
        $admin, 'PUT', $path,
        mode => 'raku'
    );
    refused(
        'shadow of what has effects',
        parameters(
            mode => "$other->{name} has effects on the host, so that Perl and Rust cannot both run"
        ),
        $admin, 'PUT', "/seams/$other->{name}",
        mode => 'shadow'
    );
    my $set = good('set', $admin, 'PUT', $path, mode => 'shadow');
    is_deeply([@{$set}{qw(mode source)}], ['shadow', 'cluster'], '… as it says');
    $set = good('of the node', $admin, 'PUT', $path, mode => 'rust', scope => 'node');
    is_deeply([@{$set}{qw(mode source)}], ['rust', 'node'], '… goes before it');
    good('cleared', $admin, 'DELETE', $path, scope => 'node');
    is(good('both', $admin, 'DELETE', $path)->{source}, 'phase', '… as the phase says');
};

my ($inside, $lxc) = start_container(100);
my @processes = ($inside, $lxc);
END { kill('KILL', @processes) if @processes }

sub link_is_there {
    my ($name) = @_;
    return -d "/proc/sys/net/ipv4/conf/$name" ? 1 : 0;
}

sub master {
    my ($name) = @_;
    open(my $in, '-|', qw(ip -brief link show master), $name) or die "start ip: $!\n";
    return join(' ', sort map { /^(veth[^@\s]+)/ } <$in>);
}

subtest 'operations in a running container' => sub {
    my @hotplug = ('POST', '/hotplug');
    my %add = (kind => 'add', vmid => 100, netid => 0);
    my $added = good('plugged in, as configured', 'admin@pve', @hotplug, %add);
    is_deeply(
        [@{$added}{qw(kind vmid netid state)}], ['add', 100, 0, 'succeeded'],
        'the operation'
    );
    is($added->{interface}{name}, 'veth100i0', '… and its interface');
    is(master('vmbr0'), 'veth100i0', 'it is a port');
    my $counters = good('counters', 'audit@pve', 'GET', '/lxc/100/statistics');
    is_deeply(
        [map { "$_->{id} $_->{name}" } @$counters],
        ['net0 veth100i0'], '… of the interface'
    );
    cmp_ok($counters->[0]{$_}, '>=', 0, $_) for qw(netin netout packets_in dropped_out);
    my $twice = request($ROOT, @hotplug, %add);
    is($twice->{status}, 500, 'not twice');
    like($twice->{message}, qr/'veth100i0' exists already/, '… and why');

    my $changed = good(
        'changed', 'admin@pve', @hotplug, %add,
        kind => 'update',
        net => "$A,ip=10.0.0.2/24" =~ s/vmbr0/vmbr1/r
    );
    is(master('vmbr1'), 'veth100i0', 'it is a port of another bridge');
    is(lines(100), "net0: $A\n", 'the configuration stays');
    refused(
        'a change to a bridge that one may not use', forbidden("$SDN/here/green, SDN.Use"),
        'blue@pve', @hotplug, %add,
        kind => 'update',
        net => $A =~ s/vmbr0/green/r,
        netid => 5
    );
    my $wrong = request($ROOT, @hotplug, %add, netid => 1, net => "$B,ip=10.0.0.300/24");
    is($wrong->{status}, 400, 'an address that is none is refused') or diag(explain($wrong));
    is_deeply([keys %{ $wrong->{errors} }], ['net'], '… as what is wrong');

    good('one is looked at', 'audit@pve', 'GET', "/hotplug/$added->{id}");
    refused(
        '… not by everybody',
        forbidden('/vms/100, VM.Audit'),
        'nobody@pve', 'GET', "/hotplug/$added->{id}"
    );
    refused(
        '… nor ended', forbidden('/vms/100, VM.Config.Network'),
        'audit@pve', 'DELETE', "/hotplug/$added->{id}"
    );
    my $superseded = request($ROOT, 'DELETE', "/hotplug/$added->{id}");
    is($superseded->{status}, 500, 'one that another came after is not undone');
    like($superseded->{message}, qr/came after it; cancel that first/, '… and why');
    my $undone = good('the last one is undone', 'admin@pve', 'DELETE', "/hotplug/$changed->{id}");
    is($undone->{state}, 'undone', '… as it says');
    is(master('vmbr0'), 'veth100i0', '… and the interface is where it was');
    my $removed = good('taken out', 'admin@pve', @hotplug, %add, kind => 'remove');
    is($removed->{kind}, 'remove', '… as it says');
    ok(!link_is_there('veth100i0'), '… and gone');
    my $gone = request($ROOT, @hotplug, %add, kind => 'remove');
    is($gone->{status}, 500, 'what is gone is not taken out');

    my $ids = sub {
        my ($what, $user, @filter) = @_;
        return [
            map { "$_->{kind} $_->{state}" }
                @{ good($what, $user, 'GET', '/hotplug', @filter) }
        ];
    };
    my @all = ('add succeeded', 'add failed', 'update undone', 'remove succeeded', 'remove failed');
    my $list = $ids->('all', 'audit@pve');
    my %there = map { $_ => 1 } @$list;
    is_deeply([grep { !$there{$_} } @all], [], '… are listed') or diag(explain($list));
    is_deeply($ids->('none that one may see', 'nobody@pve'), []);
    is_deeply(
        $ids->('some', $ROOT, kind => 'update', state => 'undone', vmid => 100, netid => 0),
        ['update undone']
    );
    is_deeply($ids->('of another container', $ROOT, vmid => 101), []);

    my $statistics = good('statistics', 'audit@pve', 'GET', '/statistics');
    is_deeply([map { $_->{kind} } @$statistics], [qw(add remove update)], '… of each kind');
    my ($of_add, undef, $of_update) = @$statistics;
    is($of_add->{count}, scalar(grep { /^add/ } @$list), 'how many');
    is($of_update->{states}{undone}, 1, 'in which states');
    cmp_ok($of_add->{took}{mean}, '>', 0, 'how long they took');
    cmp_ok($of_add->{took}{max}, '>=', $of_add->{took}{min}, '… at most and at least');
    ok(scalar(@{ $of_add->{steps} }), 'their steps');
    refused(
        'statistics are not for everybody',
        forbidden("/nodes/$node, Sys.Audit"),
        'blue@pve', 'GET', '/statistics'
    );
};

subtest 'the configuration of a running container' => sub {
    PVE::Network::Rust::Takeover::set({ phase => 'rust-full', seams => {} });
    my $before = slurp("$folder/100.conf");
    spew("$folder/100.conf", $before =~ s/^net0:.*\n//mr);
    open(my $stdout, '>&', \*STDOUT) or die "dup: $!\n";
    open(STDOUT, '>', '/dev/null') or die "open: $!\n";
    good('an interface is plugged in', 'admin@pve', @PUT, net0 => $A);
    is(master('vmbr0'), 'veth100i0', '… into its bridge');
    is(lines(100), "net0: $A\n", '… and entered');
    good('it is changed', 'admin@pve', @PUT, net0 => $A =~ s/vmbr0/vmbr1/r);
    is(master('vmbr1'), 'veth100i0', '… in place');
    like(lines(100), qr/^net0: .*bridge=vmbr1.*\n\z/, '… and entered');
    my $text = slurp("$folder/100.conf");
    my $answer = request($ROOT, @PUT, net0 => $A =~ s/vmbr0/vmbr9/r);
    is($answer->{status}, 400, 'a bridge that there is not is refused');
    like($answer->{errors}{net0}, qr/^unable to hotplug net0: .*vmbr9/s, '… by name')
        or diag(explain($answer));
    is(slurp("$folder/100.conf"), $text, '… and nothing is entered');
    is(master('vmbr1'), 'veth100i0', '… and the interface is where it was');
    good('one more', $ROOT, @PUT, net10 => $A =~ s/eth0/eth10/r =~ s/01,/03,/r);
    is(master('vmbr0'), 'veth100i10', '… is plugged in');
    good('what cannot be taken out now', $ROOT, @PUT, delete => 'net10');
    like(lines(100), qr/^net10:.*^delete: net10$/ms, '… becomes a pending change');
    good('… that is reverted', $ROOT, @PUT, revert => 'net10');
    unlike(lines(100), qr/delete/, '… again');
    good('one is taken out', 'admin@pve', @PUT, delete => 'net0');
    ok(!link_is_there('veth100i0'), '… and gone');
    unlike(lines(100), qr/^net0/m, '… from the configuration, too');
    open(STDOUT, '>&', $stdout) or die "dup: $!\n";
};

subtest 'events' => sub {
    my @events = ('GET', '/events');
    my $all = good('all', 'audit@pve', @events);
    my %names = map { $_->{event}{event} => 1 } @$all;
    my @wanted =
        qw(interface_plugged interface_unplugged interface_updated vnet_bound vnet_unbound);
    is_deeply([grep { !$names{$_} } @wanted], [], '… of what was done');
    my @numbers = map { $_->{sequence} } @$all;
    is_deeply(\@numbers, [1 .. @numbers], '… have numbers');
    is($all->[0]{node}, $node, '… and are of this node');
    my $some = sub {
        my ($what, @parameters) = @_;
        return [map { $_->{sequence} } @{ good($what, $ROOT, @events, @parameters) }];
    };
    is_deeply($some->('some', since => 3), [@numbers[3 .. $#numbers]], '… since one');
    is_deeply($some->('fewer', since => 3, limit => 2), [4, 5], '… not too many');
    is_deeply($some->('none', since => $numbers[-1]), [], '… yet');
    is_deeply($some->('none', since => $numbers[-1] + 100), [], '… of what is to come');
    refused('not for everybody', forbidden("/nodes/$node, Sys.Audit"), 'admin@pve', @events);
    refused(
        'wrong parameters',
        parameters(
            since => 'value must have a minimum value of 0',
            limit => 'value must have a maximum value of 10000'
        ),
        $ROOT, @events,
        since => -1,
        limit => 10_001
    );
};

done_testing();
