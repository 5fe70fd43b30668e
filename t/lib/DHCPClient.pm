package DHCPClient;

# Clients of DHCP (RFC 2131) and DHCPv6 (RFC 8415) that ask for addresses through an interface and take nothing. Each runs in
# a process of its own: perl -MDHCPClient -e 'DHCPClient::main(...)' prints what was offered and given as JSON.

use strict;
use warnings;

use JSON::PP;
use Socket qw(:DEFAULT :addrinfo AF_INET6 inet_ntop inet_pton pack_sockaddr_in6);
use Time::HiRes qw(time);

my $TRIES = 15;
my $SO_BINDTODEVICE = 25;    # socket(7)
my $SIOCGIFINDEX = 0x8933;    # netdevice(7)
my ($DISCOVER, $REQUEST) = (1, 3);
my $BROADCAST = 0x8000;
my $COOKIE = "\x63\x82\x53\x63";
my ($MASK, $ROUTER, $SERVERS, $MTU, $WANTED, $LEASE, $TYPE, $SERVER, $LIST) =
    (1, 3, 6, 26, 50, 51, 53, 54, 55);

sub _mac { return pack('H12', $_[0] =~ s/://gr) }

# Waits a second for an answer that $wanted takes. Returns what it makes of it.
sub _answer {
    my ($socket, $wanted) = @_;
    my $end = time() + 1;
    while ((my $left = $end - time()) > 0) {
        vec(my $ready = '', fileno($socket), 1) = 1;
        last if !select($ready, undef, undef, $left);
        recv($socket, my $packet, 2000, 0) // next;
        my $found = $wanted->($packet);
        return $found if defined($found);
    }
    return undef;
}

sub _exchange {
    my ($socket, $to, $packets, $wanted) = @_;
    for (1 .. $TRIES) {
        for my $packet (@$packets) {
            defined(send($socket, $packet, 0, $to)) or die "send: $!\n";
        }
        my $answer = _answer($socket, $wanted);
        return $answer if $answer;
    }
    return undef;
}

sub _packet4 {
    my ($number, $mac, $type, @options) = @_;
    my %option =
        ($TYPE => chr($type), $LIST => pack('C*', $MASK, $ROUTER, $SERVERS, $MTU), @options);
    return pack('CCCCNnn', 1, 1, 6, 0, $number, 0, $BROADCAST)
        . "\0" x 16
        . pack('a16 x192', _mac($mac))
        . $COOKIE
        . join('', map { pack('CC/a', $_, $option{$_}) } sort { $a <=> $b } keys %option) . "\xff";
}

sub _read4 {
    my ($packet) = @_;
    my ($number, $ip) = unpack('x4 N x8 a4', $packet);
    my ($rest, %option) = substr($packet, 240);
    while ($rest =~ s/^(.)//s && $1 ne "\xff") {
        next if $1 eq "\0";
        my $code = ord($1);
        ($option{$code}, $rest) = unpack('C/a a*', $rest);
    }
    return { number => $number, ip => inet_ntoa($ip), option => \%option };
}

# Asks for an address for $mac, and just before for each of @strangers. Returns what the server says, and which strangers it
# has answered by then.
sub ask4 {
    my ($device, $mac, @strangers) = @_;
    socket(my $socket, PF_INET, SOCK_DGRAM, 0) or die "socket: $!\n";
    setsockopt($socket, SOL_SOCKET, SO_BROADCAST, 1) or die "broadcast: $!\n";
    setsockopt($socket, SOL_SOCKET, $SO_BINDTODEVICE, "$device\0") or die "bind to device: $!\n";
    bind($socket, pack_sockaddr_in(68, INADDR_ANY)) or die "bind: $!\n";
    my $to = pack_sockaddr_in(67, INADDR_BROADCAST);
    my $number = 1000;
    my %who = ($number => $mac);
    my @packets;

    for my $stranger (@strangers) {
        $who{ ++$number } = $stranger;
        push @packets, _packet4($number, $stranger, $DISCOVER);
    }
    my %answered;
    my $mine = sub {
        my $read = _read4($_[0]);
        my $whose = $who{ $read->{number} } // return undef;
        return $read if $whose eq $mac;
        $answered{$whose} = $read->{ip};
        return undef;
    };
    my $offer = _exchange($socket, $to, [@packets, _packet4(1000, $mac, $DISCOVER)], $mine)
        // return { strangers => \%answered };
    my @request =
        ($WANTED => inet_aton($offer->{ip}), $SERVER => $offer->{option}{$SERVER} // '');
    my $ack = _exchange(
        $socket, $to,
        [_packet4(1000, $mac, $REQUEST, @request)],
        sub {
            my $read = $mine->($_[0]);
            return $read && $read->{option}{$TYPE} ne "\2" ? $read : undef;
        }
    ) // return { offer => $offer->{ip}, strangers => \%answered };
    my %option = %{ $ack->{option} };
    my $address = sub { return defined($option{ $_[0] }) ? inet_ntoa($option{ $_[0] }) : undef };
    return {
        offer => $offer->{ip},
        given => ord($option{$TYPE}) == 5 ? $ack->{ip} : undef,
        mask => $address->($MASK),
        router => $address->($ROUTER),
        server => $address->($SERVERS),
        mtu => defined($option{$MTU}) ? unpack('n', $option{$MTU}) : undef,
        lease => defined($option{$LEASE}) ? unpack('N', $option{$LEASE}) : undef,
        strangers => \%answered,
    };
}

sub _options6 {
    my ($rest) = @_;
    my %option;
    while (length($rest) >= 4) {
        (my $code, my $value, $rest) = unpack('n n/a a*', $rest);
        $option{$code} = $value;
    }
    return \%option;
}

sub _read6 {
    my ($packet, $wanted) = @_;
    my ($type, $rest) = unpack('C x3 a*', $packet);
    return undef if $type != $wanted;
    my $option = _options6($rest);
    my $association = defined($option->{3}) ? _options6(substr($option->{3}, 12)) : {};
    my $address = $association->{5};
    return {
        server => $option->{2},
        ip => defined($address) ? inet_ntop(AF_INET6, substr($address, 0, 16)) : undef,
        dns => defined($option->{23}) ? inet_ntop(AF_INET6, substr($option->{23}, 0, 16)) : undef,
    };
}

# Asks for an IPv6 address for $mac, which has to be the device's own.
sub ask6 {
    my ($device, $mac) = @_;
    socket(my $socket, AF_INET6, SOCK_DGRAM, 0) or die "socket: $!\n";
    setsockopt($socket, SOL_SOCKET, $SO_BINDTODEVICE, "$device\0") or die "bind to device: $!\n";
    bind($socket, pack_sockaddr_in6(546, inet_pton(AF_INET6, '::'))) or die "bind: $!\n";
    my $request_index = pack('a16 x24', $device);
    ioctl($socket, $SIOCGIFINDEX, $request_index) or die "$device: $!\n";
    my $to = pack_sockaddr_in6(
        547, inet_pton(AF_INET6, 'ff02::1:2'), unpack('x16 i', $request_index)
    );
    my $client = pack('n n/a', 1, pack('nn', 3, 1) . _mac($mac));
    my $association = pack('n n/a', 3, pack('NNN', 1, 0, 0));
    my $more = pack('n n n', 8, 2, 0) . pack('n n n', 6, 2, 23);
    my $packet = sub {
        my ($type, $options) = @_;
        return pack('C', $type) . 'abc' . $client . $association . $more . $options;
    };
    my ($solicit, $advertise, $request, $reply) = (1, 2, 3, 7);
    my $offer =
        _exchange($socket, $to, [$packet->($solicit, '')], sub { _read6($_[0], $advertise) })
        // return {};
    my $server = pack('n n/a', 2, $offer->{server});
    my $given =
        _exchange($socket, $to, [$packet->($request, $server)], sub { _read6($_[0], $reply) });
    return { offer => $offer->{ip}, given => $given->{ip}, dns => $given->{dns} };
}

sub main {
    my ($what, @arguments) = @_;
    my $code = __PACKAGE__->can($what) or die "no client $what\n";
    print encode_json($code->(@arguments)), "\n";
    return;
}

1;
