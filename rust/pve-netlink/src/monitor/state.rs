//! What is known of a namespace, and what a message of the kernel changes about it.
//!
//! An event comes of a difference to what is known, never of a message alone: the kernel tells many things twice, and after
//! lost messages the whole state is compared in the same way.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::event::{Action, AddressEvent, Event, LinkEvent, OldLink, VlanEvent};
use crate::inventory::message::{
    AddressKey, AddressValue, LinkState, VlanFlags, read_address, read_link, read_vlans,
};

/// `RTM_NEWVLAN` and `RTM_DELVLAN` of `<linux/rtnetlink.h>`.
pub(super) const RTM_NEWVLAN: u16 = 112;
const RTM_DELVLAN: u16 = 113;

/// Which changes are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// Links.
    pub links: bool,
    /// Addresses.
    pub addresses: bool,
    /// VLANs of bridges and their ports.
    pub vlans: bool,
}

/// All links, addresses and VLANs of a namespace.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct State {
    links: BTreeMap<u32, LinkState>,
    addresses: BTreeMap<AddressKey, AddressValue>,
    vlans: BTreeMap<(u32, u16), VlanFlags>,
}

impl State {
    /// Take in one message of the kernel; what it changed is added to `events`.
    pub(super) fn apply(&mut self, message: &[u8], wanted: Wanted, events: &mut Vec<Event>) {
        let kind = message
            .get(4..6)
            .and_then(<[u8]>::first_chunk)
            .map_or(0, |bytes| u16::from_ne_bytes(*bytes));
        match kind {
            libc::RTM_NEWLINK => {
                if let Some((index, link)) = read_link(message) {
                    self.set_link(index, link, wanted, events);
                }
            }
            libc::RTM_DELLINK => {
                if let Some((index, _)) = read_link(message) {
                    self.delete_link(index, wanted, events);
                }
            }
            libc::RTM_NEWADDR => {
                if let Some((key, value)) = read_address(message) {
                    self.set_address(key, value, wanted, events);
                }
            }
            libc::RTM_DELADDR => {
                if let Some((key, _)) = read_address(message) {
                    self.delete_address(key, wanted, events);
                }
            }
            RTM_NEWVLAN => {
                for (key, flags) in read_vlans(message) {
                    self.set_vlan(key, flags, wanted, events);
                }
            }
            RTM_DELVLAN => {
                for (key, _) in read_vlans(message) {
                    self.delete_vlan(key, wanted, events);
                }
            }
            _ => {}
        }
    }

    /// Become another state; what differs is added to `events`: what is gone first, the last first, then what is new or
    /// other.
    pub(super) fn become_state(&mut self, new: State, wanted: Wanted, events: &mut Vec<Event>) {
        let gone: Vec<_> =
            self.vlans.keys().filter(|key| !new.vlans.contains_key(key)).copied().collect();
        gone.into_iter().for_each(|key| self.delete_vlan(key, wanted, events));
        let gone: Vec<_> =
            self.addresses.keys().filter(|key| !new.addresses.contains_key(key)).copied().collect();
        gone.into_iter().for_each(|key| self.delete_address(key, wanted, events));
        let gone: Vec<_> =
            self.links.keys().filter(|index| !new.links.contains_key(index)).copied().collect();
        gone.into_iter().for_each(|index| self.delete_link(index, wanted, events));
        for (index, link) in new.links {
            self.set_link(index, link, wanted, events);
        }
        for (key, value) in new.addresses {
            self.set_address(key, value, wanted, events);
        }
        for (key, flags) in new.vlans {
            self.set_vlan(key, flags, wanted, events);
        }
    }

    fn name(&self, index: u32) -> String {
        self.links.get(&index).map_or_else(|| format!("if{index}"), |link| link.name.clone())
    }

    fn set_link(&mut self, index: u32, link: LinkState, wanted: Wanted, events: &mut Vec<Event>) {
        let before = self.links.insert(index, link.clone());
        if !wanted.links || before.as_ref() == Some(&link) {
            return;
        }
        let old = before.map(|before| self.old_link(&before, &link));
        let action = if old.is_some() { Action::Change } else { Action::New };
        events.push(Event::Link(self.link_event(action, index, link, old)));
    }

    fn delete_link(&mut self, index: u32, wanted: Wanted, events: &mut Vec<Event>) {
        // The kernel tells these itself; where it did not, they are gone all the same.
        let of_link = |other: u32| other == index;
        let vlans: Vec<_> = self.vlans.keys().filter(|key| of_link(key.0)).copied().collect();
        vlans.into_iter().for_each(|key| self.delete_vlan(key, wanted, events));
        let addresses: Vec<_> =
            self.addresses.keys().filter(|key| of_link(key.index)).copied().collect();
        addresses.into_iter().for_each(|key| self.delete_address(key, wanted, events));
        if let Some(link) = self.links.remove(&index).filter(|_| wanted.links) {
            events.push(Event::Link(self.link_event(Action::Delete, index, link, None)));
        }
    }

    fn link_event(
        &self,
        action: Action,
        index: u32,
        link: LinkState,
        old: Option<OldLink>,
    ) -> LinkEvent {
        let master = link.master.map(|master| self.name(master));
        let LinkState { name, kind, mtu, address, up, operstate, .. } = link;
        LinkEvent { action, index, name, kind, mtu, address, master, up, operstate, old }
    }

    fn old_link(&self, before: &LinkState, now: &LinkState) -> OldLink {
        let master = |link: &LinkState| link.master.map(|master| self.name(master));
        OldLink {
            name: (before.name != now.name).then(|| before.name.clone()),
            mtu: (before.mtu != now.mtu).then_some(before.mtu),
            address: (before.address != now.address).then(|| before.address.clone()),
            master: (before.master != now.master).then(|| master(before)),
            up: (before.up != now.up).then_some(before.up),
            operstate: (before.operstate != now.operstate).then(|| before.operstate.clone()),
        }
    }

    fn set_address(
        &mut self,
        key: AddressKey,
        value: AddressValue,
        wanted: Wanted,
        events: &mut Vec<Event>,
    ) {
        let before = self.addresses.insert(key, value);
        if wanted.addresses && before != Some(value) {
            let action = if before.is_some() { Action::Change } else { Action::New };
            events.push(self.address_event(action, key, value));
        }
    }

    fn delete_address(&mut self, key: AddressKey, wanted: Wanted, events: &mut Vec<Event>) {
        if let Some(value) = self.addresses.remove(&key).filter(|_| wanted.addresses) {
            events.push(self.address_event(Action::Delete, key, value));
        }
    }

    fn address_event(&self, action: Action, key: AddressKey, value: AddressValue) -> Event {
        let scope = match value.scope {
            0 => "global".into(),
            200 => "site".into(),
            253 => "link".into(),
            254 => "host".into(),
            other => other.to_string(),
        };
        Event::Address(AddressEvent {
            action,
            index: key.index,
            name: self.name(key.index),
            family: if matches!(key.address, IpAddr::V4(_)) { "inet" } else { "inet6" },
            address: key.address,
            prefix: key.prefix,
            peer: key.peer,
            scope,
            tentative: value.tentative,
        })
    }

    fn set_vlan(
        &mut self,
        key: (u32, u16),
        flags: VlanFlags,
        wanted: Wanted,
        events: &mut Vec<Event>,
    ) {
        let before = self.vlans.insert(key, flags);
        if wanted.vlans && before != Some(flags) {
            let action = if before.is_some() { Action::Change } else { Action::New };
            events.push(self.vlan_event(action, key, flags));
        }
    }

    fn delete_vlan(&mut self, key: (u32, u16), wanted: Wanted, events: &mut Vec<Event>) {
        if let Some(flags) = self.vlans.remove(&key).filter(|_| wanted.vlans) {
            events.push(self.vlan_event(Action::Delete, key, flags));
        }
    }

    fn vlan_event(&self, action: Action, (index, vid): (u32, u16), flags: VlanFlags) -> Event {
        let VlanFlags { pvid, untagged } = flags;
        Event::Vlan(VlanEvent { action, index, name: self.name(index), vid, pvid, untagged })
    }
}
