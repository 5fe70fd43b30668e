package PVE::API2::Nodes;

# Stands in for the module of that name, for t/rest.t.

use strict;
use warnings;

use base qw(PVE::RESTHandler);

__PACKAGE__->register_method({ subclass => 'PVE::API2::Nodes::Nodeinfo', path => '{node}' });

package PVE::API2::Nodes::Nodeinfo;

use strict;
use warnings;

use PVE::JSONSchema qw(get_standard_option);
use PVE::RESTHandler;

use base qw(PVE::RESTHandler);

my %NODE =
    (additionalProperties => 0, properties => { node => get_standard_option('pve-node') });

__PACKAGE__->register_method({
    name => 'index',
    path => '',
    method => 'GET',
    permissions => { user => 'all' },
    parameters => \%NODE,
    returns => { type => 'array', items => { type => 'object', properties => {} } },
    code => sub { return [{ name => 'lxc' }, { name => 'services' }] },
});

1;
