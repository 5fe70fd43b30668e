//! Why an interface was not plugged in or taken out.

use nix::errno::Errno;
use pve_netlink::transaction::Failure;

/// An error of hotplugging.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A value is not valid. Nothing was touched.
    #[error("{key}: invalid value '{value}': {why}")]
    BadValue {
        /// The key of the interface's configuration, or the parameter.
        key: String,
        /// Its value.
        value: String,
        /// What is wrong with it.
        why: String,
    },
    /// A value is missing. Nothing was touched.
    #[error("{key}: missing value: {why}")]
    Missing {
        /// The key of the interface's configuration.
        key: &'static str,
        /// What it is needed for.
        why: &'static str,
    },
    /// The interface needs something that is not done here yet. Nothing was touched.
    #[error("{key}: {what} cannot be plugged in by pve-network-rust: {instead}")]
    Unsupported {
        /// The key of the interface's configuration.
        key: &'static str,
        /// What it asks for.
        what: String,
        /// What to do.
        instead: &'static str,
    },
    /// There is no such bridge. Nothing was touched.
    #[error(
        "bridge '{bridge}' does not exist; create it, or apply the pending network configuration"
    )]
    NoBridge {
        /// Its name.
        bridge: String,
    },
    /// The interface that is named as bridge is none. Nothing was touched.
    #[error("'{bridge}' is not a Linux bridge but an interface of type '{driver}'")]
    NotABridge {
        /// Its name.
        bridge: String,
        /// What drives it.
        driver: String,
    },
    /// The name of the host's end is taken. Nothing was touched.
    #[error("interface '{name}' exists already on the host; take it out first (is it plugged in?)")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// There is no such interface to take out.
    #[error("interface '{name}' does not exist: it is not plugged in")]
    NotPlugged {
        /// The name of the host's end.
        name: String,
    },
    /// The interface is not one that was plugged into a container.
    #[error("interface '{name}' is not a container's: {why}; it is left alone")]
    NotAContainers {
        /// The name.
        name: String,
        /// What it is.
        why: String,
    },
    /// Reading or preparing failed. Nothing was touched.
    #[error(transparent)]
    Netlink(#[from] pve_netlink::Error),
    /// The bridge of a VLAN could not be made. Nothing is left of it.
    #[error("net{netid} was not plugged in: {why}")]
    Vlan {
        /// The N of netN.
        netid: u32,
        /// The reference's words.
        why: String,
    },
    /// The interface could not be changed. It is what it was.
    #[error("net{netid} was not changed: {why}")]
    NotChanged {
        /// The N of netN.
        netid: u32,
        /// Why.
        why: String,
    },
    /// The container does not run.
    #[error(
        "container {vmid} is not running: {why}; change its configuration, as a pending change, instead"
    )]
    NotRunning {
        /// The container.
        vmid: u32,
        /// How that is known.
        why: String,
    },
    /// It failed, and could not be undone.
    #[error("{error}{}", .undo.iter().map(|undo| format!("; undoing failed too: {undo}")).collect::<String>())]
    NotUndone {
        /// The first error.
        error: Box<Error>,
        /// What could not be undone.
        undo: Vec<pve_netlink::Error>,
    },
    /// A step failed, and those before it were undone, save what the failure says.
    #[error("net{netid} was not plugged in: {failure}")]
    Step {
        /// The N of netN.
        netid: u32,
        /// Which step, why, and what could not be undone.
        failure: Box<Failure>,
    },
}

/// The kernel's answers about something that is there already, or no longer.
const IN_THE_WAY_OR_GONE: [Errno; 5] =
    [Errno::EEXIST, Errno::EBUSY, Errno::ENOENT, Errno::ENODEV, Errno::ESRCH];

/// What an error is about, as the Perl side tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A value that the caller gave.
    Config,
    /// Something on the host that is missing, or in the way.
    Resource,
    /// The kernel or its answer.
    Infrastructure,
    /// A bug.
    Internal,
}

impl Error {
    pub(crate) fn bad(
        key: impl Into<String>,
        value: impl ToString,
        why: impl Into<String>,
    ) -> Self {
        Self::BadValue { key: key.into(), value: value.to_string(), why: why.into() }
    }

    fn netlink(&self) -> Option<&pve_netlink::Error> {
        match self {
            Self::Netlink(error) => Some(error),
            Self::Step { failure, .. } => Some(&failure.error),
            Self::NotUndone { error, .. } => error.netlink(),
            _ => None,
        }
    }

    /// What the error is about.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::BadValue { .. } | Self::Missing { .. } | Self::Unsupported { .. } => Kind::Config,
            Self::NoBridge { .. }
            | Self::NotABridge { .. }
            | Self::NameTaken { .. }
            | Self::NotPlugged { .. }
            | Self::Vlan { .. }
            | Self::NotChanged { .. }
            | Self::NotRunning { .. }
            | Self::NotAContainers { .. } => Kind::Resource,
            Self::NotUndone { error, .. } => error.kind(),
            Self::Netlink(_) | Self::Step { .. } => match self.netlink() {
                Some(pve_netlink::Error::Internal(_)) => Kind::Internal,
                Some(
                    pve_netlink::Error::Refused { errno, .. }
                    | pve_netlink::Error::System { errno, .. },
                ) if IN_THE_WAY_OR_GONE.contains(errno) => Kind::Resource,
                Some(
                    pve_netlink::Error::NotANamespace { .. }
                    | pve_netlink::Error::OwnNamespace { .. }
                    | pve_netlink::Error::NamespaceGone { .. },
                ) => Kind::Resource,
                _ => Kind::Infrastructure,
            },
        }
    }

    /// Whether something of it is left.
    #[must_use]
    pub fn is_not_undone(&self) -> bool {
        match self {
            Self::NotUndone { .. } => true,
            Self::Step { failure, .. } => !failure.undo.is_empty(),
            _ => false,
        }
    }

    /// Whether the caller's hook ended the call.
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        self.netlink() == Some(&pve_netlink::Error::Interrupted)
    }
}
