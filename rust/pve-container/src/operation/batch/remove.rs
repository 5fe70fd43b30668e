//! Interfaces are taken out together: their links, and those of their firewall bridges, are deleted as one group.

use std::cell::RefCell;
use std::rc::Rc;

use pve_netlink::Kernel;
use pve_netlink::delete_group::delete_together;
use pve_netlink::host::names::GuestNames;
use pve_netlink::link::Shown;
use pve_netlink::request::Channel;
use pve_netlink::snapshot::Links;
use pve_netlink::transaction::{SharedChannel, Transaction};
use pve_netlink::wait::{Cancel, Poll, in_thread};

use super::super::carry_out::Request;
use super::super::{OperationError, Operations, Running};
use super::{Results, did, has_descriptors};
use crate::hotplug::remove::check_ours;
use crate::hotplug::{Before, Error, host_end, hotplug_remove_on};

/// How many links are looked at in one send: each answer takes up to 5 KiB of the socket's buffer.
const LOOKED_AT: usize = 32;

/// One that is to be taken out.
struct Going {
    name: String,
    running: Running,
    /// Its link, or why it is not deleted.
    shown: Result<Shown, Error>,
}

impl Operations {
    /// Take out those from the first one on that can be done together; none if the first one cannot.
    pub(super) fn remove_together(
        &self,
        kernel: &dyn Kernel,
        run: &[&Request],
        poll: &mut Poll<'_>,
    ) -> Result<Results, OperationError> {
        let mut all = Vec::new();
        for request in run {
            let last = all.iter().flatten().next_back();
            if last.is_some_and(|last: &Going| !has_descriptors(&last.running)) {
                break;
            }
            match self.going(request).transpose() {
                Some(one) => all.push(one),
                None => break,
            }
        }
        let removed = in_thread(poll, |cancel| remove(kernel, &mut all, cancel));
        let removed = removed.map_err(Error::from).and_then(|removed| removed.map_err(Error::from));
        let ended = |one: Result<Going, OperationError>, request: &Request, poll: &mut Poll<'_>| {
            let Going { name, running, shown } = one?;
            let result = match (&removed, shown) {
                (_, Err(error)) => Err(error),
                (Ok(()), Ok(_)) => Ok(None),
                (Err(error), _) if error.is_interrupted() => Err(error.clone()),
                // It was there: what deleted it is the group, or somebody else.
                (Err(_), Ok(_)) => {
                    match hotplug_remove_on(kernel, request.vmid, request.netid, poll) {
                        Ok(()) | Err(Error::NotPlugged { .. }) => Ok(None),
                        Err(error) => Err(error),
                    }
                }
            };
            did(running, name, result)
        };
        Ok(all.into_iter().zip(run).map(|(one, request)| ended(one, request, poll)).collect())
    }

    fn going(&self, request: &Request) -> Result<Option<Going>, OperationError> {
        let name = host_end(request.vmid, request.netid)?;
        let running = self.begin_with_others(request, &name)?;
        Ok(running.map(|running| {
            let shown = Err(Error::NotPlugged { name: name.clone() });
            Going { name, running, shown }
        }))
    }
}

fn remove(
    kernel: &dyn Kernel,
    all: &mut [Result<Going, OperationError>],
    cancel: &Cancel,
) -> Result<(), pve_netlink::Error> {
    let channel: SharedChannel = Rc::new(RefCell::new(Channel::new(kernel.wire()?)));
    let mut looking = Transaction::begin_on(kernel, channel.clone(), cancel, None);
    let names: Vec<_> = all.iter().flatten().map(|one| one.name.clone()).collect();
    let found = look(&mut looking, &names)?;
    let mut links = Vec::new();
    for (one, found) in all.iter_mut().flatten().zip(found) {
        if found.is_some() {
            one.shown = check_ours(&one.name, found).and_then(|shown| {
                let links = Links::to_be_deleted(shown.clone());
                one.running.about_to_delete(&Before { links, ..Before::default() })?;
                Ok(shown)
            });
        }
        links.extend(one.shown.iter().cloned());
    }
    let guests = all.iter().flatten().filter(|one| one.shown.is_ok());
    let guests: Vec<_> = guests.filter_map(|one| GuestNames::of(&one.name)).collect();
    let firewalls: Vec<_> = guests.iter().flat_map(|names| [&names.bridge, &names.link]).collect();
    links.extend(look(&mut looking, &firewalls)?.into_iter().flatten());
    if links.is_empty() {
        return Ok(());
    }
    delete_together(&mut channel.borrow_mut(), &links, cancel)
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
