#!/usr/bin/perl
# Servers that manage addresses, over HTTP and TLS: what is trusted, what is followed, what is said when it fails.

use strict;
use warnings;

use File::Path qw(make_path);
use File::Temp qw(tempdir);
use IO::Socket::INET;
use IO::Socket::SSL;
use POSIX ();
use Test::More;

use PVE::Network::Rust::SDN;

my $MAC = 'BC:24:11:00:00:01';
my $root = tempdir(CLEANUP => 1);
make_path("$root/etc/pve/sdn", "$root/etc/pve/priv/lock", "$root/etc/pve/nodes/here");
symlink('nodes/here', "$root/etc/pve/local") or die "symlink: $!\n";
delete @ENV{ grep { /_proxy$/i } keys %ENV };
local $ENV{PVE_RUST_ROOT} = $root;

my @servers;

END {
    local ($?, $!);
    kill('KILL', @servers) if @servers;
}

sub write_file {
    my ($name, $text) = @_;
    open(my $out, '>', "$root/etc/pve/$name") or die "open $name: $!\n";
    print $out $text;
    close($out) or die "close $name: $!\n";
    return;
}

# What each path is answered with.
my $FOUND = '{"results":[{"family":{"value":4},"address":"10.0.0.5/24"}]}';
my $length = length($FOUND);
my %answers = (
    fine => "200 OK\r\nContent-Length: $length\r\n\r\n$FOUND",
    chunked => "200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        . sprintf(
        "5\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n",
        substr($FOUND, 0, 5), $length - 5, substr($FOUND, 5)
        ),
    moved => "302 Found\r\nLocation: /fine\r\nContent-Length: 0\r\n\r\n",
    circle => "302 Found\r\nLocation: /circle\r\nContent-Length: 0\r\n\r\n",
    bare => "404\r\nContent-Length: 0\r\n\r\n",
    other => "418 Short And Stout\r\nContent-Length: 0\r\n\r\n",
    short => "200 OK\r\nContent-Length: 1000\r\n\r\n$FOUND",
    html => "200 OK\r\nContent-Length: 6\r\n\r\n<html>",
);

# Serves until it is killed. CONNECT is a proxy's: it tells of it and connects.
sub serve {
    my ($server, $log) = @_;
    my $pid = fork() // die "fork: $!\n";
    if ($pid) {
        push @servers, $pid;
        return $server->sockport;
    }
    my @unanswered;
    while (1) {
        my $client = $server->accept or next;
        my $line = <$client> // next;
        while (defined(my $header = <$client>)) {
            last if $header =~ /^\r?$/;
        }
        if (defined($log)) {
            open(my $out, '>>', $log) or die "open: $!\n";
            print $out $line;
            close($out);
        }
        tunnel($client, $1) if $line =~ /^CONNECT (\S+)/;
        my ($path) = $line =~ m{^\S+ (?:http://[^/]*)?/(\w*)};
        if (($path // '') eq 'hang') {
            push @unanswered, $client;
            next;
        }
        my $answer = $answers{ $path // '' };
        print $client "HTTP/1.1 $answer" if defined($answer);
        close($client);
    }
}

sub tunnel {
    my ($client, $to) = @_;
    my $server = IO::Socket::INET->new(PeerAddr => $to) or return;
    syswrite($client, "HTTP/1.1 200 Connection established\r\n\r\n");
    my $child = fork() // die "fork: $!\n";
    my ($from, $into) = $child ? ($client, $server) : ($server, $client);
    while (sysread($from, my $data, 4096)) {
        syswrite($into, $data);
    }
    POSIX::_exit(0) if !$child;
    kill('KILL', $child);
    waitpid($child, 0);
    return;
}

# What a NetBox at $url says $MAC has; or the error, without what every one of them begins with.
sub ask {
    my ($url, $fingerprint) = @_;
    my $extra = defined($fingerprint) ? "\tfingerprint $fingerprint\n" : '';
    write_file('sdn/ipams.cfg', "netbox: nb\n\turl $url\n\ttoken secret\n$extra");
    unlink("$root/etc/pve/sdn/mac-cache.json");
    my ($ip4) = eval { PVE::Network::Rust::SDN::get_ips_from_mac('v1', $MAC) };
    return $ip4 if $@ eq '';
    my $error = $@ =~ s/^could not query ip address entry for mac $MAC: //r;
    $error =~ s/^Invalid response from server: //;
    return $error;
}

write_file('sdn/zones.cfg', "simple: z\n\tipam nb\n\tdhcp dnsmasq\n");
write_file('sdn/vnets.cfg', "vnet: v1\n\tzone z\n");

my $log = "$root/log";
my $plain = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1') or die "listen: $!\n";
my $http = 'http://127.0.0.1:' . serve($plain, $log);

is(ask("$http/fine"), '10.0.0.5', 'an answer');
is(ask("$http/chunked"), '10.0.0.5', '… in chunks');
is(ask("$http/moved"), '10.0.0.5', '… after a redirect');
is(ask("$http/short"), '10.0.0.5', '… shorter than it says');
is(ask("$http/circle"), "302 Found\n", 'redirects end');
is(ask("$http/bare"), "404 unknown\n", 'a status without a text');
is(ask("$http/other"), "418 Short And Stout\n", '… with a text of its own');
my $no_data = "500 Server closed connection without sending any data back\n";
is(ask("$http/nothing"), $no_data, 'no answer');
like(ask("$http/html"), qr/^api response is not a json at \S+ line \d+\.$/, 'no JSON');
is(
    ask('http://127.0.0.1:1'),
    "500 Can't connect to 127.0.0.1:1 (Connection refused)\n",
    'nobody listens'
);
is(
    ask('http://no.such.host.invalid'),
    "500 Can't connect to no.such.host.invalid:80 (Name or service not known)\n",
    'nobody has that name'
) if !gethostbyname('no.such.host.invalid');
is(ask('ftp://127.0.0.1'), "500 Access to 'ftp' URIs has been disabled\n", 'another protocol');
is(ask('nowhere'), "400 URL must be absolute\n", 'no URL');

my $error = do {
    local $SIG{ALRM} = sub { die "enough\n" };
    alarm(1);
    my $text = ask("$http/hang");
    alarm(0);
    $text;
};
is($error, "enough\n", 'a signal handler ends the wait');

# A server with a certificate of its own making. Returns its port and the certificate's file.
sub serve_secured {
    my ($name, @options) = @_;
    my ($key, $cert) = ("$root/$name-key.pem", "$root/$name.pem");
    system(
        'openssl', qw(req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2),
        qw(-subj /CN=test -addext subjectAltName=IP:127.0.0.1), @options, '-keyout', $key,
        '-out', $cert,
    ) == 0 or die "openssl failed\n";
    my $server = IO::Socket::SSL->new(
        Listen => 5,
        LocalAddr => '127.0.0.1',
        SSL_cert_file => $cert,
        SSL_key_file => $key,
    ) or die "listen: $SSL_ERROR\n";
    return (serve($server), $cert);
}

my ($port, $cert) = serve_secured('leaf', '-addext', 'basicConstraints=critical,CA:FALSE');
my $https = "https://127.0.0.1:$port";
my $x509 = Net::SSLeay::PEM_read_bio_X509(Net::SSLeay::BIO_new_file($cert, 'r'));
my $fingerprint = Net::SSLeay::X509_get_fingerprint($x509, 'sha256');
my $untrusted = "500 Can't connect to 127.0.0.1:$port (certificate verify failed)\n";

is(ask("$https/fine", $fingerprint), '10.0.0.5', 'a certificate with the fingerprint');
my $other = $fingerprint =~ tr/0-9A-F/1-9A-F0/r;
is(ask("$https/fine", $other), $untrusted, '… with another one');
is(ask("$https/fine", lc($fingerprint)), $untrusted, '… in small letters, as in the reference');
is(ask("$https/fine"), $untrusted, 'a certificate that nobody vouches for');
{
    local $ENV{SSL_CERT_FILE} = $cert;
    is(ask("$https/fine"), '10.0.0.5', '… that this host trusts');
    my $elsewhere = "500 Can't connect to localhost:$port (certificate verify failed)\n";
    is(ask("https://localhost:$port/fine"), $elsewhere, '… for another name');
}
{
    # As openssl makes them without being told otherwise.
    my ($own_port, $own) = serve_secured('authority');
    local $ENV{SSL_CERT_FILE} = $own;
    is(ask("https://127.0.0.1:$own_port/fine"), '10.0.0.5', '… that calls itself an authority');
    is(ask("$https/fine"), $untrusted, '… which is not one for others');
}
unlink($log);
{
    local $ENV{http_proxy} = $http;
    local $ENV{https_proxy} = $http;
    is(ask('http://elsewhere.invalid:81/fine'), '10.0.0.5', 'through a proxy');
    is(ask("$https/fine", $fingerprint), '10.0.0.5', '… to TLS');
    local $ENV{no_proxy} = '.invalid,127.0.0.1';
    is(ask("$https/fine", $fingerprint), '10.0.0.5', '… but not to what is near');
}
write_file('datacenter.cfg', "http_proxy: $http\n");
is(ask('http://cluster.invalid/fine'), '10.0.0.5', "the cluster's proxy");
open(my $in, '<', $log) or die "open: $!\n";
my @told = map { (split(/ /))[0, 1] } <$in>;
my $query = "/fine/ipam/ip-addresses/?description__ic=$MAC";
is_deeply(
    \@told,
    [
        'GET', "http://elsewhere.invalid:81$query",
        'CONNECT', "127.0.0.1:$port",
        'GET', "http://cluster.invalid:80$query",
    ],
    '… is asked as proxies are'
);

done_testing();
