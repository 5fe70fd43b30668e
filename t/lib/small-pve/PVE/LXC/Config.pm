package PVE::LXC::Config;

# Some subs of the module of that name, which say that Perl answered.

use strict;
use warnings;

our $FILE = __FILE__;

sub parse_volume {
    my ($class, $key, $text) = @_;
    warn "perl warns\n" if $text eq 'warning';
    die "perl dies\n" if $text eq 'death';
    return { perl => $text };
}

sub print_lxc_network {
    my ($class, $net) = @_;
    $net->{seen} = 'perl';
    return join(',', map { "$_=$net->{$_}" } sort keys %$net);
}

sub parse_features {
    my ($class, $text) = @_;
    return { nesting => '1' };
}

1;
