package PVE::Network::Rust::Command::Divergences;

use strict;
use warnings;

use PVE::Network::Rust::Command::Output;
use PVE::Network::Rust::Takeover::Divergences;
use PVE::Network::Rust::Takeover::State;

my @COLUMNS = (
    { key => 'number', type => 'number' },
    { key => 'time', shown => \&PVE::Network::Rust::Command::Output::time_of },
    { key => 'seam' },
    { key => 'path', title => 'differs at' },
);

sub _difference {
    my ($record) = @_;
    return { path => 'too long to be recorded' } if $record->{too_long};
    # What was masked is masked there already.
    require PVE::Network::Rust::Migration::Check::Difference;
    return PVE::Network::Rust::Migration::Check::Difference::of_outcomes(
        @$record{qw(perl rust)}
    );
}

# Calls $code with each record of that seam and its number.
sub _each {
    my ($seam, $code) = @_;
    my $number = 0;
    for my $record (@{ PVE::Network::Rust::Takeover::Divergences::list() }) {
        $number++;
        $code->($record, $number) if !defined($seam) || $record->{seam} eq $seam;
    }
    return;
}

sub _list {
    my ($options) = @_;
    my @rows;
    _each(
        $options->{seam},
        sub {
            my ($record, $number) = @_;
            my %row = (%$record{qw(time seam)}, number => $number, %{ _difference($record) });
            push @rows, \%row;
        }
    );
    PVE::Network::Rust::Command::Output::list(\@rows, \@COLUMNS, $options);
    return;
}

sub _show {
    my ($options, $wanted) = @_;
    die "usage: '$wanted' is no number\n" if $wanted !~ /\A[1-9]\d*\z/;
    my $record = PVE::Network::Rust::Takeover::Divergences::list()->[$wanted - 1]
        // die "there is no divergence $wanted\n";
    if (!PVE::Network::Rust::Command::Output::is_text($options)) {
        PVE::Network::Rust::Command::Output::object($record, [], $options);
        return;
    }
    my %shown = (%$record, %{ _difference($record) });
    require JSON::PP;
    my $json = JSON::PP->new()->canonical()->pretty()->allow_nonref();
    my @lines = (
        'time: ' . PVE::Network::Rust::Command::Output::time_of($record->{time}),
        "seam: $record->{seam}",
        "versions: "
            . join(', ', map { "$_ $record->{versions}{$_}" } sort keys %{ $record->{versions} }),
        "differs at: $shown{path}",
        (
            map { my $text = $json->encode($record->{$_}); chomp($text); "$_: $text" }
                grep { exists($record->{$_}) } qw(arguments perl rust)
        )
    );
    PVE::Network::Rust::Command::Output::lines($record, \@lines, $options);
    return;
}

sub _export {
    my ($options, $path) = @_;
    require JSON::PP;
    my $json = JSON::PP->new()->canonical()->ascii();
    my $text = '';
    _each($options->{seam}, sub { $text .= $json->encode($_[0]) . "\n" });
    if (!defined($path) || $path eq '-') {
        print $text;
        return;
    }
    # Where an administrator says: it is not another program's input.
    my ($untainted) = $path =~ /\A([^\0]+)\z/ or die "usage: '$path' is no path\n";
    PVE::Network::Rust::Takeover::State::replace($untainted, $text);
    return;
}

sub _clear {
    PVE::Network::Rust::Takeover::Divergences::clear();
    return;
}

sub commands {
    my $seam = {
        name => 'seam',
        value => 'NAME',
        complete => sub {
            require PVE::Network::Rust::Command::Seam;
            return PVE::Network::Rust::Command::Seam::names();
        },
    };
    return (
        {
            name => 'list',
            options => [$seam],
            help => 'Lists where Perl and Rust differed in shadow on this node.',
            run => \&_list,
        },
        {
            name => 'show',
            arguments => [{ name => 'NUMBER' }],
            help => 'Prints a difference: the arguments, and what both made of them.',
            run => \&_show,
        },
        {
            name => 'export',
            arguments => [{ name => 'FILE', is_optional => 1 }],
            options => [$seam],
            is_silent => 1,
            help => 'Writes the differences as lines of JSON, without secrets.',
            run => \&_export,
        },
        {
            name => 'clear',
            is_silent => 1,
            help => 'Removes what is recorded.',
            run => \&_clear,
        },
    );
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Command::Divergences - the commands of pve-rustctl about divergences

=head1 METHODS

=head2 commands()

Returns them, as L<PVE::Network::Rust::Command> has them.

=head1 SEE ALSO

L<PVE::Network::Rust::Takeover::Divergences>

=cut
