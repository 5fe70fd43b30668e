//! `PVE::Network::Rust::SDN::Controllers`: the file of controllers.

use perlxs::{Context, Data, Empty, Error, Hash, Ignored, PerlData, Truth};
use pve_config::sdn::File;
use pve_schema::{Map, PerlString};
use pve_sdn::check;

use super::sdn::{Argument, text};
use crate::string::{Text, Words};
use crate::{error, node, sdn_objects, section_file};

/// The configuration of controllers.
#[perlxs::package(name = "PVE::Network::Rust::SDN::Controllers")]
pub mod package {
    use super::*;

    /// Stands for `PVE::Network::SDN::Controllers::Plugin->parse_config`.
    ///
    /// `$filename` is used in messages only. `$raw` is the file's content, bytes. With `$allow_unknown` sections of
    /// types that are not known are kept as they stand.
    ///
    /// Returns a reference to a hash: `ids`, the controllers by ID, undef for one that lacks what it must have;
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
        section_file::read_sdn(context, File::Controllers, filename, raw, allow_unknown)
    }

    /// Stands for `PVE::Network::SDN::Controllers::Plugin->write_config`.
    ///
    /// `$cfg` is a reference to a hash as parse_config returns it. As by the Perl method, controllers that have no
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
        section_file::write_sdn(context, File::Controllers, &cfg, allow_unknown)
    }

    /// Stands for `check_config` of the plugin of a controller's type: checks the settings of a controller and decodes
    /// them.
    ///
    /// `$type` is the name of the type. `$config` is a reference to a hash of the settings as texts; it stays as it is.
    /// With `$create` what a controller must have has to be there. With `$skipSchemaCheck` values are not checked
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
        section_file::check_sdn(
            File::Controllers,
            kind,
            section_id,
            config,
            create,
            skip_schema_check,
        )
    }

    /// Stands for `PVE::SectionConfig::delete_from_config`: which settings a controller has once some are deleted.
    ///
    /// `$type` is the name of the type. `$config` is a reference to a hash of the controller's settings, `$new` one to
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
        section_file::delete_sdn(File::Controllers, kind, config, new, delete)
    }

    /// Stands for `PVE::Network::SDN::Controllers::Plugin->createSchema`.
    ///
    /// Returns a reference to a hash: the JSON schema of the parameters that make a controller. Descriptions are this
    /// project's own. With `$skip_type` there is no `type`; `$base` is a reference to a hash of further properties.
    #[export]
    fn create_schema(
        _class: Ignored,
        skip_type: Option<Truth>,
        base: Option<Data<Map<'_>>>,
    ) -> Result<Data<Map<'static>>, Error> {
        section_file::create_schema_sdn(File::Controllers, skip_type, base)
    }

    /// Stands for `PVE::Network::SDN::Controllers::Plugin->updateSchema`, and with `$type` for that of the type's
    /// plugin with its `$single_class`.
    ///
    /// Returns a reference to a hash: the JSON schema of the parameters that change a controller. `$base` is a
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
        section_file::update_schema_sdn(File::Controllers, kind, base)
    }

    /// Stands for `on_update_hook` of the plugin of a controller's type: what must hold before the controller `$controllerid`
    /// of `$controller_cfg` is written.
    ///
    /// `$controller_cfg` is a reference to a hash as parse_config returns it. `$nodename` is the node on which there may be
    /// few BGP and IS-IS controllers; without it, as in the reference, this one.
    ///
    /// Returns nothing.
    ///
    /// # Errors
    ///
    /// `only 1 global evpn controller can be defined`, `must have exactly one of peers / fabric defined`, `only 1 bgp
    /// controller can be defined`, `only 1 bgp or isis controller can be defined`; `cannot lookup undefined type!`
    #[export]
    fn on_update_hook(
        context: &mut Context,
        _class: Ignored,
        controllerid: Argument,
        controller_cfg: Argument,
        nodename: Argument,
    ) -> Result<Empty<()>, Error> {
        let controllers = sdn_objects::objects(context, File::Controllers, controller_cfg)?;
        let node = match nodename {
            Some(_) => text(nodename),
            None => node::name().map_err(error::reference)?,
        };
        check::controller::update(&text(controllerid), &controllers, &node)
            .map_err(error::refused)?;
        Ok(Empty::Nothing)
    }

    /// Stands for `on_delete_hook` of the plugin of a controller's type: what must hold before the controller
    /// `$controllerid` is deleted.
    ///
    /// `$zone_cfg` and `$controller_cfg`, which tells the type, are references to hashes as parse_config returns them;
    /// without them the cluster's files count.
    ///
    /// Returns nothing.
    ///
    /// # Errors
    ///
    /// `controller ... is used by ...`; `cannot lookup undefined type!`
    #[export]
    fn on_delete_hook(
        context: &mut Context,
        _class: Ignored,
        controllerid: Argument,
        zone_cfg: Argument,
        controller_cfg: Argument,
    ) -> Result<Empty<()>, Error> {
        let zones = sdn_objects::objects(context, File::Zones, zone_cfg)?;
        let controllers = sdn_objects::objects(context, File::Controllers, controller_cfg)?;
        check::controller::delete(&text(controllerid), &controllers, &zones)
            .map_err(error::refused)?;
        Ok(Empty::Nothing)
    }
}
