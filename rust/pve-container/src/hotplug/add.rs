//! An interface is plugged in.

use std::path::Path;

use pve_netlink::host::interfaces_file::learning_is_disabled;
use pve_netlink::host::ovs::Installed;
use pve_netlink::host::port::Bridge;
use pve_netlink::host::{Call, Died, Surroundings, firewall};
use pve_netlink::interface::Interface;
use pve_netlink::plan::{Change, Link};
use pve_netlink::transaction::{Failed, Failure, Transaction};
use pve_netlink::wait::{Cancel, Poll, in_thread};
use pve_netlink::{Errno, Host, Kernel};

use super::error::Error;
use super::nic::ContainerNic;
use super::plan::{NodeSetup, Plan, bridge_name, plan, supported};
use crate::firewall::needs_bridges;
use crate::network_lock::NetworkLockFile;

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
/// `/proc/<pid>/ns/net`. `poll` runs at least every 50 ms meanwhile and may end the call. The node's files are below `/`.
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
    hotplug_add_below(Path::new("/"), kernel, vmid, netid, nic, netns, poll)
}

/// [`hotplug_add_on`] with the node's files below `root`.
///
/// # Errors
/// As [`hotplug_add`].
pub fn hotplug_add_below(
    root: &Path,
    kernel: &dyn Kernel,
    vmid: u32,
    netid: u32,
    nic: &ContainerNic,
    netns: &Path,
    poll: &mut Poll<'_>,
) -> Result<Plugged, Error> {
    supported(nic)?;
    let file = root.join("etc/network/interfaces");
    let surroundings = Surroundings {
        lock: &NetworkLockFile::below(root),
        ovs: &Installed::below(root),
        interfaces: &|| std::fs::read(&file).ok(),
    };
    let job = Job { kernel, surroundings: &surroundings, root, vmid, netid, nic };
    in_thread(poll, |cancel| job.add(netns, cancel))?
}

/// An interface to be plugged in.
pub(super) struct Job<'a> {
    pub(super) kernel: &'a dyn Kernel,
    pub(super) surroundings: &'a Surroundings<'a>,
    pub(super) root: &'a Path,
    pub(super) vmid: u32,
    pub(super) netid: u32,
    pub(super) nic: &'a ContainerNic,
}

/// Why it stops: at a step, or for a reason of its own.
pub(super) enum Stop {
    Step(Box<Failed>),
    Other(Error),
}

impl From<Box<Failed>> for Stop {
    fn from(failed: Box<Failed>) -> Self {
        Self::Step(failed)
    }
}

impl From<pve_netlink::Error> for Stop {
    fn from(error: pve_netlink::Error) -> Self {
        Self::Other(error.into())
    }
}

impl Job<'_> {
    fn add(&self, netns: &Path, cancel: &Cancel) -> Result<Plugged, Error> {
        let name = bridge_name(self.nic)?;
        let wire = self.kernel.wire()?;
        let bridge = self.kernel.interface(wire.as_ref(), name)?;
        let plan = self.plan(name, bridge.as_ref())?;
        let netns = self.kernel.netns(wire.as_ref(), netns)?;
        let mut tx = Transaction::begin(self.kernel, wire, cancel, Some(&netns));
        tx.knows(&Link::Host(plan.bridge.name.as_str().into()), plan.bridge.index);
        match self.plug(&mut tx, &plan, cancel) {
            Ok(plugged) => Ok(plugged),
            Err(stop) => Err(self.stopped(stop, tx, &plan)),
        }
    }

    /// The plan for the bridge of that name, as far as it was found.
    pub(super) fn plan(&self, name: &str, bridge: Option<&Interface>) -> Result<Plan, Error> {
        let file = (self.surroundings.interfaces)();
        let learning = !file.is_some_and(|content| learning_is_disabled(&content, name));
        let firewall_bridges = self.nic.firewall && needs_bridges(self.root);
        let node = NodeSetup { learning, firewall_bridges };
        plan(self.vmid, self.netid, self.nic, bridge, node)
    }

    fn plug(
        &self,
        tx: &mut Transaction<'_>,
        plan: &Plan,
        cancel: &Cancel,
    ) -> Result<Plugged, Stop> {
        if let Some(names) = &plan.firewall {
            // Left over from a container that did not end well. Mostly there is nothing.
            let there = |name: &str| tx.interface(name).map(|found| found.is_some());
            if there(&names.bridge)? || there(&names.link)? {
                let remains = firewall::find(tx, names)?;
                tx.carry_out(&firewall::remove(&remains, None))?;
            }
        }
        tx.carry_out(&plan.make())?;
        let found = tx.shown(&plan.bridge.name).cloned();
        let mut settings = found.as_ref().and_then(|found| found.bridge);
        let mut bridge = Bridge {
            name: plan.bridge.name.as_str().into(),
            mtu: plan.bridge.mtu,
            vlan_filtering: found.as_ref().is_some_and(|found| found.vlan_filtering),
        };
        if let (Some(found), false) = (&found, bridge.vlan_filtering) {
            if !plan.vlans.trunks.is_empty() {
                let why = "vlan aware feature need to be enabled to use trunks";
                let trunks = self.nic.trunks.as_deref().unwrap_or_default();
                return Err(Stop::Other(Error::bad("trunks", trunks, why)));
            }
            if let Some(tag) = plan.tag {
                let mut call = Call::here(self.kernel, cancel, self.surroundings);
                let made = call.vlan_bridge(tx, found, tag).map_err(|died| self.died(died))?;
                let copy = firewall::copy_settings(
                    &made.bridge.name,
                    settings.as_ref(),
                    made.there.as_ref(),
                );
                tx.carry_out(&copy)?;
                tx.keep(made.lock);
                settings = settings.or(made.there.and_then(|shown| shown.bridge));
                bridge = made.bridge;
            }
        }
        tx.carry_out(&plan.connect(&bridge, settings.as_ref()))?;
        Self::finish(tx, plan)
    }

    /// The part inside the container, in whose namespace the thread is from then on.
    pub(super) fn finish(tx: &mut Transaction<'_>, plan: &Plan) -> Result<Plugged, Stop> {
        tx.carry_out(plan.inside())?;
        if let Some(last) = plan.inside().last() {
            tx.commit(last)?;
        }
        let index = |link| tx.index(&link).unwrap_or(0);
        Ok(Plugged {
            name: plan.pair.name.clone(),
            index: index(Link::Host(plan.pair.name.as_str().into())),
            peer_name: plan.pair.peer_name.clone(),
            peer_index: index(Link::Inside(plan.pair.peer_name.as_str().into())),
        })
    }

    fn died(&self, died: Died) -> Stop {
        Stop::Other(match died {
            Died::Text(why) | Died::AtCaller(why) => {
                Error::Vlan { netid: self.netid, why: why.trim_end().into() }
            }
            Died::Interrupted => Error::Netlink(pve_netlink::Error::Interrupted),
        })
    }

    /// Undo it, and say why.
    pub(super) fn stopped(&self, stop: Stop, tx: Transaction<'_>, plan: &Plan) -> Error {
        let undo = tx.undo();
        let failed = match stop {
            Stop::Step(failed) => failed,
            Stop::Other(error) if undo.is_empty() => return error,
            Stop::Other(error) => return Error::NotUndone { error: Box::new(error), undo },
        };
        let Failed { step, error } = *failed;
        // The kernel does not say which of the two names is taken.
        let taken = error.errno() == Some(Errno::EEXIST)
            && matches!(step.change, Change::AddVeth { inside: true, .. })
            && self.is_there(&plan.pair.name);
        if taken {
            return Error::NameTaken { name: plan.pair.name.clone() };
        }
        Error::Step { netid: self.netid, failure: Box::new(Failure { step, error, undo }) }
    }

    fn is_there(&self, name: &str) -> bool {
        let wire = self.kernel.wire();
        let found = wire.and_then(|wire| self.kernel.interface(wire.as_ref(), name));
        found.is_ok_and(|found| found.is_some())
    }
}
