//! The network namespace of a running container.

use std::path::Path;

use pve_netlink::Kernel;
use pve_netlink::netns::NetNs;
use pve_netlink::wait::Poll;

use crate::interfaces::{Container, InterfacesError, netns_of};
use crate::lxc_pid::{LxcPath, PidError};

/// Open the namespace of a container; none for a VMID whose container does not run, or of which LXC does not tell. `poll`
/// runs at least every 50 ms meanwhile and may end the call.
///
/// # Errors
/// [`InterfacesError::Netlink`] for a process or a path without a namespace, or with the host's own;
/// [`InterfacesError::Pid`] only when `poll` ends the call.
pub fn namespace(
    kernel: &dyn Kernel,
    lxc: &LxcPath,
    container: &Container,
    poll: &mut Poll<'_>,
) -> Result<Option<NetNs>, InterfacesError> {
    let open = |path: &Path| kernel.wire().and_then(|wire| kernel.netns(wire.as_ref(), path));
    let name = match container {
        Container::NetNs(path) => return Ok(Some(open(path)?)),
        Container::Pid(pid) => return Ok(Some(open(&netns_of(*pid))?)),
        Container::Vmid(name) => name,
    };
    let mut ask = || match lxc.init_pid(name, poll) {
        Ok(pid) => Ok(Some(pid)),
        Err(PidError::Interrupted) => Err(PidError::Interrupted),
        Err(_) => Ok(None),
    };
    // The process may end, and its number become another's, before its namespace is open.
    let mut pid = ask()?;
    loop {
        let Some(asked) = pid else { return Ok(None) };
        let opened = open(&netns_of(asked));
        pid = ask()?;
        if pid == Some(asked) {
            return Ok(Some(opened?));
        }
    }
}
