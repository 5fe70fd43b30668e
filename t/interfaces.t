#!/usr/bin/perl
# The host's network configuration beyond the recorded cases: links and active interfaces, what writing does to the
# caller's structure, files, and what is found that will not work.

use strict;
use warnings;

use File::Temp qw(tempdir);
use Test::More;

use PVE::Network::Rust::Host;
use PVE::Network::Rust::Interfaces;

my $PACKAGE = 'PVE::Network::Rust::Interfaces';

sub parsed {
    my ($text, @links_and_active) = @_;
    open(my $fh, '<', \$text) or die "open: $!\n";
    return $PACKAGE->can('read_etc_network_interfaces')->($fh, @links_and_active);
}

sub written {
    my ($config, $ifupdown2) = @_;
    return $PACKAGE->can('write_etc_network_interfaces')->($config, $ifupdown2);
}

sub findings {
    my ($text, $source) = @_;
    return $PACKAGE->can('validate')->(parsed($text), $source);
}

subtest(
    'links decide on type and existence',
    sub {
        my $links = {
            wan => { link_type => 'ether', altnames => ['enx1', 'uplink'] },
            lan => { link_type => 'ether' },
            tap => { link_type => 'ether', linkinfo => { info_kind => 'tun' } },
        };
        my $config =
            parsed("iface uplink inet manual\niface tap inet manual\n", $links, ['tap', 'gone']);
        my $ifaces = $config->{ifaces};
        is_deeply(
            [sort keys %$ifaces],
            [qw(lan lo tap uplink)], 'a card that the file does not have is added'
        );
        is($ifaces->{uplink}{type}, 'eth', 'a card by its alternative name');
        is($ifaces->{uplink}{exists}, 1, 'is there');
        is($ifaces->{lan}{type}, 'eth', 'a card by its own');
        is($ifaces->{tap}{type}, 'unknown', 'a link of the kernel\'s making is no card');
        is($ifaces->{tap}{active}, 1, 'an active interface');
        ok(!exists $ifaces->{gone}, 'an active interface that the file does not have is not added');
        is_deeply(
            $links->{lan}{altnames},
            [], 'the caller\'s cards have lists of alternative names'
        );
        ok(!exists $links->{tap}{altnames}, 'other links do not');
    }
);

subtest(
    'writing changes the caller\'s structure as the reference does',
    sub {
        my $config = parsed(
            "iface eth0 inet static\n\taddress 10.0.0.1/24\niface vmbr0 inet manual\n"
                . "\tovs_type OVSBridge\n\tovs_ports eth1\niface eth1 inet manual\n"
                . "iface in0 inet manual\n\tovs_type OVSIntPort\n"
        );
        my $bridge = $config->{ifaces}{vmbr0};
        written($config, 1);
        my $ifaces = $config->{ifaces};
        is_deeply(
            $ifaces->{eth0},
            {
                address => '10.0.0.1',
                address6 => undef,
                families => ['inet'],
                method => 'static',
                method6 => 'manual',
                netmask => '24',
                options => [],
                priority => 2,
                type => 'eth',
            },
            'addresses are settled, and what is looked into comes into being'
        );
        is($ifaces->{vmbr0}, $bridge, 'interfaces stay the hashes that they were');
        is($ifaces->{eth1}{type}, 'OVSPort', 'a port of a bridge becomes one');
        is($ifaces->{eth1}{ovs_bridge}, 'vmbr0', 'and knows its bridge');
        is_deeply(
            $ifaces->{in0},
            { exists => 1, families => ['inet'], method => 'manual', options => [], type => 'eth' },
            'a port without a bridge is replaced'
        ) or diag(explain($ifaces->{in0}));
        $config->{ifaces}{eth0}{mtu} = 9000;
        like(
            written($config, 1),
            qr/^\tmtu 9000$/m,
            'the structure can be changed and written again'
        );
    }
);

subtest(
    'characters and bytes',
    sub {
        my $config = parsed("iface eth0 inet manual\n#caf\xc3\xa9\n\tpost-up \xe9\n");
        is($config->{ifaces}{eth0}{comments}, "caf\x{e9}\n", 'comments are decoded');
        is_deeply($config->{ifaces}{eth0}{options}, ["post-up \xe9"], 'other lines are not');
        like(written($config), qr/post-up \xe9\n#caf\x{e9}\n/, 'they are written side by side');
    }
);

subtest(
    'a reference that would be written',
    sub {
        my $config = parsed("iface eth0\n\tvxlan-remoteip 10.0.0.1\n");
        ok(!eval { written($config, 1); 1 }, 'is refused');
        is(
            $@,
            "iface eth0 - value of 'vxlan-remoteip' is a reference (ARRAY), which cannot be written\n",
            'with its name'
        );
    }
);

subtest(
    'files',
    sub {
        my $folder = tempdir(CLEANUP => 1);
        local $ENV{PVE_RUST_ROOT} = $folder;
        my $config =
            parsed("iface vmbr0 inet manual\n\tovs_type OVSBridge\n#\xe2\x98\xba\n", {}, []);
        $config->{ifaces}{vmbr0}{autostart} = 1;
        open(my $out, '+>', "$folder/interfaces") or die "open: $!\n";
        $PACKAGE->can('write_file')->('interfaces', $out, $config);
        seek($out, 0, 0) or die "seek: $!\n";
        my $text = do { local $/ = undef; <$out> };
        like(
            $text,
            qr/^allow-ovs vmbr0\n.*^#\xe2\x98\xba$/ms,
            'written in UTF-8, for the ifupdown that is there'
        );
        seek($out, 0, 0) or die "seek: $!\n";
        my $read = $PACKAGE->can('read_file')->('interfaces', $out);
        is($read->{ifaces}{vmbr0}{comments}, "\x{263a}\n", 'and read again');
        my $links = PVE::Network::Rust::Host::ip_link_details();

        for my $name (
            sort grep { PVE::Network::Rust::Host::ip_link_is_physical($links->{$_}) }
            keys %$links
            )
        {
            my ($known) = grep { $read->{ifaces}{$_} } $name, @{ $links->{$name}{altnames} // [] };
            ok($known && $read->{ifaces}{$known}{exists}, "$name is there");
        }
        my $is_up = grep { $_ eq 'UP' } @{ $links->{lo}{flags} };
        is($read->{ifaces}{lo}{active}, $is_up ? 1 : undef, 'lo is active if it is up');
        open(my $full, '>', '/dev/full') or die "open: $!\n";
        $full->autoflush(1);
        ok(!eval { $PACKAGE->can('write_file')->('interfaces', $full, $config); 1 }, 'a full disk');
        is($@, "write to 'interfaces' failed\n", 'is told');
        close($full);
    }
);

subtest(
    'findings',
    sub {
        my $text =
            "auto lo\niface lo inet loopback\niface eth0 inet static\n\taddress 10.0.0.1/24\n"
            . "\tgateway 10.0.1.1\niface eth0.5 inet manual\n\tmtu 9000\niface vmbr0 inet manual\n\tbridge-ports eth9\n";
        my $found = findings($text, { text => $text, file => 'interfaces' });
        is_deeply(
            [grep { defined($_->{line}) } @$found],
            [
                {
                    file => 'interfaces',
                    line => 5,
                    iface => 'eth0',
                    key => 'gateway',
                    message => "gateway '10.0.1.1' is outside of 10.0.0.1/24",
                },
                {
                    file => 'interfaces',
                    line => 7,
                    iface => 'eth0.5',
                    key => 'mtu',
                    message => "MTU 9000 is above that of 'eth0' below, 1500",
                },
                {
                    file => 'interfaces',
                    line => 9,
                    iface => 'vmbr0',
                    key => 'bridge_ports',
                    message => "there is no interface 'eth9'",
                },
            ],
            'each has its file and line'
        ) or diag(explain($found));
        my $config = parsed("iface eth0 inet static\n\taddress 10.0.0.256/24\n");
        my ($finding) = @{ $PACKAGE->can('validate')->($config) };
        my $line = (split(/\n/, written($config, 1)))[$finding->{line} - 1];
        is(
            $line,
            "\taddress 10.0.0.256/24",
            'without the text, lines are those of what would be written'
        );
        is($finding->{file}, '/etc/network/interfaces', 'of the file that there is');
        is_deeply(
            findings("iface eth0 inet static\n\taddress 10.0.0.1/24\n"),
            [], 'what works has none'
        );
        ok(
            !eval { $PACKAGE->can('validate')->($config, { test => 1 }); 1 },
            'an unknown option is refused'
        );
    }
);

subtest(
    'bad input',
    sub {
        is_deeply([keys %{ parsed('')->{ifaces} }], ['lo'], 'nothing');
        is(
            parsed("\xef\xbb\xbfauto lo\n")->{options}[0][1],
            "\xef\xbb\xbfauto lo",
            'a byte order mark'
        );
        my $long = 'x' x (1 << 20);
        is(
            parsed("iface eth0 inet manual\n\tpost-up $long\n")->{ifaces}{eth0}{options}[0],
            "post-up $long",
            '1 MiB'
        );
        is(
            parsed("iface eth0 inet manual\n\tmtu 1\x00\r\n")->{ifaces}{eth0}{mtu},
            "1\x00", 'NUL and CRLF'
        );
        ok(
            !eval { $PACKAGE->can('parse_etc_network_interfaces')->("\x{263a}"); 1 },
            'characters beyond bytes'
        );
        ok(!eval { $PACKAGE->can('write_etc_network_interfaces')->([]); 1 }, 'no hash');
        ok(!eval { written({ ifaces => {} }); 1 }, 'no list of lines');
        like(
            $@, qr/^Can't use an undefined value as an ARRAY reference at \Q${\__FILE__}\E line/,
            'as in Perl'
        );
    }
);

subtest(
    'a handle whose file could not be read is as it was',
    sub {
        open(my $fh, '<', \"auto lo\niface lo inet loopback\n") or die "open: $!\n";
        my $first = <$fh>;
        local $@ = 'before';
        is(eval { $PACKAGE->can('read_etc_network_interfaces')->($fh, 5) }, undef, 'an error');
        like($@, qr/expected a hash reference, got a number/, '… of its own');
        is(scalar(<$fh>), "iface lo inet loopback\n", 'the handle');
    }
);

done_testing();
