//! The firewall bridge of a guest's interface: a bridge of its own, and a pair of links from there to the real one.

use super::before::{self, Before, bridge_again, pair_again};
use super::names::GuestNames;
use super::port::{Bridge, Interface, PortVlans};
use crate::bridge::{Setting, Settings};
use crate::error::Error;
use crate::link::{LinkSettings, Shown, VethPair};
use crate::plan::{Change, Link, Name, Refused, Step};
use crate::transaction::Transaction;

/// What of a firewall bridge is there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Remains {
    /// The bridge.
    pub bridge: Option<Before>,
    /// The end of the pair that is the firewall bridge's port.
    pub link: Option<Before>,
    /// Its other end.
    pub peer: Option<Before>,
}

/// Read what is there of a firewall bridge. `bridges` are those that its ports may be of.
///
/// # Errors
/// What the kernel gives.
pub fn read(
    tx: &mut Transaction<'_>,
    bridge: Option<Shown>,
    link: Option<Shown>,
    peer: Option<Shown>,
    bridges: &[&Shown],
) -> Result<Remains, Error> {
    let is_pair = |link: &Shown, peer: &Shown| link.peer == Some(peer.index);
    let peer = peer.filter(|peer| link.as_ref().is_some_and(|link| is_pair(link, peer)));
    let mut one = |shown: Option<Shown>| {
        shown.map(|shown| before::read(tx, shown, bridges, false)).transpose()
    };
    Ok(Remains { bridge: one(bridge)?, link: one(link)?, peer: one(peer)? })
}

/// The same, by the names that belong to a guest's interface.
///
/// # Errors
/// What the kernel gives.
pub fn find(tx: &mut Transaction<'_>, names: &GuestNames) -> Result<Remains, Error> {
    let mut found = tx.look(&[&names.bridge, &names.link, &names.peer])?.into_iter();
    let mut next = || found.next().flatten();
    let (bridge, link, peer) = (next(), next(), next());
    let bridges: Vec<_> = bridge.as_ref().into_iter().collect();
    read(tx, bridge.clone(), link, peer, &bridges)
}

/// Remove what is there of a firewall bridge (the reference: `PVE::Network`, `$cleanup_firewall_bridge`). `interface` is
/// the guest's, which may be a port of it.
#[must_use]
pub fn remove(remains: &Remains, interface: Option<&Before>) -> Vec<Step> {
    let mut steps = Vec::new();
    if let Some(link) = &remains.link {
        let again = remains.peer.as_ref().map(|peer| pair_again(link, peer)).unwrap_or_default();
        steps.push(Step::new(&link.link(), Change::Delete).undone_by_all(again));
    }
    if let Some(bridge) = &remains.bridge {
        // Whatever became of the steps before, these lose their bridge now.
        let is_port = |port: &&Before| port.bridge.as_ref() == Some(&bridge.name);
        let ports = [interface, remains.link.as_ref()].into_iter().flatten();
        let ports: Vec<_> = ports.filter(is_port).collect();
        let again = bridge_again(bridge, &ports);
        steps.push(Step::new(&bridge.link(), Change::Delete).undone_by_all(again));
    }
    steps
}

/// Make the links of a firewall bridge; nothing of them is up or connected yet.
#[must_use]
pub fn make(names: &GuestNames, mtu: u32) -> Vec<Step> {
    let pair = VethPair {
        name: names.link.to_string(),
        mtu,
        peer_name: names.peer.to_string(),
        peer_mtu: mtu,
        queues: 1,
        ..VethPair::default()
    };
    let (bridge, link) = (Link::Host(names.bridge.clone()), Link::Host(names.link.clone()));
    vec![
        Step::new(&bridge, Change::AddBridge(None)).undone_by(Change::Delete),
        Step::new(&link, Change::AddVeth { pair: Box::new(pair), inside: false })
            .undone_by(Change::Delete),
    ]
}

/// Connect a firewall bridge, made by [`make`], with the interface on one side and the bridge on the other (the reference:
/// `PVE::Network`, `$create_firewall_bridge_linux`).
#[must_use]
pub fn connect(
    names: &GuestNames,
    interface: &Interface<'_>,
    bridge: &Bridge,
    vlans: &PortVlans,
    settings: Vec<Step>,
    no_learn: bool,
    isolated: bool,
) -> Vec<Step> {
    let own = Bridge { name: names.bridge.clone(), mtu: bridge.mtu, vlan_filtering: false };
    let (link, peer) = (Interface::made(&names.link), Interface::made(&names.peer));
    let firewall = Link::Host(names.bridge.clone());
    let mut steps: Vec<_> = Interface::made(&names.bridge).disable_ipv6().into_iter().collect();
    for one in [&link, &peer, interface] {
        steps.extend(one.disable_ipv6());
    }
    let up = LinkSettings { mtu: Some(bridge.mtu), ..LinkSettings::UP };
    steps.push(Step::new(&firewall, Change::Set(up.clone())));
    steps.extend(settings);
    steps.extend(peer.enslave(bridge, vlans));
    if no_learn {
        steps.push(peer.stop_learning());
    }
    if isolated {
        steps.push(peer.isolate());
    }
    steps.extend(link.enslave(&own, &PortVlans::default()));
    for one in [&link, &peer] {
        steps.push(Step::new(&one.link(), Change::Set(up.clone())));
    }
    steps.push(interface.set_mtu(bridge.mtu));
    steps.extend(interface.enslave(&own, &PortVlans::default()));
    steps
}

/// The steps that give the bridge `to` the settings of another (the reference: `PVE::Network::copy_bridge_config`). A
/// bridge that the same plan makes has those that the kernel gives every new one.
#[must_use]
pub fn copy_settings(to: &Name, from: Option<&Settings>, there: Option<&Shown>) -> Vec<Step> {
    let link = Link::Host(to.clone());
    let mut steps = Vec::new();
    for setting in Setting::ALL {
        let Some(value) = from.and_then(|settings| settings.get(setting)) else { continue };
        let old = there.and_then(|shown| shown.bridge).and_then(|old| old.get(setting));
        if old == Some(value) {
            continue;
        }
        let step = Step::new(&link, Change::SetBridge(setting, value)).refused(Refused::IsSaid);
        steps.push(match old {
            Some(old) => step.undone_by(Change::SetBridge(setting, old)),
            None => step,
        });
    }
    steps
}
