//! A lock that is held for microseconds, by many processes in turn.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;

use crate::error::FileError;
use crate::lock::Interrupted;

/// Longest time between two tries; those who wait longer want the lock less often.
const SLICE: Duration = Duration::from_millis(2);

/// A held lock; dropping it gives it back.
///
/// It is given back by an explicit unlock: a child that another thread has forked meanwhile holds the same open file, and
/// would keep the lock as long as it lives. So it must be dropped in the process that took it, which whoever runs no
/// other code meanwhile does.
#[derive(Debug)]
pub struct ShortLock {
    file: File,
}

impl ShortLock {
    /// Takes the lock on the file at `path`, which is created with `mode` as needed, waiting up to `timeout`. While it waits
    /// it calls `interrupt` every few milliseconds.
    ///
    /// # Errors
    /// [`FileError::LockOpen`], [`FileError::LockAcquire`], [`FileError::LockTimeout`], and [`FileError::Interrupted`] when
    /// `interrupt` says so.
    pub fn acquire(
        path: &Path,
        mode: u32,
        timeout: Duration,
        interrupt: &mut dyn FnMut() -> Result<(), Interrupted>,
    ) -> Result<Self, FileError> {
        let start = Instant::now();
        let mut slice = Duration::from_micros(20);
        loop {
            let file = open(path, mode)?;
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                // Somebody may have removed the file since it was opened, and others lock the new one.
                Ok(()) if is_there(&file) => return Ok(Self { file }),
                Ok(()) | Err(Errno::WOULDBLOCK | Errno::INTR) => {}
                Err(errno) => {
                    let path = path.to_owned();
                    return Err(FileError::LockAcquire { path, source: errno.into() });
                }
            }
            let left = timeout.saturating_sub(start.elapsed());
            if left.is_zero() {
                return Err(FileError::LockTimeout { path: path.to_owned() });
            }
            thread::sleep(slice.min(left));
            slice = (slice * 2).min(SLICE);
            interrupt().map_err(|Interrupted| FileError::Interrupted { path: path.to_owned() })?;
        }
    }

    /// The locked file, open for reading and writing.
    #[must_use]
    pub fn file(&self) -> &File {
        &self.file
    }
}

impl Drop for ShortLock {
    fn drop(&mut self) {
        // Closing does the same where nobody else has the open file.
        let _ = flock(&self.file, FlockOperation::Unlock);
    }
}

fn open(path: &Path, mode: u32) -> Result<File, FileError> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(mode);
    let opened = options.custom_flags(flags.bits() as i32).open(path);
    opened.map_err(|source| FileError::LockOpen { path: path.to_owned(), source })
}

fn is_there(file: &File) -> bool {
    file.metadata().is_ok_and(|file| file.nlink() > 0)
}
