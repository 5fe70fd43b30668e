package PVE::Network::Rust::Migration::Check;

use strict;
use warnings;

use JSON::PP ();
use POSIX ();

use PVE::Network::Rust::Migration::Check::Files;
use PVE::Network::Rust::Takeover::Seams;

# Of each kind, so many are told one by one.
my $MOST_TOLD = 1_000;

my $json = JSON::PP->new()->ascii();

# Goes through the files and writes a line of JSON for each: its path and results.
sub _compare {
    my ($out, $files, $phase) = @_;
    require PVE::Network::Rust::Migration::Check::Compare;
    for my $path (@$files) {
        my $results = PVE::Network::Rust::Migration::Check::Compare::file($path, $phase);
        print {$out} $json->encode({ file => $path, results => $results }), "\n"
            or die "write: $!\n";
    }
    $out->flush();
    return;
}

# In a process of its own: PVE's modules are large, and the takeover is not in effect there.
sub _start {
    my ($files, $phase) = @_;
    my $pid = open(my $in, '-|') // die "fork: $!\n";
    return $in if $pid;
    my $out;
    my $done = eval {
        # What modules say when they are loaded belongs elsewhere.
        open($out, '>&', \*STDOUT) or die "dup: $!\n";
        open(STDOUT, '>&', \*STDERR) or die "dup: $!\n";
        $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP PIPE ALRM CHLD __DIE__ __WARN__);
        _compare($out, $files, $phase);
        1;
    };
    if (!$done && $out) {
        my ($why) = split(/\n/, "$@");
        print {$out} $json->encode({ failed => $why }), "\n";
        close($out);
    }
    # No END block: it is no end of the program.
    POSIX::_exit($done ? 0 : 1);
}

sub _take {
    my ($sum, $line) = @_;
    my $file = $line->{file};
    for my $result (@{ $line->{results} }) {
        my $kind = delete($result->{result});
        $sum->{$kind}++;
        if ($kind eq 'differs') {
            push @{ $sum->{differences} }, { file => $file, %$result }
                if @{ $sum->{differences} } < $MOST_TOLD;
        } elsif ($kind eq 'uncompared') {
            my $key = join("\0", $result->{seam} // '', $result->{why});
            my $same = $sum->{reasons}{$key};
            if ($same) {
                $same->{files}++ if $same->{last} ne $file;
                $same->{last} = $file;
            } elsif (keys %{ $sum->{reasons} } < $MOST_TOLD) {
                $sum->{reasons}{$key} = { %$result, file => $file, files => 1, last => $file };
            }
        }
    }
    return;
}

sub _result {
    my ($sum, $files) = @_;
    my @reasons = map { my %reason = %{ $sum->{reasons}{$_} }; delete($reason{last}); \%reason }
        sort keys %{ $sum->{reasons} };
    return {
        files => $files,
        compared => $sum->{same} + $sum->{differs},
        differing => $sum->{differs},
        uncompared => $sum->{uncompared},
        differences => $sum->{differences},
        reasons => \@reasons,
    };
}

sub run {
    my ($options) = @_;
    my $phase = $options->{phase};
    die "unknown phase '$phase'\n"
        if defined($phase) && !PVE::Network::Rust::Takeover::Seams::is_phase($phase);
    my @files = @{ $options->{files} // [] };
    for my $path (@files) {
        die "$path: there is no such file\n" if !-e $path;
    }
    @files = PVE::Network::Rust::Migration::Check::Files::all() if !@files;
    my $sum = { same => 0, differs => 0, uncompared => 0, differences => [], reasons => {} };
    my ($done, $told) = (0, $options->{progress});
    $told->($done, scalar(@files)) if $told;
    my $in = _start(\@files, $phase);
    while (defined(my $text = <$in>)) {
        my $line = $json->decode($text);
        die "Perl and Rust cannot be compared: $line->{failed}\n" if defined($line->{failed});
        $options->{result}->({ %$_, file => $line->{file} })
            for $options->{result} ? @{ $line->{results} } : ();
        _take($sum, $line);
        $done++;
        $told->($done, scalar(@files)) if $told;
    }
    my $ended = close($in);
    die "the process that compares ended after $done of " . @files . " files\n"
        if !$ended || $done != @files;
    return _result($sum, scalar(@files));
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Migration::Check - compares what Perl and Rust make of configurations

=head1 DESCRIPTION

Has PVE's own Perl code and Rust read the configurations of this cluster, and write again what was read, without touching a
file: of containers of all nodes, with each of their interfaces, volumes, devices and features, also in snapshots and pending
changes; of storages, of SDN, and F</etc/network/interfaces> of this node. Guests of QEMU are left out: no function of theirs can
run on Rust. What is compared is what the takeover compares in shadow: answers, warnings, errors and changed arguments.

=head1 FUNCTIONS

=head2 run(\%options)

Does that in a process of its own. Options are C<files>, a reference to a list of paths, which are then taken in place of all;
C<phase>: only the functions that run on Rust then; C<progress>, a reference to a sub that is called with how many files are done,
and of how many; and C<result>, one that is called with each result as in L<PVE::Network::Rust::Migration::Check::Compare>, with
C<file>.

Returns a reference to a hash: the numbers of C<files>, of comparisons that were made (C<compared>), of those that were
C<differing>, and of those that could not be made (C<uncompared>); C<differences>, a list of hashes with C<file>, C<seam>,
C<what>, C<path>, C<perl> and C<rust>; and C<reasons>, a list of hashes with C<seam>, C<why> it could not be compared, in how
many C<files>, and the first C<file>. Of both the first 1,000 are told.

Dies where there is no such file, or the comparison cannot be made at all.

=head1 SEE ALSO

L<PVE::Network::Rust::Migration>

=cut
