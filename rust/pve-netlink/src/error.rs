//! What can go wrong, always with what was tried, on what, why, and what to do where that is known.

use std::io;
use std::path::PathBuf;

use nix::errno::Errno;

/// An error of this crate. `tried` completes the sentence "unable to …" and names the object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The kernel answered a netlink request with an error.
    #[error("unable to {tried}: {}{}{}", describe(*.errno), because(.detail), advice(.hint))]
    Refused {
        /// What was tried, on what.
        tried: String,
        /// The kernel's error number.
        errno: Errno,
        /// The kernel's own words (extended acknowledgement, netlink(7)), or empty.
        detail: String,
        /// What to do, or empty.
        hint: String,
    },
    /// A system call failed.
    #[error("unable to {tried}: {}{}", describe(*.errno), advice(.hint))]
    System {
        /// What was tried, on what.
        tried: String,
        /// The error number.
        errno: Errno,
        /// What to do, or empty.
        hint: String,
    },
    /// The kernel did not answer in time, or its answer was lost.
    #[error("unable to {tried}: no answer from the kernel within {seconds} s")]
    NoAnswer {
        /// What was tried, on what.
        tried: String,
        /// How long was waited, in seconds.
        seconds: u64,
    },
    /// The kernel's answer is not what the protocol says.
    #[error("unable to {tried}: the kernel's answer cannot be read: {why}")]
    Malformed {
        /// What was tried, on what.
        tried: String,
        /// What is wrong with the answer.
        why: String,
    },
    /// The kernel accepted the change, but reading it back shows something else.
    #[error("unable to {tried}: the kernel accepted it, but shows {found} instead of {wanted}")]
    NotAsWanted {
        /// What was tried, on what.
        tried: String,
        /// What should be there.
        wanted: String,
        /// What is there.
        found: String,
    },
    /// The path exists but is not a network namespace.
    #[error(
        "'{}' is not a network namespace; give a path such as /proc/<pid>/ns/net", .path.display()
    )]
    NotANamespace {
        /// The path given.
        path: PathBuf,
    },
    /// The path names the namespace that the calling thread is in.
    #[error("'{}' is the host's own network namespace, not a container's", .path.display())]
    OwnNamespace {
        /// The path given.
        path: PathBuf,
    },
    /// The namespace at the path went away, or became another one, while the change was made.
    #[error("the network namespace '{}' went away: the container stopped", .path.display())]
    NamespaceGone {
        /// The path given.
        path: PathBuf,
    },
    /// The caller's hook asked for an end (a signal handler died).
    #[error("interrupted")]
    Interrupted,
    /// A panic in this crate, which is a bug.
    #[error("internal error: {0}")]
    Internal(String),
}

impl Error {
    /// A failed system call with the hint that its error number suggests.
    pub(crate) fn system(tried: impl Into<String>, error: &io::Error) -> Self {
        let errno = Errno::from_raw(error.raw_os_error().unwrap_or(0));
        Self::System { tried: tried.into(), errno, hint: privilege_hint(errno).into() }
    }

    /// The error number, where the kernel gave one.
    pub fn errno(&self) -> Option<Errno> {
        match self {
            Self::Refused { errno, .. } | Self::System { errno, .. } => Some(*errno),
            _ => None,
        }
    }
}

/// What to do about an error number that means missing rights, or an empty text.
pub(crate) fn privilege_hint(errno: Errno) -> &'static str {
    match errno {
        Errno::EPERM | Errno::EACCES => "this needs root, or CAP_NET_ADMIN and CAP_SYS_ADMIN",
        _ => "",
    }
}

/// `No such device (ENODEV)`.
fn describe(errno: Errno) -> String {
    match errno {
        Errno::UnknownErrno => "unknown error".into(),
        known => format!("{} ({known:?})", known.desc()),
    }
}

fn because(detail: &str) -> String {
    if detail.is_empty() { String::new() } else { format!(": {detail}") }
}

fn advice(hint: &str) -> String {
    if hint.is_empty() { String::new() } else { format!("; {hint}") }
}
