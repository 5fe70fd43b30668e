package PVE::Network::Rust::Command::Seam;

use strict;
use warnings;

use PVE::Network::Rust::Command::Output;
use PVE::Network::Rust::Command::Phase;
use PVE::Network::Rust::Migration;
use PVE::Network::Rust::Takeover::Seams;

my $NODE = { name => 'node' };

my @COLUMNS = (
    { key => 'name' },
    { key => 'mode' },
    { key => 'source' },
    { key => 'phase' },
    { key => 'pure', shown => sub { $_[0] ? 'yes' : 'no' } },
    { key => 'off', shown => \&PVE::Network::Rust::Command::Output::time_of },
);

sub names {
    return map { $_->{name} } PVE::Network::Rust::Takeover::Seams::all();
}

sub _list {
    my ($options) = @_;
    my $seams = PVE::Network::Rust::Migration::seams();
    PVE::Network::Rust::Command::Output::list($seams, \@COLUMNS, $options);
    return;
}

sub _told {
    my ($names, $options) = @_;
    my @lines = @$names ? @$names : 'nothing to change';
    PVE::Network::Rust::Command::Output::lines($names, \@lines, $options);
    return;
}

sub _set {
    my ($options, $name, $mode) = @_;
    die "usage: unknown mode '$mode'\n" if !PVE::Network::Rust::Takeover::Seams::is_mode($mode);
    my $scope = PVE::Network::Rust::Command::Phase::scope($options);
    return _told(
        PVE::Network::Rust::Migration::set_seam($name, $mode, { scope => $scope }),
        $options
    );
}

sub _clear {
    my ($options, $name) = @_;
    my $scope = PVE::Network::Rust::Command::Phase::scope($options);
    return _told(PVE::Network::Rust::Migration::clear_seam($name, { scope => $scope }), $options);
}

sub commands {
    my $name = { name => 'NAME', complete => \&names };
    return (
        {
            name => 'list',
            help => 'Lists the functions that Rust can answer for, and who answers on this node.',
            run => \&_list,
        },
        {
            name => 'set',
            arguments => [
                $name,
                {
                    name => 'MODE',
                    complete => sub { PVE::Network::Rust::Takeover::Seams::modes() }
                }
            ],
            options => [$NODE],
            help =>
                'Gives a function a mode of its own, whatever the phase; * stands for anything.',
            run => \&_set,
        },
        {
            name => 'clear',
            arguments => [$name],
            options => [$NODE],
            help =>
                'Has a function go by the phase again, and turns it on again after failures on this node.',
            run => \&_clear,
        },
    );
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Command::Seam - the commands of pve-rustctl about seams

=head1 METHODS

=head2 commands()

Returns them, as L<PVE::Network::Rust::Command> has them.

=head1 FUNCTIONS

=head2 names()

Returns the names of all seams.

=head1 SEE ALSO

L<PVE::Network::Rust::Migration>

=cut
