//! `PVE::Network::Rust::SDN::Zones`: the file of zones.

use perlxs::{Context, Data, Empty, Error, Hash, Ignored, PerlData, Truth};
use pve_config::sdn::File;
use pve_schema::{Map, PerlString};
use pve_sdn::check;
use pve_sdn::config::Objects;
use pve_sdn::perl::FromPerl;

use super::sdn::{Argument, text};
use crate::string::{Text, Words};
use crate::{error, sdn_objects, section_file};

/// The configuration of zones.
#[perlxs::package(name = "PVE::Network::Rust::SDN::Zones")]
pub mod package {
    use super::*;

    /// Stands for `PVE::Network::SDN::Zones::Plugin->parse_config`.
    ///
    /// `$filename` is used in messages only. `$raw` is the file's content, bytes. With `$allow_unknown` sections of
    /// types that are not known are kept as they stand.
    ///
    /// Returns a reference to a hash: `ids`, the zones by ID, undef for one that lacks what it must have; `order`,
    /// their places in the file; `digest`; and `errors`, if there are some, a list of hashes with `context`, `section`,
    /// `key` and `err`.
    #[export]
    fn parse_config<'a>(
        context: &mut Context,
        _class: Ignored,
        filename: Option<PerlData<Words<'_>>>,
        raw: Option<&'a [u8]>,
        allow_unknown: Option<Truth>,
    ) -> Result<section_file::Read<'a>, Error> {
        section_file::read_sdn(context, File::Zones, filename, raw, allow_unknown)
    }

    /// Stands for `PVE::Network::SDN::Zones::Plugin->write_config`.
    ///
    /// `$cfg` is a reference to a hash as parse_config returns it. As by the Perl method, zones that have no place in
    /// `order` get one in that hash. With `$allow_unknown` sections of types that are not known are written as they
    /// stand. `$filename` is not used.
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
        section_file::write_sdn(context, File::Zones, &cfg, allow_unknown)
    }

    /// Stands for `check_config` of the plugin of a zone's type: checks the settings of a zone and decodes them.
    ///
    /// `$type` is the name of the type. `$config` is a reference to a hash of the settings as texts; it stays as it is.
    /// With `$create` what a zone must have has to be there. With `$skipSchemaCheck` values are not checked against
    /// their schemas.
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
        section_file::check_sdn(File::Zones, kind, section_id, config, create, skip_schema_check)
    }

    /// Stands for `PVE::SectionConfig::delete_from_config`: which settings a zone has once some are deleted.
    ///
    /// `$type` is the name of the type. `$config` is a reference to a hash of the zone's settings, `$new` one to those
    /// that are set in the same go, `$delete` a reference to a list of keys. No argument is changed.
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
        section_file::delete_sdn(File::Zones, kind, config, new, delete)
    }

    /// Stands for `PVE::Network::SDN::Zones::Plugin->createSchema`.
    ///
    /// Returns a reference to a hash: the JSON schema of the parameters that make a zone. Descriptions are this
    /// project's own. With `$skip_type` there is no `type`; `$base` is a reference to a hash of further properties.
    #[export]
    fn create_schema(
        _class: Ignored,
        skip_type: Option<Truth>,
        base: Option<Data<Map<'_>>>,
    ) -> Result<Data<Map<'static>>, Error> {
        section_file::create_schema_sdn(File::Zones, skip_type, base)
    }

    /// Stands for `PVE::Network::SDN::Zones::Plugin->updateSchema`, and with `$type` for that of the type's plugin with
    /// its `$single_class`.
    ///
    /// Returns a reference to a hash: the JSON schema of the parameters that change a zone. `$base` is a reference to a
    /// hash of further properties.
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
        section_file::update_schema_sdn(File::Zones, kind, base)
    }

    /// Stands for `on_update_hook` of the plugin of a zone's type: what must hold before the zone `$zoneid` of `$zone_cfg` is
    /// written.
    ///
    /// `$zone_cfg` and `$controller_cfg` are references to hashes as parse_config returns them; without `$controller_cfg` the
    /// cluster's file counts. An EVPN zone of `$zone_cfg` that has no `mac` gets one, with the prefix of F<datacenter.cfg>.
    ///
    /// Returns nothing.
    ///
    /// # Errors
    ///
    /// A PVE::Exception with `errors` for `peers` and `fabric`: `must have exactly one of peers / fabric defined`;
    /// `controller ... don't exist`, `... is not a evpn controller type`, `vrf-vxlan ... is already declared in ...`;
    /// `cannot lookup undefined type!`, `unknown section type '...'`
    #[export]
    fn on_update_hook(
        context: &mut Context,
        _class: Ignored,
        zoneid: Argument,
        zone_cfg: Hash<FromPerl>,
        controller_cfg: Argument,
    ) -> Result<Empty<()>, Error> {
        let (id, zones) = (text(zoneid), Objects::of(zone_cfg.0.clone()));
        let controllers = sdn_objects::objects(context, File::Controllers, controller_cfg)?;
        let needed = check::zone::update(&id, &zones, &controllers).map_err(error::refused)?;
        sdn_objects::complete(context, &zone_cfg, id, needed)?;
        Ok(Empty::Nothing)
    }

    /// Stands for `on_delete_hook` of the plugin of a zone's type: what must hold before the zone `$zoneid` is deleted.
    ///
    /// `$vnet_cfg` is a reference to a hash as parse_config of the VNets returns it; without it the cluster's file counts.
    ///
    /// Returns nothing.
    ///
    /// # Errors
    ///
    /// `zone ... is used by vnet ...`
    #[export]
    fn on_delete_hook(
        context: &mut Context,
        _class: Ignored,
        zoneid: Argument,
        vnet_cfg: Argument,
    ) -> Result<Empty<()>, Error> {
        let vnets = sdn_objects::objects(context, File::Vnets, vnet_cfg)?;
        check::zone::delete(&text(zoneid), &vnets).map_err(error::refused)?;
        Ok(Empty::Nothing)
    }

    /// Stands for `vnet_update_hook` of the plugin of a zone's type: what must hold before the VNet `$vnetid` of `$vnet_cfg`
    /// is written. Its tag is there if the zone's type wants one, in range, and no other VNet's: in VLAN and QinQ zones of
    /// the zone, in VXLAN and EVPN zones of the cluster.
    ///
    /// `$vnet_cfg` and `$zone_cfg` are references to hashes as parse_config returns them; without `$zone_cfg` the cluster's
    /// file counts. A VNet of a simple zone that has no `mac` gets one in `$vnet_cfg`, with the prefix of F<datacenter.cfg>.
    ///
    /// Returns nothing.
    ///
    /// # Errors
    ///
    /// A PVE::Exception with `errors` for `tag` or `vlan-aware`, such as `tag ... already exist in vnet ...`;
    /// `cannot lookup undefined type!` where there is no such zone.
    #[export]
    fn vnet_update_hook(
        context: &mut Context,
        _class: Ignored,
        vnet_cfg: Hash<FromPerl>,
        vnetid: Argument,
        zone_cfg: Argument,
    ) -> Result<Empty<()>, Error> {
        let (id, vnets) = (text(vnetid), Objects::of(vnet_cfg.0.clone()));
        let zones = sdn_objects::objects(context, File::Zones, zone_cfg)?;
        let needed = check::zone::update_vnet(&vnets, &id, &zones).map_err(error::refused)?;
        sdn_objects::complete(context, &vnet_cfg, id, needed)?;
        Ok(Empty::Nothing)
    }
}
