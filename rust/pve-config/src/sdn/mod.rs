//! The configuration of SDN: the section files below `/etc/pve/sdn`.
//!
//! [`parse_config`] and [`write_config`] do what the methods of the same name of the base plugins of `PVE::Network::SDN` do:
//! same structure, same warnings, same error texts. What each type of section has is a table, one module a file.

mod controllers;
mod dns;
mod fabrics;
pub mod formats;
mod ipams;
mod sections;
mod subnets;
mod vnets;
mod zones;

pub use fabrics::{OPENFABRIC_INTERFACE, OSPF_INTERFACE};
pub use sections::{File, Layout};

use pve_schema::section::{self, CheckConfig, Parsed, Table, Type, Written};
use pve_schema::{Environment, Error, Map, PerlStr, PerlString};

/// Reads a file. `filename` is used in messages only, `raw` is the content.
///
/// # Errors
///
/// None with the tables of this crate, which a test builds.
pub fn parse_config<'a>(
    file: File,
    filename: PerlStr<'_>,
    raw: &'a [u8],
    allow_unknown: bool,
) -> Result<Parsed<'a>, Error> {
    let environment = Environment::empty();
    let table = file.table()?;
    Ok(section::parse_config(table, file.layout(), filename, raw, allow_unknown, &environment))
}

/// Writes a file. Lists of nodes are written sorted, where the reference writes them in the order of a Perl hash.
///
/// # Errors
///
/// As [`parse_config`]; what is wrong with the structure is in the result.
pub fn write_config(file: File, config: &Map<'_>, allow_unknown: bool) -> Result<Written, Error> {
    Ok(section::write_config(file.table()?, file.layout(), config, allow_unknown))
}

/// Checks the settings of a section of the type `kind`, and decodes them (`check_config` of its plugin). `create` tells
/// whether it is a new one, `skip_schema_check` whether values are not checked against their schemas.
///
/// # Errors
///
/// What the reference dies with.
pub fn check_config<'a>(
    file: File,
    kind: &str,
    id: PerlStr<'_>,
    config: Map<'a>,
    (create, skip_schema_check): (bool, bool),
) -> Result<Map<'a>, Error> {
    let environment = Environment::empty();
    let table = file.table()?;
    let how = CheckConfig {
        table,
        base: file.layout(),
        environment: &environment,
        create,
        skip_schema_check,
    };
    // No file here has warnings of its own.
    section::check_config(&how, lookup(table, kind)?, id, config, &mut Vec::new())
}

/// Takes settings out of a section of the type `kind`; `new` are those that are set in the same go.
///
/// # Errors
///
/// What the reference dies with.
pub fn delete_from_config<'a>(
    file: File,
    kind: &str,
    mut config: Map<'a>,
    new: &Map<'_>,
    delete: &[PerlString<'_>],
) -> Result<Map<'a>, Error> {
    let table = file.table()?;
    let delete: Vec<PerlStr<'_>> = delete.iter().map(PerlString::as_perl).collect();
    section::delete_from_config(table, lookup(table, kind)?, &mut config, new, &delete)?;
    Ok(config)
}

/// The schema of the parameters that make a section of a file.
///
/// # Errors
///
/// As [`parse_config`].
pub fn create_schema(
    file: File,
    skip_type: bool,
    base: Map<'static>,
) -> Result<Map<'static>, Error> {
    section::create_schema(file.table()?, skip_type, base)
}

/// The schema of the parameters that change a section of a file, or one of the type `kind`.
///
/// # Errors
///
/// `unknown section type '...'`
pub fn update_schema(
    file: File,
    kind: Option<&str>,
    base: Map<'static>,
) -> Result<Map<'static>, Error> {
    let table = file.table()?;
    let kind = kind.map(|kind| lookup(table, kind)).transpose()?;
    Ok(section::update_schema(table, kind, base))
}

/// The names of the VNets in `sdn/vnets.cfg`, in its order: those whose sections are complete.
pub fn vnet_names(raw: &[u8]) -> Vec<String> {
    let filename = PerlStr::literal(vnets::LAYOUT.name);
    // The table is in order, which a test sees to.
    let Ok(parsed) = parse_config(File::Vnets, filename, raw, false) else { return Vec::new() };
    let complete = parsed.config.sections.iter().filter(|section| section.settings.is_some());
    let names = complete.map(|section| std::str::from_utf8(section.id.as_bytes()));
    names.flatten().map(str::to_owned).collect()
}

/// A type by its name (`PVE::SectionConfig::lookup`).
fn lookup<'t>(table: &'t Table, name: &str) -> Result<&'t Type, Error> {
    table.lookup(PerlString::from(name).as_perl())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fabrics_have_nodes() {
        let raw = b"openfabric_fabric: f\n\thello_interval 4\n\tip_prefix 10.0.0.0/24\n\n\
            openfabric_node: f_n\n\tip 10.0.0.1\n\tinterfaces name=eth0,hello_multiplier=5\n\tinterfaces name=eth1\n\n\
            ospf_fabric: o\n\tarea 0\n\n\
            ospf_node: o_n\n\tinterfaces name=eth0,hello_multiplier=5\n\n\
            ospf_fabric: p\n\tarea x\n\nospf_node: o_\n\n";
        let name = PerlStr::literal("f");
        let parsed = parse_config(File::Fabrics, name, raw, false).unwrap();
        let warnings: Vec<String> = parsed.warnings.iter().map(|text| text.to_string()).collect();
        assert_eq!(
            warnings,
            [
                "file f line 14 (section 'o_n') - unable to parse value of 'interfaces': invalid format - \
                 format error\nhello_multiplier: property is not defined in schema and the schema \
                 does not allow additional properties\n\n",
                "file f line 17 (section 'p') - unable to parse value of 'area': invalid format - \
                 Area is not a number, nor an ip address\n\n",
                "file f line 17 (skip section 'p'): missing value for required option 'area'\n",
                "file f line 19 (skip section 'o_'): value does not look like a valid node name\n",
            ]
        );
        let node = parsed.config.sections[1].settings.as_ref().unwrap();
        assert_eq!(node.get("id").unwrap().as_scalar().unwrap().to_perl().to_string(), "f_n");
        assert_eq!(node.get("interfaces").unwrap().as_list().unwrap().len(), 2);
    }

    #[test]
    fn names_are_those_of_complete_sections() {
        let raw = b"vnet: blue\n\tzone z\n\talias vnet: x\n\nvnet:red\n zone z\n\nvnet: green\n\nother: y\n";
        assert_eq!(vnet_names(raw), ["blue", "red"]);
    }
}
