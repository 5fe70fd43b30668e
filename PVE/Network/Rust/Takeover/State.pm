package PVE::Network::Rust::Takeover::State;

use strict;
use warnings;

use File::Basename qw(dirname);
use File::Path qw(make_path);

my $FOLDER = '/var/lib/pve-network-rust';

sub path {
    my ($name) = @_;
    return ($ENV{PVE_RUST_ROOT} // '') . "$FOLDER/$name";
}

sub make_folder {
    my $folder = path('') =~ s{/\z}{}r;
    return if -d $folder;
    make_path(dirname($folder));
    mkdir($folder, 0700) || $!{EEXIST} || die "make $folder: $!\n";
    return;
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Takeover::State - where the takeover keeps what this node knows of it

=head1 FUNCTIONS

=head2 path($name)

Returns the path of a file in F</var/lib/pve-network-rust>.

=head2 make_folder()

Makes that folder, for root alone, where there is none. Dies where it cannot.

=head1 SEE ALSO

L<PVE::Network::Rust::Takeover>

=cut
