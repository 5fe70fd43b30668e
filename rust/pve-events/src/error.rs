//! What can go wrong with the journal.

use std::io;
use std::path::PathBuf;

use pve_files::error::{FileError, reason};
use thiserror::Error;

/// Why events could not be written or read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EventsError {
    /// A folder, lock or file of a subscriber.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file of the journal.
    #[error("unable to {tried} '{}' - {}", path.display(), reason(source))]
    Io {
        /// "write", "read", …
        tried: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The events are in the journal, but the system does not promise that they survive a power cut.
    #[error("event {sequence} was written to '{}', but not synced to disk - {}", path.display(), reason(source))]
    NotSynced {
        /// The last of them.
        sequence: u64,
        /// The journal's file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// An event that is larger than a listener should have to expect.
    #[error("an event of {bytes} bytes is too large: at most {limit} are journalled")]
    TooLarge {
        /// As JSON.
        bytes: usize,
        /// The most.
        limit: usize,
    },
    /// An event has no form in JSON.
    #[error("an event cannot be written as JSON: {0}")]
    Json(String),
    /// The name of a subscriber cannot be that of a file.
    #[error(
        "'{name}' is no name of a subscriber: up to 64 letters, digits, dots, dashes and underscores, a letter or digit first"
    )]
    BadName {
        /// The name.
        name: String,
    },
    /// Another process, or another object of this one, is this subscriber.
    #[error("subscriber '{name}' is in use already - its events go to one at a time")]
    InUse {
        /// The name.
        name: String,
    },
    /// What is kept of a subscriber cannot be understood.
    #[error("subscriber '{name}' cannot be read from '{}': {why}; move the file away to begin anew", path.display())]
    Subscription {
        /// The name.
        name: String,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The subscriber was taken along by a fork.
    #[error(
        "subscriber '{name}' belongs to the process that this one was forked from: subscribe in this process"
    )]
    OfParent {
        /// The name.
        name: String,
    },
    /// The event was not delivered to the subscriber, or it was dealt with already.
    #[error("subscriber '{name}': event {sequence} is not waiting to be acknowledged")]
    NotDelivered {
        /// The name.
        name: String,
        /// The event.
        sequence: u64,
    },
    /// There is no such dead letter.
    #[error("subscriber '{name}' has no dead letter {sequence}")]
    NoDeadLetter {
        /// The name.
        name: String,
        /// The event.
        sequence: u64,
    },
    /// No descriptor for waiting could be made.
    #[error("unable to watch '{}' for new events - {}{hint}", path.display(), reason(source))]
    Watch {
        /// The folder.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
        /// What to do, where that is known.
        hint: &'static str,
    },
}

impl EventsError {
    pub(crate) fn io(
        tried: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { tried, path, source }
    }
}
