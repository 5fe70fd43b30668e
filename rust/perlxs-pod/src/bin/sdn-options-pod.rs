//! Writes the manual page of SDN's configuration, from the tables that parsing, checking and printing follow.

use std::io::{self, Write};

use pve_config::sdn::formats::DHCP_RANGE;
use pve_config::sdn::{File, Layout, OPENFABRIC_INTERFACE, OSPF_INTERFACE};
use pve_schema::{Property, pod};

const HEAD: &str = "\
=encoding utf8

=head1 NAME

PVE::Network::Rust::SDN::Options - the settings of zones, VNets, subnets and the rest of SDN

=head1 DESCRIPTION

What the packages below PVE::Network::Rust::SDN read, check and write: the section files in F</etc/pve/sdn>. A section is a
line C<TYPE: ID> and indented lines C<KEY VALUE>, up to an empty line. Lists stand between commas. The tables are those of
C<PVE::Network::SDN>.

";

const TAIL: &str = "\
=head1 SEE ALSO

L<PVE::Network::Rust::SDN::Zones>, L<PVE::Network::Rust::SDN::Vnets>, L<PVE::Network::Rust::SDN::Subnets>,
L<PVE::Network::Rust::SDN::Controllers>, L<PVE::Network::Rust::SDN::Ipams>, L<PVE::Network::Rust::SDN::Dns>,
L<PVE::Network::Rust::SDN::Fabrics>

=cut
";

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(HEAD.as_bytes())?;
    for file in File::ALL {
        section(&mut out, file.layout())?;
    }
    writeln!(out, "=head1 DHCP RANGES (dhcp-range)\n\n{}", pod::render(&DHCP_RANGE))?;
    for (what, schema) in [("OPENFABRIC", &OPENFABRIC_INTERFACE), ("OSPF", &OSPF_INTERFACE)] {
        writeln!(out, "=head1 INTERFACES IN {what} (interfaces)\n\n{}", pod::render(schema))?;
    }
    out.write_all(TAIL.as_bytes())
}

fn section(out: &mut impl Write, layout: &Layout) -> io::Result<()> {
    writeln!(out, "=head1 {}\n\nTypes:\n\n=over 4\n", layout.name)?;
    for kind in layout.types {
        write!(out, "=item B<{}>\n\n{}", kind.name, pod::options(kind))?;
    }
    let used = |property: &&Property| {
        let mut options = layout.types.iter().flat_map(|kind| kind.options);
        options.any(|(name, _)| *name == property.name)
    };
    let of_types = layout.types.iter().flat_map(|kind| kind.properties);
    let mut properties: Vec<&Property> =
        layout.common.iter().chain(of_types).filter(used).collect();
    properties.sort_unstable_by_key(|property| property.name);
    // Types that keep their properties to themselves have some of the same name.
    properties.dedup_by_key(|property| property.name);
    let settings = pod::list(properties.into_iter().map(|property| (property, false)));
    writeln!(out, "=back\n\nSettings:\n\n{settings}")
}
