package PVE::Network::Rust::Command::Output;

use strict;
use utf8;
use warnings;

# The lines of a table's frame: left end, crossing, right end, and what they are made of.
my %FRAME = (
    top => [qw(┌ ┬ ┐ ─)],
    head => [qw(╞ ╪ ╡ ═)],
    middle => [qw(├ ┼ ┤ ─)],
    bottom => [qw(└ ┴ ┘ ─)],
);
my %PLAIN_FRAME = (
    top => [qw(+ + + -)],
    head => [qw(+ + + =)],
    middle => [qw(+ + + -)],
    bottom => [qw(+ + + -)],
);

# From <asm-generic/ioctls.h>, as on all that Debian runs Proxmox VE on.
my $TIOCGWINSZ = 0x5413;

sub _columns {
    return undef if !-t STDOUT;    ## no critic (ProhibitInteractiveTest)
    my $size = pack('S4', 0, 0, 0, 0);
    ioctl(STDOUT, $TIOCGWINSZ, $size) or return undef;
    return (unpack('S4', $size))[1] || undef;
}

sub _has_unicode {
    require I18N::Langinfo;
    return I18N::Langinfo::langinfo(I18N::Langinfo::CODESET()) eq 'UTF-8';
}

sub _json {
    require JSON::PP;
    return JSON::PP->new()->utf8()->canonical()->allow_nonref()->allow_blessed()->convert_blessed();
}

sub _print {
    my ($text) = @_;
    print {*STDOUT} $text or die "write: $!\n";
    return;
}

sub _encoded {
    my ($text) = @_;
    utf8::encode($text) if utf8::is_utf8($text);
    return $text;
}

sub _yaml {
    my ($data) = @_;
    eval { require YAML::XS; 1 } or die "for YAML, install libyaml-libyaml-perl\n";
    my $text = YAML::XS::Dump($data);
    return $text;
}

sub _cell {
    my ($value, $column) = @_;
    return [''] if !defined($value);
    $value = $column->{shown}->($value) if $column->{shown};
    if (ref($value)) {
        $value = _json()->encode($value);
        utf8::decode($value);
    }
    my @lines = split(/\n/, $value);
    return @lines ? \@lines : [''];
}

sub _width {
    my (@lines) = @_;
    my $width = 0;
    for my $line (@lines) {
        $width = length($line) if length($line) > $width;
    }
    return $width;
}

sub _is_number {
    my ($column) = @_;
    return ($column->{type} // '') eq 'number';
}

sub _padded {
    my ($text, $width, $column) = @_;
    my $space = ' ' x ($width - length($text));
    return _is_number($column) ? "$space$text" : "$text$space";
}

# The lines of a table without its frame.
sub _plain_lines {
    my ($columns, $widths, $rows) = @_;
    my @lines;
    for my $row (@$rows) {
        my $height = _height($row);
        for my $line (0 .. $height - 1) {
            my @cells = map { $row->[$_][$line] // '' } 0 .. $#$columns;
            my $last = pop(@cells);
            push @lines,
                join(
                ' ',
                (map { _padded($cells[$_], $widths->[$_], $columns->[$_]) } 0 .. $#cells), $last
                );
        }
    }
    return @lines;
}

sub _height {
    my ($row) = @_;
    my $height = 1;
    for my $cell (@$row) {
        $height = @$cell if @$cell > $height;
    }
    return $height;
}

sub _rule {
    my ($frame, $kind, $widths) = @_;
    my ($left, $cross, $right, $line) = @{ $frame->{$kind} };
    return $left . join($cross, map { $line x ($_ + 2) } @$widths) . $right;
}

sub _framed_lines {
    my ($columns, $widths, $rows, $has_header) = @_;
    my $is_unicode = _has_unicode();
    my $frame = $is_unicode ? \%FRAME : \%PLAIN_FRAME;
    my $bar = $is_unicode ? '│' : '|';
    my @lines = (_rule($frame, 'top', $widths));
    for my $index (0 .. $#$rows) {
        push @lines, _rule($frame, $has_header && $index == 1 ? 'head' : 'middle', $widths)
            if $index;
        my $row = $rows->[$index];
        for my $line (0 .. _height($row) - 1) {
            my @cells =
                map { _padded($row->[$_][$line] // '', $widths->[$_], $columns->[$_]) }
                0 .. $#$columns;
            push @lines, "$bar " . join(" $bar ", @cells) . " $bar";
        }
    }
    return (@lines, _rule($frame, 'bottom', $widths));
}

sub _table {
    my ($data, $columns, $options) = @_;
    my @rows = map {
        my $row = $_;
        [map { _cell($row->{ $_->{key} }, $_) } @$columns]
    } @$data;
    unshift @rows, [map { [$_->{title} // $_->{key}] } @$columns] if !$options->{noheader};
    my @widths = map {
        my $index = $_;
        _width(map { @{ $_->[$index] } } @rows)
    } 0 .. $#$columns;
    my @lines =
        $options->{noborder}
        ? _plain_lines($columns, \@widths, \@rows)
        : _framed_lines($columns, \@widths, \@rows, !$options->{noheader});
    my $most = _columns();
    for my $line (@lines) {
        _print(_encoded($most ? substr($line, 0, $most) : $line) . "\n");
    }
    return;
}

# Whether it was printed: `text` is for the caller.
sub _print_data {
    my ($data, $options) = @_;
    my $format = $options->{'output-format'} // 'text';
    return 0 if $format eq 'text';
    my $json = _json();
    _print(
        $format eq 'yaml'
        ? _yaml($data)
        : $format eq 'json' ? $json->encode($data) . "\n"
        : $json->pretty()->encode($data)
    );
    return 1;
}

sub list {
    my ($data, $columns, $options) = @_;
    return if _print_data($data, $options);
    _table($data, $columns, $options) if @$data;
    return;
}

sub table {
    my ($data, $columns, $options) = @_;
    _table($data, $columns, $options) if @$data;
    return;
}

sub object {
    my ($data, $columns, $options) = @_;
    return if _print_data($data, $options);
    my @rows = map { {
        key => $_->{title} // $_->{key},
        value => join("\n", @{ _cell($data->{ $_->{key} }, $_) }),
    } } grep { defined($data->{ $_->{key} }) } @$columns;
    _table(\@rows, [{ key => 'key' }, { key => 'value' }], $options);
    return;
}

sub lines {
    my ($data, $lines, $options) = @_;
    return if _print_data($data, $options);
    _print(_encoded($_) . "\n") for @$lines;
    return;
}

sub is_text {
    my ($options) = @_;
    return ($options->{'output-format'} // 'text') eq 'text';
}

sub time_of {
    my ($seconds) = @_;
    my ($second, $minute, $hour, $day, $month, $year) = localtime($seconds);
    return sprintf(
        '%04d-%02d-%02d %02d:%02d:%02d',
        $year + 1900, $month + 1, $day, $hour, $minute, $second
    );
}

1;

__END__

=encoding utf8

=head1 NAME

PVE::Network::Rust::Command::Output - what commands print, as Proxmox VE's tools do

=head1 DESCRIPTION

Options are a hash with C<output-format> (C<text>, C<json>, C<json-pretty> or C<yaml>), C<noborder> and C<noheader>. Tables have
lines of Unicode where the locale has them, and are cut at the width of a terminal.

A column is a hash: C<key>, C<title> if that is not its key, C<type>, where it is C<number>, and C<shown>, a sub that returns how
a value is shown in text.

=head1 FUNCTIONS

=head2 list($data, $columns, $options)

Prints a list of hashes, as a table or as data. Nothing is printed as the table of no rows.

=head2 object($data, $columns, $options)

Prints a hash, as a table of keys and values or as data.

=head2 lines($data, $lines, $options)

Prints the lines, or else the data.

=head2 table($data, $columns, $options)

Prints a table whatever the format is.

=head2 is_text($options)

Returns whether text is wanted.

=head2 time_of($seconds)

Returns a time in seconds since 1970 as text, in local time.

=head1 SEE ALSO

L<PVE::Network::Rust::Command>

=cut
