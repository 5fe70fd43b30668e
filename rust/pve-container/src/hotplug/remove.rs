//! An interface is taken out.

use pve_netlink::host::firewall;
use pve_netlink::host::names::GuestNames;
use pve_netlink::link::{self, Shown};
use pve_netlink::plan::Refused;
use pve_netlink::request::Channel;
use pve_netlink::transaction::Transaction;
use pve_netlink::wait::{Cancel, Poll, in_thread};
use pve_netlink::{Host, Kernel};

use super::error::Error;
use super::names;

/// Take `net<netid>` out of the container `vmid`: the link `veth<vmid>i<netid>` of the host goes, and with it its other
/// end, that one's addresses and routes, and its firewall bridge. `poll` runs at least every 50 ms meanwhile and may end the call until the link
/// is deleted, for which the kernel takes some 15 ms.
///
/// # Errors
/// [`Error::NotPlugged`] when there is no such link, [`Error::NotAContainers`] when it is something else under that
/// name.
pub fn hotplug_remove(vmid: u32, netid: u32, poll: &mut Poll<'_>) -> Result<(), Error> {
    hotplug_remove_on(&Host, vmid, netid, poll)
}

/// [`hotplug_remove`] with another kernel in place of the host's.
///
/// # Errors
/// As [`hotplug_remove`].
pub fn hotplug_remove_on(
    kernel: &dyn Kernel,
    vmid: u32,
    netid: u32,
    poll: &mut Poll<'_>,
) -> Result<(), Error> {
    let name = names::host_end(vmid, netid)?;
    in_thread(poll, |cancel| remove(kernel, name, cancel))?
}

fn remove(kernel: &dyn Kernel, name: String, cancel: &Cancel) -> Result<(), Error> {
    let wire = kernel.wire()?;
    let Some(interface) = kernel.interface(wire.as_ref(), &name)? else {
        return Err(Error::NotPlugged { name });
    };
    let mut channel = Channel::new(wire);
    let look = format!("look at the link '{name}'");
    let shown = channel.exchange(vec![link::show(interface.index)])?;
    shown.iter().try_for_each(|answer| answer.check(&look, |_| String::new()))?;
    let shown = shown.iter().find_map(|answer| link::shown(&answer.messages));
    check_ours(&name, shown.as_ref())?;

    cancel.commit()?;
    let delete = format!("delete the link '{name}'");
    let deleted = channel.exchange(vec![link::delete(interface.index)])?;
    deleted.iter().try_for_each(|answer| answer.check(&delete, |_| String::new()))?;
    let there = |name: &str| kernel.interface(channel.wire(), name).map(|found| found.is_some());
    match GuestNames::of(&name) {
        Some(names) if there(&names.bridge)? || there(&names.link)? => {
            remove_firewall_bridge(kernel, &names, cancel)
        }
        _ => Ok(()),
    }
}

/// What stood between the link and its bridge. The link is gone: whatever becomes of this is no failure, as in the
/// reference (`PVE::Network::veth_delete`).
fn remove_firewall_bridge(
    kernel: &dyn Kernel,
    names: &GuestNames,
    cancel: &Cancel,
) -> Result<(), Error> {
    let mut tx = Transaction::begin(kernel, kernel.wire()?, cancel, None);
    let remains = firewall::find(&mut tx, names)?;
    let steps = firewall::remove(&remains, None).into_iter();
    let steps: Vec<_> = steps.map(|step| step.refused(Refused::IsFine)).collect();
    let _ = tx.carry_out(&steps);
    Ok(())
}

/// A name alone proves nothing: whatever else has it must not be deleted.
pub(super) fn check_ours(name: &str, shown: Option<&Shown>) -> Result<(), Error> {
    let refuse = |why: String| Err(Error::NotAContainers { name: name.into(), why });
    match shown {
        Some(shown) if shown.name != name => refuse(format!("it is called '{}' now", shown.name)),
        Some(shown) if shown.kind != "veth" => {
            refuse(format!("its type is '{}' instead of 'veth'", shown.kind))
        }
        Some(_) => Ok(()),
        None => refuse("the kernel does not show it".into()),
    }
}
