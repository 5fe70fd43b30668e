//! Why an address could not be given out, noted or taken back.

use std::io;
use std::path::PathBuf;

use pve_container::config_error::ConfigError;
use pve_files::error::FileError;
use thiserror::Error;

/// Why an operation on addresses failed, in the reference's words where it has some.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The configuration or state does not allow it.
    #[error(transparent)]
    Rule(#[from] pve_sdn::Error),
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] ConfigError),
    /// The cluster's lock was not to be had (`PVE::Cluster::cfs_lock`).
    #[error("cfs-lock '{id}' error: {why}")]
    Lock {
        /// The lock.
        id: String,
        /// Why.
        why: LockFailure,
    },
    /// The caller does not want to wait any longer.
    #[error("interrupted")]
    Interrupted,
    /// A step of a conversation with a server failed; what was tried, in the reference's words.
    #[error("{doing}{source}")]
    Doing {
        /// What was tried, and what separates it from the reason.
        doing: String,
        /// The reason.
        source: Box<Error>,
    },
    /// A server refused a request, or could not be reached (`PVE::Network::SDN::api_request`).
    #[error("Invalid response from server: {code} {message}")]
    Refused {
        /// The status; 500 where the server was not reached.
        code: u16,
        /// The status' text, or why the server was not reached.
        message: String,
    },
    /// A server's answer is no JSON (`PVE::Network::SDN::api_request`).
    #[error("api response is not a json")]
    NotJson,
    /// What a server answered does not hold what is needed, or what it says is in the way; in the reference's words.
    #[error("{0}")]
    Answer(String),
    /// The server does not know the address (`PhpIpamPlugin::update_ip`).
    #[error("can't find ip address in ipam")]
    UnknownAddress,
    /// The plugin has no such operation.
    #[error("Can't locate object method \"{method}\" via package \"{package}\"")]
    NoMethod {
        /// The operation.
        method: &'static str,
        /// The reference's plugin.
        package: &'static str,
    },
    /// A step of setting up the DHCP servers failed; what was tried, in the reference's words.
    #[error("{doing} {source}")]
    Dhcp {
        /// What was tried.
        doing: String,
        /// The reason.
        source: Box<Error>,
    },
    /// A zone is to have a DHCP server, and there is none (`Dnsmasq::assert_dnsmasq_installed`).
    #[error("cannot reload with missing 'dnsmasq' package")]
    NoDnsmasq,
    /// dnsmasq's file of known guests could not be changed.
    #[error("Could not open file '{}' {}", path.display(), reason(source))]
    Ethers {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A program could not be run, or failed (`PVE::Tools::run_command`).
    #[error("command '{command}' failed: {why}")]
    Command {
        /// Program and arguments.
        command: String,
        /// Exit code, signal, or why it could not be started.
        why: String,
    },
    /// D-Bus or the service behind it refused a call.
    #[error("{name}: {message}")]
    Bus {
        /// The error's name, such as `org.freedesktop.DBus.Error.ServiceUnknown`.
        name: String,
        /// The error's text.
        message: String,
    },
}

/// Why a lock was not to be had.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum LockFailure {
    /// Others held it for too long.
    #[error("got lock request timeout")]
    Timeout,
    /// The node is not part of a majority of the cluster, so nothing can be changed.
    #[error("no quorum!")]
    NoQuorum,
    /// /etc/pve is not mounted.
    #[error("pve cluster filesystem not online.")]
    Offline,
}

impl From<FileError> for Error {
    fn from(error: FileError) -> Self {
        Self::File(error.into())
    }
}

impl Error {
    /// The error of what was tried.
    pub(crate) fn doing(self, doing: impl Into<String>) -> Error {
        match self {
            Error::Interrupted => Error::Interrupted,
            source => Error::Doing { doing: doing.into(), source: Box::new(source) },
        }
    }

    /// The error of a step of setting up the DHCP servers.
    pub(crate) fn dhcp(self, doing: impl Into<String>) -> Error {
        match self {
            Error::Interrupted => Error::Interrupted,
            source => Error::Dhcp { doing: doing.into(), source: Box::new(source) },
        }
    }

    /// Whether Perl adds ` at FILE line N.` to the text, as to any that does not end in a newline.
    #[must_use]
    pub fn at_caller(&self) -> bool {
        match self {
            Error::Rule(error) => error.at_caller(),
            Error::Doing { source, .. } | Error::Dhcp { source, .. } => source.at_caller(),
            Error::NotJson | Error::Answer(_) | Error::NoMethod { .. } => true,
            _ => false,
        }
    }

    /// The text that Perl code dies or warns with: with a newline, unless Perl adds the caller's place.
    #[must_use]
    pub fn to_perl(&self) -> String {
        match self {
            _ if self.at_caller() => self.to_string(),
            // Around an error that has its own newline.
            Error::Dhcp { .. } => format!("{self}\n\n"),
            _ => format!("{self}\n"),
        }
    }
}

/// The system's own text for an error, as Perl's `$!` gives it.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.rfind(" (os error ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}
