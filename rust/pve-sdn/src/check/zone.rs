//! Zones, and VNets in zones.

use std::collections::BTreeMap;

use pve_config::sdn::File;

use super::{Complete, is_defined, is_true, kind, parameter, text, value};
use crate::config::Objects;
use crate::{Error, Section, perl};

/// What must hold before the zone `id` is written (`on_update_hook` of its plugin).
///
/// # Errors
/// A VXLAN zone without the one of peers and a fabric, an EVPN zone with another one's VRF or without its controller.
pub fn update(id: &str, zones: &Objects, controllers: &Objects) -> Result<Complete, Error> {
    let zone = zones.get(id);
    match kind(File::Zones, zone)? {
        "vxlan" => peers_or_fabric(zone).map(|()| Complete::Yes),
        "evpn" => evpn(id, zone, zones, controllers),
        _ => Ok(Complete::Yes),
    }
}

fn peers_or_fabric(zone: Option<&Section>) -> Result<(), Error> {
    if is_true(zone, "peers") != is_true(zone, "fabric") {
        return Ok(());
    }
    let why = || "must have exactly one of peers / fabric defined".to_owned();
    Err(Error::Parameter { errors: BTreeMap::from([("peers", why()), ("fabric", why())]) })
}

fn evpn(
    id: &str,
    zone: Option<&Section>,
    zones: &Objects,
    controllers: &Objects,
) -> Result<Complete, Error> {
    let name = text(zone, "controller");
    let known = controllers.get(&name);
    if known.is_none() {
        return Err(Error::NoController { controller: name.into_owned() });
    }
    if text(known, "type") != "evpn" {
        return Err(Error::NotEvpn { controller: name.into_owned() });
    }
    let vrf = text(zone, "vrf-vxlan");
    for (other, section) in zones.iter().filter(|(other, _)| *other != id) {
        if is_defined(section, "vrf-vxlan") && text(section, "vrf-vxlan") == vrf {
            return Err(Error::VrfInUse { vrf: vrf.into_owned(), zone: other.to_owned() });
        }
    }
    Ok(if is_defined(zone, "mac") { Complete::Yes } else { Complete::NeedsMac })
}

/// What must hold before the zone `id` is deleted (`on_delete_hook` of its plugin).
///
/// # Errors
/// A VNet is in it.
pub fn delete(id: &str, vnets: &Objects) -> Result<(), Error> {
    for (vnet, section) in vnets.iter() {
        let is_in_zone = is_defined(section, "zone") && text(section, "zone") == id;
        if is_in_zone && text(section, "type") == "vnet" {
            return Err(Error::ZoneInUse { zone: id.to_owned(), vnet: vnet.to_owned() });
        }
    }
    Ok(())
}

/// What must hold before the VNet `id` is written, as its zone has it (`vnet_update_hook` of the zone's plugin): the zone is
/// there, and the tag is there where it must be, in range, and no other VNet's.
///
/// # Errors
/// What does not hold.
pub fn update_vnet(vnets: &Objects, id: &str, zones: &Objects) -> Result<Complete, Error> {
    let vnet = vnets.get(id);
    let zone = zones.get(&text(vnet, "zone"));
    let others = || vnets.iter().filter(|(other, _)| *other != id);
    let of_zone = || others().filter(|(_, other)| text(*other, "zone") == text(vnet, "zone"));
    match kind(File::Zones, zone)? {
        "simple" if is_defined(vnet, "tag") => {
            Err(parameter("tag", "vlan tag is not allowed on simple zone"))
        }
        "simple" if !is_defined(vnet, "mac") => Ok(Complete::NeedsMac),
        "simple" => Ok(Complete::Yes),
        "qinq" => in_qinq_zone(vnet, of_zone()),
        "vlan" | "faucet" => in_vlan_zone(vnet, of_zone()),
        kind => in_vxlan_zone(vnet, kind == "evpn", others(), zones),
    }
}

fn is_above(vnet: Option<&Section>, limit: f64) -> bool {
    perl::number(value(vnet, "tag")) > limit
}

/// Whether another VNet has the same tag.
fn has_tag(other: Option<&Section>, tag: &str) -> bool {
    is_true(other, "tag") && text(other, "tag") == tag
}

fn in_vlan_zone<'v>(
    vnet: Option<&Section>,
    mut others: impl Iterator<Item = (&'v str, Option<&'v Section>)>,
) -> Result<Complete, Error> {
    if !is_defined(vnet, "tag") {
        return Err(parameter("tag", "missing vlan tag"));
    }
    if is_above(vnet, 4096.0) {
        return Err(parameter("tag", "vlan tag max value is 4096"));
    }
    let tag = text(vnet, "tag");
    match others.find(|(_, other)| has_tag(*other, &tag)) {
        Some((id, _)) => Err(parameter("tag", format!("tag {tag} already exist in vnet {id}"))),
        None => Ok(Complete::Yes),
    }
}

fn in_qinq_zone<'v>(
    vnet: Option<&Section>,
    mut others: impl Iterator<Item = (&'v str, Option<&'v Section>)>,
) -> Result<Complete, Error> {
    let (tag, zone) = (text(vnet, "tag"), text(vnet, "zone"));
    let why = if is_true(vnet, "tag") {
        if is_above(vnet, 4096.0) {
            return Err(parameter("tag", "VLAN tag maximal value is 4096"));
        }
        others
            .find(|(_, other)| has_tag(*other, &tag))
            .map(|(id, _)| format!("tag {tag} already exist in zone {zone} vnet {id}"))
    } else {
        others
            .find(|(_, other)| !is_true(*other, "tag"))
            .map(|(id, _)| format!("tag-less vnet already exists in zone {zone} vnet {id}"))
    };
    why.map_or(Ok(Complete::Yes), |why| Err(parameter("tag", why)))
}

/// VXLAN identifiers are the cluster's: no two VNets of VXLAN and EVPN zones may share one.
fn in_vxlan_zone<'v>(
    vnet: Option<&Section>,
    is_evpn: bool,
    others: impl Iterator<Item = (&'v str, Option<&'v Section>)>,
    zones: &Objects,
) -> Result<Complete, Error> {
    if !is_defined(vnet, "tag") {
        return Err(parameter("tag", "missing vxlan tag"));
    }
    if is_above(vnet, 16_777_216.0) {
        return Err(parameter("tag", "vxlan tag max value is 16777216"));
    }
    if is_evpn && is_true(vnet, "vlanaware") {
        let why = "vlan-aware option can't be enabled with evpn";
        return Err(parameter("vlan-aware", why));
    }
    let tag = text(vnet, "tag");
    for (id, other) in others {
        let zone = text(other, "zone");
        let is_vxlan = matches!(&*text(zones.get(&zone), "type"), "vxlan" | "evpn");
        if is_vxlan && has_tag(other, &tag) {
            let why = format!("vxlan tag {tag} already exist in vnet {id} in zone {zone} ");
            return Err(parameter("tag", why));
        }
    }
    Ok(Complete::Yes)
}
