# How the REST API comes below a node: through PVE's loader, in processes that have the API of nodes and in no others. With
# PVE_SRC that is the reference's, and pvesh sees it, else it is that of t/lib/rest.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use Test::More;

use lib 'perl/lib';

my $reference = ($ENV{PVE_SRC} // '') ne '';
plan(skip_all => "$ENV{PVE_SRC} has no pve-manager, which has the API of nodes")
    if $reference && !-d "$ENV{PVE_SRC}/pve-manager";

my $root = tempdir(CLEANUP => 1);
make_path("$root/lib/PVE/API2/Network", "$root/early/PVE/API2", "$root/etc/pve");
local $ENV{PVE_RUST_ROOT} = $root;

sub spew {
    my ($path, $text) = @_;
    open(my $out, '>', $path) or die "open $path: $!\n";
    print {$out} $text;
    close($out) or die "close: $!\n";
    return;
}

# What a program with the loader prints. The daemons' switch -T is not for sources below a folder of the environment.
sub program {
    my ($text, @more) = @_;
    my @switches = $reference ? ('-Iperl/lib', '-MPVE::Network::Rust::Test::Reference') : '-T';
    my @folders = (@more, grep({ !ref($_) } @INC), $reference ? () : abs_path('t/lib/rest'));
    spew("$root/program", <<'PERL' . $text);
BEGIN {
    package Sys::Syslog;
    $INC{'Sys/Syslog.pm'} = 'here';
    sub syslog { shift; print "log: ", sprintf(shift, @_), "\n" }
    sub import {
        my $package = caller();
        no strict 'refs';
        *{"${package}::$_"} = sub { } for qw(syslog openlog closelog);
    }
    $SIG{__WARN__} = sub { warn @_ if $_[0] !~ /is experimental/ };
}
sub loader { require PVE::Storage::Custom::NetworkRust }
sub registered {
    my ($class) = PVE::API2::Nodes->find_handler('GET', 'here/rust-network', {});
    my $index = PVE::API2::Nodes::Nodeinfo->map_method_by_name('index');
    my @listed = grep { $_->{name} eq 'rust-network' } @{ $index->{code}->() };
    print $class // 'nothing', ', listed ', scalar(@listed), "\n";
}
sub is_loaded { print join(' ', sort grep { m{^PVE/(?:API2/Network/Rust|RESTHandler)} } keys %INC), "\n" }
PERL
    local $ENV{PERL5OPT};
    delete($ENV{PERL5OPT});
    open(my $in, '-|', $^X, (map { "-I$_" } @folders), @switches, "$root/program")
        or die "start perl: $!\n";
    my $said = do { local $/ = undef; <$in> // '' };
    close($in);
    is($?, 0, 'it goes on');
    return [split(/\n/, $said)];
}

my $there = 'PVE::API2::Network::Rust, listed 1';
is_deeply(
    program('BEGIN { loader() } use PVE::API2::Nodes; registered()'), [$there],
    'the loader comes before the API, as in daemons'
);
is_deeply(
    program('loader(); require PVE::API2::Nodes; registered(); loader(); registered()'),
    [$there, $there], '… also at run time, once'
);
is_deeply(
    program('use PVE::API2::Nodes; loader(); registered()'), [$there],
    'the loader comes after it'
);

# The API's own module loads PVE::Storage, and that the loader.
spew("$root/early/PVE/API2/Nodes.pm", <<'PERL');
package PVE::API2::Nodes;
BEGIN {
    main::loader();
    my ($nodes) = grep { -e } map { "$_/PVE/API2/Nodes.pm" } grep { !ref($_) && !m{/early$} } @INC;
    ($nodes) = $nodes =~ /(.*)/;
    do $nodes or die $@;
}
1;
PERL
is_deeply(
    program("BEGIN { unshift \@INC, '$root/early' } use PVE::API2::Nodes; registered()"),
    [$there],
    'the loader comes while it is half loaded'
);

my $without = 'loader(); require PVE::LXC::Config; is_loaded()';
my $said = program($without);
is_deeply([grep { m{API2/Network/Rust} } @$said], [], 'nothing is loaded in tools without it');

spew("$root/lib/PVE/API2/Network/Rust.pm", "die \"broken\\nmore\\n\";\n");
is_deeply(
    program(
        'loader(); require PVE::API2::Nodes; registered(); print "$@" eq "" ? "ok\n" : "\$@\n"',
        "$root/lib"
    ),
    ['log: pve-network-rust: no REST interface: broken', 'nothing, listed 0', 'ok'],
    'what cannot be loaded is logged, and nothing else'
);

# All methods, by path.
my $methods = program(<<'PERL');
BEGIN { loader() }
use PVE::API2::Nodes;
sub methods {
    my ($list) = @_;
    for my $entry (@$list) {
        my %methods = %{ $entry->{info} // {} };
        # That of t/lib/rest is flat.
        %methods = ($methods{method} => $entry->{info}) if $methods{code};
        for my $method (grep { $entry->{path} =~ m{/rust-network} } sort keys %methods) {
            my $info = $methods{$method};
            my @without = grep { !defined($info->{$_}) } qw(description permissions parameters returns);
            push @without, undescribed($info->{parameters}{properties}), undescribed({ returns => $info->{returns} });
            my $by = join(' ', map { $info->{$_} ? $_ : () } qw(protected proxyto));
            print "$method $entry->{path}: $by; without (@without)\n";
        }
        methods($entry->{children} // []);
    }
}
sub undescribed {
    my ($properties) = @_;
    return map {
        my ($name, $schema) = ($_, $properties->{$_});
        my $items = $schema->{items} // {};
        ($schema->{description} || $name eq 'returns' ? () : $name, undescribed($schema->{properties} // {}),
            undescribed($items->{properties} // {}));
    } sort keys %$properties;
}
PVE::RESTHandler::validate_method_schemas() if PVE::RESTHandler->can('validate_method_schemas');
methods(PVE::RESTHandler::api_dump('PVE::API2::Nodes', '/nodes'));
PERL
my %methods = map { /^(\w+) \S+rust-network(\S*): (.*)/ ? ("$1 $2" => $3) : ($_ => 1) } @$methods;
my $both = 'protected proxyto; without ()';
my %wanted = (
    'GET ' => '; without ()',
    'GET /lxc' => 'proxyto; without ()',
    'GET /lxc/{vmid}' => 'proxyto; without ()',
    'GET /lxc/{vmid}/network' => 'proxyto; without ()',
    'GET /lxc/{vmid}/statistics' => 'proxyto; without ()',
    (map { ("$_ /bindings" => $both) } qw(GET POST)),
    (
        map { ("$_ /bindings/{vmid}" => $both, "$_ /bindings/{vmid}/{iface}" => $both) }
            qw(GET DELETE)
    ),
    (map { ("$_ /hotplug" => $both) } qw(GET POST)),
    (map { ("$_ /hotplug/{id}" => $both) } qw(GET DELETE)),
    'PUT /lxc/{vmid}/network' => $both,
    (map { ("GET /$_" => $both) } qw(events seams statistics)),
    (map { ("$_ /phase" => $both, "$_ /seams/{name}" => $both) } qw(GET PUT DELETE)),
);
is_deeply(\%methods, \%wanted, 'the schema has all methods, with descriptions')
    or diag(explain(\%methods));

if ($reference) {
    # As on a host: PVE::API2 and its tool.
    is_deeply(
        [grep { /rust-network/ } @{ program(<<'PERL') }],
BEGIN { loader() }
use PVE::CLI::pvesh;
my ($class) = PVE::API2->find_handler('GET', '/nodes/here/rust-network/lxc/100/network', \my %parameters);
print "$class $parameters{node} $parameters{vmid} rust-network\n";
print grep({ $_->{text} eq 'rust-network' } map { @{ $_->{children} // [] } }
    map { @{ $_->{children} // [] } } grep { $_->{text} eq 'nodes' } @{ PVE::RESTHandler::api_dump('PVE::API2') })
    ? "the viewer has rust-network\n" : '';
PERL
        [
            'PVE::API2::Network::Rust::LXC::Network here 100 rust-network',
            'the viewer has rust-network'
        ],
        'pvesh and the API viewer find it'
    );
}
done_testing();
