//! The VNets in effect, as plugging an interface in needs them.

use std::path::Path;

use pve_netlink::host::Died;
use pve_sdn::config::{File, Objects, Running};
use pve_sdn::zone::{self, Bridge};

use crate::config_error::ConfigError;
use crate::paths::Paths;
use crate::read_file::{CONFIG_LIMIT, read_file};

/// The cluster's VNets and zones, and this node's name.
#[derive(Debug, Clone)]
pub struct Vnets {
    running: Running,
    zones: Objects,
    node: String,
}

impl Vnets {
    /// Read below `root`, which is `/` on a host, for what is to be plugged into `bridge`. Where that is no VNet, the file
    /// of zones is not looked at, as in the reference, and does not warn.
    ///
    /// # Errors
    /// A file cannot be read, or the node has no name.
    pub fn read(
        root: &Path,
        bridge: &str,
        warn: &mut dyn FnMut(String),
    ) -> Result<Self, ConfigError> {
        let node = Paths::of_this_host(root)?.node().to_owned();
        let read = |name: &str| {
            let content = read_file(&root.join("etc/pve").join(name), CONFIG_LIMIT)?;
            Ok::<_, ConfigError>(content.map(|content| content.bytes))
        };
        let raw = read(Running::FILE)?;
        let running = Running::read(raw.as_deref());
        let is_vnet = running.vnets.get(bridge).is_some();
        let raw = if is_vnet { read(File::Zones.layout().name)? } else { None };
        let (zones, warnings) = Objects::read(File::Zones, raw.as_deref());
        warnings.into_iter().for_each(warn);
        Ok(Self { running, zones, node })
    }

    /// What the name of a bridge stands for.
    #[must_use]
    pub fn bridge<'v>(&'v self, name: &'v str) -> Bridge<'v> {
        zone::bridge(name, &self.running, &self.zones)
    }

    /// The node's name.
    #[must_use]
    pub fn node(&self) -> &str {
        &self.node
    }
}

/// What the reference dies with.
pub(crate) fn died(error: pve_sdn::Error) -> Died {
    if error.at_caller() {
        Died::AtCaller(error.to_string())
    } else {
        Died::Text(format!("{error}\n"))
    }
}
