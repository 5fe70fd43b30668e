//! The interfaces that a running container has, with their addresses (the reference: `PVE::LXC::get_interfaces`).

use std::path::{Path, PathBuf};

use pve_netlink::inventory::{Addressed, addressed};
use pve_netlink::wait::Poll;

use crate::lxc_pid::{LxcPath, PidError};

/// How to reach a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Container {
    /// By its VMID: LXC is asked for its process id.
    Vmid(String),
    /// By a process in it.
    Pid(u32),
    /// By the path of its network namespace.
    NetNs(PathBuf),
}

/// Why a container's interfaces are not known.
#[derive(Debug, thiserror::Error)]
pub enum InterfacesError {
    /// The container could not be found.
    #[error(transparent)]
    Pid(#[from] PidError),
    /// Its namespace could not be looked into.
    #[error(transparent)]
    Netlink(#[from] pve_netlink::Error),
}

/// The path of a process's network namespace.
pub(crate) fn netns_of(pid: u32) -> PathBuf {
    format!("/proc/{pid}/ns/net").into()
}

/// The interfaces of a container, in the order of their indexes. `poll` runs at least every 50 ms meanwhile and may end
/// the call.
///
/// # Errors
/// [`InterfacesError::Pid`] for a VMID whose container does not run, else [`InterfacesError::Netlink`].
pub fn interfaces(
    lxc: &LxcPath,
    container: &Container,
    poll: &mut Poll<'_>,
) -> Result<Vec<Addressed>, InterfacesError> {
    let read = |path: &Path, poll: &mut Poll<'_>| Ok(addressed(path, poll)?);
    let name = match container {
        Container::NetNs(path) => return read(path, poll),
        Container::Pid(pid) => return read(&netns_of(*pid), poll),
        Container::Vmid(name) => name,
    };
    // The process may end, and its number become another's, before its namespace is open.
    let mut pid = lxc.init_pid(name, poll)?;
    loop {
        let found = read(&netns_of(pid), poll);
        let now = lxc.init_pid(name, poll)?;
        if now == pid {
            return found;
        }
        pid = now;
    }
}
