//! Why an operation could not be begun, looked at or ended.

use std::io;
use std::path::{Path, PathBuf};

use crate::hotplug;

/// An error of operations.
#[derive(Debug, thiserror::Error)]
pub enum OperationError {
    /// What the operation itself failed with.
    #[error(transparent)]
    Hotplug(#[from] hotplug::Error),
    /// The id is not one.
    #[error(
        "id: invalid value '{id}': an operation's id is 16 and 8 hexadecimal digits, joined by '-'"
    )]
    BadId {
        /// What was given.
        id: String,
    },
    /// There is no such operation.
    #[error(
        "there is no operation '{id}': its record was cleaned up, or the node was restarted since"
    )]
    Unknown {
        /// Its id.
        id: String,
    },
    /// A record cannot be understood.
    #[error("the record '{}' of an operation cannot be read: {why}; remove it once its interface is as it should be", .path.display())]
    Unreadable {
        /// Its file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A newer release wrote the record.
    #[error("the record '{}' of an operation has version {version}, which this release does not know; use the newer one", .path.display())]
    Newer {
        /// Its file.
        path: PathBuf,
        /// Its version.
        version: u32,
    },
    /// A file could not be used.
    #[error("unable to {tried} '{}': {source}", .path.display())]
    File {
        /// What was tried.
        tried: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It has ended without having changed anything.
    #[error("operation '{id}' has ended: it is {state}, so there is nothing to cancel")]
    HasEnded {
        /// Its id.
        id: String,
        /// How it ended.
        state: &'static str,
    },
    /// Others have changed the interface since.
    #[error(
        "operation '{id}' cannot be undone: operation '{by}' on the same interface came after it; cancel that first"
    )]
    Superseded {
        /// Its id.
        id: String,
        /// The later one's id.
        by: String,
    },
    /// The record does not tell what there was.
    #[error("operation '{id}' cannot be undone: {why}")]
    NotUndoable {
        /// Its id.
        id: String,
        /// Why.
        why: &'static str,
    },
    /// Undoing it failed.
    #[error("operation '{id}' could not be undone: {why}")]
    NotUndone {
        /// Its id.
        id: String,
        /// Why.
        why: String,
    },
    /// The process that carried it out is gone.
    #[error(
        "operation '{id}' was not finished: its process ended; reconcile undoes or completes it"
    )]
    Abandoned {
        /// Its id.
        id: String,
    },
    /// It ended otherwise than by success, as its record says.
    #[error("{why}")]
    Failed {
        /// The error that is on record.
        why: String,
    },
    /// Somebody ended it.
    #[error("operation '{id}' was cancelled")]
    Cancelled {
        /// Its id.
        id: String,
    },
    /// The caller's hook asked for an end.
    #[error("interrupted")]
    Interrupted,
}

impl OperationError {
    pub(super) fn file(tried: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { tried, path, source }
    }

    /// What the error is about.
    #[must_use]
    pub fn kind(&self) -> hotplug::Kind {
        match self {
            Self::Hotplug(error) => error.kind(),
            Self::BadId { .. } => hotplug::Kind::Config,
            Self::Unknown { .. }
            | Self::HasEnded { .. }
            | Self::Superseded { .. }
            | Self::NotUndoable { .. }
            | Self::Cancelled { .. } => hotplug::Kind::Resource,
            _ => hotplug::Kind::Infrastructure,
        }
    }
}

impl From<pve_netlink::Error> for OperationError {
    fn from(error: pve_netlink::Error) -> Self {
        match error {
            pve_netlink::Error::Interrupted => Self::Interrupted,
            error => Self::Hotplug(error.into()),
        }
    }
}
