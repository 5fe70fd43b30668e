package PVE::Network::Rust::NodeAPI;

use strict;
use warnings;

use PVE::Network::Rust::Takeover::Log;
use PVE::Network::Rust::Takeover::Required;

my $PATH = 'rust-network';
my $CLASS = 'PVE::API2::Network::Rust';
my $NODE = 'PVE::API2::Nodes::Nodeinfo';

my $is_there;

# The list that is the node's index has it, too.
sub _list {
    my $index = eval { $NODE->map_method_by_name('index') } // return;
    my $code = $index->{code};
    $index->{code} = sub {
        my $entries = $code->(@_);
        return $entries if grep { $_->{name} eq $PATH } @$entries;
        return [sort { $a->{name} cmp $b->{name} } @$entries, { name => $PATH }];
    };
    return 1;
}

sub _register {
    # Not while its module is half loaded.
    return 0 if !$NODE->can('map_method_by_name');
    return 0 if !eval { $NODE->map_method_by_name('index') };
    return 1 if $is_there++;
    local ($@, $!, $SIG{__DIE__}) = ('', 0, 'DEFAULT');
    my $done = eval {
        require PVE::API2::Network::Rust;
        $NODE->register_method({ subclass => $CLASS, path => $PATH });
        _list();
        1;
    };
    if (!$done) {
        my ($why) = split(/\n/, $@);
        PVE::Network::Rust::Takeover::Log::error("no REST interface: $why");
    }
    return 1;
}

sub install {
    PVE::Network::Rust::Takeover::Required::after('PVE::API2::Nodes', \&_register);
    return;
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::NodeAPI - puts PVE::API2::Network::Rust into the API of a node

=head1 DESCRIPTION

C<PVE::Storage::Custom::NetworkRust> loads this module in every daemon and tool of Proxmox VE. In those that have the API of a
node, which is PVE::API2::Nodes, L<PVE::API2::Network::Rust> is loaded after that, registered as F</nodes/{node}/rust-network>
and listed in F</nodes/{node}>; in others nothing is. It is there whatever the phase, and changes nothing by itself. Where it
cannot be loaded, that is logged in one line.

=head1 FUNCTIONS

=head2 install()

Registers it once PVE::API2::Nodes is loaded, at once if it is. The second time it does nothing.

=head1 SEE ALSO

L<PVE::API2::Network::Rust>, L<PVE::Storage::Custom::NetworkRust>

=cut
