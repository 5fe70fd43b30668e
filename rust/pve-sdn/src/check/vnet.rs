//! VNets and their subnets.

use super::{is_true, parameter};
use crate::config::Objects;
use crate::{Error, subnet};

fn has_subnets(id: &str, subnets: &Objects) -> Result<bool, Error> {
    subnet::of_vnet(subnets, id).map(|found| !found.is_empty())
}

/// What must hold before the VNet `id` is written (`PVE::Network::SDN::VnetPlugin->on_update_hook`).
///
/// # Errors
/// It has subnets and is to be aware of VLANs.
pub fn update(id: &str, vnets: &Objects, subnets: &Objects) -> Result<(), Error> {
    if is_true(vnets.get(id), "vlanaware") && has_subnets(id, subnets)? {
        return Err(parameter("vlanaware", "vlanaware vnet is not compatible with subnets"));
    }
    Ok(())
}

/// What must hold before the VNet `id` is deleted (`PVE::Network::SDN::VnetPlugin->on_delete_hook`).
///
/// # Errors
/// It has subnets.
pub fn delete(id: &str, subnets: &Objects) -> Result<(), Error> {
    if has_subnets(id, subnets)? {
        return Err(parameter("vnet", "Can't delete vnet if subnets exists"));
    }
    Ok(())
}
