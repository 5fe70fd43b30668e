package PVE::Network::Rust::Test::LXCConfigText;

# The text of container configurations. $options is the schema of each option by its key.

use strict;
use warnings;

use Exporter qw(import);

use PVE::Network::Rust::Test::Hostile qw(hostile_text mutated word);
use PVE::Network::Rust::Test::Random qw(chance number_of pick subset);
use PVE::Network::Rust::Test::SchemaValue qw(value_of);
use PVE::Network::Rust::Test::Seeds qw(seed_texts);

our @EXPORT_OK = qw(changed_text new_text);

# Keys of lxc.container.conf(5), and others of that form.
my @LXC_KEYS = (
    (
        map { "lxc.$_" }
            qw(apparmor.profile apparmor.allow_nesting seccomp.profile mount.auto mount.entry),
        qw(mount.fstab),
        qw(cap.drop cap.keep cgroup.memory.max cgroup2.devices.allow environment),
        qw(environment.runtime hook.pre-start),
        qw(idmap id_map init.cmd init_cmd include log.level loglevel network.type net.0.type),
        qw(net.0.flags rootfs.path),
        qw(rootfs signal.halt haltsignal stopsignal start.auto tty.max tty pts.max),
        qw(prlimit.nofile sysctl.net.ipv4.ip_forward),
        qw(uts.name utsname arch autodev kmsg console.path monitor.unshare proc.oom_score_adj),
        qw(selinux.context)
    ),
    'lxc.', 'lxc.foo', 'lxc.FOO', 'lxc.a_b-c.d', 'lxc..x', 'lxc.hook.', 'lxcx.y',
);

sub _description {
    my $text = join(
        '',
        map {
            pick(word(), ' ', '%0A', '%C3%A9', '%FF', "\xc3\xa9", "\xff", ':', '%', hostile_text())
            }
            0 .. number_of(0, 4)
    );
    return chance(0.8) ? "#$text" : "description: $text";
}

sub _lxc_line {
    my $value = pick(word(), 'a b', "/x/y none bind,create=dir 0 0", hostile_text(), '', 'A=1');
    return pick(@LXC_KEYS) . pick(': ', ' = ', '=', ':', ' : ', '  =  ') . $value;
}

sub _line {
    my ($options) = @_;
    my $kind = rand();
    if ($kind < 0.62) {
        my $key = pick(sort keys %$options);
        my $line =
            $key
            . (chance(0.95) ? ': ' : pick(':', ' : ', ':  ', '=', ' '))
            . value_of($key, $options->{$key});
        return chance(0.05) ? mutated($line) : $line;
    }
    return _lxc_line() if $kind < 0.72;
    return _description() if $kind < 0.82;
    return '' if $kind < 0.84;
    return pick('snapstate: ', 'x snapstate:') . pick(qw(prepare delete rollback), '')
        if $kind < 0.86;
    return 'delete: '
        . join(pick(',', ', ', ' '), map { pick('', '!') . word() } 0 .. number_of(0, 2))

        if $kind < 0.89;
    return word() . ': ' . hostile_text() if $kind < 0.94;
    return hostile_text();
}

sub _section {
    return '[pve:pending]' if chance(0.3);
    return pick(
        '[PVE:Pending]', '[pve:pending] ', '[a]', '[1x]',
        '[snap one]', '[]', '[pve:other]', ' [x]',
        "[x]\r"
    ) if chance(0.2);
    return '[' . word() . ']';
}

# A configuration made up line by line.
sub new_text {
    my ($options) = @_;
    my @lines = map { _line($options) } 0 .. number_of(0, 14);
    for (1 .. pick(0, 0, 0, 1, 1, 2, 4)) {
        push @lines, subset(0.7, ''), _section(), map { _line($options) } 0 .. number_of(0, 8);
    }
    my $end = chance(0.04) ? "\r\n" : "\n";
    return join($end, @lines) . (chance(0.95) ? $end : '');
}

# A recorded text with lines changed, moved, or taken from others.
sub changed_text {
    my ($options) = @_;
    my @lines = split(/\n/, pick(seed_texts()), -1);
    for (1 .. number_of(0, 4)) {
        my $at = int(rand(@lines + 1));
        my $kind = rand();
        if ($kind < 0.25) {
            splice(@lines, $at, 1);
        } elsif ($kind < 0.5) {
            splice(@lines, $at, 0, _line($options));
        } elsif ($kind < 0.6) {
            splice(@lines, $at, 0, @lines ? pick(@lines) : ());
        } elsif ($kind < 0.7) {
            splice(@lines, $at, 1, split(/\n/, pick(seed_texts())));
        } elsif (@lines) {
            my $index = int(rand(@lines));
            $lines[$index] = mutated($lines[$index]);
        }
    }
    my $text = join("\n", @lines);
    return length($text) > 20_000 ? substr($text, 0, 20_000) : $text;
}

1;
