//! What can go wrong with a configuration file.

use std::io;
use std::path::PathBuf;

use pve_files::error::{FileError, reason};
use thiserror::Error;

/// Why a configuration file could not be read, locked, written or recovered.
///
/// Where the reference has a text for the same failure (`PVE::AbstractConfig`, `PVE::Tools`, `PVE::File`), the text is
/// the reference's. A Perl caller gets it with a newline appended.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A file could not be read, locked or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The container has no configuration file on this node (`PVE::AbstractConfig::load_config`).
    #[error("Configuration file '{name}' does not exist")]
    Missing {
        /// Name below /etc/pve.
        name: String,
    },
    /// The node's name cannot be part of a path (`PVE::Cluster::cfs_file_version`).
    #[error("unknown file type '{name}'")]
    InvalidName {
        /// Name below /etc/pve.
        name: String,
    },
    /// The host has no node name (`PVE::INotify::nodename`).
    #[error("unable to read node name")]
    NodeName,
    /// The file is not the version that the caller has read (`PVE::Tools::assert_if_modified`).
    #[error("detected modified configuration - file changed by other user? Try again.")]
    Modified,
    /// There is nothing to recover from.
    #[error("no backup of configuration file '{name}' - expected at '{}'", path.display())]
    NoBackup {
        /// Name of the configuration below /etc/pve.
        name: String,
        /// Where a backup would be.
        path: PathBuf,
    },
    /// A backup is not what was once written there.
    #[error("backup '{}' is damaged - {why}", path.display())]
    DamagedBackup {
        /// The backup.
        path: PathBuf,
        /// What does not fit.
        why: &'static str,
    },
    /// The guest is on another node now (`PVE::Cluster::check_vmid_unused`).
    #[error("{guest_type} {vmid} already exists on node '{node}'")]
    OnOtherNode {
        /// "CT" or "VM".
        guest_type: &'static str,
        /// The guest's number.
        vmid: u32,
        /// The node that has it.
        node: String,
    },
    /// The system gave no random bytes.
    #[error("unable to get random bytes for a MAC address - {}", reason(source))]
    Random {
        /// The system's answer.
        source: io::Error,
    },
}
