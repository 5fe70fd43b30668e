package PVE::Network::Rust::Takeover::Statistics;

use strict;
use warnings;

use PVE::Network::Rust::Takeover::Counts;
use PVE::Network::Rust::Takeover::State;

# In seconds: how often a process looks for what others have left behind.
my $FOLD_EVERY = 60;
# So many at a time.
my $MOST_FOLDED = 200;

# Of this process: the changes that were written, when it was last looked for what others left, and whether it is at its end.
my ($written, $folded, $has_finished) = (0, 0, 0);
# Its number, and the name of its file.
my ($pid, $name) = (0, '');

sub _folder { return PVE::Network::Rust::Takeover::State::path('statistics') }

sub _sum_path { return _folder() . '/sum' }

# In clock ticks since the machine started: what tells a process from another one that had its number.
sub _start_of {
    my ($process) = @_;
    open(my $in, '<', "/proc/$process/stat") or return undef;
    # Which handle was read last is the caller's business.
    local $.;
    my $line = <$in> // return undef;
    # A name may have any character.
    my (undef, $rest) = $line =~ /\A(\d+) \(.*\) (.*)/s or return undef;
    return (split(/ /, $rest))[19];
}

sub _begin {
    return if $pid == $$;
    ($written, $folded, $has_finished, $pid) = (0, 0, 0, $$);
    $name = join('-', $$, _start_of($$) // 0);
    return;
}

sub _is_dead {
    my ($file) = @_;
    my ($process, $start) = split(/-/, $file);
    return (_start_of($process) // '') ne $start;
}

sub _files {
    opendir(my $entries, _folder()) or return;
    return map { /\A(\d+-\d+)\z/ ? $1 : () } readdir($entries);
}

sub _read {
    my ($path) = @_;
    return eval { PVE::Network::Rust::Takeover::State::read_text($path) } // '';
}

# What all processes that ended have counted, since when, and the files that it has the counts of already.
sub _read_sum {
    my $text = _read(_sum_path());
    my ($since) = $text =~ /^since (\d+)$/m;
    my %counted = map { $_ => 1 } $text =~ /^has (\d+-\d+)$/mg;
    my %counts;
    PVE::Network::Rust::Takeover::Counts::add_text(\%counts, $text);
    return { since => $since // time(), has => \%counted, counts => \%counts };
}

sub _write_sum {
    my ($sum) = @_;
    my $text = "since $sum->{since}\n" . join('', map { "has $_\n" } sort keys %{ $sum->{has} });
    $text .= PVE::Network::Rust::Takeover::Counts::text($sum->{counts});
    PVE::Network::Rust::Takeover::State::replace(_sum_path(), $text);
    return;
}

# Puts what processes left that are no more into the sum, and this one's at its end. A file's counts are in there once,
# wherever this is cut off.
sub _fold {
    my ($own) = @_;
    my @dead = grep { defined($own) && $_ eq $name || _is_dead($_) } _files();
    splice(@dead, $MOST_FOLDED) if @dead > $MOST_FOLDED;
    return if !@dead && !defined($own);
    my $sum = _read_sum();
    my @new = grep { !$sum->{has}{$_} && $_ ne $name } @dead;
    for my $file (@new) {
        PVE::Network::Rust::Takeover::Counts::add_text($sum->{counts}, _read(_folder() . "/$file"));
    }
    PVE::Network::Rust::Takeover::Counts::add_text($sum->{counts}, $own) if defined($own);
    $sum->{has} = { map { $_ => 1 } @dead };
    _write_sum($sum);
    for my $file (@dead) {
        my $path = _folder() . "/$file";
        unlink($path) || $!{ENOENT} || die "remove $path: $!\n";
    }
    return;
}

sub _make_folder {
    PVE::Network::Rust::Takeover::State::make_folder();
    my $folder = _folder();
    mkdir($folder, 0700) || $!{EEXIST} || die "make $folder: $!\n";
    return;
}

sub flush {
    return if $> != 0;
    _begin();
    return if $has_finished;
    my $changes = PVE::Network::Rust::Takeover::Counts::changes();
    my $now = time();
    if ($changes != $written) {
        _make_folder();
        my $text = PVE::Network::Rust::Takeover::Counts::text(
            PVE::Network::Rust::Takeover::Counts::all()
        );
        PVE::Network::Rust::Takeover::State::replace(_folder() . "/$name", $text);
        $written = $changes;
    }
    return if $now - $folded < $FOLD_EVERY;
    $folded = $now;
    PVE::Network::Rust::Takeover::State::locked('statistics', sub { _fold() }, now => 1);
    return;
}

sub finish {
    return if $> != 0;
    _begin();
    return if $has_finished || !PVE::Network::Rust::Takeover::Counts::changes();
    _make_folder();
    my $own = PVE::Network::Rust::Takeover::Counts::text(
        PVE::Network::Rust::Takeover::Counts::all()
    );
    # Where another process has the lock, somebody will find the file.
    PVE::Network::Rust::Takeover::State::locked('statistics', sub { _fold($own) }, now => 1)
        or flush();
    $has_finished = 1;
    return;
}

sub of_node {
    my $result;
    PVE::Network::Rust::Takeover::State::locked(
        'statistics',
        sub {
            my $sum = _read_sum();
            for my $file (grep { !$sum->{has}{$_} } _files()) {
                my $text = _read(_folder() . "/$file");
                PVE::Network::Rust::Takeover::Counts::add_text($sum->{counts}, $text);
            }
            $result = { since => $sum->{since}, seams => $sum->{counts} };
        }
    );
    return $result;
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Takeover::Statistics - what all processes of this node have counted of the seams

=head1 DESCRIPTION

A process of root that calls functions with seams writes what it has counted (L<PVE::Network::Rust::Takeover::Counts>) to a
file of its own in F</var/lib/pve-network-rust/statistics>, when it looks at the settings, and when it ends to F<sum> there. What
processes left that were killed is put there by others, once a minute. None of it waits for another process. Processes of
others than root are not counted.

=head1 FUNCTIONS

=head2 flush()

Writes what has changed since the last time. Dies where it cannot.

=head2 finish()

Adds what this process has counted to the sum: it will count no more.

=head2 of_node()

Returns a reference to a hash: C<since>, when counting began, in seconds since 1970, and C<seams>, the counts by the seam's name.
Dies where they cannot be read.

=head1 SEE ALSO

L<PVE::Network::Rust::Takeover>

=cut
