//! The lock of a container's configuration: the same flock(2) that `PVE::Tools::lock_file_full` takes, so that Rust and
//! Perl exclude each other.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;

use crate::error::FileError;

/// How long `PVE::AbstractConfig::lock_config` waits.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// Longest time between two calls of the caller's check while waiting.
const SLICE: Duration = Duration::from_millis(50);

/// The caller's wish to end a wait, for example because a Perl signal handler died.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interrupted;

/// Whether others may hold the lock at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockMode {
    /// Others may hold it shared too.
    Shared,
    /// Nobody else may hold it.
    Exclusive,
}

/// A held lock; dropping it gives it back.
///
/// As in the reference, a lock that this process already holds, taken by Perl or by this thread, is not taken again:
/// the inner lock is then a formality, whatever its mode. A child process does not inherit the right: it waits for its
/// parent.
#[derive(Debug)]
pub struct ConfigLock {
    // None: held further out.
    file: Option<File>,
}

impl ConfigLock {
    /// Takes the lock if that is possible at once; `None` when another process holds it.
    ///
    /// The file and its folder are created as needed. The file is never removed: another process may be waiting on it.
    ///
    /// # Errors
    /// [`FileError::LockOpen`], [`FileError::LockAcquire`].
    pub fn try_acquire(path: &Path, mode: LockMode) -> Result<Option<Self>, FileError> {
        let file = open(path)?;
        if try_flock(path, &file, mode)? {
            return Ok(Some(Self::held(file)));
        }
        Ok(is_held_here(&file).then_some(Self { file: None }))
    }

    /// Takes the lock, waiting up to `timeout`. While it waits it calls `interrupt` every 50 ms or sooner.
    ///
    /// # Errors
    /// [`FileError::LockTimeout`], [`FileError::Interrupted`] when `interrupt` says so, and as
    /// [`ConfigLock::try_acquire`].
    pub fn acquire(
        path: &Path,
        mode: LockMode,
        timeout: Duration,
        interrupt: &mut dyn FnMut() -> Result<(), Interrupted>,
    ) -> Result<Self, FileError> {
        let start = Instant::now();
        let file = open(path)?;
        let mut slice = Duration::from_millis(1);
        let mut waited = false;
        while !try_flock(path, &file, mode)? {
            if !waited && is_held_here(&file) {
                return Ok(Self { file: None });
            }
            waited = true;
            let left = timeout.saturating_sub(start.elapsed());
            if left.is_zero() {
                return Err(FileError::LockTimeout { path: path.to_owned() });
            }
            thread::sleep(slice.min(left));
            slice = (slice * 2).min(SLICE);
            interrupt().map_err(|Interrupted| FileError::Interrupted { path: path.to_owned() })?;
        }
        Ok(Self::held(file))
    }

    fn held(file: File) -> Self {
        holders().push((file.as_raw_fd(), thread::current().id()));
        Self { file: Some(file) }
    }
}

impl Drop for ConfigLock {
    fn drop(&mut self) {
        // Closing gives the lock back. An explicit unlock would, in a forked child, take it from the parent.
        if let Some(file) = self.file.take() {
            let fd = file.as_raw_fd();
            holders().retain(|(held, _)| *held != fd);
        }
    }
}

/// The descriptors by which [`ConfigLock`]s hold their locks, and the thread that took each.
fn holders() -> MutexGuard<'static, Vec<(RawFd, ThreadId)>> {
    static HOLDERS: Mutex<Vec<(RawFd, ThreadId)>> = Mutex::new(Vec::new());
    HOLDERS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn open(path: &Path) -> Result<File, FileError> {
    let try_open = || {
        // The folder above belongs to everyone: a link or FIFO planted there is not followed or waited for.
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        OpenOptions::new().append(true).create(true).custom_flags(flags.bits() as i32).open(path)
    };
    let mut opened = try_open();
    if let (Err(error), Some(folder)) = (&opened, path.parent()) {
        if error.kind() == io::ErrorKind::NotFound && fs::create_dir_all(folder).is_ok() {
            opened = try_open();
        }
    }
    opened.map_err(|source| FileError::LockOpen { path: path.to_owned(), source })
}

fn try_flock(path: &Path, file: &File, mode: LockMode) -> Result<bool, FileError> {
    let operation = match mode {
        LockMode::Shared => FlockOperation::NonBlockingLockShared,
        LockMode::Exclusive => FlockOperation::NonBlockingLockExclusive,
    };
    loop {
        match flock(file, operation) {
            Ok(()) => return Ok(true),
            Err(Errno::WOULDBLOCK) => return Ok(false),
            Err(Errno::INTR) => {}
            Err(errno) => {
                return Err(FileError::LockAcquire { path: path.to_owned(), source: errno.into() });
            }
        }
    }
}

/// Whether the lock on `file` is held through another descriptor of this process: by Perl code, or by this thread.
///
/// The kernel lists a descriptor's own locks, with the process that took each, in /proc/self/fdinfo (proc(5)).
fn is_held_here(file: &File) -> bool {
    let Ok(wanted) = file.metadata() else {
        return false;
    };
    let Ok(descriptors) = fs::read_dir("/proc/self/fdinfo") else {
        return false;
    };
    let pid = std::process::id().to_string();
    let this_thread = thread::current().id();
    descriptors.flatten().any(|entry| {
        let name = entry.file_name();
        let link = PathBuf::from("/proc/self/fd").join(&name);
        let same_file = fs::metadata(link)
            .is_ok_and(|found| (found.dev(), found.ino()) == (wanted.dev(), wanted.ino()));
        same_file
            && fs::read_to_string(entry.path()).is_ok_and(|info| has_flock_of(&info, &pid))
            && !is_of_other_thread(name.to_str(), this_thread)
    })
}

/// Whether a descriptor's fdinfo lists a flock(2) taken by process `pid`:
/// `lock: 1: FLOCK  ADVISORY  WRITE 812 00:1a:4711 0 EOF`.
fn has_flock_of(info: &str, pid: &str) -> bool {
    info.lines().any(|line| {
        let mut words = line.split_ascii_whitespace();
        words.next() == Some("lock:") && words.nth(1) == Some("FLOCK") && words.nth(2) == Some(pid)
    })
}

fn is_of_other_thread(descriptor: Option<&str>, this_thread: ThreadId) -> bool {
    let descriptor: Option<RawFd> = descriptor.and_then(|name| name.parse().ok());
    holders().iter().any(|(fd, thread)| Some(*fd) == descriptor && *thread != this_thread)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fdinfo_names_the_process_that_took_the_lock() {
        let info =
            "pos:\t0\nflags:\t02102001\nlock:\t1: FLOCK  ADVISORY  WRITE 812 00:1a:4711 0 EOF\n";
        assert!(has_flock_of(info, "812"));
        assert!(!has_flock_of(info, "81"));
        assert!(!has_flock_of("lock:\t1: POSIX  ADVISORY  WRITE 812 00:1a:1 0 EOF\n", "812"));
        assert!(!has_flock_of("pos:\t0\n", "812"));
    }
}
