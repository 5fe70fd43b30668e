//! Interfaces are plugged in together: their messages on the host go out over one socket, many in one send.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::OnceLock;

use pve_netlink::Kernel;
use pve_netlink::host::Surroundings;
use pve_netlink::host::ovs::Installed;
use pve_netlink::host::port::Bridge;
use pve_netlink::interface::Interface;
use pve_netlink::link::Shown;
use pve_netlink::netns::NetNs;
use pve_netlink::plan::{Change as KernelChange, Link, Step};
use pve_netlink::request::Channel;
use pve_netlink::snapshot::{Links, Message};
use pve_netlink::transaction::{Failed, Part, SharedChannel, Transaction, carry_out_together};
use pve_netlink::wait::{Cancel, Poll, in_thread};

use super::super::carry_out::{Change, Request};
use super::super::{OperationError, Operations, Running};
use super::{Results, did, has_descriptors};
use crate::hotplug::add::{Job, Stop};
use crate::hotplug::carry_out::no_namespace;
use crate::hotplug::plan::{Plan, bridge_name};
use crate::hotplug::{Before, Error, Journal, Plugged, Wanted, Where};
use crate::network_lock::NetworkLockFile;

impl Operations {
    /// Plug in those from the first one on that can be done together; none if the first one cannot.
    pub(super) fn add_together(
        &self,
        kernel: &dyn Kernel,
        run: &[&Request],
        poll: &mut Poll<'_>,
    ) -> Result<Results, OperationError> {
        let root = self.root.as_path();
        let file = root.join("etc/network/interfaces");
        let content = OnceLock::new();
        let surroundings = Surroundings {
            lock: &NetworkLockFile::below(root),
            ovs: &Installed::below(root),
            interfaces: &|| content.get_or_init(|| std::fs::read(&file).ok()).clone(),
        };
        let mut wanted = Vec::new();
        for request in run {
            let Change::Add(nic) = &request.change else { continue };
            let Request { vmid, netid, .. } = **request;
            let job = Job { kernel, surroundings: &surroundings, root, vmid, netid, nic };
            wanted.push((*request, job, self.container(kernel, request, poll)));
        }
        let done = in_thread(poll, |cancel| {
            let together = Together::prepare(self, kernel, wanted, cancel)?;
            Ok::<_, pve_netlink::Error>(together.carry_out(cancel))
        });
        Ok(done??)
    }
}

/// An interface that can be plugged in together with others.
struct Ready<'a> {
    job: Job<'a>,
    plan: Plan,
    bridge: Shown,
    netns: NetNs,
    running: Running,
}

struct Together<'a> {
    kernel: &'a dyn Kernel,
    channel: SharedChannel,
    bridges: HashMap<String, Found>,
    all: Vec<Result<Ready<'a>, OperationError>>,
}

/// A bridge as it was found: by its name, and as the kernel shows it.
type Found = (Option<Interface>, Option<Shown>);

/// A wanted interface, and where its container is.
type WantedAt<'a> = (&'a Request, Job<'a>, Result<Where, Error>);

/// What a plan needs.
struct Looked {
    plan: Plan,
    bridge: Shown,
    netns: NetNs,
}

impl<'a> Together<'a> {
    fn prepare(
        operations: &Operations,
        kernel: &'a dyn Kernel,
        wanted: Vec<WantedAt<'a>>,
        cancel: &Cancel,
    ) -> Result<Self, pve_netlink::Error> {
        let channel = Rc::new(RefCell::new(Channel::new(kernel.wire()?)));
        let mut together = Self { kernel, channel, bridges: HashMap::new(), all: Vec::new() };
        for one in wanted {
            let last = together.all.iter().flatten().next_back();
            if last.is_some_and(|last| !has_descriptors(&last.running)) {
                break;
            }
            match together.ready(operations, cancel, one).transpose() {
                Some(one) => together.all.push(one),
                None => break,
            }
        }
        Ok(together)
    }

    /// An interface that can be plugged in together with others; none if not.
    fn ready(
        &mut self,
        operations: &Operations,
        cancel: &Cancel,
        (request, job, place): WantedAt<'a>,
    ) -> Result<Option<Ready<'a>>, OperationError> {
        let host_end = request.check()?;
        let looked = place.and_then(|place| self.look(&job, place, cancel));
        if matches!(looked, Ok(None)) {
            return Ok(None);
        }
        let Some(running) = operations.begin_with_others(request, &host_end)? else {
            return Ok(None);
        };
        let noted = looked.and_then(|looked| {
            looked.iter().try_for_each(|looked| note(&running, looked))?;
            Ok(looked)
        });
        match noted {
            Ok(looked) => Ok(looked.map(|Looked { plan, bridge, netns }| Ready {
                job,
                plan,
                bridge,
                netns,
                running,
            })),
            Err(error) => running.ended(Err(error)).map(|_| None),
        }
    }

    /// What the plan needs; none where it does not go together with others: what is left over of its firewall bridge has to
    /// be removed before, or its VLAN's bridge has to be made.
    fn look(
        &mut self,
        job: &Job<'a>,
        place: Where,
        cancel: &Cancel,
    ) -> Result<Option<Looked>, Error> {
        let Self { kernel, channel, bridges, .. } = self;
        let name = bridge_name(job.nic)?;
        let look = |name: &str| kernel.interface(channel.borrow().wire(), name);
        if !bridges.contains_key(name) {
            let mut tx = Transaction::begin_on(*kernel, channel.clone(), cancel, None);
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
        if look(&plan.pair.name)?.is_some() {
            return Err(Error::NameTaken { name: plan.pair.name });
        }
        let wire = channel.borrow();
        let netns = place.open(*kernel, wire.wire(), job.vmid, &Wanted::Add(job.nic))?;
        let netns = netns.ok_or_else(|| no_namespace(job.vmid))?;
        Ok(Some(Looked { plan, bridge, netns }))
    }

    fn carry_out(self, cancel: &Cancel) -> Results {
        let ready: Vec<_> = self.all.iter().flatten().collect();
        let replacing: Vec<_> = ready.iter().map(|one| replaced(&one.running)).collect();
        let mut going = Vec::new();
        for (one, replacing) in ready.iter().zip(&replacing) {
            let Ready { job, plan, bridge, netns, running } = one;
            let channel = self.channel.clone();
            let mut tx = Transaction::begin_on(self.kernel, channel, cancel, Some(netns));
            tx.knows(&Link::Host(plan.bridge.name.as_str().into()), bridge.index);
            tx.tell_replaced(replacing);
            going.push(Ok(Going { job, plan, bridge, running, tx }));
        }
        let mut results = plug_in(going).into_iter();
        drop(replacing);
        let ended = |one: Result<Ready<'a>, OperationError>| {
            let Ready { running, plan, .. } = one?;
            let result = results.next().unwrap_or_else(|| Err(nothing_became_of_it()));
            did(running, plan.pair.name, result.map(Some))
        };
        self.all.into_iter().map(ended).collect()
    }
}

/// What is on record before anything is done: there is nothing of the interface.
fn note(running: &Running, looked: &Looked) -> Result<(), Error> {
    let links = Links::absent(looked.plan.links());
    running.container(&looked.netns)?;
    running.step("make the links")?;
    Ok(running.before(&Before { links, ..Before::default() })?)
}

/// Notes default routes that are about to be replaced.
fn replaced(running: &Running) -> impl Fn(Vec<Message>) -> Result<(), pve_netlink::Error> + '_ {
    |defaults| running.before(&Before { defaults, ..Before::default() })
}

/// Plug in all of them; for each what became of it.
fn plug_in(mut going: Vec<Result<Going<'_, '_>, Error>>) -> Vec<Result<Plugged, Error>> {
    step(&mut going, |one| {
        let steps = one.plan.make().into_iter();
        // The bridges were read for all of them before.
        steps.filter(|step| !matches!(step.change, KernelChange::Look(_))).collect()
    });
    step(&mut going, |one| {
        let bridge = Bridge {
            name: one.plan.bridge.name.as_str().into(),
            mtu: one.plan.bridge.mtu,
            vlan_filtering: one.bridge.vlan_filtering,
        };
        one.plan.connect(&bridge, one.bridge.bridge.as_ref())
    });
    let finish = |one: Result<Going<'_, '_>, Error>| {
        let mut one = one?;
        Job::finish(&mut one.tx, one.plan, one.running).map_err(|stop| one.stopped(stop))
    };
    going.into_iter().map(finish).collect()
}

fn nothing_became_of_it() -> Error {
    pve_netlink::Error::Internal("an interface of a batch without a result".into()).into()
}

/// An interface that is being plugged in.
struct Going<'t, 'a> {
    job: &'t Job<'a>,
    plan: &'t Plan,
    bridge: &'t Shown,
    running: &'t Running,
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
