//! Writes the manual page of storage.cfg, from the tables that parsing, checking and printing follow.

use std::io::{self, Write};

use pve_config::storage::types::TYPES;
use pve_config::storage::{BWLIMIT_SCHEMA, COMMON, PRUNE_BACKUPS_SCHEMA, StorageType};
use pve_schema::{Property, pod};

const HEAD: &str = "\
=encoding utf8

=head1 NAME

PVE::Network::Rust::Storage::Options - the settings of storages

=head1 DESCRIPTION

What PVE::Network::Rust::Storage::Config reads, checks and writes: F</etc/pve/storage.cfg>. A storage is a section, a line
C<TYPE: ID> and indented lines C<KEY VALUE>, up to an empty line. An ID has two characters at least: a letter first, a letter or
digit last, and C<->, C<_> and C<.> between. Lists stand between commas. The tables are those of C<PVE::Storage::Plugin> and the
plugins of PVE.

There is always a storage C<local>, of the type C<dir>, at F</var/lib/vz>, on all nodes.

";

const TAIL: &str = "\
=head1 SEE ALSO

L<PVE::Network::Rust::Storage::Config>, pvesm(1)

=cut
";

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(HEAD.as_bytes())?;
    writeln!(out, "=head1 TYPES\n\n=over 4\n")?;
    for table in TYPES {
        kind(&mut out, table)?;
    }
    writeln!(out, "=back\n")?;
    let of_types = TYPES.iter().flat_map(|table| table.section.properties);
    let mut properties: Vec<&Property> = COMMON.iter().chain(of_types).collect();
    properties.retain(|property| !matches!(property.name, "type" | "storage"));
    properties.sort_unstable_by_key(|property| property.name);
    let settings = pod::list(properties.into_iter().map(|property| (property, false)));
    writeln!(out, "=head1 SETTINGS\n\n{settings}")?;
    writeln!(out, "=head1 KEPT BACKUPS (prune-backups)\n\n{}", pod::render(&PRUNE_BACKUPS_SCHEMA))?;
    writeln!(out, "=head1 LIMITS (bwlimit)\n\n{}", pod::render(&BWLIMIT_SCHEMA))?;
    out.write_all(TAIL.as_bytes())
}

fn kind(out: &mut impl Write, table: &StorageType) -> io::Result<()> {
    writeln!(out, "=item B<{}>\n", table.section.name)?;
    write!(out, "Holds {}", table.content.join(", "))?;
    write!(out, "; where nothing is said, {}.", table.default_content.join(", "))?;
    if !table.formats.is_empty() {
        write!(out, " Formats: {}.", table.formats.join(", "))?;
    }
    if table.shared {
        write!(out, " All nodes see the same content.")?;
    }
    write!(out, "\n\n{}", pod::options(&table.section))
}
