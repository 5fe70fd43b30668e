package PVE::Network::Rust::Takeover::State;

use strict;
use warnings;

use Fcntl qw(:flock O_CREAT O_RDONLY O_RDWR O_TRUNC O_WRONLY);

my $FOLDER = '/var/lib/pve-network-rust';

# Who starts a process with that variable decides where it writes, also with -T.
sub root {
    my ($root) = ($ENV{PVE_RUST_ROOT} // '') =~ /\A([^\0]*)\z/;
    return $root;
}

sub path {
    my ($name) = @_;
    return root() . "$FOLDER/$name";
}

sub make_folder {
    my $folder = path('') =~ s{/\z}{}r;
    return if -d $folder;
    require File::Path;
    File::Path::make_path($folder =~ s{/[^/]*\z}{}r);
    mkdir($folder, 0700) || $!{EEXIST} || die "make $folder: $!\n";
    return;
}

sub read_text {
    my ($path) = @_;
    open(my $in, '<:raw', $path) or die "open $path: $!\n";
    # Warnings tell which handle was read last, which is to be the caller's.
    local $.;
    local $/ = undef;
    my $text = <$in>;
    # Of a folder, or a file system whose server is gone.
    die "read $path: $!\n" if !defined($text) && !eof($in);
    close($in) or die "read $path: $!\n";
    return $text // '';
}

sub _sync_folder {
    my ($path) = @_;
    my $folder = $path =~ m{\A(.*)/}s ? "$1/" : '.';
    sysopen(my $in, $folder, O_RDONLY) or die "open $folder: $!\n";
    $in->sync() or die "sync $folder: $!\n";
    return;
}

sub replace {
    my ($path, $text, %how) = @_;
    # Has its methods for handles; whoever only reads needs none of it.
    require IO::Handle;
    my $new = "$path.tmp.$$";
    my $done = eval {
        sysopen(my $out, $new, O_WRONLY | O_CREAT | O_TRUNC, $how{mode} // 0600)
            or die "open $new: $!\n";
        binmode($out);
        print({$out} $text) && $out->flush() or die "write $new: $!\n";
        !$how{sync} || $out->sync() or die "sync $new: $!\n";
        close($out) or die "write $new: $!\n";
        rename($new, $path) or die "rename $new to $path: $!\n";
        _sync_folder($path) if $how{sync};
        1;
    };
    return if $done;
    my $error = $@;
    unlink($new);
    die $error;
}

sub locked {
    my ($name, $code, %how) = @_;
    make_folder();
    my $path = path("$name.lock");
    sysopen(my $lock, $path, O_RDWR | O_CREAT, 0600) or die "open $path: $!\n";
    while (!flock($lock, LOCK_EX | ($how{now} ? LOCK_NB : 0))) {
        return 0 if $how{now} && $!{EWOULDBLOCK};
        $!{EINTR} or die "lock $path: $!\n";
    }
    $code->();
    return 1;
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Takeover::State - where the takeover keeps what this node knows of it

=head1 FUNCTIONS

=head2 root()

Returns what stands before each path of this host: C<PVE_RUST_ROOT>, which tests set, and else nothing.

=head2 path($name)

Returns the path of a file in F</var/lib/pve-network-rust>.

=head2 make_folder()

Makes that folder, for root alone, where there is none. Dies where it cannot.

=head2 read_text($path)

Returns the bytes of a file. Dies with why it cannot be read; C<$!> says so, too.

=head2 replace($path, $text, %how)

Puts a file with that text in the place of C<$path>, so that whoever opens it sees the old or the new one as a whole. C<%how> may
have C<mode>, 0600 where it has not, and C<sync>: it is on disk then when this returns. Dies where that cannot be.

=head2 locked($name, $code, %how)

Calls C<$code> while no other process of this node has the lock of that name, which is on F<$name.lock>. With C<now> among
C<%how> it does not wait, and does not call it where another one has it. Returns whether it was called; dies of what C<$code>
dies of, and where the lock cannot be had.

=head1 SEE ALSO

L<PVE::Network::Rust::Takeover>

=cut
