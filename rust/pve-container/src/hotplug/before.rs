//! What an interface and all that belongs to it is before a change, and how it is made so again.

use std::path::Path;

use pve_netlink::host::names::GuestNames;
use pve_netlink::link::VethPair;
use pve_netlink::netns::NetNs;
use pve_netlink::plan::Name;
use pve_netlink::request::Channel;
use pve_netlink::snapshot::{Inside, Links, Message, host, inside};
use pve_netlink::transaction::Transaction;
use pve_netlink::wait::Cancel;
use pve_netlink::{Error, Kernel};
use serde::{Deserialize, Serialize};

/// The host's links, the container's end, and default routes of the container's that were replaced.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Before {
    /// The host's end, its firewall bridge, and the bridge of its VLAN.
    #[serde(default)]
    pub links: Links,
    /// The container's end, if there is one.
    #[serde(default)]
    pub inside: Option<Inside>,
    /// Default routes that another one is about to replace.
    #[serde(default)]
    pub defaults: Vec<Message>,
}

impl Before {
    /// Add what was found out later. What was known of a link before, counts.
    pub fn add(&mut self, later: Self) {
        let new = |(name, _): &(Name, _)| !self.links.0.iter().any(|(known, _)| known == name);
        let links: Vec<_> = later.links.0.into_iter().filter(new).collect();
        self.links.0.extend(links);
        self.inside = self.inside.take().or(later.inside);
        self.defaults.extend(later.defaults);
    }

    /// How the pair is made again.
    fn pair(&self, host_end: &str) -> Option<VethPair> {
        let (own, inside) = (self.links.get(host_end)?, self.inside.as_ref()?);
        Some(VethPair {
            name: host_end.into(),
            index: Some(own.shown.index),
            address: own.shown.address.as_slice().try_into().ok(),
            mtu: own.shown.mtu,
            master: None,
            peer_name: inside.link.name.clone(),
            peer_index: Some(inside.link.index),
            peer_mtu: inside.link.mtu,
            peer_address: inside.mac(),
            queues: super::plan::QUEUES,
        })
    }
}

/// The names of the host's links that belong to one interface, in the order in which they become ports.
pub(super) fn names(host_end: &str) -> Vec<Name> {
    let firewall = GuestNames::of(host_end);
    let mut names: Vec<_> = firewall
        .into_iter()
        .flat_map(|firewall| [firewall.link, firewall.peer, firewall.bridge])
        .collect();
    names.push(host_end.into());
    names
}

/// Make everything what it was, going on after a failure; what could not be done. Without the container's namespace, its
/// side is left out. The calling thread ends up in that namespace.
pub fn restore(
    kernel: &dyn Kernel,
    host_end: &str,
    before: &Before,
    netns: Option<&NetNs>,
) -> Vec<Error> {
    let mut errors = Vec::new();
    if let Err(error) = try_restore(kernel, host_end, before, netns, &mut errors) {
        errors.push(error);
    }
    errors
}

fn try_restore(
    kernel: &dyn Kernel,
    host_end: &str,
    before: &Before,
    netns: Option<&NetNs>,
    errors: &mut Vec<Error>,
) -> Result<(), Error> {
    let cancel = Cancel::new();
    let mut tx = Transaction::begin(kernel, kernel.wire()?, &cancel, netns);
    let pair = before.pair(host_end).filter(|_| netns.is_some());
    errors.extend(host::restore(&mut tx, &before.links, pair.as_ref()));
    let Some(netns) = netns else { return Ok(()) };
    if before.inside.is_none() && before.defaults.is_empty() {
        return Ok(());
    }
    let mut channel = Channel::new(kernel.wire_in(netns)?);
    if let Some(wanted) = &before.inside {
        errors.extend(inside::restore(&mut channel, wanted));
    }
    let routes = before.defaults.iter().map(|message| message.0.clone()).collect();
    errors.extend(inside::put_back(&mut channel, routes)?);
    Ok(())
}

/// The host's side and the container's side of the calling thread, which can be in one of both at a time.
pub(super) struct Sides {
    outside: NetNs,
}

impl Sides {
    /// The calling thread is on the host.
    pub(super) fn on_host() -> Result<Self, Error> {
        Ok(Self { outside: NetNs::open(Path::new("/proc/thread-self/ns/net"))? })
    }

    /// Do something in the container, and come back.
    pub(super) fn inside<T>(
        &self,
        kernel: &dyn Kernel,
        netns: &NetNs,
        work: impl FnOnce(&mut Channel) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut channel = Channel::new(kernel.wire_in(netns)?);
        let result = work(&mut channel);
        self.go_out()?;
        result
    }

    /// Be on the host again.
    pub(super) fn go_out(&self) -> Result<(), Error> {
        self.outside.enter().map(drop)
    }
}
