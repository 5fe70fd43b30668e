use strict;
use warnings;

# Each rule of perl/check-source and of the Perl::Critic policy, broken once in a checkout of its own.

use lib 'perl/critic';

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Path qw(make_path);
use File::Temp;
use Perl::Critic;
use Test::More;

my $check = abs_path('perl/check-source');
$ENV{PERL5LIB} = join(':', abs_path('perl/lib'), $ENV{PERL5LIB} // ());
delete @ENV{ grep { /RUSTFLAGS$|_PANIC$/ } keys %ENV };

my %right = (
    'Cargo.toml' => qq([workspace.package]\nversion = "1.2.3"\n\n)
        . qq([profile.dev]\npanic = "unwind"\n\n[profile.release]\npanic = "unwind"\n),
    'debian/changelog' => "package (1.2.3) unstable; urgency=medium\n",
    'PVE/A.pm' => "package PVE::A;\nour \$VERSION = '1.2.3';\n1;\n",
    'rust/pve-config/src/lib.rs' => "#![forbid(unsafe_code)]\nuse std::net::IpAddr;\n",
    'rust/pve-netlink/src/lib.rs' => "use std::fs;\n",
    'rust/pve-netlink/tests/a.rs' => "std::env::set_var(\"A\", \"b\");\n",
);

# What the check says of the files above with these changes.
sub complaints {
    my (%changes) = @_;
    my $folder = File::Temp->newdir();
    my %files = (%right, %changes);
    for my $path (keys %files) {
        make_path(dirname("$folder/$path"));
        open(my $out, '>:raw', "$folder/$path") or die "open $path: $!\n";
        print {$out} $files{$path};
        close($out) or die "write $path: $!\n";
    }
    my $pid = open(my $out, '-|') // die "fork: $!\n";
    if (!$pid) {
        chdir($folder) or die "chdir $folder: $!\n";
        system(qw(git init -q)) == 0 && system(qw(git add -A)) == 0 or die "git failed\n";
        exec {$check} $check or die "$check: $!\n";
    }
    my $text = join('', <$out>);
    close($out);
    return ($text, $? >> 8);
}

is_deeply([complaints()], ['', 0], 'nothing is said of right files');

my $cargo = $right{'Cargo.toml'};
my @wrong = (
    ['a profile that aborts', 'Cargo.toml', $cargo =~ s/unwind"\n\z/abort"\n/r],
    ['a profile that says nothing', 'Cargo.toml', $cargo =~ s/panic = "unwind"\n\z//r],
    ['an own profile that aborts', 'Cargo.toml', "$cargo\n[profile.x]\npanic='abort'\n"],
    ['a configuration with a flag', '.cargo/config.toml', "rustflags = ['-Cpanic=abort']\n"],
    ['a configuration with a profile', '.cargo/config', "[profile.dev]\npanic = \"abort\"\n"],
    ['a packaging flag', 'debian/rules', "RUSTFLAGS += -C panic=abort\n"],
    [
        'a changed environment', 'rust/pve-netlink/src/a.rs',
        "unsafe { std::env::set_var(a, b) }\n",
    ],
    ['setenv', 'rust/pve-netlink/src/a.rs', "libc::setenv(a, b, 1);\n"],
    ['a shell', 'rust/pve-netlink/src/a.rs', "Command::new(\"/bin/sh\");\n"],
    ['unsafe code not forbidden', 'rust/pve-config/src/lib.rs', "use std::net::IpAddr;\n"],
    ['a file in a pure crate', 'rust/pve-config/src/a.rs', "use std::fs::File;\n"],
    ['a socket in a pure crate', 'rust/pve-config/src/a.rs', "use std::net::TcpStream;\n"],
    ['another version in the changelog', 'debian/changelog', "package (1.2.4) unstable;\n"],
    ['another version in Perl', 'PVE/A.pm', "our \$VERSION = '1.2.2';\n"],
    ['no newline at the end', 'README.md', 'end'],
    ['white space at a line\'s end', 'README.md', "end \n"],
    ['a blank line at the end', 'README.md', "end\n\n"],
    ['a carriage return', 'README.md', "end\r\n"],
    ['a conflict', 'README.md', '<' x 7 . " HEAD\n"],
    ['a tab', 'a.rs', "\tfn a() {}\n"],
);
for my $case (@wrong) {
    my ($name, $path, $text) = @$case;
    my ($said, $status) = complaints($path => $text);
    ok($status == 1 && $said =~ /^\Q$path\E/, "$name is named") or diag("status $status: $said");
}

my $critic =
    Perl::Critic->new(-profile => '', -'single-policy' => 'ShellStrings::ProhibitShellStrings');
my @bad = (
    'system("ip link");', 'exec "ip $x";', 'system($command);', 'open(my $h, "-|", "ip $x");',
);
my @good = (
    'system("ip", "link");', 'system(@command);', 'system { $c[0] } @c;', 'exec(qw(ip link));',
    'open(my $h, "-|", "ip", "link");', 'open(my $h, "-|", @c);', 'open(my $h, "<", $path);',
);
is_deeply([grep { !$critic->critique(\$_) } @bad], [], 'one string for a shell is a violation');
is_deeply([grep { $critic->critique(\$_) } @good], [], 'a list is none');

done_testing();
