//! What goes wrong with a typed configuration.

use pve_schema::PerlString;

/// Why a configuration could not be read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContainerError {
    /// The number is none that a guest may have.
    #[error("vmid {0} is not a guest's: those are 100 to 999999999")]
    Vmid(u32),
    /// The first problem of a file that is read strictly; ends in a newline.
    #[error("{0}")]
    Line(PerlString<'static>),
    /// A value that the file cannot hold.
    #[error("cannot write {path}: {reason}")]
    Value {
        /// Where in the structure it is, such as `current.net.0`.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl ContainerError {
    /// A value that the file cannot hold.
    pub(super) fn value(path: &str, reason: impl std::fmt::Display) -> Self {
        ContainerError::Value {
            path: path.to_owned(),
            reason: reason.to_string().trim_end().to_owned(),
        }
    }
}
