package PVE::RPCEnvironment;

# Stands in for the module of that name, for t/rest.t: users, roles and access lists of a user.cfg, without groups, pools and
# tokens.

use strict;
use warnings;

use PVE::Exception qw(raise_perm_exc);

my $environment;

sub init {
    my ($class) = @_;
    $environment = bless({}, $class);
    return $environment;
}

sub get { return $environment // die "not initialized\n" }

sub init_request {
    my ($self, %parameters) = @_;
    open(my $in, '<', $parameters{userconfig}) or die "open: $!\n";
    my (%role, %acl);
    while (defined(my $line = <$in>)) {
        chomp($line);
        my ($what, @fields) = split(/:/, $line);
        if (($what // '') eq 'role') {
            $role{ $fields[0] } = [split(/,/, $fields[1])];
        } elsif (($what // '') eq 'acl') {
            my ($propagate, $path, $user, $role) = @fields;
            $acl{$user}{$path} = { propagate => $propagate, role => $role };
        }
    }
    close($in);
    @{$self}{qw(role acl)} = (\%role, \%acl);
    return;
}

sub set_user { return $_[0]->{user} = $_[1] }

sub get_user { return $_[0]->{user} // die "no user\n" }

# The entry nearest to the path counts.
sub _privileges {
    my ($self, $user, $path) = @_;
    my $at = $path;
    while (1) {
        my $entry = $self->{acl}{$user}{$at};
        return @{ $self->{role}{ $entry->{role} } }
            if $entry && ($at eq $path || $entry->{propagate});
        return () if $at eq '/';
        $at =~ s{/[^/]*$}{};
        $at = '/' if $at eq '';
    }
}

sub check {
    my ($self, $user, $path, $privileges, $no_error) = @_;
    return 1 if $user eq 'root@pam';
    my %has = map { $_ => 1 } $self->_privileges($user, $path);
    for my $privilege (grep { !$has{$_} } @$privileges) {
        return undef if $no_error;
        raise_perm_exc("$path, $privilege");
    }
    return 1;
}

sub check_api2_permissions {
    my ($self, $permissions, $user, $parameters) = @_;
    raise_perm_exc('user != null') if !$user;
    return 1 if $user eq 'root@pam' || ($permissions->{user} // '') eq 'all';
    raise_perm_exc('user != root@pam') if !$permissions;
    my ($test, $path, $privileges) = @{ $permissions->{check} };
    die "permissions that are not known here: $test\n" if $test ne 'perm';
    $path =~ s/\{([^{}]+)\}/$parameters->{$1} \/\/ ''/ge;
    return $self->check($user, $path, $privileges);
}

1;
