//! Interfaces are taken out together: their links, and those of their firewall bridges, are deleted as one group.

use std::cell::RefCell;
use std::rc::Rc;

use pve_netlink::Kernel;
use pve_netlink::delete_group::delete_together;
use pve_netlink::host::names::GuestNames;
use pve_netlink::link::Shown;
use pve_netlink::request::Channel;
use pve_netlink::transaction::Transaction;
use pve_netlink::wait::{Cancel, Poll, in_thread};

use super::super::error::Error;
use super::super::names;
use super::super::remove::{check_ours, hotplug_remove_on};
use super::{Did, Item};

/// How many links are looked at in one send: each answer takes up to 5 KiB of the socket's buffer.
const LOOKED_AT: usize = 32;

/// Take all of them out.
pub(super) fn together(
    kernel: &dyn Kernel,
    items: &[Item],
    poll: &mut Poll<'_>,
) -> Result<Vec<Result<Did, Error>>, Error> {
    let Removal { names, deleted } = in_thread(poll, |cancel| remove(kernel, items, cancel))??;
    let mut results = Vec::new();
    for (item, name) in items.iter().zip(names) {
        let result = match name {
            Ok(name) if !deleted => match hotplug_remove_on(kernel, item.vmid, item.netid, poll) {
                // It was there: what deleted it is the group, or somebody else.
                Ok(()) | Err(Error::NotPlugged { .. }) => Ok(name),
                Err(error) => Err(error),
            },
            result => result,
        };
        let interrupted = result.as_ref().is_err_and(Error::is_interrupted);
        results.push(result.map(Did::Removed));
        if interrupted {
            break;
        }
    }
    Ok(results)
}

struct Removal {
    /// Of the host's ends that are to be deleted, or why one is not.
    names: Vec<Result<String, Error>>,
    /// Whether they were deleted together.
    deleted: bool,
}

fn remove(kernel: &dyn Kernel, items: &[Item], cancel: &Cancel) -> Result<Removal, Error> {
    let channel = Rc::new(RefCell::new(Channel::new(kernel.wire()?)));
    let mut looking = Transaction::begin_on(kernel, channel.clone(), cancel, None);
    let mut names: Vec<_> =
        items.iter().map(|item| names::host_end(item.vmid, item.netid)).collect();
    let valid: Vec<_> = names.iter().flatten().cloned().collect();
    let mut found = look(&mut looking, &valid)?.into_iter();
    let mut links = Vec::new();
    for name in &mut names {
        let Ok(valid) = name else { continue };
        match ours(valid, found.next().flatten()) {
            Ok(shown) => links.push(shown),
            Err(error) => *name = Err(error),
        }
    }
    let guests: Vec<_> = names.iter().flatten().filter_map(|name| GuestNames::of(name)).collect();
    let firewalls: Vec<_> = guests.iter().flat_map(|names| [&names.bridge, &names.link]).collect();
    links.extend(look(&mut looking, &firewalls)?.into_iter().flatten());
    if links.is_empty() {
        return Ok(Removal { names, deleted: true });
    }
    let deleted = delete_together(&mut channel.borrow_mut(), &links, cancel);
    if deleted == Err(pve_netlink::Error::Interrupted) {
        return Err(pve_netlink::Error::Interrupted.into());
    }
    Ok(Removal { names, deleted: deleted.is_ok() })
}

fn ours(name: &str, shown: Option<Shown>) -> Result<Shown, Error> {
    let shown = shown.ok_or_else(|| Error::NotPlugged { name: name.into() })?;
    check_ours(name, Some(shown))
}

fn look<N: AsRef<str>>(
    tx: &mut Transaction<'_>,
    names: &[N],
) -> Result<Vec<Option<Shown>>, pve_netlink::Error> {
    let mut found = Vec::new();
    for some in names.chunks(LOOKED_AT) {
        found.extend(tx.look(some)?);
    }
    Ok(found)
}
