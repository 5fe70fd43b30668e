//! An interface is plugged in.

use std::path::Path;

use pve_netlink::apply::{Failure, apply};
use pve_netlink::plan::Step;
use pve_netlink::wait::{Cancel, Poll, in_thread};
use pve_netlink::{Errno, Host, Kernel};

use super::error::Error;
use super::nic::ContainerNic;
use super::plan::{bridge_name, plan, supported};

/// An interface that was plugged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plugged {
    /// The name of the host's end.
    pub name: String,
    /// The index of the host's end.
    pub index: u32,
    /// The name of the other end, in the container.
    pub peer_name: String,
    /// The index of the other end, in the container.
    pub peer_index: u32,
}

/// Plug `nic` as `net<netid>` into the running container `vmid`, whose network namespace is at `netns`, for example
/// `/proc/<pid>/ns/net`. `poll` runs at least every 50 ms meanwhile and may end the call.
///
/// # Errors
/// [`Error`]; nothing is left of a plugging that failed, except what [`Error::Step`] says could not be undone.
pub fn hotplug_add(
    vmid: u32,
    netid: u32,
    nic: &ContainerNic,
    netns: &Path,
    poll: &mut Poll<'_>,
) -> Result<Plugged, Error> {
    hotplug_add_on(&Host, vmid, netid, nic, netns, poll)
}

/// [`hotplug_add`] with another kernel in place of the host's.
///
/// # Errors
/// As [`hotplug_add`].
pub fn hotplug_add_on(
    kernel: &dyn Kernel,
    vmid: u32,
    netid: u32,
    nic: &ContainerNic,
    netns: &Path,
    poll: &mut Poll<'_>,
) -> Result<Plugged, Error> {
    supported(nic)?;
    in_thread(poll, |cancel| add(kernel, vmid, netid, nic, netns, cancel))?
}

fn add(
    kernel: &dyn Kernel,
    vmid: u32,
    netid: u32,
    nic: &ContainerNic,
    netns: &Path,
    cancel: &Cancel,
) -> Result<Plugged, Error> {
    let wire = kernel.wire()?;
    let bridge = kernel.interface(wire.as_ref(), bridge_name(nic)?)?;
    let plan = plan(vmid, netid, nic, bridge.as_ref())?;
    let netns = kernel.netns(wire.as_ref(), netns)?;
    let pair = apply(kernel, wire, &plan, &netns, cancel).map_err(|failure| {
        if is_taken(kernel, &plan.pair.name, &failure) {
            return Error::NameTaken { name: plan.pair.name.clone() };
        }
        Error::Step { netid, failure }
    })?;
    Ok(Plugged {
        name: plan.pair.name,
        index: pair.host,
        peer_name: plan.pair.peer_name,
        peer_index: pair.peer,
    })
}

/// Whether a link under the host's name was in the way: of the two names, the kernel does not say which is taken.
fn is_taken(kernel: &dyn Kernel, name: &str, failure: &Failure) -> bool {
    failure.error.errno() == Some(Errno::EEXIST)
        && matches!(failure.step, Step::AddVeth(_))
        && kernel
            .wire()
            .and_then(|wire| kernel.interface(wire.as_ref(), name))
            .is_ok_and(|found| found.is_some())
}
