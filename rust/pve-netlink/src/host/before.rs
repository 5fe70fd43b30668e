//! What there is before a change, as far as undoing the change needs it.

use nix::errno::Errno;
use serde::{Deserialize, Serialize};

use crate::bridge::{self, Vlans};
use crate::error::Error;
use crate::fdb;
use crate::link::{self, LinkSettings, Mac, Shown, VethPair};
use crate::plan::{Again, Change, Link, Name};
use crate::request::{Answer, Outcome, Raw};
use crate::tc::{self, Part};
use crate::transaction::Transaction;

/// The traffic control of an interface, where it is not the kernel's own.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Traffic {
    /// The queueing discipline of what is sent.
    pub root: Option<Raw>,
    /// Class 1:1 of it.
    pub class: Option<Raw>,
    /// The one of what comes in.
    pub ingress: Option<Raw>,
    /// The filter of priority 50 there.
    pub filter: Option<Raw>,
}

impl Traffic {
    fn put_back(parts: [&Option<Raw>; 2]) -> Vec<Change> {
        parts.into_iter().flatten().cloned().map(Change::RestoreTraffic).collect()
    }

    /// What puts back the part of what is sent.
    #[must_use]
    pub fn sent(&self) -> Vec<Change> {
        Self::put_back([&self.root, &self.class])
    }

    /// What puts back the part of what comes in.
    #[must_use]
    pub fn received(&self) -> Vec<Change> {
        Self::put_back([&self.ingress, &self.filter])
    }
}

/// An interface that is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    /// Its name.
    pub name: Name,
    /// The kernel's own account of it.
    pub shown: Shown,
    /// Whether IPv6 is kept off it; none where there is no IPv6.
    pub ipv6_disabled: Option<bool>,
    /// The name of the bridge that it is a port of.
    pub bridge: Option<Name>,
    /// Its VLANs there.
    pub vlans: Vec<Vlans>,
    /// The addresses that are led to it there.
    pub fdb: Vec<Mac>,
    /// Its traffic control.
    pub traffic: Traffic,
}

impl Before {
    /// As a step names it.
    #[must_use]
    pub fn link(&self) -> Link {
        Link::Host(self.name.clone())
    }

    /// What makes it a port of its bridge again, with all that it had there.
    #[must_use]
    pub fn membership(&self) -> Vec<(Link, Change)> {
        let link = self.link();
        let mut changes = vec![(link.clone(), Change::SetMaster(self.bridge.clone()))];
        if self.bridge.is_none() {
            return changes;
        }
        changes.extend(self.vlans());
        changes.extend(self.shown.port.map(|port| (link.clone(), Change::SetPortFlags(port))));
        changes.extend(self.fdb.iter().map(|mac| (link.clone(), Change::AddFdb(*mac))));
        changes
    }

    /// What gives it back the VLANs that it had there, if it had any.
    #[must_use]
    pub fn vlans(&self) -> Vec<(Link, Change)> {
        if self.vlans.is_empty() {
            return Vec::new();
        }
        let changes = [Change::DeleteVlans(Vlans::ALL), Change::AddVlans(self.vlans.clone())];
        changes.map(|change| (self.link(), change)).into()
    }

    /// What gives it back its MTU, IPv6 setting and state.
    #[must_use]
    pub fn settings(&self) -> Vec<(Link, Change)> {
        let mut changes = Vec::new();
        if let Some(disabled) = self.ipv6_disabled {
            changes.push((self.link(), Change::DisableIpv6(disabled)));
        }
        let settings = LinkSettings {
            mtu: Some(self.shown.mtu),
            up: Some(self.shown.up),
            ..LinkSettings::default()
        };
        changes.push((self.link(), Change::Set(settings)));
        changes
    }

    fn mac(&self) -> Option<Mac> {
        self.shown.address.as_slice().try_into().ok()
    }
}

/// What makes a pair of links again, both ends of which are of the host.
#[must_use]
pub fn pair_again(one: &Before, other: &Before) -> Vec<(Link, Change)> {
    let pair = VethPair {
        name: one.name.to_string(),
        index: Some(one.shown.index),
        address: one.mac(),
        mtu: one.shown.mtu,
        master: None,
        peer_name: other.name.to_string(),
        peer_index: Some(other.shown.index),
        peer_mtu: other.shown.mtu,
        peer_address: other.mac(),
        queues: 1,
    };
    let mut changes = vec![(one.link(), Change::AddVeth { pair: Box::new(pair), inside: false })];
    for end in [one, other] {
        if end.bridge.is_some() {
            changes.extend(end.membership());
        }
        changes.extend(end.settings());
    }
    changes
}

/// What makes a bridge again, and the links of `ports` its ports.
#[must_use]
pub fn bridge_again(bridge: &Before, ports: &[&Before]) -> Vec<(Link, Change)> {
    let link = bridge.link();
    let of_port = ports.iter().any(|port| port.shown.address == bridge.shown.address);
    let again = Again { index: bridge.shown.index, address: bridge.mac().filter(|_| !of_port) };
    let mut changes = vec![(link.clone(), Change::AddBridge(Some(again)))];
    for setting in bridge::Setting::ALL {
        let value = bridge.shown.bridge.and_then(|settings| settings.get(setting));
        changes.extend(value.map(|value| (link.clone(), Change::SetBridge(setting, value))));
    }
    changes.extend(bridge.settings());
    changes.extend(ports.iter().flat_map(|port| port.membership()));
    changes
}

/// Read what undoing a change of an interface takes. `bridges` are those that it may be a port of.
///
/// # Errors
/// What the kernel gives.
pub fn read(
    tx: &mut Transaction<'_>,
    shown: Shown,
    bridges: &[&Shown],
    with_traffic: bool,
) -> Result<Before, Error> {
    let name: Name = shown.name.as_str().into();
    let mut before = Before {
        ipv6_disabled: tx.kernel().is_ipv6_disabled(&name)?,
        name,
        bridge: None,
        vlans: Vec::new(),
        fdb: Vec::new(),
        traffic: Traffic::default(),
        shown,
    };
    if before.shown.port.is_some() {
        before.bridge = bridge_name(tx, &before.shown, bridges)?;
    }
    let index = before.shown.index;
    if before.bridge.is_some() {
        for answer in tx.read(vec![bridge::show_vlans(index)])? {
            check(&answer, "VLANs", &before.name)?;
            before.vlans.extend(bridge::shown_vlans(&answer.raw));
        }
        for answer in tx.read(vec![fdb::show(index)])? {
            check(&answer, "addresses", &before.name)?;
            before.fdb.extend(fdb::shown_static(&answer.messages, index));
        }
    }
    if with_traffic {
        before.traffic = read_traffic(tx, index)?;
    }
    Ok(before)
}

/// An answer that is lost says nothing, and must not be taken for "there are none". A kernel that has no such thing, or
/// where none is there, refuses the question.
fn check(answer: &Answer, what: &str, name: &str) -> Result<(), Error> {
    const NONE: [Errno; 5] =
        [Errno::EOPNOTSUPP, Errno::EINVAL, Errno::ENOENT, Errno::ENODEV, Errno::EAFNOSUPPORT];
    match &answer.outcome {
        Outcome::Refused { errno, .. } if NONE.contains(errno) => Ok(()),
        _ => answer.check(&format!("read the {what} of '{name}'"), |_| String::new()),
    }
}

fn bridge_name(
    tx: &mut Transaction<'_>,
    shown: &Shown,
    bridges: &[&Shown],
) -> Result<Option<Name>, Error> {
    let Some(master) = shown.master else { return Ok(None) };
    if let Some(known) = bridges.iter().find(|bridge| bridge.index == master) {
        return Ok(Some(known.name.as_str().into()));
    }
    let answers = tx.read(vec![link::show(master)])?;
    answers.iter().try_for_each(|answer| check(answer, "bridge", &shown.name))?;
    let found = answers.iter().find_map(|answer| link::shown(&answer.messages));
    Ok(found.map(|bridge| {
        let name: Name = bridge.name.as_str().into();
        tx.knows(&Link::Host(name.clone()), bridge.index);
        name
    }))
}

/// Read the parts of an interface's traffic control that a rate limit is made of.
///
/// # Errors
/// What sending gives.
pub fn read_traffic(tx: &mut Transaction<'_>, index: u32) -> Result<Traffic, Error> {
    let parts = [Part::Root, Part::Class, Part::Ingress, Part::Filter];
    let [root, class, ingress, filter] = read_parts(tx, index, parts)?;
    Ok(Traffic { root, class, ingress, filter })
}

/// The same without those parts that have no limit of their own.
///
/// # Errors
/// What sending gives.
pub fn read_limits(tx: &mut Transaction<'_>, index: u32) -> Result<Traffic, Error> {
    let [class, filter] = read_parts(tx, index, [Part::Class, Part::Filter])?;
    Ok(Traffic { class, filter, ..Traffic::default() })
}

fn read_parts<const N: usize>(
    tx: &mut Transaction<'_>,
    index: u32,
    parts: [Part; N],
) -> Result<[Option<Raw>; N], Error> {
    let answers = tx.read(parts.map(|part| tc::show(index, part)).to_vec())?;
    let name = format!("link {index}");
    answers.iter().try_for_each(|answer| check(answer, "traffic control", &name))?;
    let mut shown = answers.into_iter().map(|answer| {
        let done = answer.outcome == Outcome::Done;
        // Handle 0 is what the kernel gives an interface by itself, and again when another is removed.
        answer.raw.into_iter().find(|shown| done && tc::handle(shown) != 0)
    });
    Ok(parts.map(|_| shown.next().flatten()))
}
