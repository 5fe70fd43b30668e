//! An interface is taken out.

use pve_netlink::host::firewall;
use pve_netlink::host::names::GuestNames;
use pve_netlink::link::{self, Shown};
use pve_netlink::netns::NetNs;
use pve_netlink::plan::Refused;
use pve_netlink::request::Channel;
use pve_netlink::snapshot::{Inside, Links};
use pve_netlink::transaction::Transaction;
use pve_netlink::wait::{Cancel, Poll, in_thread};
use pve_netlink::wire::Wire;
use pve_netlink::{Host, Kernel};

use super::before::{self, Before, Sides};
use super::error::Error;
use super::journal::{Journal, Unnoted};
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
    in_thread(poll, |cancel| remove(kernel, kernel.wire()?, &name, None, &Unnoted, cancel))?
}

/// The same on the calling thread, noted in `journal`: with the container's namespace, what it takes to plug the
/// interface in again as it was.
pub(super) fn remove(
    kernel: &dyn Kernel,
    wire: Box<dyn Wire>,
    name: &str,
    netns: Option<&NetNs>,
    journal: &dyn Journal,
    cancel: &Cancel,
) -> Result<(), Error> {
    journal.step("look")?;
    let Some(interface) = kernel.interface(wire.as_ref(), name)? else {
        return Err(Error::NotPlugged { name: name.into() });
    };
    let mut channel = Channel::new(wire);
    let shown = look(&mut channel, name, interface.index)?;
    if journal.is_kept() {
        journal.before(&read(kernel, name, shown.peer, netns)?)?;
    }
    cancel.commit()?;
    journal.commit()?;
    journal.step("delete")?;
    delete(kernel, channel, name, interface.index)
}

/// The host's end, which must be that of a container.
pub(super) fn look(channel: &mut Channel, name: &str, index: u32) -> Result<Shown, Error> {
    let look = format!("look at the link '{name}'");
    let shown = channel.exchange(vec![link::show(index)])?;
    shown.iter().try_for_each(|answer| answer.check(&look, |_| String::new()))?;
    check_ours(name, shown.iter().find_map(|answer| link::shown(&answer.messages)))
}

/// What the interface is, on both sides.
pub(super) fn read(
    kernel: &dyn Kernel,
    name: &str,
    peer: Option<u32>,
    netns: Option<&NetNs>,
) -> Result<Before, Error> {
    let cancel = Cancel::new();
    let mut tx = Transaction::begin(kernel, kernel.wire()?, &cancel, None);
    let links = Links::read(&mut tx, &before::names(name))?;
    let inside = match (peer, netns) {
        (Some(index), Some(netns)) => Sides::on_host()?
            .inside(kernel, netns, |channel| Inside::read(channel, index))?
            .filter(|inside| inside.link.kind == "veth"),
        _ => None,
    };
    Ok(Before { links, inside, ..Before::default() })
}

/// Delete the link, and what stood between it and its bridge.
pub(super) fn delete(
    kernel: &dyn Kernel,
    mut channel: Channel,
    name: &str,
    index: u32,
) -> Result<(), Error> {
    let delete = format!("delete the link '{name}'");
    let deleted = channel.exchange(vec![link::delete(index)])?;
    let there = |name: &str| kernel.interface(channel.wire(), name).map(|found| found.is_some());
    let checked = deleted.iter().try_for_each(|answer| answer.check(&delete, |_| String::new()));
    if let Err(error) = checked {
        // What counts is that it is gone, also where its answer is lost or another one was faster.
        if there(name)? {
            return Err(error.into());
        }
    }
    // The link is gone: whatever becomes of the rest is no failure, as in the reference (`PVE::Network::veth_delete`). Who
    // plugs in next removes what is left over.
    let is_left = |name: &str| there(name).unwrap_or(true);
    if let Some(names) = GuestNames::of(name) {
        if is_left(&names.bridge) || is_left(&names.link) {
            let _ = remove_firewall_bridge(kernel, &names);
        }
    }
    Ok(())
}

/// Remove what stood between a link and its bridge, as far as it is there.
pub(super) fn remove_firewall_bridge(kernel: &dyn Kernel, names: &GuestNames) -> Result<(), Error> {
    let cancel = Cancel::new();
    let mut tx = Transaction::begin(kernel, kernel.wire()?, &cancel, None);
    let remains = firewall::find(&mut tx, names)?;
    let steps = firewall::remove(&remains, None).into_iter();
    let steps: Vec<_> = steps.map(|step| step.refused(Refused::IsFine)).collect();
    let _ = tx.carry_out(&steps);
    Ok(())
}

/// A name alone proves nothing: whatever else has it must not be deleted.
pub(crate) fn check_ours(name: &str, shown: Option<Shown>) -> Result<Shown, Error> {
    let refuse = |why: String| Err(Error::NotAContainers { name: name.into(), why });
    match shown {
        Some(shown) if shown.name != name => refuse(format!("it is called '{}' now", shown.name)),
        Some(shown) if shown.kind != "veth" => {
            refuse(format!("its type is '{}' instead of 'veth'", shown.kind))
        }
        Some(shown) => Ok(shown),
        None => refuse("the kernel does not show it".into()),
    }
}
