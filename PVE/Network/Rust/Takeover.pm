package PVE::Network::Rust::Takeover;

use strict;
use warnings;

use Sub::Util ();

use PVE::Network::Rust;
use PVE::Network::Rust::Takeover::Answer;
use PVE::Network::Rust::Takeover::Breaker;
use PVE::Network::Rust::Takeover::Counts;
use PVE::Network::Rust::Takeover::Files;
use PVE::Network::Rust::Takeover::Intercept;
use PVE::Network::Rust::Takeover::Log;
use PVE::Network::Rust::Takeover::Published;
use PVE::Network::Rust::Takeover::Required;
use PVE::Network::Rust::Takeover::Seams;
use PVE::Network::Rust::Takeover::Setting;
use PVE::Network::Rust::Takeover::Statistics;

# A changed setting is noticed after at most twice as long.
my $LOOK_EVERY = 5;

# So many failures in so many seconds turn a seam off, unless a setting says otherwise.
my $BREAKER = [3, 600];

# By the seam's name: the subs that it answers for, hashes with `name`, `perl`, `intercept`, `counted`, what was counted of its
# calls already, and `made` where there was none of that name; and its mode.
my (%installed, %mode);

# The setting of this process alone.
my $own = { seams => {} };

sub _settings { return ($own, PVE::Network::Rust::Takeover::Files::settings()) }

# Rust's side of a seam had an internal error.
sub _failed {
    my ($name) = @_;
    my ($limit) = ((grep { defined($_) } map { $_->{breaker} } _settings()), $BREAKER);
    my ($count, $seconds) = @$limit;
    my $is_off = eval { PVE::Network::Rust::Takeover::Breaker::failed($name, $count, $seconds) };
    # For this process alone, where the node's state cannot be written.
    $is_off //= (PVE::Network::Rust::Takeover::Counts::of_seam($name)->{failures} // 0) >= $count;
    return if !$is_off;
    PVE::Network::Rust::Takeover::Files::off()->{$name} = time();
    PVE::Network::Rust::Takeover::Log::error(
        "$name failed $count times in $seconds s: it is off until it is cleared"
    );
    _apply();
    return;
}

sub _answer {
    my ($seam, $sub) = @_;
    return PVE::Network::Rust::Takeover::Answer::put(
        $seam, $sub, $mode{ $seam->{name} },
        \&_failed
    );
}

# Adds the calls of a seam since the last time to those of its mode.
sub _count {
    my ($name) = @_;
    my $mode = $mode{$name} // 'perl';
    for my $sub (@{ $installed{$name} // [] }) {
        my $intercept = $sub->{intercept};
        # A child of a fork starts at none.
        my $counted = $sub->{counted};
        $counted = $sub->{counted} = { pid => $$ } if ($counted->{pid} // 0) != $$;
        my $calls = $intercept->calls();
        my $more = $calls - ($counted->{calls} // 0) or next;
        $counted->{calls} = $calls;
        PVE::Network::Rust::Takeover::Counts::add($name, $mode => $more);
        my $measured = $intercept->measured();
        my %new = map { $_ => $measured->{$_} - ($counted->{measured}{$_} // 0) } keys %$measured;
        $counted->{measured} = $measured;
        next if $mode !~ /\Arust/;
        PVE::Network::Rust::Takeover::Counts::add(
            $name,
            rust_calls => $new{calls},
            rust_seconds => $new{seconds}
        );
    }
    return;
}

sub _count_all { _count($_) for keys %installed }

sub _apply {
    my @settings = _settings();
    my $off = PVE::Network::Rust::Takeover::Files::off();
    for my $seam (PVE::Network::Rust::Takeover::Seams::all()) {
        my $name = $seam->{name};
        my $mode = PVE::Network::Rust::Takeover::Setting::mode($seam, @settings);
        $mode = 'perl' if exists($off->{$name});
        next if $mode eq ($mode{$name} // 'perl');
        _count($name);
        $mode{$name} = $mode;
        _answer($seam, $_) for @{ $installed{$name} // [] };
    }
    return;
}

sub look {
    # Not while modules are half loaded.
    PVE::Network::Rust::Takeover::Required::catch_up() if ${^GLOBAL_PHASE} ne 'START';
    _apply() if PVE::Network::Rust::Takeover::Files::look();
    # Nothing of this is worth a failure. Warnings of the caller tell which handle was read last.
    local $.;
    eval {
        _count_all();
        PVE::Network::Rust::Takeover::Statistics::flush();
        PVE::Network::Rust::Takeover::Published::publish(\%mode);
    };
    return;
}

sub _sub {
    my ($name) = @_;
    no strict 'refs';    ## no critic (ProhibitNoStrict)
    return defined(&{$name}) ? \&{$name} : undef;
}

# A method that its package inherits gets a sub of its own there.
sub _make_sub {
    my ($package, $function) = @_;
    my $inherited = $package->can($function) // return undef;
    no strict 'refs';    ## no critic (ProhibitNoStrict)
    *{"${package}::$function"} =
        Sub::Util::set_subname("${package}::$function", sub { goto &$inherited });
    return _sub("${package}::$function");
}

# The method is inherited again. What else has that name stays.
sub _unmake_sub {
    my ($name) = @_;
    no strict 'refs';    ## no critic (ProhibitNoStrict)
    my ($package, $function) = $name =~ /\A(.*)::(.*)\z/s;
    my %others =
        map { my $other = *{$name}{$_}; $other ? ($_ => $other) : () } qw(SCALAR ARRAY HASH IO);
    delete ${"${package}::"}{$function};
    *{$name} = $_ for values %others;
    return;
}

sub _intercept {
    my ($seam, $replaced) = @_;
    my $name = "$replaced->{package}::$replaced->{function}";
    my $own = _sub($name);
    my $perl = $own // _make_sub($replaced->{package}, $replaced->{function}) // return 0;
    my $intercept = PVE::Network::Rust::Takeover::Intercept->new($perl) // return 0;
    my $sub = {
        name => $name,
        intercept => $intercept,
        perl => $perl,
        counted => {},
        made => !defined($own)
    };
    push @{ $installed{ $seam->{name} } }, $sub;
    _answer($seam, $sub) if ($mode{ $seam->{name} } // 'perl') ne 'perl';
    return 1;
}

# Not where somebody gave its name to another sub since.
sub _is_there {
    my ($sub) = @_;
    return (_sub($sub->{name}) // 0) == $sub->{perl};
}

sub install {
    return if %installed;
    $_ = [] for @installed{ map { $_->{name} } PVE::Network::Rust::Takeover::Seams::all() };
    PVE::Network::Rust::Takeover::look_every($LOOK_EVERY, \&look);
    PVE::Network::Rust::Takeover::Files::look();
    _apply();
    for my $seam (PVE::Network::Rust::Takeover::Seams::all()) {
        for my $replaced (@{ $seam->{replaces} }) {
            PVE::Network::Rust::Takeover::Required::after(
                $replaced->{package},
                sub { _intercept($seam, $replaced) }
            );
        }
    }
    return;
}

sub uninstall {
    _count_all();
    PVE::Network::Rust::Takeover::Required::forget();
    for my $sub (map { @$_ } values %installed) {
        _unmake_sub($sub->{name}) if $sub->{made} && _is_there($sub);
        $sub->{intercept}->remove();
    }
    %installed = ();
    %mode = ();
    return;
}

sub set {
    my ($setting) = @_;
    $own = $setting;
    _apply();
    return;
}

sub status {
    _count_all();
    return [
        map {
            my $name = $_->{name};
            my $counts = PVE::Network::Rust::Takeover::Counts::of_seam($name);
            my $calls = 0;
            $calls += $counts->{$_} // 0 for PVE::Network::Rust::Takeover::Seams::modes();
            {
                name => $name,
                mode => $mode{$name} // 'perl',
                off => PVE::Network::Rust::Takeover::Files::off()->{$name},
                installed => scalar(grep { _is_there($_) } @{ $installed{$name} // [] }),
                calls => $calls,
                failures => $counts->{failures} // 0,
                divergences => $counts->{divergences} // 0,
            };
        } PVE::Network::Rust::Takeover::Seams::all()
    ];
}

END {
    local ($?, $@, $!);
    eval {
        _count_all();
        PVE::Network::Rust::Takeover::Statistics::finish();
    };
}

sub import {
    my (undef, $wanted) = @_;
    if (defined($wanted)) {
        if (PVE::Network::Rust::Takeover::Seams::is_mode($wanted)) {
            my @names = map { $_->{name} } PVE::Network::Rust::Takeover::Seams::all();
            $own = { seams => { map { $_ => $wanted } @names } };
        } elsif (PVE::Network::Rust::Takeover::Seams::is_phase($wanted)) {
            $own = { phase => $wanted, seams => {} };
        } else {
            die "'$wanted' is neither a phase nor a mode\n";
        }
    }
    install();
    _apply();
    return;
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Takeover - existing Perl code runs on Rust, a function at a time

=head1 SYNOPSIS

    # what the settings say
    use PVE::Network::Rust::Takeover;

    # for a test: a phase, or one mode for all
    perl -MPVE::Network::Rust::Takeover=rust-full ...
    perl -MPVE::Network::Rust::Takeover=shadow ...

=head1 DESCRIPTION

Loading the module puts an intercept (L<PVE::Network::Rust::Takeover::Intercept>) before each function of Proxmox VE that
this library can answer for, the seams of L<PVE::Network::Rust::Takeover::Seams>: at once where the Perl module that holds it
is loaded, or when it is. Each then does what its mode says:

=over

=item perl

The Perl function answers.

=item shadow

Both run, the Perl function with the caller's arguments and Rust with copies, and Perl answers. Where they differ, in their
answers, warnings, errors or in what has become of the arguments, that is counted and recorded
(L<PVE::Network::Rust::Takeover::Divergences>). Only for functions that have no effect but on their arguments; others are as with
C<perl>. What a function in shadow calls itself is not compared again.

=item rust

Rust answers. Where it has an internal error, which is a bug, that is logged and Perl answers. What the Rust function dies
with otherwise is the answer, as it would be in Perl. A seam that fails three times in ten minutes is turned off on this node
until it is cleared (L<PVE::Network::Rust::Takeover::Breaker>): Perl answers.

=item rust-strict

Rust answers, and its internal errors are the caller's.

=back

The mode of a seam is what the first of these says of it; and where none does, C<rust> or C<perl> by the first phase there
is among them:

=over

=item *

what this process was loaded with or C<set>

=item *

the variables C<PVE_RUST_SEAM_>I<NAME> and C<PVE_RUST_PHASE>, for tests

=item *

F</etc/pve-network-rust/migration.cfg>, for this node

=item *

F</etc/pve/rust-migration.cfg>, for the cluster

=back

The files are those of L<PVE::Network::Rust::Takeover::Setting>. They are looked at when a function with a seam is called, at
most every five seconds. One that cannot be read or is no setting leaves what was known before, and that is logged.

=head1 FUNCTIONS

=head2 install()

Puts the intercepts there; loading the module does. The second time it does nothing.

=head2 uninstall()

Takes them away: every function is as it was.

=head2 look()

Looks at the files at once. It is what is done every five seconds.

=head2 set($setting)

Has this process go by a setting of its own, a hash as in L<PVE::Network::Rust::Takeover::Setting>.

=head2 status()

Returns a reference to a list, a hash for each seam: C<name>, C<mode>, C<off>, since when it is off, C<installed>, the number of
subs that it stands before, and for this process C<calls>, C<failures> and C<divergences>.

=for perlxs functions

=head1 SEE ALSO

L<PVE::Network::Rust>, L<PVE::Network::Rust::Takeover::Seams>, L<PVE::Network::Rust::Takeover::Setting>

=cut
