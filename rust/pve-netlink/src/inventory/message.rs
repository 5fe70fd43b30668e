//! Messages about links, addresses and VLANs, in the small: what a monitor compares.

use std::net::IpAddr;

use super::attributes::{ByType, attributes, text_of, u8_of, u16_of, u32_of};
use super::link::{hardware_address, operstate};
use super::value::{ipv4, ipv6};

/// `struct nlmsghdr` and what follows it for each kind of message.
const LINK_HEADERS: usize = 32;
const ADDRESS_HEADERS: usize = 24;
const VLAN_HEADERS: usize = 24;

/// What a monitor tells of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LinkState {
    pub(crate) name: String,
    pub(crate) kind: Option<String>,
    pub(crate) mtu: u32,
    pub(crate) address: Option<String>,
    pub(crate) master: Option<u32>,
    pub(crate) up: bool,
    pub(crate) operstate: String,
}

/// A link and its index. None for what a bridge says of its ports under the same number (`AF_BRIDGE`): a port that left is
/// no link that is gone.
pub(crate) fn read_link(message: &[u8]) -> Option<(u32, LinkState)> {
    let header = message.get(16..LINK_HEADERS)?;
    if i32::from(u8_of(header)) == libc::AF_BRIDGE {
        return None;
    }
    let kind = u16_of(header.get(2..)?);
    let (index, flags) = (u32_of(header.get(4..)?), u32_of(header.get(8..)?));
    let text = |bytes: &[u8]| String::from_utf8_lossy(text_of(bytes)).into_owned();
    let mut link = LinkState {
        name: String::new(),
        kind: None,
        mtu: 0,
        address: None,
        master: None,
        up: flags & libc::IFF_UP as u32 != 0,
        operstate: String::new(),
    };
    for (attribute, value) in attributes(message.get(LINK_HEADERS..)?) {
        match attribute {
            libc::IFLA_IFNAME => link.name = text(value),
            libc::IFLA_MTU => link.mtu = u32_of(value),
            libc::IFLA_ADDRESS => link.address = Some(hardware_address(kind, value)),
            libc::IFLA_MASTER => link.master = Some(u32_of(value)),
            libc::IFLA_OPERSTATE => link.operstate = operstate(u8_of(value)),
            libc::IFLA_LINKINFO => {
                link.kind = ByType::<2>::new(value).get(libc::IFLA_INFO_KIND.into()).map(text);
            }
            _ => {}
        }
    }
    (!link.name.is_empty()).then_some((index, link))
}

/// What makes an address another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct AddressKey {
    pub(crate) index: u32,
    pub(crate) address: IpAddr,
    pub(crate) prefix: u8,
    pub(crate) peer: Option<IpAddr>,
}

/// What may change of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AddressValue {
    /// `RT_SCOPE_…`
    pub(crate) scope: u8,
    pub(crate) tentative: bool,
}

/// An IPv4 or IPv6 address.
pub(crate) fn read_address(message: &[u8]) -> Option<(AddressKey, AddressValue)> {
    const IFA_ADDRESS: u16 = 1;
    const IFA_LOCAL: u16 = 2;
    const IFA_FLAGS: u16 = 8;
    const IFA_F_TENTATIVE: u32 = 0x40;
    let header = message.get(16..ADDRESS_HEADERS)?;
    let &[family, prefix, flags, scope, ..] = header else { return None };
    let index = u32_of(header.get(4..)?);
    let (mut own, mut other, mut flags) = (None, None, u32::from(flags));
    for (kind, value) in attributes(message.get(ADDRESS_HEADERS..)?) {
        match kind {
            IFA_LOCAL => own = Some(value),
            IFA_ADDRESS => other = Some(value),
            IFA_FLAGS => flags = u32_of(value),
            _ => {}
        }
    }
    let read = |bytes| match i32::from(family) {
        libc::AF_INET => ipv4(bytes).map(IpAddr::V4),
        libc::AF_INET6 => ipv6(bytes).map(IpAddr::V6),
        _ => None,
    };
    let address = own.or(other).and_then(read)?;
    let peer = other.and_then(read).filter(|peer| *peer != address);
    let value = AddressValue { scope, tentative: flags & IFA_F_TENTATIVE != 0 };
    Some((AddressKey { index, address, prefix, peer }, value))
}

/// What a VLAN is to a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct VlanFlags {
    pub(crate) pvid: bool,
    pub(crate) untagged: bool,
}

/// The VLANs of a bridge or port (`struct br_vlan_msg`, `<linux/if_bridge.h>`), by its index and their number.
pub(crate) fn read_vlans(message: &[u8]) -> Vec<((u32, u16), VlanFlags)> {
    const BRIDGE_VLANDB_ENTRY: u16 = 1;
    const BRIDGE_VLANDB_ENTRY_INFO: usize = 1;
    const BRIDGE_VLANDB_ENTRY_RANGE: usize = 2;
    const BRIDGE_VLAN_INFO_PVID: u16 = 2;
    const BRIDGE_VLAN_INFO_UNTAGGED: u16 = 4;
    let Some(header) = message.get(16..VLAN_HEADERS) else { return Vec::new() };
    let index = u32_of(header.get(4..).unwrap_or_default());
    let mut vlans = Vec::new();
    for (kind, value) in attributes(message.get(VLAN_HEADERS..).unwrap_or_default()) {
        if kind != BRIDGE_VLANDB_ENTRY {
            continue;
        }
        let entry = ByType::<3>::new(value);
        let Some(info) = entry.get(BRIDGE_VLANDB_ENTRY_INFO) else { continue };
        let (flags, first) = (u16_of(info), u16_of(info.get(2..).unwrap_or_default()));
        let last = entry.u16(BRIDGE_VLANDB_ENTRY_RANGE).unwrap_or(first);
        let flags = VlanFlags {
            pvid: flags & BRIDGE_VLAN_INFO_PVID != 0,
            untagged: flags & BRIDGE_VLAN_INFO_UNTAGGED != 0,
        };
        vlans.extend((first..=last).map(|vid| ((index, vid), flags)));
    }
    vlans
}
