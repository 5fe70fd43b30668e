//! Interfaces are plugged in together: their messages on the host go out over one socket, many in one send.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;

use pve_netlink::Kernel;
use pve_netlink::host::port::Bridge;
use pve_netlink::interface::Interface;
use pve_netlink::link::Shown;
use pve_netlink::netns::NetNs;
use pve_netlink::plan::{Change, Link, Step};
use pve_netlink::request::Channel;
use pve_netlink::transaction::{Failed, Part, SharedChannel, Transaction, carry_out_together};
use pve_netlink::wait::{Cancel, Poll, in_thread};

use super::super::add::{Job, Plugged, Stop};
use super::super::error::Error;
use super::super::journal::Unnoted;
use super::super::plan::{Plan, bridge_name, supported};

/// An interface to be plugged in, or what is wrong with it.
pub(super) type Wanted<'a> = Result<(Job<'a>, &'a Path), Error>;

/// Plug in those from the first one on that can be done together; none if the first one cannot.
pub(super) fn together(
    kernel: &dyn Kernel,
    wanted: Vec<Wanted<'_>>,
    poll: &mut Poll<'_>,
) -> Result<Vec<Result<Plugged, Error>>, Error> {
    in_thread(poll, |cancel| Together::prepare(kernel, wanted, cancel)?.carry_out(cancel))?
}

/// An interface that can be plugged in together with others.
struct Ready<'a> {
    job: Job<'a>,
    plan: Plan,
    bridge: Shown,
    netns: NetNs,
}

struct Together<'a> {
    kernel: &'a dyn Kernel,
    channel: SharedChannel,
    all: Vec<Result<Ready<'a>, Error>>,
}

/// A bridge as it was found: by its name, and as the kernel shows it.
type Found = (Option<Interface>, Option<Shown>);

impl<'a> Together<'a> {
    fn prepare(
        kernel: &'a dyn Kernel,
        wanted: Vec<Wanted<'a>>,
        cancel: &Cancel,
    ) -> Result<Self, Error> {
        let channel = Rc::new(RefCell::new(Channel::new(kernel.wire()?)));
        let mut bridges = HashMap::new();
        let mut all = Vec::new();
        for one in wanted {
            let ready = one
                .and_then(|(job, netns)| ready(kernel, &channel, cancel, &mut bridges, job, netns));
            match ready.transpose() {
                Some(one) => all.push(one),
                None => break,
            }
        }
        Ok(Self { kernel, channel, all })
    }

    fn carry_out(self, cancel: &Cancel) -> Result<Vec<Result<Plugged, Error>>, Error> {
        let mut going: Vec<_> = self
            .all
            .iter()
            .map(|one| {
                let Ready { job, plan, bridge, netns } = one.as_ref().map_err(Clone::clone)?;
                let channel = self.channel.clone();
                let mut tx = Transaction::begin_on(self.kernel, channel, cancel, Some(netns));
                tx.knows(&Link::Host(plan.bridge.name.as_str().into()), bridge.index);
                Ok(Going { job, plan, bridge, tx })
            })
            .collect();
        step(&mut going, |one| {
            let steps = one.plan.make().into_iter();
            // The bridges were read for all of them before.
            steps.filter(|step| !matches!(step.change, Change::Look(_))).collect()
        });
        step(&mut going, |one| {
            let bridge = Bridge {
                name: one.plan.bridge.name.as_str().into(),
                mtu: one.plan.bridge.mtu,
                vlan_filtering: one.bridge.vlan_filtering,
            };
            one.plan.connect(&bridge, one.bridge.bridge.as_ref())
        });
        Ok(going
            .into_iter()
            .map(|one| {
                let mut one = one?;
                Job::finish(&mut one.tx, one.plan, &Unnoted).map_err(|stop| one.stopped(stop))
            })
            .collect())
    }
}

/// See whether an interface can be plugged in together with others; none if not: what is left over of its firewall bridge
/// has to be removed before, or its VLAN's bridge has to be made.
fn ready<'a>(
    kernel: &dyn Kernel,
    channel: &SharedChannel,
    cancel: &Cancel,
    bridges: &mut HashMap<String, Found>,
    job: Job<'a>,
    netns: &Path,
) -> Result<Option<Ready<'a>>, Error> {
    supported(job.nic)?;
    let name = bridge_name(job.nic)?;
    let look = |name: &str| kernel.interface(channel.borrow().wire(), name);
    if !bridges.contains_key(name) {
        let mut tx = Transaction::begin_on(kernel, channel.clone(), cancel, None);
        let found = look(name)?;
        let shown = match found {
            Some(_) => tx.look(&[name])?.pop().flatten(),
            None => None,
        };
        bridges.insert(name.to_owned(), (found, shown));
    }
    let (found, shown) = bridges.get(name).cloned().unwrap_or_default();
    let plan = job.plan_on(name, found.as_ref())?;
    let Some(bridge) = shown else { return Ok(None) };
    let for_vlans = plan.tag.is_some() || !plan.vlans.trunks.is_empty();
    if for_vlans && !bridge.vlan_filtering {
        return Ok(None);
    }
    if let Some(names) = &plan.firewall {
        if look(&names.bridge)?.is_some() || look(&names.link)?.is_some() {
            return Ok(None);
        }
    }
    let netns = kernel.netns(channel.borrow().wire(), netns)?;
    Ok(Some(Ready { job, plan, bridge, netns }))
}

/// An interface that is being plugged in.
struct Going<'t, 'a> {
    job: &'t Job<'a>,
    plan: &'t Plan,
    bridge: &'t Shown,
    tx: Transaction<'t>,
}

impl Going<'_, '_> {
    fn stopped(self, stop: Stop) -> Error {
        self.job.stopped(stop, self.tx, self.plan)
    }
}

/// Carry out the next steps of all that have not failed. What fails is undone at once.
fn step(
    going: &mut Vec<Result<Going<'_, '_>, Error>>,
    steps: impl Fn(&Going<'_, '_>) -> Vec<Step>,
) {
    let steps: Vec<_> = going.iter().flatten().map(steps).collect();
    let parts = going.iter_mut().flatten().zip(&steps);
    let parts = parts.map(|(one, steps)| Part { tx: &mut one.tx, steps }).collect();
    let mut results = carry_out_together(parts).into_iter();
    *going = std::mem::take(going)
        .into_iter()
        .map(|one| {
            let one = one?;
            let failed: Option<Box<Failed>> = results.next().and_then(Result::err);
            match failed {
                Some(failed) => Err(one.stopped(failed.into())),
                None => Ok(one),
            }
        })
        .collect();
}
