package PVE::Network::Rust::Command::Operation;

use strict;
use warnings;

use PVE::Network::Rust::Command::Output;

my $TIME = \&PVE::Network::Rust::Command::Output::time_of;

my @COLUMNS = (
    { key => 'id' },
    { key => 'kind' },
    { key => 'vmid', type => 'number' },
    { key => 'netid', type => 'number' },
    { key => 'state' },
    { key => 'created', shown => $TIME },
    { key => 'ended', shown => $TIME },
    { key => 'error' },
);

my @MORE = (
    { key => 'async' },
    { key => 'pid' },
    { key => 'started', shown => $TIME },
    {
        key => 'steps',
        shown => sub {
            return join("\n", map { _step($_) } @{ $_[0] });
        },
    },
    { key => 'interface' },
);

sub _step {
    my ($step) = @_;
    return "$step->{name}: not ended" if !defined($step->{end});
    return sprintf('%s: %.1f ms', $step->{name}, ($step->{end} - $step->{start}) * 1_000);
}

sub _hotplug {
    require PVE::Network::Rust::Hotplug;
    return PVE::Network::Rust::Hotplug->new();
}

sub _list {
    my ($options) = @_;
    my %filter = map { defined($options->{$_}) ? ($_ => $options->{$_}) : () } qw(kind state);
    if (defined($options->{vmid})) {
        die "usage: '$options->{vmid}' is no VMID\n" if $options->{vmid} !~ /\A[1-9]\d{0,8}\z/;
        $filter{vmid} = int($options->{vmid});
    }
    my $operations = _hotplug()->list_operations(\%filter);
    PVE::Network::Rust::Command::Output::list($operations, \@COLUMNS, $options);
    return;
}

sub _show {
    my ($options, $id) = @_;
    my $operation = _hotplug()->get_operation_status($id);
    PVE::Network::Rust::Command::Output::object($operation, [@COLUMNS, @MORE], $options);
    return;
}

sub _cancel {
    my ($options, $id) = @_;
    my $operation = _hotplug()->cancel_operation($id);
    PVE::Network::Rust::Command::Output::object($operation, [@COLUMNS, @MORE], $options);
    return;
}

sub _ids {
    return map { $_->{id} } @{ (eval { _hotplug()->list_operations({}) }) // [] };
}

sub commands {
    my $id = { name => 'ID', complete => \&_ids };
    my $vmids = sub {
        require PVE::Network::Rust::Command::Container;
        return PVE::Network::Rust::Command::Container::vmids();
    };
    return (
        {
            name => 'list',
            options => [
                { name => 'vmid', value => 'VMID', complete => $vmids },
                { name => 'kind', value => 'KIND', among => [qw(add remove update)] },
                {
                    name => 'state',
                    value => 'STATE',
                    among => [qw(pending running succeeded failed cancelled undone)],
                },
            ],
            help => 'Lists the changes of interfaces of running containers on this node.',
            run => \&_list,
        },
        {
            name => 'show',
            arguments => [$id],
            help => 'Prints what is known of a change: its state, steps and times.',
            run => \&_show,
        },
        {
            name => 'cancel',
            arguments => [$id],
            help => 'Ends a change before it is done, or undoes it.',
            run => \&_cancel,
        },
    );
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Command::Operation - the commands of pve-rustctl about operations

=head1 METHODS

=head2 commands()

Returns them, as L<PVE::Network::Rust::Command> has them.

=head1 SEE ALSO

L<PVE::Network::Rust::Hotplug>

=cut
