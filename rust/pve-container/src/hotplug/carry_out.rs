//! A change of one interface, noted in a journal.

use std::path::{Path, PathBuf};

use pve_netlink::Kernel;
use pve_netlink::host::Surroundings;
use pve_netlink::host::names::GuestNames;
use pve_netlink::netns::NetNs;
use pve_netlink::request::Channel;
use pve_netlink::wait::{Poll, in_thread};
use pve_netlink::wire::Wire;

use super::add::{Job, Plugged};
use super::error::Error;
use super::journal::Journal;
use super::nic::ContainerNic;
use super::update::Update;
use super::{names, remove};
use crate::interfaces::netns_of;

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

/// Where the container is.
#[derive(Debug)]
pub enum Where {
    /// In this network namespace, if it is known.
    Opened(Option<NetNs>),
    /// In the network namespace of this process.
    Pid(u32),
    /// In the network namespace at this path.
    NetNs(PathBuf),
}

impl Where {
    /// Its namespace. To take an interface out it need not be known: its end goes with the host's.
    pub(crate) fn open(
        self,
        kernel: &dyn Kernel,
        wire: &dyn Wire,
        vmid: u32,
        wanted: &Wanted<'_>,
    ) -> Result<Option<NetNs>, Error> {
        let (opened, is_process) = match self {
            Self::Opened(netns) => return Ok(netns),
            Self::Pid(pid) => (kernel.netns(wire, &netns_of(pid)), true),
            Self::NetNs(path) => (kernel.netns(wire, &path), false),
        };
        match opened {
            Ok(netns) => Ok(Some(netns)),
            Err(_) if matches!(wanted, Wanted::Remove) => Ok(None),
            Err(error) if is_process && error.errno().is_some() => {
                Err(Error::NotRunning { vmid, why: error.to_string() })
            }
            Err(error) => Err(error.into()),
        }
    }
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

/// What is said of a container whose network namespace is not known where it is needed.
pub(crate) fn no_namespace(vmid: u32) -> Error {
    Error::NotRunning { vmid, why: "its network namespace is not known".into() }
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
    place: Where,
    journal: &dyn Journal,
    poll: &mut Poll<'_>,
) -> Result<Option<Plugged>, Error> {
    let Here { kernel, surroundings, root } = here;
    let name = host_end(vmid, netid)?;
    let job = |nic| Job { kernel, surroundings, root, vmid, netid, nic };
    in_thread(poll, |cancel| {
        let wire = kernel.wire()?;
        let netns = place.open(kernel, wire.as_ref(), vmid, wanted)?;
        let netns = netns.as_ref();
        netns.map_or(Ok(()), |netns| journal.container(netns))?;
        let needed = || netns.ok_or_else(|| no_namespace(vmid));
        match *wanted {
            Wanted::Add(nic) => job(nic).add(wire, needed()?, journal, cancel).map(Some),
            Wanted::Update(nic, old) => {
                let update = Update { job: job(nic), old };
                update.run(wire, needed()?, journal, cancel).map(Some)
            }
            Wanted::Remove => {
                let removed = remove::remove(kernel, wire, &name, netns, journal, cancel);
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
