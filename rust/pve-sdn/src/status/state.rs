//! What the kernel has, as far as stanzas speak of it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use serde_json::{Map, Value};

/// An address of an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// The address.
    pub address: IpAddr,
    /// The width of its network.
    pub prefix: u8,
    /// Whether its scope is universal: it is none that the kernel gave by itself.
    pub is_universal: bool,
}

/// The kernel's tables.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// The links by name, each as `ip -details -json link show` shows it.
    pub links: Map<String, Value>,
    /// The addresses of each link.
    pub addresses: BTreeMap<String, Vec<Address>>,
    /// The VLANs of each port of a bridge, and of the bridge itself.
    pub vlans: BTreeMap<String, BTreeSet<u16>>,
    /// The VLAN of untagged frames.
    pub pvids: BTreeMap<String, u16>,
}

impl State {
    fn value(&self, name: &str, path: &[&str]) -> Option<&Value> {
        path.iter().try_fold(self.links.get(name)?, |value, key| value.get(*key))
    }

    pub(super) fn exists(&self, name: &str) -> bool {
        self.links.contains_key(name)
    }

    pub(super) fn text(&self, name: &str, path: &[&str]) -> Option<&str> {
        self.value(name, path)?.as_str()
    }

    pub(super) fn number(&self, name: &str, path: &[&str]) -> Option<u64> {
        self.value(name, path)?.as_u64()
    }

    pub(super) fn flag(&self, name: &str, path: &[&str]) -> bool {
        self.value(name, path).and_then(Value::as_bool).unwrap_or(false)
    }

    pub(super) fn is_up(&self, name: &str) -> bool {
        let flags = self.value(name, &["flags"]).and_then(Value::as_array);
        flags.is_some_and(|flags| flags.iter().any(|flag| flag == "UP"))
    }

    pub(super) fn kind(&self, name: &str) -> Option<&str> {
        self.text(name, &["linkinfo", "info_kind"])
    }

    /// Whether it is a bridge that filters VLANs.
    #[must_use]
    pub fn is_vlan_aware(&self, name: &str) -> bool {
        self.number(name, &["linkinfo", "info_data", "vlan_filtering"]) == Some(1)
    }

    /// The bridge that a link is a port of.
    pub(super) fn bridge_of(&self, name: &str) -> Option<&str> {
        let master = self.text(name, &["master"])?;
        (self.kind(master) == Some("bridge")).then_some(master)
    }

    /// The ports of a bridge.
    pub(super) fn ports<'s>(&'s self, bridge: &'s str) -> impl Iterator<Item = &'s str> {
        self.links
            .keys()
            .map(String::as_str)
            .filter(move |name| self.text(name, &["master"]) == Some(bridge))
    }
}
