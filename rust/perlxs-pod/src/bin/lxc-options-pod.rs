//! Writes the manual page of the container schema, from the tables that parsing, checking and printing follow.

use std::io::{self, Write};

use pve_config::lxc::schema::{CONTAINER, DEVICE, FEATURES, MOUNT_POINT, NETWORK, ROOTFS, UNUSED};
use pve_schema::{Schema, pod};

const SECTIONS: [(&str, &Schema); 7] = [
    ("SETTINGS", &CONTAINER),
    ("NETWORK INTERFACES (netN)", &NETWORK),
    ("ROOT FILE SYSTEM (rootfs)", &ROOTFS),
    ("MOUNT POINTS (mpN)", &MOUNT_POINT),
    ("UNUSED VOLUMES (unusedN)", &UNUSED),
    ("DEVICES (devN)", &DEVICE),
    ("FEATURES (features)", &FEATURES),
];

const HEAD: &str = "\
=encoding utf8

=head1 NAME

PVE::Network::Rust::LXC::Options - the settings of a container's configuration

=head1 DESCRIPTION

What PVE::Network::Rust::LXC::Config reads, checks and writes. A setting is a line C<KEY: VALUE>; some values are property
strings, C<key=value> pairs with commas between them, whose keys stand in sections of their own.

";

const TAIL: &str = "\
=head1 SEE ALSO

L<PVE::Network::Rust::LXC::Config>, pct.conf(5)

=cut
";

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(HEAD.as_bytes())?;
    for (title, schema) in SECTIONS {
        write!(out, "=head1 {title}\n\n{}\n", pod::render(schema))?;
    }
    out.write_all(TAIL.as_bytes())
}
