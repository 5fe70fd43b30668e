package PVE::Network::Rust::Test::SDN;

# Replays a scenario of SDN on one implementation, the reference or this project's, and tells what
# came of it. A scenario is a hash:
#   name     what it is about
#   files    content by name below /etc/pve; %URL% is the address of a server that is started for it
#   answers  what the server answers, in this order: [status, reason, body]; then only 500
#   dnsmasq  whether dnsmasq is installed
#   failing  the arguments with which systemctl fails
#   calls    [function, arguments...]; functions are named Vnets::..., Subnets::... or Dhcp::...
# What came of it is a list with a hash for each call:
#   ok, error, warnings, output    of the call itself
#   ipam, macs, ethers, dnsmasq    the files afterwards, JSON with sorted keys
#   requests                       what the server was asked, JSON bodies with sorted keys
#   events                         what the DHCP server was told

use strict;
use warnings;

use Exporter qw(import);
use File::Path qw(make_path remove_tree);
use IO::Socket::INET;
use JSON;

use PVE::Network::Rust::Test::Outcome qw(message);

our @EXPORT_OK = qw(fake_systemctl replay);

# The reference's other functions return whatever their last statement left behind.
my $HAS_RESULT = qr/::(?:get_\w+|del_ips_from_mac)$/;

my @KEPT_HEADERS = qw(content-type authorization token x-api-key);

my $json = JSON->new->canonical->allow_nonref;

sub _slurp {
    my ($path) = @_;
    open(my $in, '<:raw', $path) or return undef;
    local $/ = undef;
    return scalar(<$in>);
}

sub _write {
    my ($path, $content) = @_;
    my $folder = $path =~ s{/[^/]*$}{}r;
    make_path($folder) if !-d $folder;
    open(my $out, '>:raw', $path) or die "open $path: $!\n";
    print $out $content or die "write $path: $!\n";
    close($out) or die "close $path: $!\n";
    return;
}

# Writes a systemctl into a folder that only tells a log what it was asked for.
sub fake_systemctl {
    my ($folder, $log) = @_;
    _write("$folder/systemctl", <<"SH");
#!/bin/sh
printf '["systemctl","%s","%s"]\\n' "\$1" "\$2" >> '$log'
! grep -qxF -- "\$1 \$2" '$folder/failing' 2>/dev/null
SH
    chmod(0755, "$folder/systemctl") or die "chmod: $!\n";
    return;
}

sub _sorted_json {
    my ($text) = @_;
    return undef if !defined($text);
    my $data = eval { $json->decode($text) };
    return defined($data) ? $json->encode($data) : $text;
}

sub _read_request {
    my ($client) = @_;
    my $line = <$client> // return undef;
    my ($method, $path) = $line =~ /^(\S+) (\S+)/ or return undef;
    my %headers;
    while (defined($line = <$client>) && $line =~ /^([^:]+):\s*(.*?)\r?$/) {
        $headers{ lc($1) } = $2;
    }
    my $body = '';
    read($client, $body, $headers{'content-length'}) if $headers{'content-length'};
    my %kept = map { $_ => $headers{$_} } grep { defined($headers{$_}) } @KEPT_HEADERS;
    return {
        method => $method,
        path => $path,
        headers => \%kept,
        body => $body eq '' ? undef : _sorted_json($body),
    };
}

# Starts the server. Returns its process and its port.
sub _serve {
    my ($answers, $log) = @_;
    my $server = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1')
        or die "listen: $!\n";
    my $pid = fork() // die "fork: $!\n";
    return ($pid, $server->sockport) if $pid;
    my @answers = @$answers;
    while (my $client = $server->accept) {
        my $request = _read_request($client) or next;
        open(my $out, '>>', $log) or die "open: $!\n";
        print $out $json->encode($request), "\n";
        close($out);
        my ($status, $reason, $body) = @{ shift(@answers) // [500, 'No More Answers', ''] };
        my $length = length($body);
        print $client "HTTP/1.1 $status $reason\r\nContent-Type: application/json\r\n"
            . "Content-Length: $length\r\nConnection: close\r\n\r\n$body";
        close($client);
    }
    require POSIX;
    POSIX::_exit(0);
}

sub _lines {
    my ($path) = @_;
    my $content = _slurp($path) // return [];
    unlink($path);
    return [map { $json->decode($_) } split(/\n/, $content)];
}

# Runs one call in list context.
sub _call {
    my ($name, $code, $arguments, $root, $work) = @_;
    my (%outcome, @list, @warnings);
    open(my $stdout, '>&', \*STDOUT) or die "dup: $!\n";
    open(STDOUT, '>', "$work/output") or die "open: $!\n";
    {
# An error within another one: what was raised in Rust has the caller's place, and no newline of its own.
        my $text = sub {
            return message($_[0]) =~ s/\Q$root\E//gr =~ s/\.\n\n\z/.\n/r;
        };
        local $SIG{__WARN__} = sub { push @warnings, $text->($_[0]) };
        local $SIG{__DIE__};
        local $@;
        if (!eval { @list = $code->(@$arguments); 1 }) {
            $outcome{error} = $text->("$@");
        } elsif ($name =~ $HAS_RESULT) {
            $outcome{ok} = $json->encode(\@list);
        }
    }
    STDOUT->flush();
    open(STDOUT, '>&', $stdout) or die "dup: $!\n";
    @warnings = grep { !/^Use of uninitialized value/ } @warnings;
    $outcome{warnings} = \@warnings if @warnings;
    my $output = _slurp("$work/output");
    $outcome{output} = $output if $output ne '';
    return \%outcome;
}

# What dnsmasq is configured with: the settings in its files by name, without comments and how they are laid out.
sub _dnsmasq {
    my ($root) = @_;
    my %files;
    for my $path (
        glob("$root/etc/dnsmasq.d/*/*.conf $root/etc/default/dnsmasq.* $root/etc/dbus-1/system.d/*")
        )
    {
        my @lines = grep { /\S/ } map { s/^\s+|\s+$//gr } grep { !/^#/ } split(/\n/, _slurp($path));
        # Lines mean something in all but XML.
        @lines = map { s/(?<=>) | (?=<)//gr } join(' ', @lines) if $path =~ m{/dbus-1/};
        $files{ $path =~ s/^\Q$root\E//r } = \@lines;
    }
    return %files ? \%files : undef;
}

# Replays a scenario in the folder $root, which is emptied. $implementation is a hash: `function`
# gives the code for a function's name, `events` is called after each call, `install` with whether dnsmasq is installed,
# `programs` is the folder of the systemctl.
sub replay {
    my ($scenario, $root, $work, $implementation) = @_;
    my @left = qw(pve/* pve/.r* dnsmasq.d/* default/dnsmasq.* dbus-1/system.d/*);
    remove_tree($_) for glob(join(' ', map { "$root/etc/$_" } @left));
    make_path("$root/etc/pve/$_") for qw(sdn priv/lock nodes/here);
    symlink('nodes/here', "$root/etc/pve/local") or die "symlink: $!\n";
    my ($pid, $port) = _serve($scenario->{answers} // [], "$work/requests");
    my %files = %{ $scenario->{files} };
    for my $name (sort keys %files) {
        my $path = $name =~ m{^/} ? "$root$name" : "$root/etc/pve/$name";
        _write($path, $files{$name} =~ s/%URL%/http:\/\/127.0.0.1:$port\/api/gr);
    }
    $implementation->{install}->($scenario->{dnsmasq});
    _write("$implementation->{programs}/failing", ($scenario->{failing} // '') . "\n");
    my @outcomes;
    for my $call (@{ $scenario->{calls} }) {
        my ($name, @arguments) = @$call;
        my $code = $implementation->{function}->($name) // die "no function $name\n";
        my $outcome = _call($name, $code, \@arguments, $root, $work);
        my %after = (
            ipam => _sorted_json(_slurp("$root/etc/pve/sdn/pve-ipam-state.json")),
            macs => _sorted_json(_slurp("$root/etc/pve/sdn/mac-cache.json")),
            ethers => _slurp("$root/etc/dnsmasq.d/z/ethers"),
            dnsmasq => _dnsmasq($root),
        );
        $outcome->{$_} = $after{$_} for grep { defined($after{$_}) } keys %after;
        my %told = (
            requests => _lines("$work/requests"),
            events => $implementation->{events}->(),
        );
        $outcome->{$_} = $told{$_} for grep { @{ $told{$_} } } keys %told;
        push @outcomes, $outcome;
    }
    kill('TERM', $pid);
    waitpid($pid, 0);
    return \@outcomes;
}

1;
