//! The lock under which processes of a node make the bridge of a VLAN (the reference: `PVE::Network::lock_network`).

use std::any::Any;
use std::path::{Path, PathBuf};

use pve_netlink::host::NetworkLock;

use crate::lock::{ConfigLock, DEFAULT_TIMEOUT, Interrupted, LockMode};

/// Its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkLockFile(PathBuf);

impl NetworkLockFile {
    /// The one below `root`, which is `/` on a host.
    #[must_use]
    pub fn below(root: &Path) -> Self {
        Self(root.join("var/lock/pve-network.lck"))
    }
}

impl NetworkLock for NetworkLockFile {
    fn take(&self, go_on: &mut dyn FnMut() -> bool) -> Result<Box<dyn Any>, String> {
        let mut interrupt = || if go_on() { Ok(()) } else { Err(Interrupted) };
        let lock =
            ConfigLock::acquire(&self.0, LockMode::Exclusive, DEFAULT_TIMEOUT, &mut interrupt);
        match lock {
            Ok(lock) => Ok(Box::new(lock)),
            Err(error) => Err(format!("{error}\n")),
        }
    }
}
