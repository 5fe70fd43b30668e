//! An interface is plugged in.

use std::path::Path;

use pve_netlink::host::interfaces_file::learning_is_disabled;
use pve_netlink::host::ovs::Installed;
use pve_netlink::host::port::Bridge;
use pve_netlink::host::{Call, Died, Surroundings, firewall};
use pve_netlink::interface::Interface;
use pve_netlink::link::{Shown, show_all};
use pve_netlink::netns::NetNs;
use pve_netlink::physical_ports::physical_ports;
use pve_netlink::plan::{Change, Link, Name};
use pve_netlink::snapshot::Links;
use pve_netlink::transaction::{Failed, Failure, Transaction};
use pve_netlink::wait::{Cancel, Poll, in_thread};
use pve_netlink::wire::Wire;
use pve_netlink::{Errno, Host, Kernel};

use serde::{Deserialize, Serialize};

use super::before::Before;
use super::error::Error;
use super::journal::{Journal, Unnoted};
use super::nic::ContainerNic;
use super::plan::{NodeSetup, Plan, bridge_name, plan, supported};
use crate::firewall::needs_bridges;
use crate::network_lock::NetworkLockFile;

/// An interface that was plugged in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    in_thread(poll, |cancel| {
        let wire = kernel.wire()?;
        let netns = kernel.netns(wire.as_ref(), netns)?;
        job.add(wire, &netns, &Unnoted, cancel)
    })?
}

/// One interface to be plugged in.
pub(crate) struct Job<'a> {
    pub(crate) kernel: &'a dyn Kernel,
    pub(crate) surroundings: &'a Surroundings<'a>,
    pub(crate) root: &'a Path,
    pub(crate) vmid: u32,
    pub(crate) netid: u32,
    pub(crate) nic: &'a ContainerNic,
}

/// Why it stops: at a step, or for a reason of its own.
pub(crate) enum Stop {
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
    /// What is to be done, and the bridge that it is about.
    pub(super) fn plan(&self, wire: &dyn Wire) -> Result<Plan, Error> {
        let name = bridge_name(self.nic)?;
        let bridge = self.kernel.interface(wire, name)?;
        self.plan_on(name, bridge.as_ref())
    }

    /// The plan for the bridge of that name, as far as it was found.
    pub(crate) fn plan_on(&self, name: &str, bridge: Option<&Interface>) -> Result<Plan, Error> {
        let file = (self.surroundings.interfaces)();
        let learning = !file.is_some_and(|content| learning_is_disabled(&content, name));
        let firewall_bridges = self.nic.firewall && needs_bridges(self.root);
        let node = NodeSetup { learning, firewall_bridges };
        plan(self.vmid, self.netid, self.nic, bridge, node)
    }

    /// Plug it in, on the calling thread, which is in the container's namespace afterwards.
    pub(super) fn add(
        &self,
        wire: Box<dyn Wire>,
        netns: &NetNs,
        journal: &dyn Journal,
        cancel: &Cancel,
    ) -> Result<Plugged, Error> {
        journal.step("plan")?;
        let plan = self.plan(wire.as_ref())?;
        if self.kernel.interface(wire.as_ref(), &plan.pair.name)?.is_some() {
            return Err(Error::NameTaken { name: plan.pair.name });
        }
        let replacing = |defaults| journal.before(&Before { defaults, ..Before::default() });
        let mut tx = Transaction::begin(self.kernel, wire, cancel, Some(netns));
        tx.tell_replaced(&replacing);
        tx.knows(&Link::Host(plan.bridge.name.as_str().into()), plan.bridge.index);
        match self.plug(&mut tx, &plan, journal, cancel) {
            Ok(plugged) => Ok(plugged),
            Err(stop) => Err(self.stopped(stop, tx, &plan)),
        }
    }

    fn plug(
        &self,
        tx: &mut Transaction<'_>,
        plan: &Plan,
        journal: &dyn Journal,
        cancel: &Cancel,
    ) -> Result<Plugged, Stop> {
        let mut left_over = None;
        if let Some(names) = &plan.firewall {
            // Left over from a container that did not end well. Mostly there is nothing.
            let there = |name: &str| tx.interface(name).map(|found| found.is_some());
            left_over = (there(&names.bridge)? || there(&names.link)?).then_some(names);
        }
        let links = match left_over {
            Some(_) => Links::read(tx, &plan.links())?,
            None => Links::absent(plan.links()),
        };
        journal.before(&Before { links, ..Before::default() })?;
        if let Some(names) = left_over {
            let remains = firewall::find(tx, names)?;
            tx.carry_out(&firewall::remove(&remains, None))?;
        }
        journal.step("make the links")?;
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
                return Err(Stop::Other(no_trunks(self.nic)));
            }
            if let Some(tag) = plan.tag {
                journal.step("make the VLAN's bridge")?;
                journal.before(&before_vlan_bridge(tx, found, tag)?)?;
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
        journal.step("connect the host's end")?;
        tx.carry_out(&plan.connect(&bridge, settings.as_ref()))?;
        Self::finish(tx, plan, journal)
    }

    /// The part inside the container, in whose namespace the thread is from then on.
    pub(crate) fn finish(
        tx: &mut Transaction<'_>,
        plan: &Plan,
        journal: &dyn Journal,
    ) -> Result<Plugged, Stop> {
        journal.step("configure the container's end")?;
        tx.carry_out(plan.inside())?;
        if let Some(last) = plan.inside().last() {
            tx.commit(last)?;
        }
        journal.commit()?;
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
    pub(crate) fn stopped(&self, stop: Stop, tx: Transaction<'_>, plan: &Plan) -> Error {
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

/// The bridge of a VLAN and the links that lead it out of the host, as they are.
pub(super) fn before_vlan_bridge(
    tx: &mut Transaction<'_>,
    bridge: &Shown,
    tag: u16,
) -> Result<Before, pve_netlink::Error> {
    let all = tx.read(vec![show_all()])?;
    let ports = all.iter().flat_map(|all| physical_ports(all, bridge.index));
    let mut names: Vec<Name> = ports.map(|port| format!("{port}.{tag}").into()).collect();
    names.push(format!("{}v{tag}", bridge.name).into());
    Ok(Before { links: Links::read(tx, &names)?, ..Before::default() })
}

/// What is said of trunks where the bridge does not filter VLANs.
pub(super) fn no_trunks(nic: &ContainerNic) -> Error {
    let why = "vlan aware feature need to be enabled to use trunks";
    Error::bad("trunks", nic.trunks.as_deref().unwrap_or_default(), why)
}
