package PVE::Network::Rust::Takeover::Required;

use strict;
use warnings;

# What waits for a file, by its name in %INC.
my %waiting;

# What the source that is given in place of a file that could not be loaded dies with.
our $failure;

# What fails in an entry of @INC is told as that; in what it gives it is told as of a file that was found. Perl adds its own words
# then, as it has done before.
sub _failing {
    my ($error) = @_;
    return '0;' if $error =~ /\A\S+ did not return a true value at [^\n]*\n\z/;
    $failure = $error =~ s/Compilation failed in require at [^\n]*\n\z//r;
    # `die` would say where it is.
    $failure = PVE::Network::Rust::Takeover::Required::Failure->new($failure)
        if $failure !~ /\n\z/;
    return 'die $' . __PACKAGE__ . '::failure;';
}

# Stands in @INC; loads a file from the entries after it, and then tells who waits for it.
my $entry;
$entry = sub {
    my ($self, $file) = @_;
    return if !$waiting{$file};
    {
        local @INC = grep { !ref($_) || $_ != $self } @INC;
        # Where it is not found, the caller's own `require` goes on looking, and says so.
        return if !grep { !ref($_) && -e "$_/$file" } @INC;
        my (undef, $path, $line) = caller();
        my $place = $path =~ /["\n]/ ? '' : qq{#line $line "$path"\n};
        # As if the caller had loaded it.
        my $load = "${place}require \$file; 1";
        my $is_loaded = eval($load);    ## no critic (ProhibitStringyEval)
        if (!$is_loaded) {
            my $failing = _failing("$@");
            # That it has failed, what follows notes.
            delete($INC{$file});
            return \$failing;
        }
    }
    catch_up();
    my $nothing_left = '1;';
    return \$nothing_left;
};

sub _leave {
    my @others = grep { !ref($_) || $_ != $entry } @INC;
    splice(@INC, 0, scalar(@INC), @others);
    return;
}

sub file_of {
    my ($package) = @_;
    return "$package.pm" =~ s{::}{/}gr;
}

sub after {
    my ($package, $code) = @_;
    my $file = file_of($package);
    return if $INC{$file} && $code->();
    unshift @INC, $entry if !grep { ref($_) && $_ == $entry } @INC;
    push @{ $waiting{$file} }, $code;
    return;
}

# A file may have been found in a folder that somebody put before the entry.
sub catch_up {
    for my $file (grep { $INC{$_} } sort keys %waiting) {
        my @still = grep { !$_->() } @{ $waiting{$file} };
        $waiting{$file} = \@still;
        delete($waiting{$file}) if !@still;
    }
    _leave() if !grep { !$INC{$_} } keys %waiting;
    return;
}

{
    no warnings qw(void);
    # Once the program is compiled. It is too late for that where this is loaded later.
    INIT { catch_up() }
}

sub forget {
    %waiting = ();
    _leave();
    return;
}

package PVE::Network::Rust::Takeover::Required::Failure;

use overload '""' => sub { my ($self) = @_; return $$self }, fallback => 1;

sub new {
    my ($class, $text) = @_;
    return bless(\$text, $class);
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Takeover::Required - what is to be done once a Perl module is loaded

=head1 DESCRIPTION

While something waits there is an entry at the start of C<@INC>. It finds the files waited for in the other entries, so that
C<%INC>, C<__FILE__> and what a failure says are as without it.

=head1 FUNCTIONS

=head2 file_of($package)

Returns the name that the module of a package has in C<%INC>.

=head2 after($package, $code)

Calls C<$code> once the module of C<$package> is loaded, at once if it is; and again at each C<catch_up> until it returns true.

=head2 catch_up()

Looks which files were loaded without the entry's doing, since somebody put a folder before it. That is done once the program
is compiled, too.

=head2 forget()

Nothing waits any more.

=head1 SEE ALSO

L<PVE::Network::Rust::Takeover>

=cut
