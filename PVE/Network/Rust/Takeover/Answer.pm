package PVE::Network::Rust::Takeover::Answer;

use strict;
use warnings;

use PVE::Network::Rust::Takeover::Counts;
use PVE::Network::Rust::Takeover::Divergences;
use PVE::Network::Rust::Takeover::Log;
use PVE::Network::Rust::Takeover::Replaced;
use PVE::Network::Rust::Takeover::Required;
use PVE::Network::Rust::Takeover::Shadow;

# While a seam runs both.
our $is_shadowing = 0;

# Loads Rust's side, when it is first wanted.
sub _function {
    my ($seam) = @_;
    require(PVE::Network::Rust::Takeover::Required::file_of($seam->{package}));
    return $seam->{package}->can($seam->{function}) // die "no such function in $seam->{package}\n";
}

sub _itself {
    my ($sub) = @_;
    my ($perl, $intercept) = @$sub{qw(perl intercept)};
    return sub {
        $intercept->pass();
        goto &$perl;
    };
}

sub _both {
    my ($seam, $itself, $rust) = @_;
    my $name = $seam->{name};
    my $differ = sub {
        PVE::Network::Rust::Takeover::Counts::add($name, divergences => 1);
        PVE::Network::Rust::Takeover::Divergences::record($name, @_[0 .. 2]);
    };
    my $took = sub {
        my ($perl, $rust) = @_;
        PVE::Network::Rust::Takeover::Counts::add(
            $name,
            perl_calls => 1,
            perl_seconds => $perl,
            rust_calls => 1,
            rust_seconds => $rust
        );
    };
    return sub {
        goto &$itself if $is_shadowing;
        local $is_shadowing = 1;
        my %how = (wantarray => wantarray, differ => $differ, seam => $seam, took => $took);
        my $outcome = PVE::Network::Rust::Takeover::Shadow::both($itself, $rust, \@_, \%how);
        warn $_ for @{ $outcome->{warnings} };
        die $outcome->{error} if exists($outcome->{error});
        return wantarray ? @{ $outcome->{answer} } : $outcome->{answer}[0];
    };
}

# Whether Rust can answer may depend on what others have loaded since.
sub _if_able {
    my ($seam, $answer, $itself) = @_;
    my @passed_by = @{ $seam->{passes_by} // [] };
    my $is_able = $seam->{needs} ? $seam->{package}->can($seam->{needs}) : undef;
    return $answer if !@passed_by && !$is_able;
    return sub {
        goto &$itself if PVE::Network::Rust::Takeover::Replaced::any(@passed_by);
        goto &$itself if $is_able && !$is_able->();
        goto &$answer;
    };
}

sub put {
    my ($seam, $sub, $mode, $failed) = @_;
    my ($name, $intercept) = ($seam->{name}, $sub->{intercept});
    return $intercept->answer(undef) if $mode eq 'perl';
    my $answer = eval { _function($seam) };
    if (!$answer) {
        chomp(my $error = $@);
        PVE::Network::Rust::Takeover::Log::error("$name: $error; Perl answers");
        return $intercept->answer(undef);
    }
    my $itself = _itself($sub);
    $answer = _both($seam, $itself, $answer) if $mode eq 'shadow';
    $answer = _if_able($seam, $answer, $itself);
    return $intercept->answer($answer) if $mode ne 'rust';
    my $told = sub {
        my ($error) = @_;
        PVE::Network::Rust::Takeover::Counts::add($name, failures => 1);
        chomp($error);
        PVE::Network::Rust::Takeover::Log::error("$name: $error; Perl answers");
        $failed->($name);
    };
    return $intercept->answer($answer, $told);
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Takeover::Answer - what answers for a seam in each mode

=head1 FUNCTIONS

=head2 put($seam, $sub, $mode, $failed)

Has a sub be answered as the mode of its seam says: C<$sub> is a hash of C<perl>, a reference to it, and C<intercept>, the one
before it. Where Rust's function cannot be loaded Perl answers, which is logged. In mode C<rust> C<$failed> is called with the
seam's name after each internal error.

=head1 SEE ALSO

L<PVE::Network::Rust::Takeover>

=cut
