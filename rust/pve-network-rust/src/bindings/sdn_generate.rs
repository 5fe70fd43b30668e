//! `PVE::Network::Rust::SDN`: what is generated for zones and VNets.

use std::io::Write;

use perlxs::{Context, Error, PerlData, Signals};
use pve_schema::Map;
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

    use perlxs::Data;

    /// Stands for `PVE::Network::SDN::generate_raw_etc_network_config`: the content of F</etc/network/interfaces.d/sdn>.
    ///
    /// `$running_cfg` is a reference to a hash, the configuration in effect: `version`, and `zones`, `vnets`, `subnets`,
    /// `controllers` and `fabrics`, each a hash with `ids`. It is not changed. `$env` is a reference to a hash that says what
    /// the node is instead of having it asked: `nodename`, `interfaces`, `bridges` and `routes`, see L</"The node">.
    ///
    /// Returns the text, an empty one where there are neither zones nor VNets nor fabrics.
    ///
    /// Warns of each VNet that cannot be generated: its zone is not there, it has no tag, its bridge is not there, the node
    /// has no way out for what is to be translated. That VNet is left out.
    ///
    /// # Errors
    ///
    /// `unknown section type '...'` for a zone with a VNet on this node.
    #[export]
    fn generate_raw_etc_network_config(
        context: &mut Context,
        signals: &Signals,
        running_cfg: Option<PerlData<Owned>>,
        env: Option<PerlData<Owned>>,
    ) -> Result<Text, Error> {
        let running = running_cfg.map_or_else(Map::new, |running| running.0.0);
        let plan = generated(context, signals, &running, given(env)?)?;
        Ok(Text(plan.text()))
    }

    /// Compares two configurations and what would be generated for each of them: what applying `$new` would change where
    /// `$old` is in effect.
    ///
    /// `$old` and `$new` are references to hashes as `generate_raw_etc_network_config` takes them, `$old` undef where nothing
    /// has been applied yet; `$env` as there.
    ///
    /// Returns a reference to a hash. `zones`, `vnets`, `subnets`, `controllers` and `fabrics` are hashes of what differs, by
    /// id: `state`, which is `new`, `changed` or `deleted`, and `changes`, a hash by option of `old` and `new`, undef where it
    /// is not there. `interfaces` is a hash by name: `state`, and the lines that are `removed` and `added`. `text` tells all of
    /// it for people to read, and is empty where nothing differs. The versions are not compared.
    ///
    /// Warns of each VNet of `$new` that cannot be generated.
    ///
    /// # Errors
    ///
    /// As generate_raw_etc_network_config.
    #[export]
    fn diff(
        context: &mut Context,
        signals: &Signals,
        old: Option<PerlData<Owned>>,
        new: Option<PerlData<Owned>>,
        env: Option<PerlData<Owned>>,
    ) -> Result<Data<Map<'static>>, Error> {
        let config = |given: Option<PerlData<Owned>>| given.map_or_else(Map::new, |given| given.0.0);
        let (old, new, given) = (config(old), config(new), given(env)?);
        let found = change(context, signals, |call| {
            Ok(pve_vnet::diff(&old, &new, &mut ThisNode::new(call, node::root(), given)))
        })?;
        string::warn_all(context, found.warnings);
        found.diff.map(|diff| Data(diff.to_map())).map_err(error::schema)
    }
}
