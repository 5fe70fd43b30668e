package PVE::Network::Rust::Command::Check;

use strict;
use warnings;

use PVE::Network::Rust::Command::Output;
use PVE::Network::Rust::Command::Progress;
use PVE::Network::Rust::Migration;

my $DIFFERENCES = 3;

sub _shown {
    my ($result) = @_;
    my $what = defined($result->{what}) ? ": $result->{what}" : '';
    my $seam = $result->{seam} // '';
    return (
        "$result->{file}: $seam$what: differs at $result->{path}",
        "    Perl: $result->{perl}", "    Rust: $result->{rust}"
    );
}

sub _reason {
    my ($reason) = @_;
    my $seam = defined($reason->{seam}) ? "$reason->{seam}: " : '';
    my $more = $reason->{files} > 1 ? " and " . ($reason->{files} - 1) . " more" : '';
    return "not compared: $seam$reason->{why} ($reason->{file}$more)";
}

sub print_result {
    my ($result, $options) = @_;
    my @lines = map { _shown($_) } @{ $result->{differences} };
    push @lines, map { _reason($_) } @{ $result->{reasons} };
    my $told = @{ $result->{differences} };
    push @lines, "... and " . ($result->{differing} - $told) . " more differences"
        if $told < $result->{differing};
    push @lines, "$result->{files} files, $result->{compared} comparisons: "
        . ($result->{differing} ? "$result->{differing} differ" : 'none differs')
        . ($result->{uncompared} ? "; $result->{uncompared} could not be made" : '');
    PVE::Network::Rust::Command::Output::lines($result, \@lines, $options);
    return;
}

sub _check {
    my ($options, @files) = @_;
    my %how = (progress => PVE::Network::Rust::Command::Progress::on_terminal('files compared'));
    # A path is only read.
    $how{files} = \@files if @files;
    $how{phase} = $options->{phase};
    my @all;
    if ($options->{verbose}) {
        my $is_text = PVE::Network::Rust::Command::Output::is_text($options);
        $how{result} = sub {
            my ($result) = @_;
            return push(@all, $result) if !$is_text;
            return if $result->{result} ne 'same';
            my $what = defined($result->{what}) ? ": $result->{what}" : '';
            print "$result->{file}: $result->{seam}$what: the same\n";
        };
    }
    my $result = PVE::Network::Rust::Migration::check(\%how);
    $result->{results} = \@all if @all;
    print_result($result, $options);
    return $result->{differing} ? $DIFFERENCES : 0;
}

sub commands {
    return {
        name => '',
        arguments => [
            {
                name => 'FILE',
                is_optional => 1,
                is_many => 1,
                complete => sub {
                    require PVE::Network::Rust::Migration::Check::Files;
                    return PVE::Network::Rust::Migration::Check::Files::all();
                },
            },
        ],
        options => [
            {
                name => 'phase',
                value => 'PHASE',
                among => [PVE::Network::Rust::Takeover::Seams::phases()],
            },
            { name => 'verbose' },
        ],
        help => 'Compares what Perl and Rust make of the configurations of this cluster.',
        run => \&_check,
    };
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Command::Check - the command check of pve-rustctl

=head1 METHODS

=head2 commands()

Returns it, as L<PVE::Network::Rust::Command> has it.

=head1 FUNCTIONS

=head2 print_result($result, \%options)

Prints what L<PVE::Network::Rust::Migration::Check> found.

=head1 SEE ALSO

L<PVE::Network::Rust::Migration::Check>

=cut
