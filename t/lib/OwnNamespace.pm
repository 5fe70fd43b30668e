package OwnNamespace;

# use OwnNamespace; runs the test again in a network namespace of its own, with mounts of its own; without root, a user
# namespace allows it.

use strict;
use warnings;

sub import {
    ## no critic (RequireLocalizedPunctuationVars)
    if (!grep { $_ eq '--inside' } @ARGV) {
        my @user = $> == 0 ? () : ('--user', '--map-root-user');
        my @command =
            ('unshare', @user, '--net', '--mount', $^X, (map { "-I$_" } @INC), $0, '--inside');
        exec { $command[0] } @command or die "start unshare (package util-linux): $!\n";
    }
    $ENV{PATH} = '/usr/sbin:/usr/bin:/sbin:/bin';
    return;
}

1;
