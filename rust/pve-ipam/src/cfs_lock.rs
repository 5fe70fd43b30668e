//! Locks for the whole cluster: folders on /etc/pve, of which only one node can make each
//! (`PVE::Cluster::cfs_lock_file`).

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, utimensat};

use crate::error::LockFailure;
use crate::{Error, Held, Interrupted};

/// How long the reference waits.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How often the reference looks; each look is a message to the whole cluster.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Longest time between two calls of the caller's check.
const SLICE: Duration = Duration::from_millis(50);

/// A held lock. A process that is killed leaves it behind; pmxcfs lets others have it two minutes after it was taken.
#[derive(Debug)]
pub(crate) struct CfsLock {
    folder: PathBuf,
}

impl Held for CfsLock {}

impl CfsLock {
    /// Takes the lock of `file` below the cluster's folder `etc_pve`.
    ///
    /// The first pauses between two attempts are shorter than the reference's, so that processes of one node, which hold
    /// a lock for milliseconds, need not wait a second for each other.
    pub(crate) fn acquire(
        etc_pve: &Path,
        file: &str,
        interrupt: &mut dyn FnMut() -> Result<(), Interrupted>,
    ) -> Result<CfsLock, Error> {
        let id = format!("file-{}", file.replace(['.', '/'], "_"));
        let failed = |why| {
            let why = if has_quorum(etc_pve) { why } else { LockFailure::NoQuorum };
            Err(Error::Lock { id: id.clone(), why })
        };
        let folder = etc_pve.join("priv/lock");
        if !folder.is_dir() && fs::create_dir(&folder).is_err() && !folder.is_dir() {
            return failed(LockFailure::Offline);
        }
        let folder = folder.join(&id);
        let start = Instant::now();
        let (mut pause, mut announced) = (Duration::from_millis(5), 0);
        while DirBuilder::new().mode(0o777).create(&folder).is_err() {
            let elapsed = start.elapsed();
            if elapsed + pause >= TIMEOUT {
                return failed(LockFailure::Timeout);
            }
            let next = (elapsed + pause).as_secs();
            if next > announced {
                announced = next;
                eprintln!("trying to acquire cfs lock '{id}' ...");
                request_unlock(&folder);
            }
            wait(pause, interrupt)?;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        Ok(CfsLock { folder })
    }
}

impl Drop for CfsLock {
    fn drop(&mut self) {
        // What cannot be given back is given to others by pmxcfs when it is old.
        let _ = fs::remove_dir(&self.folder);
    }
}

fn wait(
    pause: Duration,
    interrupt: &mut dyn FnMut() -> Result<(), Interrupted>,
) -> Result<(), Error> {
    let end = Instant::now() + pause;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        thread::sleep(left.min(SLICE));
        interrupt().map_err(|Interrupted| Error::Interrupted)?;
    }
}

/// Setting a lock's time to 0 asks pmxcfs to remove it if it is old.
fn request_unlock(folder: &Path) {
    let zero = Timespec { tv_sec: 0, tv_nsec: 0 };
    let times = Timestamps { last_access: zero, last_modification: zero };
    // Refused where it is gone meanwhile.
    let _ = utimensat(CWD, folder, &times, AtFlags::empty());
}

/// pmxcfs tells by a permission bit of the link to this node's folder whether there is a majority
/// (`PVE::Cluster::check_cfs_quorum`).
fn has_quorum(etc_pve: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::symlink_metadata(etc_pve.join("local"))
        .is_ok_and(|link| link.permissions().mode() & 0o200 != 0)
}
