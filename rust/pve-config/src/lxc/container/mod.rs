//! Containers' configurations as typed structures, in a dialect that is kinder to people who write them.
//!
//! [`parse_container_config`] reads the same files as [`parse_pct_config`](super::parse_pct_config), and
//! [`generate_container_config`] writes them so that the reference reads them as well. A structure has the settings with
//! their types: booleans, numbers, sizes in bytes, lists, and a structure for each interface, mount point and device.
//!
//! # The dialects
//!
//! In both, every setting is checked in full: type, format, range, pattern, list of values. The reference checks no more
//! than type and format when it reads a file.
//!
//! [`Dialect::Strict`]: the first line that is not in order is an error.
//!
//! [`Dialect::Relaxed`]: a line that is not in order is a warning. A setting that does not fit is kept as it stands under
//! `other`, and written back like that; any other such line is dropped. Beyond that,
//!
//! - an interface `netN` without `name` is called `ethN` inside;
//! - an interface whose `name` is that of a VNet, and that has no `bridge`, is plugged into that VNet and is called `ethN`
//!   inside.
//!
//! In both, booleans are `1`, `0`, `true`, `false`, `yes`, `no`, `on`, `off`, in any case, and an interface whose bridge is
//! a VNet has `vnet` set. What is written is the reference's own form: with names, with VNets as bridges, booleans as 1
//! and 0.
//!
//! Reading what was written gives the same structure again, but for the digest.

mod device;
mod error;
mod features;
mod flag;
mod id_map;
mod index;
mod mount_point;
mod network;
mod property;
mod read;
mod settings;
mod startup;
mod write;

use std::collections::BTreeMap;

use pve_schema::PerlString;
use serde::{Deserialize, Serialize};

pub use device::Device;
pub use error::ContainerError;
pub use features::Features;
pub use flag::Flag;
pub use id_map::{IdKind, IdMap, IdRange};
pub use index::Index;
pub use mount_point::MountPoint;
pub use network::Network;
pub use read::{Dialect, Options, ParsedContainer, parse_container_config};
pub use settings::Settings;
pub use startup::Startup;
pub use write::generate_container_config;

/// A container's configuration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Container<'a> {
    /// The number of the container.
    pub vmid: u32,
    /// The SHA-1 of the file, in hexadecimal digits. Not looked at when writing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// The state that it is in.
    #[serde(borrow, default)]
    pub current: Settings<'a>,
    /// The changes that wait for it to stop.
    #[serde(default)]
    pub pending: Settings<'a>,
    /// Its snapshots by name.
    #[serde(default)]
    pub snapshots: BTreeMap<Name<'a>, Settings<'a>>,
}

/// The name of a snapshot, or the key of a setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Name<'a>(#[serde(borrow)] pub PerlString<'a>);

impl PartialOrd for Name<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.as_perl().cmp(&other.0.as_perl())
    }
}
