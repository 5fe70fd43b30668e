//! The lines of an operation's record.
//!
//! A record only ever grows, by whole lines, each written at once to a file opened for appending. So it needs no lock, a
//! process that is killed leaves a record that can be read, and what two processes write has an order that both see: a
//! wish to cancel counts if it comes before the point of no return.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use pve_netlink::netns::NetNs;
use serde::{Deserialize, Serialize};

use super::status::{Kind, State};
use crate::hotplug::{Before, Plugged};

/// The version of records that this release writes.
pub(super) const VERSION: u32 = 1;

/// Microseconds since the epoch.
pub(super) type Time = u64;

/// Now.
pub(super) fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Entry {
    /// The first line.
    Opened(Opened),
    /// It has the interface for itself.
    Running { at: Time },
    /// A step begins.
    Step { name: String, at: Time },
    /// The container's namespace.
    Container(Place),
    /// What there was.
    Before(Box<Before>),
    /// Somebody wants it to end.
    Cancel { at: Time },
    /// The point of no return.
    Commit { at: Time },
    /// It has ended.
    Ended(Ended),
    /// It had succeeded, and is being undone.
    Undoing { at: Time },
}

/// What an operation is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Opened {
    pub(super) version: u32,
    pub(super) id: String,
    pub(super) kind: Kind,
    pub(super) vmid: u32,
    pub(super) netid: u32,
    pub(super) background: bool,
    pub(super) pid: u32,
    /// When the process was started, in the kernel's ticks since the node was.
    pub(super) process_start: u64,
    pub(super) at: Time,
}

/// A network namespace: a path to it, and what was there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    pub(super) path: PathBuf,
    pub(super) device: u64,
    pub(super) inode: u64,
}

impl Place {
    pub(super) fn of(netns: &NetNs) -> Option<Self> {
        let path = netns.path();
        let (device, inode) = identity(path)?;
        Some(Self { path: path.into(), device, inode })
    }

    /// Whether the path still leads to it.
    pub(super) fn is_there(&self) -> bool {
        identity(&self.path) == Some((self.device, self.inode))
    }
}

fn identity(path: &std::path::Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;

    let found = std::fs::metadata(path).ok()?;
    Some((found.dev(), found.ino()))
}

/// How an operation ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ended {
    pub(super) state: State,
    pub(super) at: Time,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) interface: Option<Plugged>,
}
