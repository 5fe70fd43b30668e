package PVE::Network::Rust::Command::Status;

use strict;
use warnings;

use PVE::Network::Rust::Command::Output;
use PVE::Network::Rust::Migration;

my $TIME = \&PVE::Network::Rust::Command::Output::time_of;

sub _on_rust {
    my ($counts) = @_;
    return ($counts->{rust} // 0) + ($counts->{'rust-strict'} // 0);
}

my @NUMBERS = (
    { key => 'calls', type => 'number' },
    { key => 'on_rust', title => 'on rust', type => 'number' },
    { key => 'perl_us', title => 'perl µs', type => 'number' },
    { key => 'rust_us', title => 'rust µs', type => 'number' },
    { key => 'failures', title => 'fallbacks', type => 'number' },
    { key => 'divergences', type => 'number' },
    { key => 'off', shown => $TIME },
);

# A row of a table.
sub _seam {
    my ($seam) = @_;
    return { %$seam, on_rust => _on_rust($seam->{calls_by_mode} // {}) };
}

sub _of_node {
    my ($options) = @_;
    my $status = PVE::Network::Rust::Migration::status();
    return PVE::Network::Rust::Command::Output::object($status, [], $options)
        if !PVE::Network::Rust::Command::Output::is_text($options);
    PVE::Network::Rust::Command::Output::object(
        $status,
        [
            (map { { key => $_ } } qw(node version phase source path kept error)),
            { key => 'since', title => 'counted since', shown => $TIME },
        ],
        $options
    );
    my @seams = map { _seam($_) } grep { $_->{calls} || $_->{off} || $_->{mode} ne 'perl' }
        @{ $status->{seams} };
    PVE::Network::Rust::Command::Output::table(
        \@seams, [{ key => 'name' }, { key => 'mode' }, @NUMBERS],
        $options
    );
    return;
}

sub _sum {
    my ($status) = @_;
    my %sum = map { $_ => 0 } qw(calls on_rust failures divergences);
    my %modes;
    for my $seam (map { _seam($_) } @{ $status->{seams} }) {
        $sum{$_} += $seam->{$_} // 0 for keys %sum;
        $modes{ $seam->{mode} }++;
        $modes{off}++ if $seam->{off};
    }
    my @told = map { $modes{$_} ? "$modes{$_} $_" : () } qw(rust rust-strict shadow off);
    return { %$status, %sum, seams => join(', ', @told) } if defined($status->{time});
    return { node => $status->{node}, seams => 'has told nothing yet' };
}

sub _of_all {
    my ($options) = @_;
    my $all = PVE::Network::Rust::Migration::status({ all => 1 });
    print STDERR "this node only: $all->{reason}\n" if defined($all->{reason});
    return PVE::Network::Rust::Command::Output::object($all, [], $options)
        if !PVE::Network::Rust::Command::Output::is_text($options);
    my @nodes = map { _sum($_) } @{ $all->{nodes} };
    my @numbers = grep { $_->{key} !~ /_us\z|\Aoff\z/ } @NUMBERS;
    PVE::Network::Rust::Command::Output::table(
        \@nodes,
        [
            (map { { key => $_ } } qw(node version phase source seams)),
            @numbers,
            { key => 'time', title => 'as of', shown => $TIME },
        ],
        $options
    );
    return;
}

sub _status {
    my ($options) = @_;
    return $options->{all} ? _of_all($options) : _of_node($options);
}

sub commands {
    return {
        name => '',
        options => [{ name => 'all' }],
        help => 'Prints what runs on Rust and how it does, on this node or on all.',
        run => \&_status,
    };
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Command::Status - the command status of pve-rustctl

=head1 METHODS

=head2 commands()

Returns it, as L<PVE::Network::Rust::Command> has it.

=head1 SEE ALSO

L<PVE::Network::Rust::Migration>

=cut
