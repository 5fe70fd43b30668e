//! Many interfaces plugged in or taken out at once, as when a node boots or is emptied.

mod add;
mod remove;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use pve_netlink::Kernel;
use pve_netlink::host::Surroundings;
use pve_netlink::host::ovs::Installed;
use pve_netlink::wait::Poll;

use super::add::{Job, Plugged, hotplug_add_below};
use super::error::Error;
use super::names;
use super::nic::ContainerNic;
use super::remove::hotplug_remove_on;
use crate::interfaces::netns_of;
use crate::network_lock::NetworkLockFile;

/// How many interfaces are on their way at once: few enough for their namespaces' descriptors, and for the caller's hook to
/// run in time.
const ADDED_AT_ONCE: usize = 32;

/// How many interfaces are deleted at once, while nobody else can change the host's network: some 60 ms.
const REMOVED_AT_ONCE: usize = 128;

/// What is to be done about one interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The container.
    pub vmid: u32,
    /// The N of `netN`.
    pub netid: u32,
    /// What, or what is wrong with it.
    pub op: Result<Op, Error>,
}

/// Plug in, or take out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    /// As [`super::hotplug_add`].
    Add {
        /// The interface.
        nic: Box<ContainerNic>,
        /// The container's network namespace.
        netns: PathBuf,
    },
    /// As [`super::hotplug_remove`].
    Remove,
}

/// An [`Item`] as a caller gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given<'a> {
    /// `add` or `remove`.
    pub op: &'a str,
    /// The container.
    pub vmid: u32,
    /// The N of `netN`.
    pub netid: u32,
    /// The interface, for `add`.
    pub nic: Option<Result<ContainerNic, Error>>,
    /// The container's network namespace, for `add`.
    pub netns: Option<PathBuf>,
    /// A process in the container, in place of `netns`.
    pub pid: Option<u32>,
}

impl Item {
    /// With what is wrong with it, if anything is.
    #[must_use]
    pub fn new(given: Given<'_>) -> Self {
        let Given { vmid, netid, .. } = given;
        Self { vmid, netid, op: op(given) }
    }
}

fn op(given: Given<'_>) -> Result<Op, Error> {
    match given.op {
        "remove" => return Ok(Op::Remove),
        "add" => {}
        other => return Err(Error::bad("op", other, "it must be add or remove")),
    }
    let why = "the interface as parse_lxc_network returns it";
    let nic = Box::new(given.nic.ok_or(Error::Missing { key: "net", why })??);
    let netns = match (given.netns, given.pid) {
        (Some(netns), None) => netns,
        (None, Some(pid)) => netns_of(pid),
        (None, None) => {
            let why = "the path of the container's network namespace, or pid, a process in it";
            return Err(Error::Missing { key: "netns", why });
        }
        (Some(_), Some(pid)) => return Err(Error::bad("pid", pid, "netns is given, too")),
    };
    Ok(Op::Add { nic, netns })
}

/// What became of one interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Did {
    /// It is plugged in.
    Plugged(Plugged),
    /// It is taken out; the name that the host's end had.
    Removed(String),
}

/// Do what the items say, on the node whose files are below `root`; for each what became of it, in their order. It is as if
/// they were done one after another, and one that fails is undone by itself. `poll` runs at least every 50 ms meanwhile
/// and may end the call: what is on its way then is undone, what is done stays.
///
/// # Errors
/// Only what ends the call as a whole, such as [`pve_netlink::Error::Interrupted`].
pub fn hotplug_batch(
    root: &Path,
    kernel: &dyn Kernel,
    items: &[Item],
    poll: &mut Poll<'_>,
) -> Result<Vec<Result<Did, Error>>, Error> {
    let mut results = Vec::new();
    while let Some(rest) = items.get(results.len()..).filter(|rest| !rest.is_empty()) {
        let run = first_run(rest);
        let done = match run {
            [_] => Vec::new(),
            [Item { op: Ok(Op::Remove), .. }, ..] => remove::together(kernel, run, poll)?,
            _ => add_together(root, kernel, run, poll)?,
        };
        if done.is_empty() {
            results.extend(rest.first().map(|item| alone(root, kernel, item, poll)));
        }
        results.extend(done);
        let interrupted = results.iter().any(|one| one.as_ref().is_err_and(Error::is_interrupted));
        if interrupted || poll().is_err() {
            return Err(pve_netlink::Error::Interrupted.into());
        }
    }
    Ok(results)
}

/// Those from the first one on that can be done together: all of one kind, each about another interface.
fn first_run(items: &[Item]) -> &[Item] {
    let is_removal = |item: &Item| item.op == Ok(Op::Remove);
    let removal = items.first().is_some_and(is_removal);
    let most = if removal { REMOVED_AT_ONCE } else { ADDED_AT_ONCE };
    let mut seen = std::collections::HashSet::new();
    let fits = |item: &&Item| is_removal(item) == removal && seen.insert((item.vmid, item.netid));
    let count = items.iter().take(most).take_while(fits).count();
    items.get(..count).unwrap_or_default()
}

fn alone(root: &Path, kernel: &dyn Kernel, item: &Item, poll: &mut Poll<'_>) -> Result<Did, Error> {
    let Item { vmid, netid, op } = item;
    match op.as_ref().map_err(Clone::clone)? {
        Op::Add { nic, netns } => {
            hotplug_add_below(root, kernel, *vmid, *netid, nic, netns, poll).map(Did::Plugged)
        }
        Op::Remove => {
            let name = names::host_end(*vmid, *netid)?;
            hotplug_remove_on(kernel, *vmid, *netid, poll).map(|()| Did::Removed(name))
        }
    }
}

fn add_together(
    root: &Path,
    kernel: &dyn Kernel,
    run: &[Item],
    poll: &mut Poll<'_>,
) -> Result<Vec<Result<Did, Error>>, Error> {
    let file = root.join("etc/network/interfaces");
    let content = OnceLock::new();
    let surroundings = Surroundings {
        lock: &NetworkLockFile::below(root),
        ovs: &Installed::below(root),
        interfaces: &|| content.get_or_init(|| std::fs::read(&file).ok()).clone(),
    };
    let surroundings = &surroundings;
    let mut wanted = Vec::new();
    for Item { vmid, netid, op } in run {
        wanted.push(match op {
            Ok(Op::Add { nic, netns }) => {
                let (vmid, netid) = (*vmid, *netid);
                let job = Job { kernel, surroundings, root, vmid, netid, nic };
                Ok((job, netns.as_path()))
            }
            Ok(Op::Remove) => continue,
            Err(error) => Err(error.clone()),
        });
    }
    let done = add::together(kernel, wanted, poll)?;
    Ok(done.into_iter().map(|result| result.map(Did::Plugged)).collect())
}
