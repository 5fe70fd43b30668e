//! Another network namespace: a path to it, and a socket in it.
//!
//! Only a thread that ends there ever enters one; the caller's thread stays where it is.

use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::sched::{CloneFlags, setns};
use nix::sys::stat::{FileStat, fstat, stat};
use nix::sys::statfs::{FsType, fstatfs};

use crate::error::Error;
use crate::wire::RouteSocket;

/// The file system of namespace files (`NSFS_MAGIC` in `<linux/magic.h>`).
const NSFS: FsType = FsType(0x6e73_6673);

mod ioctl {
    nix::ioctl_none!(
        /// `NS_GET_NSTYPE` (ioctl_nsfs(2)): the `CLONE_NEW…` flag of a namespace.
        ns_get_nstype,
        0xb7,
        3
    );
    nix::ioctl_none_bad!(
        /// `SIOCGSKNS` (`<linux/sockios.h>`): a descriptor of the network namespace that a socket is in.
        socket_namespace,
        0x894c
    );
}
use ioctl::{ns_get_nstype, socket_namespace};

/// The network namespace of a socket.
fn namespace_of(socket: BorrowedFd<'_>) -> Result<OwnedFd, Errno> {
    // SAFETY: the request takes no argument, and gives a new descriptor that nothing else owns.
    unsafe { socket_namespace(socket.as_raw_fd()).map(|file| OwnedFd::from_raw_fd(file)) }
}

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
        // SAFETY: the descriptor is open, and NS_GET_NSTYPE has no argument. It is asked of a namespace only: the same
        // number may mean something else to a device.
        let is_net = kind.filesystem_type() == NSFS
            && unsafe { ns_get_nstype(file.as_raw_fd()) } == Ok(CloneFlags::CLONE_NEWNET.bits());
        if !is_net {
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

    /// Whether this is the namespace that the socket is in.
    ///
    /// # Errors
    /// [`Error::System`] when the kernel does not tell: it takes the right to administer that namespace.
    pub fn is_of(&self, socket: BorrowedFd<'_>) -> Result<bool, Error> {
        namespace_of(socket)
            .and_then(|own| self.is_same(&fstat(own)?))
            .map_err(|errno| Error::system("look at the socket's network namespace", &errno.into()))
    }

    /// # Errors
    /// [`Error::NamespaceGone`] when the path no longer leads to this namespace.
    pub fn check_still_there(&self) -> Result<(), Error> {
        if self.is_at(&self.path).unwrap_or(false) {
            Ok(())
        } else {
            Err(Error::NamespaceGone { path: self.path.clone() })
        }
    }

    fn is_at(&self, path: &Path) -> Result<bool, Errno> {
        self.is_same(&stat(path)?)
    }

    fn is_same(&self, other: &FileStat) -> Result<bool, Errno> {
        let own = fstat(&self.file)?;
        Ok((own.st_dev, own.st_ino) == (other.st_dev, other.st_ino))
    }

    /// Enter the namespace and open a route netlink socket there. The calling thread stays inside, so this is only for
    /// a thread that ends afterwards, such as [`crate::wait::in_thread`] gives; never for one of the caller's.
    ///
    /// # Errors
    /// [`Error::System`] with what `setns(2)` and `socket(2)` give.
    pub fn enter(&self) -> Result<RouteSocket, Error> {
        match setns(&self.file, CloneFlags::CLONE_NEWNET) {
            Ok(()) => RouteSocket::open(),
            Err(errno) => {
                let tried = format!("enter the network namespace '{}'", self.path.display());
                Err(Error::system(tried, &errno.into()))
            }
        }
    }
}

impl AsFd for NetNs {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Wire;

    #[test]
    fn the_own_namespace_is_known() {
        let own = NetNs::open(Path::new("/proc/self/ns/net")).unwrap();
        let socket = RouteSocket::open().unwrap();
        assert_eq!(own.is_of(socket.socket()), Ok(true));
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
        let path = Path::new("/proc/self/ns/uts");
        assert_eq!(NetNs::open(path).unwrap_err(), Error::NotANamespace { path: path.into() });
    }
}
