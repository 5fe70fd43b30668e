//! Another network namespace: a path to it, and a socket in it.
//!
//! Only a thread that ends there ever enters one; the caller's thread stays where it is.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::thread;

use nix::errno::Errno;
use nix::sched::{CloneFlags, setns};
use nix::sys::stat::fstat;
use nix::sys::statfs::{FsType, fstatfs};

use crate::error::Error;
use crate::wait::{masked, panic_text};
use crate::wire::RouteSocket;

/// The file system of namespace files (`NSFS_MAGIC` in `<linux/magic.h>`).
const NSFS: FsType = FsType(0x6e73_6673);

const STACK: usize = 128 * 1024;

/// An open network namespace, kept alive while this is.
#[derive(Debug)]
pub struct NetNs {
    path: PathBuf,
    file: OwnedFd,
}

impl NetNs {
    /// Open the namespace at `path`, for example `/proc/<pid>/ns/net`.
    ///
    /// # Errors
    /// [`Error::System`] when it cannot be opened, [`Error::NotANamespace`] when it is something else.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let tried = || format!("open the network namespace '{}'", path.display());
        // O_NONBLOCK: a FIFO at this place must not hang the caller.
        let file = File::options()
            .read(true)
            .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
            .open(path)
            .map_err(|error| match Error::system(tried(), &error) {
                Error::System { tried, errno: errno @ (Errno::ENOENT | Errno::ESRCH), .. } => {
                    let hint = "is the container running?".into();
                    Error::System { tried, errno, hint }
                }
                other => other,
            })?;
        let kind = fstatfs(&file).map_err(|errno| Error::system(tried(), &errno.into()))?;
        if kind.filesystem_type() != NSFS {
            return Err(Error::NotANamespace { path: path.into() });
        }
        Ok(Self { path: path.into(), file: file.into() })
    }

    /// A stand-in for tests that replace the kernel: any open file.
    #[must_use]
    pub fn stand_in(path: &Path, file: OwnedFd) -> Self {
        Self { path: path.into(), file }
    }

    /// The path that it was opened by.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether this is the namespace that the calling thread is in.
    ///
    /// # Errors
    /// What opening `/proc/thread-self/ns/net` gives.
    pub fn is_own(&self) -> Result<bool, Error> {
        self.is_same(&Self::open(Path::new("/proc/thread-self/ns/net"))?)
    }

    /// # Errors
    /// [`Error::NamespaceGone`] when the path no longer leads to this namespace.
    pub fn check_still_there(&self) -> Result<(), Error> {
        match Self::open(&self.path) {
            Ok(now) if self.is_same(&now)? => Ok(()),
            _ => Err(Error::NamespaceGone { path: self.path.clone() }),
        }
    }

    fn is_same(&self, other: &Self) -> Result<bool, Error> {
        let identity = |file: &OwnedFd| {
            fstat(file).map(|stat| (stat.st_dev, stat.st_ino)).map_err(|errno| {
                Error::system(
                    format!("look at the network namespace '{}'", self.path.display()),
                    &errno.into(),
                )
            })
        };
        Ok(identity(&self.file)? == identity(&other.file)?)
    }

    /// A route netlink socket inside the namespace, opened by a thread that ends there.
    ///
    /// # Errors
    /// [`Error::NotANamespace`] for a namespace of another kind, [`Error::System`] with what `setns(2)` and
    /// `socket(2)` give.
    pub fn socket(&self) -> Result<RouteSocket, Error> {
        let thread = masked(|| {
            thread::Builder::new().name("pve-netns".into()).stack_size(STACK).spawn({
                let file = self.file.try_clone()?;
                move || Self::socket_after_entering(&file)
            })
        })?;
        match thread.join() {
            Ok(Ok(socket)) => Ok(socket),
            Ok(Err(Entering::Socket(error))) => Err(error),
            Ok(Err(Entering::Setns(Errno::EINVAL))) => {
                Err(Error::NotANamespace { path: self.path.clone() })
            }
            Ok(Err(Entering::Setns(errno))) => {
                let tried = format!("enter the network namespace '{}'", self.path.display());
                Err(Error::system(tried, &io::Error::from(errno)))
            }
            Err(panic) => Err(Error::Internal(panic_text(panic.as_ref()))),
        }
    }

    /// Must run on a thread that ends afterwards: it stays in the namespace.
    fn socket_after_entering(file: &OwnedFd) -> Result<RouteSocket, Entering> {
        setns(file, CloneFlags::CLONE_NEWNET).map_err(Entering::Setns)?;
        RouteSocket::open().map_err(Entering::Socket)
    }
}

enum Entering {
    Setns(Errno),
    Socket(Error),
}

impl AsFd for NetNs {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_namespace_is_known() {
        let own = NetNs::open(Path::new("/proc/self/ns/net")).unwrap();
        assert_eq!(own.is_own(), Ok(true));
        assert_eq!(own.check_still_there(), Ok(()));
    }

    #[test]
    fn a_file_a_fifo_and_nothing_are_refused() {
        let path = Path::new("/proc/self/status");
        assert_eq!(NetNs::open(path).unwrap_err(), Error::NotANamespace { path: path.into() });
        let gone = NetNs::open(Path::new("/proc/4294967295/ns/net")).unwrap_err();
        assert!(gone.to_string().ends_with("(ENOENT); is the container running?"), "{gone}");
    }

    #[test]
    fn a_namespace_of_another_kind_is_refused() {
        // setns needs rights before it looks at the kind; without them the answer is EPERM.
        let other = NetNs::open(Path::new("/proc/self/ns/uts")).unwrap();
        match other.socket().unwrap_err() {
            Error::NotANamespace { path } => assert_eq!(path, Path::new("/proc/self/ns/uts")),
            Error::System { errno, .. } => assert_eq!(errno, Errno::EPERM),
            error => panic!("{error}"),
        }
    }
}
