package PVE::Network::Rust::Migration::Check::Files;

use strict;
use warnings;

use PVE::Network::Rust::Takeover::State;

# Below /etc/pve, by the kind.
my %SECTIONS = (
    storage => 'storage.cfg',
    map { $_ => "sdn/$_.cfg" } qw(zones vnets subnets controllers ipams dns)
);

sub kind_of {
    my ($path) = @_;
    return { kind => 'container', name => "/lxc/$1.conf" } if $path =~ m{(?:\A|/)lxc/(\d+)\.conf\z};
    return { kind => 'interfaces', name => '/etc/network/interfaces' }
        if $path =~ m{(?:\A|/)interfaces(?:\.new)?\z};
    my ($kind) = grep { $path =~ m{(?:\A|/)\Q$SECTIONS{$_}\E\z} } sort keys %SECTIONS;
    return defined($kind) ? { kind => $kind, name => $SECTIONS{$kind} } : undef;
}

sub _in_folder {
    my ($folder, $pattern) = @_;
    opendir(my $entries, $folder) or return;
    my @names = map { /\A($pattern)\z/ ? $1 : () } readdir($entries);
    closedir($entries);
    return map { "$folder/$_" } sort { $a cmp $b } @names;
}

sub all {
    my $root = PVE::Network::Rust::Takeover::State::root();
    my @containers =
        map { _in_folder("$_/lxc", qr/\d+\.conf/) }
        _in_folder("$root/etc/pve/nodes", qr/[^.\/\0][^\/\0]*/);
    my @others = map { "$root/etc/pve/$_" } sort values %SECTIONS;
    push @others, map { "$root/etc/network/$_" } qw(interfaces interfaces.new);
    return (@containers, grep { -e $_ } @others);
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Migration::Check::Files - the files that both Perl and Rust can read

=head1 FUNCTIONS

=head2 all()

Returns the paths of those of this cluster: the configurations of containers of all nodes, F<storage.cfg>, the files of SDN, and
F</etc/network/interfaces> of this node.

=head2 kind_of($path)

Returns a reference to a hash with C<kind> (C<container>, C<storage>, C<interfaces>, C<zones>, C<vnets>, C<subnets>, C<controllers>, C<ipams> or C<dns>), and C<name>, which PVE's code has for
such a file; undef where there is no function for one.

=head1 SEE ALSO

L<PVE::Network::Rust::Migration::Check>

=cut
