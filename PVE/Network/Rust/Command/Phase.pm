package PVE::Network::Rust::Command::Phase;

use strict;
use warnings;

use PVE::Network::Rust::Command::Output;
use PVE::Network::Rust::Command::Progress;
use PVE::Network::Rust::Migration;
use PVE::Network::Rust::Takeover::Seams;

my $NODE = { name => 'node' };
my $FORCE = { name => 'force' };

sub scope {
    my ($options) = @_;
    return $options->{node} ? 'node' : 'cluster';
}

sub _get {
    my ($options) = @_;
    my $phase = PVE::Network::Rust::Migration::phase();
    print STDERR "$phase->{path}: $phase->{kept}; this is what was known before\n"
        if defined($phase->{kept});
    PVE::Network::Rust::Command::Output::object(
        $phase, [map { { key => $_ } } qw(phase source path kept)],
        $options
    );
    return;
}

sub _told {
    my ($result, $options) = @_;
    print STDERR "$_\n" for @{ $result->{warnings} };
    my $text =
        $result->{changed}
        ? "$result->{from} -> $result->{to} ($result->{scope})"
        : "$result->{to} already ($result->{scope})";
    PVE::Network::Rust::Command::Output::lines($result, [$text], $options);
    return;
}

sub _options {
    my ($options) = @_;
    return {
        scope => scope($options),
        force => $options->{force},
        progress => PVE::Network::Rust::Command::Progress::on_terminal('files compared'),
    };
}

sub _set {
    my ($options, $phase) = @_;
    die "usage: unknown phase '$phase'\n"
        if !PVE::Network::Rust::Takeover::Seams::is_phase($phase);
    my $result =
        eval { PVE::Network::Rust::Migration::set_phase($phase, _options($options)) };
    if (!$result) {
        my $error = $@;
        my $check = ref($error) ? $error->{check} : undef;
        if ($check) {
            require PVE::Network::Rust::Command::Check;
            PVE::Network::Rust::Command::Check::print_result($check, $options);
        }
        die $error;
    }
    return _told($result, $options);
}

sub _clear {
    my ($options) = @_;
    return _told(PVE::Network::Rust::Migration::clear_phase(_options($options)), $options);
}

sub _history {
    my ($options) = @_;
    my @columns = (
        { key => 'time', shown => \&PVE::Network::Rust::Command::Output::time_of },
        { key => 'who' },
        { key => 'scope' },
        { key => 'what' },
        {
            key => 'from',
            shown => sub { ref($_[0]) ? join("\n", sort keys %{ $_[0] }) : $_[0] },
        },
        { key => 'to' },
        { key => 'forced', shown => sub { $_[0] ? 'yes' : '' } },
        { key => 'failed' },
    );
    PVE::Network::Rust::Command::Output::list(
        PVE::Network::Rust::Migration::history(),
        \@columns, $options
    );
    return;
}

sub commands {
    my @phases = PVE::Network::Rust::Takeover::Seams::phases();
    return (
        {
            name => 'get',
            help => 'Prints the phase of this node, and what says so.',
            run => \&_get,
        },
        {
            name => 'set',
            arguments => [{ name => 'PHASE', complete => sub { return @phases } }],
            options => [$NODE, $FORCE],
            help => 'Changes the phase of the cluster, or of this node.',
            run => \&_set,
        },
        {
            name => 'clear',
            options => [$NODE, $FORCE],
            help =>
                'Removes the phase of the cluster, or of this node, which has the cluster\'s then.',
            run => \&_clear,
        },
        {
            name => 'history',
            help => 'Lists the changes of phases and seams that were made on this node.',
            run => \&_history,
        },
    );
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Command::Phase - the commands of pve-rustctl about phases

=head1 METHODS

=head2 commands()

Returns them, as L<PVE::Network::Rust::Command> has them.

=head1 FUNCTIONS

=head2 scope(\%options)

Returns C<node> or C<cluster>, as the options say.

=head1 SEE ALSO

L<PVE::Network::Rust::Migration>

=cut
