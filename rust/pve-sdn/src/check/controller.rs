//! Controllers of routing.

use pve_config::sdn::File;

use super::{is_defined, is_true, kind, text};
use crate::Error;
use crate::config::Objects;

/// What must hold before the controller `id` is written (`on_update_hook` of its plugin). `node` is this node's name.
///
/// # Errors
/// There are others that it cannot be beside; an EVPN controller without the one of peers and a fabric.
pub fn update(id: &str, controllers: &Objects, node: &str) -> Result<(), Error> {
    let controller = controllers.get(id);
    let kind = kind(File::Controllers, controller)?;
    let others = controllers.iter().filter(|(other, _)| *other != id);
    let mut others = others.filter(|(_, other)| text(*other, "type") == kind);
    if kind == "evpn" {
        if others.next().is_some() {
            return Err(Error::SecondEvpn);
        }
        if is_true(controller, "peers") == is_true(controller, "fabric") {
            return Err(Error::PeersOrFabric);
        }
        return Ok(());
    }
    // As in the reference, the one that is written counts for none, and one more is let be.
    let has_two = others.filter(|(_, other)| text(*other, "node") == node).nth(1).is_some();
    match kind {
        "bgp" if has_two => Err(Error::SecondBgp),
        "isis" if has_two => Err(Error::SecondIsis),
        _ => Ok(()),
    }
}

/// What must hold before the controller `id` is deleted (`on_delete_hook` of its plugin).
///
/// # Errors
/// A zone has it.
pub fn delete(id: &str, controllers: &Objects, zones: &Objects) -> Result<(), Error> {
    if !matches!(kind(File::Controllers, controllers.get(id))?, "evpn" | "bgp") {
        return Ok(());
    }
    for (zone, section) in zones.iter() {
        if is_defined(section, "controller") && text(section, "controller") == id {
            return Err(Error::ControllerInUse {
                controller: id.to_owned(),
                zone: zone.to_owned(),
            });
        }
    }
    Ok(())
}
