//! A plugged-in interface changes while the container runs.

use pve_netlink::bridge::{LAST_VLAN, Vlans};
use pve_netlink::host::link_set::link_set;
use pve_netlink::host::names::GuestNames;
use pve_netlink::host::port::PortVlans;
use pve_netlink::host::rate::tap_rate_change;
use pve_netlink::host::unplug::tap_unplug;
use pve_netlink::host::{Call, Died};
use pve_netlink::link::{Mac, Shown};
use pve_netlink::netns::NetNs;
use pve_netlink::request::Channel;
use pve_netlink::snapshot::{Inside, Links};
use pve_netlink::tc;
use pve_netlink::transaction::Transaction;
use pve_netlink::wait::Cancel;
use pve_netlink::wire::Wire;

use super::add::{Job, Plugged, before_vlan_bridge, no_trunks};
use super::addresses;
use super::before::{Before, Sides, restore};
use super::error::Error;
use super::journal::Journal;
use super::nic::ContainerNic;
use super::plan::Plan;
use super::remove;
use crate::net_plug::{Net, Place, net_tap_plug};
use crate::vnets::Vnets;

/// One interface to be changed.
pub(super) struct Update<'a> {
    /// As it is to be.
    pub(super) job: Job<'a>,
    /// As it was configured; where that is not known, what the kernel shows counts.
    pub(super) old: Option<&'a ContainerNic>,
}

/// What there is before the change.
struct Present {
    bridge: Shown,
    links: Links,
    inside: Inside,
    index: u32,
}

impl Update<'_> {
    /// Change it, on the calling thread. Whatever fails, it is what it was.
    pub(super) fn run(
        &self,
        wire: Box<dyn Wire>,
        netns: &NetNs,
        journal: &dyn Journal,
        cancel: &Cancel,
    ) -> Result<Plugged, Error> {
        let kernel = self.job.kernel;
        journal.step("look")?;
        let plan = self.job.plan(wire.as_ref())?;
        let name = plan.pair.name.as_str();
        let Some(interface) = kernel.interface(wire.as_ref(), name)? else {
            return Err(Error::NotPlugged { name: name.into() });
        };
        let shown = remove::look(&mut Channel::new(wire), name, interface.index)?;
        let mut before = remove::read(kernel, name, shown.peer, Some(netns))?;
        let Some(inside) = before.inside.clone() else {
            let why = "its other end is not in this container".into();
            return Err(Error::NotAContainers { name: name.into(), why });
        };
        let mut tx = Transaction::begin(kernel, kernel.wire()?, cancel, None);
        let Some(bridge) = tx.look(&[&plan.bridge.name])?.pop().flatten() else {
            return Err(Error::NoBridge { bridge: plan.bridge.name });
        };
        if !bridge.vlan_filtering {
            if !plan.vlans.trunks.is_empty() {
                return Err(no_trunks(self.job.nic));
            }
            if let (Some(tag), false) = (plan.tag, plan.link_down) {
                before.add(before_vlan_bridge(&mut tx, &bridge, tag)?);
            }
        }
        drop(tx);
        journal.before(&before)?;
        let present =
            Present { bridge, links: before.links.clone(), inside, index: interface.index };
        let sides = Sides::on_host()?;
        self.change(&plan, &present, &sides, netns, journal, cancel)
            .map_err(|error| self.undo(error, name, &before, &sides, netns))
    }

    fn undo(
        &self,
        error: Error,
        name: &str,
        before: &Before,
        sides: &Sides,
        netns: &NetNs,
    ) -> Error {
        let (error, mut undo) = match error {
            Error::NotUndone { error, undo } => (*error, undo),
            error => (error, Vec::new()),
        };
        match sides.go_out() {
            Ok(()) => undo.extend(restore(self.job.kernel, name, before, Some(netns))),
            Err(stuck) => undo.push(stuck),
        }
        if undo.is_empty() { error } else { Error::NotUndone { error: Box::new(error), undo } }
    }

    fn change(
        &self,
        plan: &Plan,
        present: &Present,
        sides: &Sides,
        netns: &NetNs,
        journal: &dyn Journal,
        cancel: &Cancel,
    ) -> Result<Plugged, Error> {
        let (kernel, nic, name) = (self.job.kernel, self.job.nic, plan.pair.name.as_str());
        let own = &present.inside.link;
        let other_mac = nic.hwaddr.is_some() && nic.hwaddr != present.inside.mac();
        if own.name != nic.name || other_mac {
            journal.step("delete the old links")?;
            cancel.check()?;
            remove::delete(kernel, Channel::new(kernel.wire()?), name, present.index)?;
            return self.job.add(kernel.wire()?, netns, journal, cancel);
        }
        if !is_connected(plan, present) {
            journal.step("connect the host's end")?;
            self.connect(plan, cancel)?;
        } else if !plan.link_down
            && limit(present, name) != plan.rate.map(tc::Rate::bytes_per_second)
        {
            journal.step("change the rate")?;
            self.call(cancel, |call| tap_rate_change(call, name, plan.rate))?;
        }
        let steps = addresses::plan(&present.inside, nic, plan.pair.peer_mtu, self.old);
        if !steps.is_empty() {
            journal.step("configure the container's end")?;
            sides.inside(kernel, netns, |channel| {
                addresses::carry_out(channel, &present.inside, &steps, cancel)
            })?;
        }
        kernel.check_still_there(netns)?;
        cancel.commit()?;
        journal.commit()?;
        Ok(Plugged {
            name: name.into(),
            index: present.index,
            peer_name: own.name.clone(),
            peer_index: own.index,
        })
    }

    /// Plug the host's end in anew, or out.
    fn connect(&self, plan: &Plan, cancel: &Cancel) -> Result<(), Error> {
        let name = plan.pair.name.as_str();
        if plan.link_down {
            self.call(cancel, |call| tap_unplug(call, name))?;
            return self.call(cancel, |call| link_set(call, name, false));
        }
        let vnets = Vnets::read(self.job.root, &plan.bridge.name, &mut |_| {});
        let vnets = vnets.map_err(|error| self.not_changed(error.to_string()))?;
        let place = Place { kernel: self.job.kernel, root: self.job.root, vnets: &vnets };
        let net = net(self.job.nic, plan);
        self.call(cancel, |call| net_tap_plug(call, place, name, &net))
    }

    /// One of the host's functions, which undoes what it did when it fails.
    fn call(
        &self,
        cancel: &Cancel,
        work: impl FnOnce(&mut Call<'_>) -> Result<(), Died>,
    ) -> Result<(), Error> {
        cancel.check()?;
        let own = Cancel::new();
        let mut call = Call::here(self.job.kernel, &own, self.job.surroundings);
        let result = work(&mut call);
        let said = call.take_warnings();
        result.map_err(|died| match died {
            Died::Interrupted => pve_netlink::Error::Interrupted.into(),
            Died::Text(why) | Died::AtCaller(why) => {
                let said = said.iter().map(|said| format!(": {}", said.trim_end()));
                self.not_changed(format!("{}{}", why.trim_end(), said.collect::<String>()))
            }
        })
    }

    fn not_changed(&self, why: String) -> Error {
        Error::NotChanged { netid: self.job.netid, why }
    }
}

/// The interface as `net_tap_plug` takes it.
fn net(nic: &ContainerNic, plan: &Plan) -> Net {
    let text = |mac: Mac| mac.map(|byte| format!("{byte:02X}")).join(":");
    Net {
        name: nic.name.clone(),
        bridge: nic.bridge.clone(),
        tag: nic.tag.clone(),
        trunks: nic.trunks.clone(),
        rate: plan.rate,
        hwaddr: nic.hwaddr.map(text),
        firewall: nic.firewall,
        link_down: nic.link_down,
    }
}

/// The limit that is there, in bytes a second.
fn limit(present: &Present, name: &str) -> Option<u64> {
    let traffic = &present.links.get(name)?.traffic;
    let (class, filter) = (traffic.class.as_ref()?, traffic.filter.as_ref()?);
    tc::rate(class).filter(|rate| tc::rate(filter) == Some(*rate))
}

/// Whether the host's end is plugged in as the plan has it.
fn is_connected(plan: &Plan, present: &Present) -> bool {
    let name = plan.pair.name.as_str();
    let (Some(names), Some(own)) = (GuestNames::of(name), present.links.get(name)) else {
        return false;
    };
    let [bridge, link, peer] =
        [&names.bridge, &names.link, &names.peer].map(|name| present.links.get(name));
    let no_firewall = bridge.is_none() && link.is_none();
    if plan.link_down {
        return own.bridge.is_none() && !own.shown.up && no_firewall;
    }
    let port = if plan.firewall.is_some() {
        let own_bridge = Some(&names.bridge);
        let between = own.bridge.as_ref() == own_bridge
            && link.is_some_and(|link| link.bridge.as_ref() == own_bridge);
        peer.filter(|_| between)
    } else {
        Some(own).filter(|_| no_firewall)
    };
    let filtering = present.bridge.vlan_filtering;
    let target = match plan.tag {
        Some(tag) if !filtering => format!("{}v{tag}", present.bridge.name),
        _ => present.bridge.name.clone(),
    };
    let Some(port) = port else { return false };
    own.shown.up
        && port.bridge.as_deref() == Some(target.as_str())
        && (!filtering || each(&port.vlans) == each(&wanted(&plan.vlans)))
}

/// As [`pve_netlink::host::port::Interface::set_vlans`] leaves them.
fn wanted(vlans: &PortVlans) -> Vec<Vlans> {
    let mut all = vlans.trunks.clone();
    if all.is_empty() && vlans.tag.is_none() {
        all.push(Vlans::REST);
    }
    all.push(Vlans::own(vlans.tag.unwrap_or(1)));
    all
}

/// What each VLAN is to a port: not there, tagged, or its own. The last one that names it counts.
fn each(vlans: &[Vlans]) -> Vec<Option<(bool, bool)>> {
    let mut each = vec![None; usize::from(LAST_VLAN) + 1];
    for one in vlans {
        let range = usize::from(one.first)..=usize::from(one.last);
        for vlan in each.get_mut(range).into_iter().flatten() {
            *vlan = Some((one.pvid, one.untagged));
        }
    }
    each
}
