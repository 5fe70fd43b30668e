//! `PVE::Network::Rust::SDN`: what is generated for zones and VNets.

use std::io::Write;

use perlxs::{Context, Error, PerlData, Signals};
use pve_schema::{Map, PerlString};
use pve_sdn::generate::{self, Generated};
use pve_vnet::{Given, ThisNode};
use serde::{Deserialize, Deserializer};

use super::host::change;
use crate::string::Text;
use crate::{error, node, string};

/// A hash that stays while signal handlers run.
pub(crate) struct Owned(pub(crate) Map<'static>);

impl<'de> Deserialize<'de> for Owned {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Owned, D::Error> {
        Map::deserialize(deserializer).map(|map| Owned(map.into_owned()))
    }
}

/// What the caller says of the node.
pub(crate) fn given(env: Option<PerlData<Owned>>) -> Result<Given, Error> {
    let given = env.map(|env| Given::of(env.0.0)).transpose();
    Ok(given.map_err(|error| Error::die_at_caller(error.0))?.unwrap_or_default())
}

/// Generates on this node.
pub(crate) fn generated(
    context: &mut Context,
    signals: &Signals,
    running: &Map<'static>,
    given: Given,
) -> Result<generate::Plan, Error> {
    let Generated { plan, warnings, printed } = change(context, signals, |call| {
        Ok(generate::generate(running, &mut ThisNode::new(call, node::root(), given)))
    })?;
    string::warn_all(context, warnings);
    // As by the reference, nobody looks whether it is read.
    let mut out = std::io::stdout();
    let _ = out.write_all(printed.as_bytes()).and_then(|()| out.flush());
    plan.map_err(error::schema)
}

/// What is generated for zones and VNets.
#[perlxs::package(name = "PVE::Network::Rust::SDN")]
pub mod package {
    use super::*;

    /// Stands for `PVE::Network::SDN::generate_raw_etc_network_config`: the content of F</etc/network/interfaces.d/sdn>.
    #[export]
    fn generate_raw_etc_network_config(
        context: &mut Context,
        signals: &Signals,
        running_cfg: Option<PerlData<Owned>>,
        env: Option<PerlData<Owned>>,
    ) -> Result<Text, Error> {
        let running = running_cfg.map_or_else(Map::new, |running| running.0.0);
        let plan = generated(context, signals, &running, given(env)?)?;
        Ok(Text(PerlString::from(plan.text().as_perl()).into_owned()))
    }
}
