//! A change of one interface, noted in a journal.

use std::path::Path;

use pve_netlink::Kernel;
use pve_netlink::host::Surroundings;
use pve_netlink::host::names::GuestNames;
use pve_netlink::netns::NetNs;
use pve_netlink::request::Channel;
use pve_netlink::wait::{Poll, in_thread};

use super::add::{Job, Plugged};
use super::error::Error;
use super::journal::Journal;
use super::nic::ContainerNic;
use super::update::Update;
use super::{names, remove};

/// What is wanted of an interface.
#[derive(Debug, Clone, Copy)]
pub enum Wanted<'a> {
    /// Plug it in.
    Add(&'a ContainerNic),
    /// Take it out.
    Remove,
    /// Make it what the first says. The second says what it was configured as, if that is known.
    Update(&'a ContainerNic, Option<&'a ContainerNic>),
}

/// The host that it is done on.
#[derive(Clone, Copy)]
pub struct Here<'a> {
    /// The kernel.
    pub kernel: &'a dyn Kernel,
    /// What a change needs besides.
    pub surroundings: &'a Surroundings<'a>,
    /// The folder that the node's files are below.
    pub root: &'a Path,
}

/// The name of the host's end of `net<netid>` of container `vmid`.
///
/// # Errors
/// [`Error::BadValue`]
pub fn host_end(vmid: u32, netid: u32) -> Result<String, Error> {
    names::host_end(vmid, netid)
}

/// Carry out what is wanted of `net<netid>` of container `vmid`; the interface, unless it was taken out. `poll` runs at
/// least every 50 ms meanwhile and may end the call. Only taking out does without the container's namespace.
///
/// # Errors
/// [`Error`]; everything is what it was, except what the error says could not be undone.
pub fn carry_out(
    here: Here<'_>,
    (vmid, netid): (u32, u32),
    wanted: &Wanted<'_>,
    netns: Option<&NetNs>,
    journal: &dyn Journal,
    poll: &mut Poll<'_>,
) -> Result<Option<Plugged>, Error> {
    let Here { kernel, surroundings, root } = here;
    let name = host_end(vmid, netid)?;
    let job = |nic| Job { kernel, surroundings, root, vmid, netid, nic };
    in_thread(poll, |cancel| {
        netns.map_or(Ok(()), |netns| journal.container(netns))?;
        let needed = || {
            let why = "its network namespace is not known".into();
            netns.ok_or(Error::NotRunning { vmid, why })
        };
        match *wanted {
            Wanted::Add(nic) => job(nic).add(kernel.wire()?, needed()?, journal, cancel).map(Some),
            Wanted::Update(nic, old) => {
                let update = Update { job: job(nic), old };
                update.run(kernel.wire()?, needed()?, journal, cancel).map(Some)
            }
            Wanted::Remove => {
                let removed = remove::remove(kernel, &name, netns, journal, cancel);
                match removed {
                    Err(Error::NotPlugged { name }) if netns.is_none() => {
                        let why = format!("interface '{name}' does not exist");
                        Err(Error::NotRunning { vmid, why })
                    }
                    removed => removed.map(|()| None),
                }
            }
        }
    })?
}

/// What is left of an interface that was being taken out: the link, if it still is the one of that index, and its firewall
/// bridge.
///
/// # Errors
/// [`Error`]
pub fn remove_rest(kernel: &dyn Kernel, name: &str, index: Option<u32>) -> Result<(), Error> {
    let wire = kernel.wire()?;
    let found = kernel.interface(wire.as_ref(), name)?;
    match found.filter(|found| Some(found.index) == index) {
        Some(found) => remove::delete(kernel, Channel::new(wire), name, found.index),
        None => GuestNames::of(name)
            .map_or(Ok(()), |names| remove::remove_firewall_bridge(kernel, &names)),
    }
}
