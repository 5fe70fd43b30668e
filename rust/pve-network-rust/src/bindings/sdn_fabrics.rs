//! `PVE::Network::Rust::SDN::Fabrics`: the file of fabrics.

use perlxs::{Context, Data, Error, Hash, Ignored, PerlData, Truth};
use pve_config::sdn::File;
use pve_schema::{Map, PerlString};

use crate::section_file;
use crate::string::{Text, Words};

/// The configuration of fabrics and their nodes.
#[perlxs::package(name = "PVE::Network::Rust::SDN::Fabrics")]
pub mod package {
    use super::*;

    /// Reads F<fabrics.cfg>, whose text the reference hands to `PVE::RS::SDN::Fabrics`.
    ///
    /// `$filename` is used in messages only. `$raw` is the file's content, bytes. With `$allow_unknown` sections of
    /// types that are not known are kept as they stand.
    ///
    /// Returns a reference to a hash: `ids`, fabrics by ID and nodes by `FABRIC_NODE`, each with its `id`, undef for one that
    /// lacks what it must have; `order`, their places in the file; `digest`; and `errors`, if there are some, a list of
    /// hashes with `context`, `section`, `key` and `err`.
    #[export]
    fn parse_config<'a>(
        context: &mut Context,
        _class: Ignored,
        filename: Option<PerlData<Words<'_>>>,
        raw: Option<&'a [u8]>,
        allow_unknown: Option<Truth>,
    ) -> Result<section_file::Read<'a>, Error> {
        section_file::read_sdn(context, File::Fabrics, filename, raw, allow_unknown)
    }

    /// Writes F<fabrics.cfg>.
    ///
    /// `$cfg` is a reference to a hash as parse_config returns it. Sections that have no place in `order` get one in that
    /// hash. With `$allow_unknown` sections of types that are not known are written as
    /// they stand. `$filename` is not used.
    ///
    /// Returns the text of the file.
    ///
    /// # Errors
    ///
    /// `unknown section type '...'`, `section '...' - missing value for required option '...'`, `property '...'
    /// contains a line feed`
    #[export]
    fn write_config(
        context: &mut Context,
        _class: Ignored,
        _filename: Option<Ignored>,
        cfg: Hash<Map<'_>>,
        allow_unknown: Option<Truth>,
    ) -> Result<Text, Error> {
        section_file::write_sdn(context, File::Fabrics, &cfg, allow_unknown)
    }

    /// Checks the settings of a fabric or a node and decodes them.
    ///
    /// `$type` is the name of the type. `$config` is a reference to a hash of the settings as texts; it stays as it is.
    /// With `$create` what a section must have has to be there. With `$skipSchemaCheck` values are not checked
    /// against their schemas.
    ///
    /// Returns a reference to a hash of the settings, decoded.
    ///
    /// # Errors
    ///
    /// `missing value for required option '...'`, `unexpected property '...'`, and what is wrong with a value.
    #[export]
    fn check_config(
        _class: Ignored,
        kind: &str,
        section_id: PerlData<Words<'_>>,
        config: PerlData<Map<'_>>,
        create: Option<Truth>,
        skip_schema_check: Option<Truth>,
    ) -> Result<Data<Map<'static>>, Error> {
        section_file::check_sdn(File::Fabrics, kind, section_id, config, create, skip_schema_check)
    }

    /// Which settings a fabric or a node has once some are deleted.
    ///
    /// `$type` is the name of the type. `$config` is a reference to a hash of the section's settings, `$new` one to
    /// those that are set in the same go, `$delete` a reference to a list of keys. No argument is changed.
    ///
    /// Returns a reference to a hash of the settings.
    ///
    /// # Errors
    ///
    /// `no such option '...'`, `unable to delete required option '...'`, `cannot set and delete property '...' at the
    /// same time!`
    #[export]
    fn delete_from_config(
        _class: Ignored,
        kind: &str,
        config: PerlData<Map<'_>>,
        new: PerlData<Map<'_>>,
        delete: Data<Vec<PerlString<'_>>>,
    ) -> Result<Data<Map<'static>>, Error> {
        section_file::delete_sdn(File::Fabrics, kind, config, new, delete)
    }

    /// The parameters that make a section, by its type.
    ///
    /// Returns a reference to a hash: the JSON schema of the parameters that make a section. Descriptions are this
    /// project's own. With `$skip_type` there is no `type`; `$base` is a reference to a hash of further properties.
    #[export]
    fn create_schema(
        _class: Ignored,
        skip_type: Option<Truth>,
        base: Option<Data<Map<'_>>>,
    ) -> Result<Data<Map<'static>>, Error> {
        section_file::create_schema_sdn(File::Fabrics, skip_type, base)
    }

    /// Stands for `PVE::Network::SDN::Dns::Plugin->updateSchema`, and with `$type` for that of the type's plugin with
    /// its `$single_class`.
    ///
    /// Returns a reference to a hash: the JSON schema of the parameters that change a section. `$base` is a
    /// reference to a hash of further properties.
    ///
    /// # Errors
    ///
    /// `unknown section type '...'`
    #[export]
    fn update_schema(
        _class: Ignored,
        kind: Option<&str>,
        base: Option<Data<Map<'_>>>,
    ) -> Result<Data<Map<'static>>, Error> {
        section_file::update_schema_sdn(File::Fabrics, kind, base)
    }
}
