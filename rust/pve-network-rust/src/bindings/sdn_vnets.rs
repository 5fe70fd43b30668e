//! `PVE::Network::Rust::SDN::Vnets`: the file of VNets.

use perlxs::{Context, Data, Empty, Error, Hash, Ignored, PerlData, Truth};
use pve_config::sdn::File;
use pve_schema::{Map, PerlString};
use pve_sdn::check;

use super::sdn::{Argument, text};
use crate::string::{Text, Words};
use crate::{error, sdn_objects, section_file};

/// The configuration of VNets.
#[perlxs::package(name = "PVE::Network::Rust::SDN::Vnets")]
pub mod package {
    use super::*;

    /// Stands for `PVE::Network::SDN::VnetPlugin->parse_config`.
    ///
    /// `$filename` is used in messages only. `$raw` is the file's content, bytes. With `$allow_unknown` sections of
    /// types that are not known are kept as they stand.
    ///
    /// Returns a reference to a hash: `ids`, the VNets by ID, undef for one that lacks what it must have; `order`,
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
        section_file::read_sdn(context, File::Vnets, filename, raw, allow_unknown)
    }

    /// Stands for `PVE::Network::SDN::VnetPlugin->write_config`.
    ///
    /// `$cfg` is a reference to a hash as parse_config returns it. As by the Perl method, VNets that have no place in
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
        section_file::write_sdn(context, File::Vnets, &cfg, allow_unknown)
    }

    /// Stands for `PVE::Network::SDN::VnetPlugin->check_config`: checks the settings of a VNet and decodes them.
    ///
    /// `$config` is a reference to a hash of the settings as texts; it stays as it is. With `$create` what a VNet must
    /// have has to be there. With `$skipSchemaCheck` values are not checked against their schemas.
    ///
    /// Returns a reference to a hash of the settings, decoded.
    ///
    /// # Errors
    ///
    /// `missing value for required option '...'`, `unexpected property '...'`, and what is wrong with a value.
    #[export]
    fn check_config(
        _class: Ignored,
        section_id: PerlData<Words<'_>>,
        config: PerlData<Map<'_>>,
        create: Option<Truth>,
        skip_schema_check: Option<Truth>,
    ) -> Result<Data<Map<'static>>, Error> {
        section_file::check_sdn(File::Vnets, "vnet", section_id, config, create, skip_schema_check)
    }

    /// Stands for `PVE::SectionConfig::delete_from_config`: which settings a VNet has once some are deleted.
    ///
    /// `$config` is a reference to a hash of the VNet's settings, `$new` one to those that are set in the same go,
    /// `$delete` a reference to a list of keys. No argument is changed.
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
        config: PerlData<Map<'_>>,
        new: PerlData<Map<'_>>,
        delete: Data<Vec<PerlString<'_>>>,
    ) -> Result<Data<Map<'static>>, Error> {
        section_file::delete_sdn(File::Vnets, "vnet", config, new, delete)
    }

    /// Stands for `PVE::Network::SDN::VnetPlugin->createSchema`.
    ///
    /// Returns a reference to a hash: the JSON schema of the parameters that make a VNet. Descriptions are this
    /// project's own. With `$skip_type` there is no `type`; `$base` is a reference to a hash of further properties.
    #[export]
    fn create_schema(
        _class: Ignored,
        skip_type: Option<Truth>,
        base: Option<Data<Map<'_>>>,
    ) -> Result<Data<Map<'static>>, Error> {
        section_file::create_schema_sdn(File::Vnets, skip_type, base)
    }

    /// Stands for `PVE::Network::SDN::VnetPlugin->updateSchema`, and with `$type` for that of the type's plugin with
    /// its `$single_class`.
    ///
    /// Returns a reference to a hash: the JSON schema of the parameters that change a VNet. `$base` is a reference to a
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
        section_file::update_schema_sdn(File::Vnets, kind, base)
    }

    /// Stands for `PVE::Network::SDN::VnetPlugin->on_update_hook`: what must hold before the VNet `$vnetid` of `$vnet_cfg` is
    /// written. vnet_update_hook of L<PVE::Network::Rust::SDN::Zones> checks its tag.
    ///
    /// `$vnet_cfg` and `$subnet_cfg` are references to hashes as parse_config returns them; without `$subnet_cfg`, which the
    /// reference reads itself, the cluster's file counts.
    ///
    /// Returns nothing.
    ///
    /// # Errors
    ///
    /// A PVE::Exception with `errors` for `vlanaware`: `vlanaware vnet is not compatible with subnets`
    #[export]
    fn on_update_hook(
        context: &mut Context,
        _class: Ignored,
        vnetid: Argument,
        vnet_cfg: Argument,
        subnet_cfg: Argument,
    ) -> Result<Empty<()>, Error> {
        let vnets = sdn_objects::objects(context, File::Vnets, vnet_cfg)?;
        let subnets = sdn_objects::objects(context, File::Subnets, subnet_cfg)?;
        check::vnet::update(&text(vnetid), &vnets, &subnets).map_err(error::refused)?;
        Ok(Empty::Nothing)
    }

    /// Stands for `PVE::Network::SDN::VnetPlugin->on_delete_hook`: what must hold before the VNet `$vnetid` is deleted.
    ///
    /// `$vnet_cfg` is not used, as there. `$subnet_cfg` is a reference to a hash as parse_config of the subnets returns it;
    /// without it, as in the reference, the cluster's file counts.
    ///
    /// Returns nothing.
    ///
    /// # Errors
    ///
    /// A PVE::Exception with `errors` for `vnet`: `Can't delete vnet if subnets exists`
    #[export]
    fn on_delete_hook(
        context: &mut Context,
        _class: Ignored,
        vnetid: Argument,
        _vnet_cfg: Option<Ignored>,
        subnet_cfg: Argument,
    ) -> Result<Empty<()>, Error> {
        let subnets = sdn_objects::objects(context, File::Subnets, subnet_cfg)?;
        check::vnet::delete(&text(vnetid), &subnets).map_err(error::refused)?;
        Ok(Empty::Nothing)
    }
}
