//! Why a binding was refused.

use std::path::PathBuf;

use thiserror::Error;

use super::binding::Unreadable;
use pve_files::error::FileError;

use crate::config_error::ConfigError;

/// Why a VNet could not be bound or unbound, or bindings could not be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BindingError {
    /// There is no VNet of that name.
    #[error("VNet '{vnet}' does not exist")]
    NoVnet {
        /// The VNet.
        vnet: String,
    },
    /// The VNet is configured, but not in effect.
    #[error("VNet '{vnet}' is not in effect yet: apply the SDN configuration first")]
    NotInEffect {
        /// The VNet.
        vnet: String,
    },
    /// The VNet's zone does not allow it here.
    #[error("VNet '{vnet}' is not allowed on node '{node}': {why}")]
    NotAllowed {
        /// The VNet.
        vnet: String,
        /// This node.
        node: String,
        /// The rule of the zone.
        why: String,
    },
    /// The interface is bound already.
    #[error(
        "interface '{iface}' of container {vmid} is bound to VNet '{vnet}' already: unbind it first"
    )]
    AlreadyBound {
        /// The VNet that it is bound to.
        vnet: String,
        /// The container.
        vmid: u32,
        /// The interface.
        iface: String,
    },
    /// The interface is not bound to that VNet.
    #[error("interface '{iface}' of container {vmid} is not bound to VNet '{vnet}'{}", bound_to(other.as_deref()))]
    NotBound {
        /// The VNet.
        vnet: String,
        /// The container.
        vmid: u32,
        /// The interface.
        iface: String,
        /// The VNet that it is bound to instead.
        other: Option<String>,
    },
    /// A name that an interface cannot have.
    #[error(
        "'{iface}' is no interface: give its key in the configuration, such as net0, or its name in the container, such as eth0"
    )]
    BadInterface {
        /// The name.
        iface: String,
    },
    /// The state file cannot be read.
    #[error("unable to read the bindings in '{}': {why}", path.display())]
    State {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: Unreadable,
    },
    /// A file could not be read, locked or written.
    #[error(transparent)]
    File(#[from] ConfigError),
    /// The kernel's links could not be read.
    #[error(transparent)]
    Netlink(#[from] pve_netlink::Error),
}

impl From<FileError> for BindingError {
    fn from(error: FileError) -> Self {
        Self::File(error.into())
    }
}

fn bound_to(other: Option<&str>) -> String {
    other.map(|vnet| format!(", but to VNet '{vnet}'")).unwrap_or_default()
}
