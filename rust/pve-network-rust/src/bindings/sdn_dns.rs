//! `PVE::Network::Rust::SDN::Dns`: the file of DNS servers.

use perlxs::{Context, Data, Empty, Error, Hash, Ignored, PerlData, Signals, Truth};
use pve_config::sdn::File;
use pve_schema::{Map, PerlString};

use super::sdn::{Argument, on_this_host, section};
use crate::section_file;
use crate::string::{Text, Words};

/// The configuration of DNS servers.
#[perlxs::package(name = "PVE::Network::Rust::SDN::Dns")]
pub mod package {
    use super::*;

    /// Stands for `PVE::Network::SDN::Dns::Plugin->parse_config`.
    ///
    /// `$filename` is used in messages only. `$raw` is the file's content, bytes. With `$allow_unknown` sections of
    /// types that are not known are kept as they stand.
    ///
    /// Returns a reference to a hash: `ids`, the DNS servers by ID, undef for one that lacks what it must have;
    /// `order`, their places in the file; `digest`; and `errors`, if there are some, a list of hashes with `context`,
    /// `section`, `key` and `err`.
    #[export]
    fn parse_config<'a>(
        context: &mut Context,
        _class: Ignored,
        filename: Option<PerlData<Words<'_>>>,
        raw: Option<&'a [u8]>,
        allow_unknown: Option<Truth>,
    ) -> Result<section_file::Read<'a>, Error> {
        section_file::read_sdn(context, File::Dns, filename, raw, allow_unknown)
    }

    /// Stands for `PVE::Network::SDN::Dns::Plugin->write_config`.
    ///
    /// `$cfg` is a reference to a hash as parse_config returns it. As by the Perl method, DNS servers that have no
    /// place in `order` get one in that hash. With `$allow_unknown` sections of types that are not known are written as
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
        section_file::write_sdn(context, File::Dns, &cfg, allow_unknown)
    }

    /// Stands for `check_config` of the plugin of a DNS server's type: checks the settings of a DNS server and decodes
    /// them.
    ///
    /// `$type` is the name of the type. `$config` is a reference to a hash of the settings as texts; it stays as it is.
    /// With `$create` what a DNS server must have has to be there. With `$skipSchemaCheck` values are not checked
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
        section_file::check_sdn(File::Dns, kind, section_id, config, create, skip_schema_check)
    }

    /// Stands for `PVE::SectionConfig::delete_from_config`: which settings a DNS server has once some are deleted.
    ///
    /// `$type` is the name of the type. `$config` is a reference to a hash of the DNS server's settings, `$new` one to
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
        section_file::delete_sdn(File::Dns, kind, config, new, delete)
    }

    /// Stands for `PVE::Network::SDN::Dns::Plugin->createSchema`.
    ///
    /// Returns a reference to a hash: the JSON schema of the parameters that make a DNS server. Descriptions are this
    /// project's own. With `$skip_type` there is no `type`; `$base` is a reference to a hash of further properties.
    #[export]
    fn create_schema(
        _class: Ignored,
        skip_type: Option<Truth>,
        base: Option<Data<Map<'_>>>,
    ) -> Result<Data<Map<'static>>, Error> {
        section_file::create_schema_sdn(File::Dns, skip_type, base)
    }

    /// Stands for `PVE::Network::SDN::Dns::Plugin->updateSchema`, and with `$type` for that of the type's plugin with
    /// its `$single_class`.
    ///
    /// Returns a reference to a hash: the JSON schema of the parameters that change a DNS server. `$base` is a
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
        section_file::update_schema_sdn(File::Dns, kind, base)
    }

    /// Stands for `on_update_hook` of the plugin of a DNS server's type: whether the server answers.
    ///
    /// `$plugin_config` is a reference to a hash of the DNS server's settings, with its `type`.
    ///
    /// Returns nothing.
    ///
    /// # Errors
    ///
    /// `dns api error: ...`; `cannot lookup undefined type!`, `unknown section type '...'`
    #[export]
    fn on_update_hook(
        context: &mut Context,
        signals: &Signals,
        _class: Ignored,
        plugin_config: Argument,
    ) -> Result<Empty<()>, Error> {
        let server = section(plugin_config);
        on_this_host(context, signals, |sdn| sdn.verify_dns(&server))?;
        Ok(Empty::Nothing)
    }
}
