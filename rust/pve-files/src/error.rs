//! What can go wrong with a file.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why a file could not be read, locked or written.
///
/// Where the reference has a text for the same failure (`PVE::AbstractConfig`, `PVE::Tools`, `PVE::File`), the text is
/// the reference's. A Perl caller gets it with a newline appended.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FileError {
    /// A file could not be opened for reading (`PVE::File::file_get_contents`).
    #[error("can't open '{}' - {}", path.display(), reason(source))]
    Open {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A file could not be read (`PVE::File::safe_read_from`).
    #[error("unable to read file '{}' - {}", path.display(), reason(source))]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// Something other than a regular file is where a configuration file belongs.
    #[error("'{}' is a {kind}, not a regular file - remove it or move it away", path.display())]
    NotRegular {
        /// What stands in the way.
        path: PathBuf,
        /// "directory", "FIFO", "symbolic link", …
        kind: &'static str,
    },
    /// A file is larger than its reader accepts (`PVE::File::safe_read_from`).
    #[error("file '{}' too long - aborting", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// The most bytes that are read.
        limit: u64,
    },
    /// A file was changed again each time it was read.
    #[error("file '{}' changed {tries} times while it was read - try again when its writer is done", path.display())]
    Unstable {
        /// The file.
        path: PathBuf,
        /// How often it was read.
        tries: u32,
    },
    /// Someone else kept the lock for too long (`PVE::Tools::lock_file_full`).
    #[error("can't lock file '{}' - got timeout", path.display())]
    LockTimeout {
        /// The lock file.
        path: PathBuf,
    },
    /// The lock file could not be opened (`PVE::Tools::lock_file_full`).
    #[error("can't lock file '{}' - can't open file - {}", path.display(), reason(source))]
    LockOpen {
        /// The lock file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The system refused the lock (`PVE::Tools::lock_file_full`).
    #[error("can't lock file '{0}' - can't acquire lock '{0}' - {1}", path.display(), reason(source))]
    LockAcquire {
        /// The lock file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The wait for a lock was ended by the caller's own check.
    #[error("interrupted while waiting for lock '{}'", path.display())]
    Interrupted {
        /// The lock file.
        path: PathBuf,
    },
    /// A temporary file left by a killed process is in the way and cannot be removed (`PVE::File::file_set_contents`).
    #[error("unable to delete old temp file: {}", reason(source))]
    StaleTemporary {
        /// The temporary file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The temporary file could not be created (`PVE::File::file_set_contents`).
    #[error("unable to open file '{}' - {}", path.display(), reason(source))]
    Create {
        /// The temporary file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The temporary file could not be given the owner and mode of the file that it replaces.
    #[error("unable to set owner and mode of '{}' - {}", path.display(), reason(source))]
    Attributes {
        /// The temporary file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The temporary file could not be written (`PVE::File::file_set_contents`).
    #[error("unable to write '{}' - {}", path.display(), reason(source))]
    Write {
        /// The temporary file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The temporary file could not be put in place (`PVE::File::file_set_contents`).
    #[error("close (rename) atomic file '{}' failed: {}", path.display(), reason(source))]
    Rename {
        /// The file that was to be replaced.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The new file is in place, but the system does not promise that it survives a power cut.
    #[error("'{}' was written, but syncing its folder to disk failed - {}", path.display(), reason(source))]
    SyncFolder {
        /// The file that was replaced.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A folder for this node's state could not be made private.
    #[error("unable to create private folder '{}' - {}", path.display(), reason(source))]
    StateFolder {
        /// The folder.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

/// The system's own text for an error, as Perl's `$!` gives it: without the number that `std` appends.
#[must_use]
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match (error.raw_os_error(), text.rfind(" (os error ")) {
        (Some(_), Some(end)) => text[..end].to_owned(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reason_is_the_system_text_alone() {
        assert_eq!(reason(&io::Error::from_raw_os_error(13)), "Permission denied");
        assert_eq!(reason(&io::Error::other("no number")), "no number");
    }
}
