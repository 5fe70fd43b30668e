//! `bridge vlan`: the VLANs of a port on a bridge that filters them.

use netlink_packet_route::link::{
    AfSpecBridge, BridgeVlanInfo, BridgeVlanInfoFlags, LinkAttribute, LinkMessage,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};

use crate::request::Request;

/// The highest VLAN id (IEEE 802.1Q: 4095 is reserved).
const LAST_VLAN: u16 = 4094;

/// The VLANs of a port without a tag: every VLAN passes, and untagged frames are in VLAN 1. What the bridge gave the
/// port by itself is taken away first (the reference: `PVE::Network`, `$bridge_add_interface`).
#[must_use]
pub fn set_untagged_port(index: u32) -> Vec<Request> {
    let none = BridgeVlanInfoFlags::empty();
    let own = BridgeVlanInfoFlags::Pvid | BridgeVlanInfoFlags::Untagged;
    let delete = message(index, range(1, LAST_VLAN, none));
    let mut vlans = range(2, LAST_VLAN, none);
    vlans.push(vlan(1, own));
    let add = message(index, vlans);
    vec![
        Request::new(RouteNetlinkMessage::DelLink(delete), 0),
        Request::new(RouteNetlinkMessage::SetLink(add), 0),
    ]
}

fn range(first: u16, last: u16, flags: BridgeVlanInfoFlags) -> Vec<AfSpecBridge> {
    vec![
        vlan(first, flags | BridgeVlanInfoFlags::RangeBegin),
        vlan(last, flags | BridgeVlanInfoFlags::RangeEnd),
    ]
}

fn vlan(vid: u16, flags: BridgeVlanInfoFlags) -> AfSpecBridge {
    AfSpecBridge::VlanInfo(BridgeVlanInfo { flags, vid })
}

fn message(index: u32, vlans: Vec<AfSpecBridge>) -> LinkMessage {
    let mut message = LinkMessage::default();
    message.header.interface_family = AddressFamily::Bridge;
    message.header.index = index;
    message.attributes.push(LinkAttribute::AfSpecBridge(vlans));
    message
}
