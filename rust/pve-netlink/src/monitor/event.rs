//! What a monitor tells: one change of one object.

use std::net::IpAddr;

use serde::Serialize;

/// What became of the object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// It is there now.
    New,
    /// It is another than before.
    Change,
    /// It is gone; the event tells how it was last.
    Delete,
}

/// One change of one object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Event {
    /// of a link
    Link(LinkEvent),
    /// of an address
    Address(AddressEvent),
    /// of a VLAN of a bridge or of its port
    Vlan(VlanEvent),
}

/// A link that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LinkEvent {
    /// What became of it.
    pub action: Action,
    /// Its index.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// Its kind (`veth`, `bridge`); none for a network card.
    pub kind: Option<String>,
    /// Its MTU in bytes.
    pub mtu: u32,
    /// Its hardware address.
    pub address: Option<String>,
    /// The name of the bridge or bond that it is a port of.
    pub master: Option<String>,
    /// Whether it is up (administratively).
    pub up: bool,
    /// Its operational state as iproute2 has it: `UP`, `DOWN`, `LOWERLAYERDOWN`, …
    pub operstate: String,
    /// Of a change: what was otherwise before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<OldLink>,
}

/// What a changed link was before; only what differs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct OldLink {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its MTU.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mtu: Option<u32>,
    /// Its hardware address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Option<String>>,
    /// Its master.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub master: Option<Option<String>>,
    /// Whether it was up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub up: Option<bool>,
    /// Its operational state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operstate: Option<String>,
}

/// An address that changed. An address with another prefix or peer is another address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AddressEvent {
    /// What became of it.
    pub action: Action,
    /// The index of its link.
    pub index: u32,
    /// The name of its link.
    pub name: String,
    /// `inet` or `inet6`
    pub family: &'static str,
    /// The address.
    pub address: IpAddr,
    /// The length of its network's prefix.
    pub prefix: u8,
    /// The other end's address, where the link leads to one host only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<IpAddr>,
    /// `global`, `site`, `link`, `host`, or a number.
    pub scope: String,
    /// Whether it is not in use yet: duplicate address detection is under way.
    pub tentative: bool,
}

/// A VLAN that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VlanEvent {
    /// What became of it.
    pub action: Action,
    /// The index of the bridge or port.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// The VLAN's number.
    pub vid: u16,
    /// Whether frames without a tag belong to it.
    pub pvid: bool,
    /// Whether its frames leave without a tag.
    pub untagged: bool,
}
