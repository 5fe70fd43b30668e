//! The configuration of SDN as callers give it, or else as the cluster has it.

use perlxs::{Context, Error, Hash};
use pve_config::sdn::File;
use pve_sdn::check::Complete;
use pve_sdn::config::Objects;
use pve_sdn::perl::FromPerl;

use crate::bindings::sdn::Argument;
use crate::{error, node};

/// The objects of a file: those that are given, or those that the cluster has.
pub(crate) fn objects(
    context: &mut Context,
    file: File,
    given: Argument,
) -> Result<Objects, Error> {
    if let Some(given) = given {
        return Ok(Objects::of(given.0.0));
    }
    let raw = node::cluster_file(file.layout().name).map_err(error::reference)?;
    let (objects, warnings) = Objects::read(file, raw.as_deref());
    warnings.into_iter().for_each(|warning| context.warn(warning));
    Ok(objects)
}

/// Gives an object of the caller's configuration a new hardware address, if it needs one.
pub(crate) fn complete(
    context: &mut Context,
    config: &Hash<FromPerl>,
    id: String,
    complete: Complete,
) -> Result<(), Error> {
    if complete == Complete::Yes {
        return Ok(());
    }
    let (mac, warnings) = node::new_address().map_err(error::reference)?;
    warnings.into_iter().for_each(|warning| context.warn(warning));
    context.changes(config, vec!["ids".into(), id.into()]).store("mac", &mac)
}
