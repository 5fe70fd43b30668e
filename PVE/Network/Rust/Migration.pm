package PVE::Network::Rust::Migration;

use strict;
use warnings;

use PVE::Network::Rust::Error;
use PVE::Network::Rust::Migration::History;
use PVE::Network::Rust::Migration::SettingFile;
use PVE::Network::Rust::Migration::Text;
use PVE::Network::Rust::Takeover::Breaker;
use PVE::Network::Rust::Takeover::Files;
use PVE::Network::Rust::Takeover::Log;
use PVE::Network::Rust::Takeover::Seams;
use PVE::Network::Rust::Takeover::Setting;

my %SCOPE = map { $_ => 1 } qw(cluster node);

my @PHASES = PVE::Network::Rust::Takeover::Seams::phases();
my %STEP = map { $PHASES[$_] => $_ } 0 .. $#PHASES;

sub _options {
    my ($options, @known) = @_;
    my %options = %{ $options // {} };
    my %known = map { $_ => 1 } @known;
    my @unknown = grep { !$known{$_} } sort keys %options;
    die "unknown option '$unknown[0]'\n" if @unknown;
    return \%options;
}

sub _scope {
    my ($options) = @_;
    my $scope = $options->{scope} // 'cluster';
    die "unknown scope '$scope': there are cluster and node\n" if !$SCOPE{$scope};
    return $scope;
}

sub _who {
    my ($options) = @_;
    my $who = $options->{who};
    if (!defined($who)) {
        $who = getpwuid($<) // $<;
        $who .= " (sudo of $ENV{SUDO_USER})" if defined($ENV{SUDO_USER});
    }
    return $who =~ s/[^\x20-\x7e]/?/gr;
}

sub _known_phase {
    my ($phase) = @_;
    my ($known) = grep { $_ eq $phase } @PHASES;
    return $known // die "unknown phase '$phase': there are @PHASES\n";
}

sub _sources {
    PVE::Network::Rust::Takeover::Files::look();
    return PVE::Network::Rust::Takeover::Files::sources();
}

sub phase {
    PVE::Network::Rust::Takeover::Files::look();
    return PVE::Network::Rust::Takeover::Files::phase();
}

# What counts where the file of that scope names no phase.
sub _without_own {
    my ($scope) = @_;
    return $PHASES[0] if $scope eq 'cluster';
    my ($cluster) = grep { $_->{scope} eq 'cluster' } _sources();
    return ($cluster->{setting} // {})->{phase} // $PHASES[0];
}

sub _own {
    my ($text) = @_;
    return PVE::Network::Rust::Migration::SettingFile::lenient($text)->{phase};
}

# The check before a step up: what is to be journalled of it.
sub _checked {
    my ($to, $is_forced, $options) = @_;
    my $result = eval { check({ phase => $to, progress => $options->{progress} }) };
    if (!$result) {
        die "the check before the step failed: $@" if !$is_forced;
        chomp(my $error = "$@");
        return { failed => $error };
    }
    my $message =
        "$result->{differing} of $result->{compared} comparisons differ between Perl and Rust";
    die bless(
        { kind => 'config', message => $message, check => $result },
        'PVE::Network::Rust::Error'
        )
        if $result->{differing} && !$is_forced;
    return { map { $_ => $result->{$_} } qw(files compared differing uncompared) };
}

# Dies where that many phases at once are not for a step up.
sub _is_step_up {
    my ($from, $to, $is_forced) = @_;
    my $step = $STEP{$to} - $STEP{$from};
    die "from $from to $to are $step steps: go to $PHASES[$STEP{$from} + 1] first, or force it\n"
        if $step > 1 && !$is_forced;
    return $step > 0;
}

# Others hear of it. Where the library cannot be loaded nobody does.
sub _publish {
    my ($result) = @_;
    my $event = {
        event => 'migration_phase_changed',
        phase => $result->{to},
        previous => $result->{from},
        who => $result->{who},
        scope => $result->{scope},
    };
    return if eval {
        require PVE::Network::Rust::EventBus;
        PVE::Network::Rust::EventBus::journal([$event], 1);
        1;
    };
    my ($why) = split(/\n/, "$@");
    PVE::Network::Rust::Takeover::Log::error("the change of the phase is no event: $why");
    return;
}

sub _tell {
    my ($result) = @_;
    my $log = "phase of this $result->{scope}: $result->{from} -> $result->{to}, by $result->{who}";
    PVE::Network::Rust::Takeover::Log::notice($log . ($result->{forced} ? ', forced' : ''));
    _publish($result);
    return;
}

# With an undefined phase the file of the scope names none.
sub _change_phase {
    my ($phase, $options) = @_;
    my $scope = _scope($options);
    my $is_forced = $options->{force} ? 1 : 0;
    my $aim = sub { return $phase // _without_own($scope) };
    my $from_of = sub { return _own($_[0]) // _without_own($scope) };

    # The check takes long, so that it is made before others have to wait.
    my $seen = $from_of->(PVE::Network::Rust::Migration::SettingFile::text($scope));
    my $to = $aim->();
    my $check;
    $check = _checked($to, $is_forced, $options) if _is_step_up($seen, $to, $is_forced);

    my %record = (what => 'phase', scope => $scope, to => $to, forced => $is_forced);
    $record{who} = _who($options);
    $record{check} = $check if $check;
    my @warnings;
    my $edit = sub {
        my ($text) = @_;
        my $from = $record{from} = $from_of->($text);
        die "somebody else has changed the phase from $seen to $from meanwhile: try again\n"
            if $STEP{$from} < $STEP{$seen} && $STEP{$to} > $STEP{$from};
        my $is_up = $STEP{$to} > $STEP{$from};
        my ($repaired, @wrong) = PVE::Network::Rust::Migration::Text::repaired($text);
        # Nothing keeps from going back.
        PVE::Network::Rust::Takeover::Setting::parse($text) if $is_up;
        push @warnings, map { "made a comment, since it is no setting: $_" } @wrong;
        my $new = PVE::Network::Rust::Migration::Text::with_phase($repaired, $phase);
        return $text if $new eq $text;
        my $journalled = eval { PVE::Network::Rust::Migration::History::append(\%record); 1 };
        die $@ if !$journalled && $is_up;
        chomp(my $error = $@);
        push @warnings, "the change is not in the history: $error" if !$journalled;
        $record{changed} = 1;
        return $new;
    };
    my $changed =
        eval { PVE::Network::Rust::Migration::SettingFile::change($scope, $edit); 1 };
    if (!$changed) {
        my $error = $@;
        my %failed = (%record, failed => "$error");
        eval { PVE::Network::Rust::Migration::History::append(\%failed) } if $record{changed};
        die $error;
    }
    my $result = { %record, changed => $record{changed} // 0, warnings => \@warnings };
    _tell($result) if $result->{changed};
    return $result;
}

sub set_phase {
    my ($phase, $options) = @_;
    $options = _options($options, qw(scope force who progress));
    return _change_phase(_known_phase($phase), $options);
}

sub clear_phase {
    my ($options) = @_;
    return _change_phase(undef, _options($options, qw(scope force who progress)));
}

sub seams {
    my @sources = _sources();
    my @settings = map { $_->{setting} // { seams => {} } } @sources;
    my $off = PVE::Network::Rust::Takeover::Files::off();
    return [
        map {
            my $name = $_->{name};
            my ($named) = grep { exists(($_->{setting} // {})->{seams}{$name}) } @sources;
            my $is_off = exists($off->{$name});
            my $mode = PVE::Network::Rust::Takeover::Setting::mode($_, @settings);
            {
                name => $name,
                phase => $_->{phase},
                pure => $_->{pure} ? 1 : 0,
                mode => $is_off ? 'perl' : $mode,
                source => $is_off ? 'breaker' : $named ? $named->{scope} : 'phase',
                off => $off->{$name},
                perl => [map { "$_->{package}::$_->{function}" } @{ $_->{replaces} }],
            };
        } PVE::Network::Rust::Takeover::Seams::all()
    ];
}

# The seams that a name or a pattern with `*` names.
sub _named {
    my ($wanted) = @_;
    my $pattern = join('.*', map { quotemeta($_) } split(/\*/, $wanted, -1));
    my @named = grep { $_->{name} =~ /\A$pattern\z/s } PVE::Network::Rust::Takeover::Seams::all();
    die "no seam is called '" . ($wanted =~ s/[^\x20-\x7e]/?/gr) . "'\n" if !@named;
    return @named;
}

sub _change_seams {
    my ($names, $mode, $options) = @_;
    my $scope = _scope($options);
    my $who = _who($options);
    my %before;
    PVE::Network::Rust::Migration::SettingFile::change(
        $scope,
        sub {
            my ($text) = @_;
            # Nothing keeps from going back to Perl.
            ($text) = PVE::Network::Rust::Migration::Text::repaired($text)
                if ($mode // 'perl') eq 'perl';
            my $setting = PVE::Network::Rust::Takeover::Setting::parse($text);
            for my $name (@$names) {
                my $now = $setting->{seams}{$name};
                next if ($now // '') eq ($mode // '');
                $before{$name} = $now;
                $text = PVE::Network::Rust::Migration::Text::with_seam($text, $name, $mode);
            }
            my %record = (what => 'seam', scope => $scope, who => $who, to => $mode);
            PVE::Network::Rust::Migration::History::append({ %record, from => \%before })
                if %before;
            return $text;
        }
    );
    return [sort keys %before];
}

sub set_seam {
    my ($name, $mode, $options) = @_;
    $options = _options($options, qw(scope who));
    my ($known) = grep { $_ eq $mode } PVE::Network::Rust::Takeover::Seams::modes();
    die "unknown mode '$mode': there are "
        . join(' ', PVE::Network::Rust::Takeover::Seams::modes()) . "\n"
        if !defined($known);
    my @seams = _named($name);
    if ($known eq 'shadow') {
        @seams = grep { $_->{pure} } @seams;
        die "$name has effects on the host, so that Perl and Rust cannot both run\n" if !@seams;
    }
    return _change_seams([map { $_->{name} } @seams], $known, $options);
}

sub clear_seam {
    my ($name, $options) = @_;
    $options = _options($options, qw(scope who));
    my $setting = PVE::Network::Rust::Migration::SettingFile::lenient(
        PVE::Network::Rust::Migration::SettingFile::text(_scope($options))
    );
    # Another node's version may have given it a line.
    my @names =
        exists($setting->{seams}{$name}) ? ($name) : map { $_->{name} } _named($name);
    PVE::Network::Rust::Takeover::Breaker::clear($_) for @names;
    return _change_seams(\@names, undef, $options);
}

sub check {
    my ($options) = @_;
    require PVE::Network::Rust::Migration::Check;
    return PVE::Network::Rust::Migration::Check::run(
        _options($options, qw(files phase progress result))
    );
}

sub status {
    my ($options) = @_;
    require PVE::Network::Rust::Migration::Status;
    $options = _options($options, qw(all));
    return PVE::Network::Rust::Migration::Status::of_cluster() if $options->{all};
    return PVE::Network::Rust::Migration::Status::of_node();
}

sub history { return PVE::Network::Rust::Migration::History::list() }

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Migration - which functions of Proxmox VE run on Rust: phases and seams

=head1 SYNOPSIS

    use PVE::Network::Rust::Migration;

    my $migration = 'PVE::Network::Rust::Migration';
    print PVE::Network::Rust::Migration::phase()->{phase}, "\n";
    PVE::Network::Rust::Migration::set_phase('rust-read-only', { scope => 'node', who => 'root@pam' });
    PVE::Network::Rust::Migration::set_seam('LXC::Config::parse_volume', 'perl');

=head1 DESCRIPTION

What L<pve-rustctl(8)> does, for programs. The setting is in two files, F</etc/pve/rust-migration.cfg> for the cluster and
F</etc/pve-network-rust/migration.cfg> for one node, which goes before it; L<PVE::Network::Rust::Takeover::Setting> says what is
in them. Changes are made under a lock, and keep what administrators have written there, such as comments. All processes of
Proxmox VE notice them within ten seconds.

Options are a reference to a hash. C<scope> is C<cluster>, which it is by default, or C<node>; C<who> is who changes something,
for the history. Only root can change something. Errors are texts that end in a newline.

Neither loading this module nor going back to an earlier phase needs the native library. Where it can be loaded, a changed
phase is an event, C<migration_phase_changed> of L<PVE::Network::Rust::EventBus>, on the node where it was changed.

=head1 FUNCTIONS

=head2 phase()

Returns the phase of this node as a reference to a hash: C<phase>; C<source>, which says where that is from: C<node>,
C<cluster>, C<environment>, or C<default> where nobody says anything; C<path>, of the file that says so; and C<kept>, why it is
what was known before and not what the file says, where that cannot be read.

=head2 set_phase($phase, \%options)

Changes the phase. A step up goes to the next one, and only where C<check> finds no difference in the functions that would run
on Rust; with C<force> it may go further, and whatever the check finds. A step back is always possible: where the file has
lines that are no setting they become comments.

With C<progress>, a reference to a sub, that is called as C<check> does.

Returns a reference to a hash: C<from>, C<to>, C<scope>, C<who>, C<forced>; C<changed>, which is false where the file said so
already; C<check>, what the check found, if there was one; and C<warnings>, a list of texts. Where the check found
differences it dies with a L<PVE::Network::Rust::Error> that has C<check>, as that function returns it.

=head2 clear_phase(\%options)

Has the file of that scope name no phase: a node has the one of its cluster then, and a cluster the first one. Otherwise as
C<set_phase>.

=head2 seams()

Returns a reference to a list, a hash for each seam: C<name>, C<phase>, from which on Rust answers, C<pure>, whether it has no
effect but on its arguments, C<mode> on this node, C<source>, which says where that is from: C<environment>, C<node> and
C<cluster> where the setting names it, C<phase>, or C<breaker>; C<off>, since when it is off after failures, in seconds since
1970, or undef; and C<perl>, the names of the Perl functions.

=head2 set_seam($name, $mode, \%options)

Gives a seam a mode of its own, whatever the phase is. In C<$name>, C<*> stands for anything; of several seams those that cannot
be in C<shadow>, since they have effects on the host, are left out. Returns a reference to a list of the names of those that were
changed.

=head2 clear_seam($name, \%options)

Removes that again, and turns it on where failures have turned it off on this node. Returns as C<set_seam>.

=head2 check(\%options)

Compares what Perl and Rust make of the configurations of this cluster; see L<PVE::Network::Rust::Migration::Check>, which has
the options.

=head2 status(\%options)

Returns what runs on Rust and how it does, of this node or with C<all> of all nodes; see
L<PVE::Network::Rust::Migration::Status>.

=head2 history()

Returns a reference to a list of the changes made on this node, the oldest first: hashes with C<time> in seconds since 1970,
C<node>, C<what> (C<phase> or C<seam>), C<scope>, C<who>, C<from>, C<to>; of phases C<forced> and, if there was one, C<check>. A
change that then could not be written is there once more with C<failed>.

=head1 SEE ALSO

L<pve-rustctl(8)>, L<PVE::Network::Rust::Takeover>

=cut
