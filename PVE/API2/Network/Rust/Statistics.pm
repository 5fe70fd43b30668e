package PVE::API2::Network::Rust::Statistics;

use strict;
use warnings;

use List::Util qw(max min sum);

use PVE::JSONSchema qw(get_standard_option);
use PVE::RESTHandler;

use PVE::Network::Rust::Hotplug;

use base qw(PVE::RESTHandler);

my @KINDS = qw(add remove update);
my @STATES = qw(pending running succeeded failed cancelled undone);

my $SECONDS = { type => 'number' };

my $TIMES = {
    type => 'object',
    optional => 1,
    properties => {
        count => { description => 'How many there are.', type => 'integer' },
        total => { %$SECONDS, description => 'All of them, in seconds.' },
        mean => { %$SECONDS, description => 'The mean, in seconds.' },
        min => { %$SECONDS, description => 'The shortest, in seconds.' },
        max => { %$SECONDS, description => 'The longest, in seconds.' },
    },
};

# undef for none.
sub _times {
    my (@seconds) = @_;
    return undef if !@seconds;
    my $total = sum(@seconds);
    return {
        count => scalar(@seconds),
        total => $total,
        mean => $total / @seconds,
        min => min(@seconds),
        max => max(@seconds),
    };
}

# The times between two fields of hashes that have both.
sub _between {
    my ($from, $to, @hashes) = @_;
    return _times(
        map { $_->{$to} - $_->{$from} }
            grep { defined($_->{$from}) && defined($_->{$to}) } @hashes
    );
}

sub _with_times {
    my ($hash, %times) = @_;
    for my $name (keys %times) {
        $hash->{$name} = $times{$name} if defined($times{$name});
    }
    return $hash;
}

sub _of_kind {
    my ($kind, @operations) = @_;
    my %states = map { $_ => 0 } @STATES;
    $states{ $_->{state} }++ for @operations;
    my %steps;
    push @{ $steps{ $_->{name} } }, $_ for map { @{ $_->{steps} } } @operations;
    my @steps =
        map { _with_times({ name => $_ }, times => _between('start', 'end', @{ $steps{$_} })) }
        sort keys %steps;
    return _with_times(
        { kind => $kind, count => scalar(@operations), states => \%states, steps => \@steps },
        waited => _between('created', 'started', @operations),
        took => _between('started', 'ended', @operations),
    );
}

__PACKAGE__->register_method({
    name => 'operation_statistics',
    path => '',
    method => 'GET',
    proxyto => 'node',
    protected => 1,
    permissions => { check => ['perm', '/nodes/{node}', ['Sys.Audit']] },
    description =>
        "How many changes of running containers' interfaces there were of each kind, and how long they took: those"
        . " whose records are there, which is about a week.",
    parameters => {
        additionalProperties => 0,
        properties => { node => get_standard_option('pve-node') },
    },
    returns => {
        type => 'array',
        items => {
            type => 'object',
            properties => {
                kind => { description => 'The kind.', type => 'string', enum => \@KINDS },
                count => { description => 'How many there were.', type => 'integer' },
                states => {
                    description => 'How many of them are in which state.',
                    type => 'object',
                    properties => {
                        map { $_ => { description => "How many are $_.", type => 'integer' } }
                            @STATES
                    },
                },
                waited => { %$TIMES, description => 'Times from asked for to begun.' },
                took => { %$TIMES, description => 'Times from begun to ended.' },
                steps => {
                    description => 'The steps that they have.',
                    type => 'array',
                    items => {
                        type => 'object',
                        properties => {
                            name => { description => 'What the step does.', type => 'string' },
                            times => { %$TIMES, description => 'How long it took.' },
                        },
                    },
                },
            },
        },
    },
    code => sub {
        my %of_kind;
        for my $operation (@{ PVE::Network::Rust::Hotplug->new()->list_operations() }) {
            push @{ $of_kind{ $operation->{kind} } }, $operation;
        }
        return [map { _of_kind($_, @{ $of_kind{$_} // [] }) } @KINDS];
    },
});

1;

__END__

=encoding utf8

=head1 NAME

PVE::API2::Network::Rust::Statistics - how many operations there were and how long they took, in the API

=head1 DESCRIPTION

F</nodes/{node}/rust-network/statistics> counts the operations of L<PVE::Network::Rust::Hotplug> of each kind, with their
states, how long they waited and took, and the times of their steps.

=head1 SEE ALSO

L<PVE::API2::Network::Rust>, L<PVE::Network::Rust::Hotplug>

=cut
