//! `PVE::Network::Rust::SDN::Subnets`: its file.

use perlxs::{Context, Data, Empty, Error, Hash, Ignored, PerlData, Signals, Truth};
use pve_config::sdn::File;
use pve_schema::{Map, PerlString};
use pve_sdn::check::{self, subnet::Finding};
use pve_sdn::perl;

use super::sdn::{Argument, on_this_host, section};
use super::sdn_subnets;
use crate::string::{Text, Words};
use crate::{error, sdn_objects, section_file};

/// Warns of what a check found, and dies of what does not hold.
fn checked(
    context: &mut Context,
    (result, warnings): (Result<(), pve_sdn::Error>, Vec<String>),
) -> Result<Empty<()>, Error> {
    warnings.into_iter().for_each(|warning| context.warn(warning));
    result.map(|()| Empty::Nothing).map_err(error::refused)
}

/// The configuration of subnets.
#[perlxs::package(name = "PVE::Network::Rust::SDN::Subnets")]
pub mod package {
    use super::*;

    /// Stands for `PVE::Network::SDN::SubnetPlugin->parse_config`.
    ///
    /// `$filename` is used in messages only. `$raw` is the file's content, bytes. With `$allow_unknown` sections of
    /// types that are not known are kept as they stand.
    ///
    /// Returns a reference to a hash: `ids`, the subnets by ID, undef for one that lacks what it must have; `order`,
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
        section_file::read_sdn(context, File::Subnets, filename, raw, allow_unknown)
    }

    /// Stands for `PVE::Network::SDN::SubnetPlugin->write_config`.
    ///
    /// `$cfg` is a reference to a hash as parse_config returns it. As by the Perl method, subnets that have no place in
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
        section_file::write_sdn(context, File::Subnets, &cfg, allow_unknown)
    }

    /// Stands for `PVE::Network::SDN::SubnetPlugin->check_config`: checks the settings of a subnet and decodes them.
    ///
    /// `$config` is a reference to a hash of the settings as texts; it stays as it is. With `$create` what a subnet
    /// must have has to be there. With `$skipSchemaCheck` values are not checked against their schemas.
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
        section_file::check_sdn(
            File::Subnets,
            "subnet",
            section_id,
            config,
            create,
            skip_schema_check,
        )
    }

    /// Stands for `PVE::SectionConfig::delete_from_config`: which settings a subnet has once some are deleted.
    ///
    /// `$config` is a reference to a hash of the subnet's settings, `$new` one to those that are set in the same go,
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
        section_file::delete_sdn(File::Subnets, "subnet", config, new, delete)
    }

    /// Stands for `PVE::Network::SDN::SubnetPlugin->createSchema`.
    ///
    /// Returns a reference to a hash: the JSON schema of the parameters that make a subnet. Descriptions are this
    /// project's own. With `$skip_type` there is no `type`; `$base` is a reference to a hash of further properties.
    #[export]
    fn create_schema(
        _class: Ignored,
        skip_type: Option<Truth>,
        base: Option<Data<Map<'_>>>,
    ) -> Result<Data<Map<'static>>, Error> {
        section_file::create_schema_sdn(File::Subnets, skip_type, base)
    }

    /// Stands for `PVE::Network::SDN::SubnetPlugin->updateSchema`, and with `$type` for that of the type's plugin with
    /// its `$single_class`.
    ///
    /// Returns a reference to a hash: the JSON schema of the parameters that change a subnet. `$base` is a reference to
    /// a hash of further properties.
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
        section_file::update_schema_sdn(File::Subnets, kind, base)
    }

    /// Stands for `PVE::Network::SDN::SubnetPlugin->on_update_hook`: what must hold before a subnet is written; then the
    /// IPAM of `$zone`, if it has one, learns of the subnet and its gateway.
    ///
    /// `$zone` is a reference to a hash of the zone's options, `$subnet` one as `get_subnet` has it. `$old_subnet` is the
    /// subnet as it was, if it is not a new one; in it the list `dhcp-range` holds references to hashes with `start-address`
    /// and `end-address`. `$vnet_cfg` is a reference to a hash as parse_config of the VNets returns it; without it, as in the
    /// reference, the cluster's file counts.
    ///
    /// Returns nothing.
    ///
    /// # Errors
    ///
    /// Those of check_subnet; what IPAM and DNS say.
    #[export]
    #[allow(clippy::too_many_arguments, reason = "the reference's")]
    fn on_update_hook(
        context: &mut Context,
        signals: &Signals,
        _class: Ignored,
        zone: Argument,
        _subnetid: Option<Ignored>,
        subnet: Argument,
        old_subnet: Argument,
        vnet_cfg: Argument,
    ) -> Result<Empty<()>, Error> {
        let (zone, subnet) = (section(zone), section(subnet));
        let vnets = sdn_objects::objects(context, File::Vnets, vnet_cfg)?;
        checked(context, check::subnet::update(&subnet, &vnets))?;
        let old = old_subnet.is_some().then(|| section(old_subnet));
        let old_ranges = old.as_ref().map(sdn_subnets::parsed_ranges).unwrap_or_default();
        let vnet = vnets.get(&perl::text(subnet.get("vnet")));
        let mac = vnet.and_then(|vnet| vnet.get("mac")).cloned().unwrap_or_default();
        let old = old.as_ref().map(|old| (old, old_ranges.as_slice()));
        on_this_host(context, signals, |sdn| sdn.write_subnet(&zone, &subnet, old, &mac))?;
        Ok(Empty::Nothing)
    }

    /// Stands for `PVE::Network::SDN::SubnetPlugin->on_delete_hook`, which checks nothing.
    ///
    /// Returns nothing.
    #[export]
    fn on_delete_hook(
        _class: Ignored,
        _subnetid: Option<Ignored>,
        _subnet_cfg: Option<Ignored>,
        _vnet_cfg: Option<Ignored>,
    ) -> Result<Empty<()>, Error> {
        Ok(Empty::Nothing)
    }

    /// The checks of on_update_hook alone: the VNet of `$subnet` is there and not aware of VLANs, the gateway is inside, and
    /// so are the DHCP ranges, which do not overlap.
    ///
    /// `$subnet` is as there, and so is `$vnet_cfg`. Nothing is changed.
    ///
    /// Returns nothing.
    ///
    /// # Errors
    ///
    /// A PVE::Exception with `errors` for `vnet`, `gateway` or `dhcp-range`: `... don't exist`, `you can't add a subnet on a
    /// vlanaware vnet`, `... is not in subnet ...`, and those of validate_dhcp_ranges.
    #[export]
    fn check_subnet(
        context: &mut Context,
        subnet: Argument,
        vnet_cfg: Argument,
    ) -> Result<Empty<()>, Error> {
        let vnets = sdn_objects::objects(context, File::Vnets, vnet_cfg)?;
        checked(context, check::subnet::update(&section(subnet), &vnets))
    }

    /// Stands for `PVE::Network::SDN::SubnetPlugin::validate_dhcp_ranges`: whether the DHCP ranges of `$subnet` are inside, and
    /// do not overlap.
    ///
    /// `$subnet` is a reference to a hash as `get_subnet` has it, with `cidr` and `dhcp-range`. Ranges that cannot be read are
    /// warned of.
    ///
    /// Returns nothing.
    ///
    /// # Errors
    ///
    /// A PVE::Exception with `errors` for `dhcp-range`: `... is not a valid IP ...`, `... must be a singular IP`,
    /// `start-address ... must be smaller than end-address ...`, `... is not in subnet ...`, `dhcp ranges must not overlap`
    #[export]
    fn validate_dhcp_ranges(context: &mut Context, subnet: Argument) -> Result<Empty<()>, Error> {
        checked(context, check::subnet::dhcp_ranges(&section(subnet)))
    }

    /// What is wrong with subnets as a whole. Beyond what check_subnet finds in each of them: a subnet in another zone than
    /// its VNet, one that overlaps another one of its zone, and an ID that names no network.
    ///
    /// `$subnet_cfg` and `$vnet_cfg` are references to hashes as parse_config returns them; without them the cluster's files
    /// count.
    ///
    /// Returns a reference to a list of hashes in the order of the IDs: `subnet`, the ID; `key`, the setting; `message`.
    #[export]
    fn validate(
        context: &mut Context,
        subnet_cfg: Argument,
        vnet_cfg: Argument,
    ) -> Result<Data<Vec<Finding>>, Error> {
        let subnets = sdn_objects::objects(context, File::Subnets, subnet_cfg)?;
        let vnets = sdn_objects::objects(context, File::Vnets, vnet_cfg)?;
        let (findings, warnings) = check::subnet::validate(&subnets, &vnets);
        warnings.into_iter().for_each(|warning| context.warn(warning));
        Ok(Data(findings))
    }
}
