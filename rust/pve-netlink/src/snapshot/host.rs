//! Links of the host.

use nix::errno::Errno;
use serde::{Deserialize, Serialize};

use super::persistently;
use crate::bridge::{PortFlags, Setting};
use crate::error::Error;
use crate::host::before::{self, Before, Traffic, bridge_again, pair_again};
use crate::link::{Shown, VethPair, show_all};
use crate::plan::{Change, Link, Name, Step};
use crate::request::Raw;
use crate::tc::{self, Part};
use crate::transaction::Transaction;

/// Links by name, with what they are; none for what is not there.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Links(pub Vec<(Name, Option<Before>)>);

impl Links {
    /// None of them is there.
    #[must_use]
    pub fn absent(names: impl IntoIterator<Item = Name>) -> Self {
        Self(names.into_iter().map(|name| (name, None)).collect())
    }

    /// One that is about to be deleted: which link it is, and nothing of what it would take to make it again.
    #[must_use]
    pub fn to_be_deleted(shown: Shown) -> Self {
        let name: Name = shown.name.as_str().into();
        let before = Before {
            name: name.clone(),
            shown,
            ipv6_disabled: None,
            bridge: None,
            vlans: Vec::new(),
            fdb: Vec::new(),
            traffic: Traffic::default(),
        };
        Self(vec![(name, Some(before))])
    }

    /// Read them.
    ///
    /// # Errors
    /// What the kernel gives.
    pub fn read(tx: &mut Transaction<'_>, names: &[Name]) -> Result<Self, Error> {
        let found = tx.look(names)?;
        let bridges: Vec<_> = found.iter().flatten().cloned().collect();
        let bridges: Vec<_> = bridges.iter().filter(|shown| shown.kind == "bridge").collect();
        let mut links = Vec::new();
        for (name, shown) in names.iter().zip(found) {
            let before = match shown {
                Some(shown) => Some(before::read(tx, shown, &bridges, true)?),
                None => None,
            };
            links.push((name.clone(), before));
        }
        Ok(Self(links))
    }

    /// What is known of one of them.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Before> {
        self.0.iter().find(|(known, _)| &**known == name).and_then(|(_, before)| before.as_ref())
    }

    fn names(&self) -> Vec<Name> {
        self.0.iter().map(|(name, _)| name.clone()).collect()
    }
}

/// Make the links what they were. `pair` is how a pair is made again whose other end is in the container that `tx` has; other
/// pairs have both ends among the links. Going on after a failure; what could not be done.
///
/// A bridge that was not there stays while it has ports that are not among the links: others use it by now.
pub fn restore(tx: &mut Transaction<'_>, wanted: &Links, pair: Option<&VethPair>) -> Vec<Error> {
    let mut restoring = Restoring { tx, wanted, errors: Vec::new() };
    if let Err(error) = restoring.run(pair) {
        restoring.errors.push(error);
    }
    restoring.errors
}

struct Restoring<'r, 't> {
    tx: &'r mut Transaction<'t>,
    wanted: &'r Links,
    errors: Vec<Error>,
}

impl Restoring<'_, '_> {
    fn run(&mut self, pair: Option<&VethPair>) -> Result<(), Error> {
        let names = self.wanted.names();
        let now = persistently(|| Links::read(self.tx, &names))?;
        for (name, before) in &self.wanted.0 {
            let Some(found) = now.get(name) else { continue };
            let stays = match before {
                Some(before) => before.shown.index == found.shown.index,
                None => found.shown.kind == "bridge" && self.is_used(found.shown.index)?,
            };
            if !stays {
                self.attempt(vec![(Link::Host(name.clone()), Change::Delete)]);
            }
        }
        let now = persistently(|| Links::read(self.tx, &names))?;
        self.make_again(&now, pair);
        let bridges: Vec<_> = self
            .wanted
            .0
            .iter()
            .filter_map(|(_, before)| before.as_ref()?.bridge.clone())
            .collect();
        persistently(|| self.tx.look(&bridges))?;
        let now = persistently(|| Links::read(self.tx, &names))?;
        for (name, before) in &self.wanted.0 {
            if let (Some(before), Some(found)) = (before, now.get(name)) {
                self.attempt(differences(before, found));
            }
        }
        Ok(())
    }

    /// Whether a bridge has ports that are not among the links.
    fn is_used(&mut self, bridge: u32) -> Result<bool, Error> {
        let answers = persistently(|| self.tx.read(vec![show_all()]))?;
        let messages = answers.iter().flat_map(|answer| &answer.messages);
        Ok(messages.filter_map(|message| crate::link::shown(std::slice::from_ref(message))).any(
            |link| {
                let ours = self.wanted.0.iter().any(|(name, _)| **name == *link.name);
                link.master == Some(bridge) && !ours
            },
        ))
    }

    fn make_again(&mut self, now: &Links, pair: Option<&VethPair>) {
        let missing = |before: &&Before| now.get(&before.name).is_none();
        let gone: Vec<_> = self
            .wanted
            .0
            .iter()
            .filter_map(|(_, before)| before.as_ref())
            .filter(missing)
            .collect();
        let mut made: Vec<&Name> = Vec::new();
        for before in &gone {
            if made.contains(&&before.name) {
                continue;
            }
            let own = pair.filter(|pair| *pair.name == *before.name);
            let other = gone.iter().find(|other| {
                before.shown.kind == "veth"
                    && !before.shown.peer_elsewhere
                    && before.shown.peer == Some(other.shown.index)
            });
            let changes = match (own, other) {
                (Some(pair), _) => {
                    let add = Change::AddVeth { pair: Box::new(pair.clone()), inside: true };
                    vec![(before.link(), add)]
                }
                (None, Some(other)) => {
                    made.push(&other.name);
                    // Of what, is seen to when all bridges are there again.
                    let mut changes = pair_again(before, other);
                    changes.truncate(1);
                    changes
                }
                (None, None) if before.shown.kind == "bridge" => {
                    // What its ports had there follows.
                    bridge_again(before, &[])
                }
                (None, None) => {
                    self.errors.push(Error::NotAsWanted {
                        tried: format!("make the link '{}' again", before.name),
                        wanted: "its other end".into(),
                        found: "no container".into(),
                    });
                    continue;
                }
            };
            self.attempt(changes);
        }
    }

    /// Each change by itself, going on after a failure.
    fn attempt(&mut self, changes: Vec<(Link, Change)>) {
        for (link, change) in changes {
            let may_be_gone = matches!(change, Change::Delete | Change::DeleteTraffic(_));
            let step = Step::new(&link, change);
            if let Err(failed) = self.tx.carry_out(std::slice::from_ref(&step)) {
                let errno = failed.error.errno();
                let gone = matches!(errno, Some(Errno::ENODEV | Errno::ENOENT | Errno::EINVAL));
                if !(may_be_gone && gone) {
                    self.errors.push(failed.error);
                }
            }
        }
    }
}

/// The changes that make a link what it was.
fn differences(was: &Before, is: &Before) -> Vec<(Link, Change)> {
    let link = || was.link();
    let mut changes = Vec::new();
    if was.bridge != is.bridge {
        changes.extend(was.membership());
    } else if was.bridge.is_some() {
        if was.vlans != is.vlans {
            if was.vlans.is_empty() {
                changes.push((link(), Change::DeleteVlans(crate::bridge::Vlans::ALL)));
            }
            changes.extend(was.vlans());
        }
        let switches = was.shown.port.filter(|port| Some(*port) != is.shown.port);
        changes.extend(switches.map(|port: PortFlags| (link(), Change::SetPortFlags(port))));
        let only_in = |one: &Before, other: &Before| {
            one.fdb.iter().filter(|mac| !other.fdb.contains(mac)).copied().collect::<Vec<_>>()
        };
        changes.extend(only_in(is, was).into_iter().map(|mac| (link(), Change::DeleteFdb(mac))));
        changes.extend(only_in(was, is).into_iter().map(|mac| (link(), Change::AddFdb(mac))));
    }
    if let (Some(was), Some(is)) = (was.shown.bridge, is.shown.bridge) {
        for setting in Setting::ALL {
            let value = was.get(setting).filter(|value| is.get(setting) != Some(*value));
            changes.extend(value.map(|value| (link(), Change::SetBridge(setting, value))));
        }
    }
    if !is_same_traffic(&was.traffic, &is.traffic) {
        changes.push((link(), Change::DeleteTraffic(Part::Root)));
        changes.push((link(), Change::DeleteTraffic(Part::Ingress)));
        let back = was.traffic.sent().into_iter().chain(was.traffic.received());
        changes.extend(back.map(|change| (link(), change)));
    }
    let (up, mtu) = (was.shown.up != is.shown.up, was.shown.mtu != is.shown.mtu);
    if up || mtu || was.ipv6_disabled != is.ipv6_disabled {
        changes.extend(was.settings());
    }
    changes
}

/// Without counters, and what the kernel numbers anew.
fn is_same_traffic(one: &Traffic, other: &Traffic) -> bool {
    let part = |part: &Option<Raw>| {
        part.as_ref().map(|part| (tc::kind(part).to_owned(), tc::handle(part), tc::rate(part)))
    };
    let all = |all: &Traffic| [&all.root, &all.class, &all.ingress, &all.filter].map(part);
    all(one) == all(other)
}
