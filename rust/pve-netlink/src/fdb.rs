//! `bridge fdb`: where a bridge finds an address.

use netlink_packet_core::{NLM_F_APPEND, NLM_F_CREATE, NLM_F_DUMP};
use netlink_packet_route::neighbour::{
    NeighbourAttribute, NeighbourFlags, NeighbourMessage, NeighbourState,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};

use crate::link::Mac;
use crate::request::Request;

/// `NUD_NOARP | NUD_REACHABLE`: an entry that stays, for an address behind a port.
const STATIC: u16 = libc::NUD_NOARP | libc::NUD_REACHABLE;

/// `bridge fdb append MAC dev INDEX master static`.
#[must_use]
pub fn append(index: u32, mac: Mac) -> Request {
    let message = RouteNetlinkMessage::NewNeighbour(entry(index, mac));
    Request::new(message, NLM_F_CREATE | NLM_F_APPEND)
}

/// `bridge fdb del MAC dev INDEX master static`.
#[must_use]
pub fn delete(index: u32, mac: Mac) -> Request {
    Request::new(RouteNetlinkMessage::DelNeighbour(entry(index, mac)), 0)
}

fn entry(index: u32, mac: Mac) -> NeighbourMessage {
    let mut message = NeighbourMessage::default();
    message.header.family = AddressFamily::Bridge;
    message.header.ifindex = index;
    message.header.state = NeighbourState::Other(STATIC);
    message.header.flags = NeighbourFlags::Controller;
    message.attributes.push(NeighbourAttribute::LinkLayerAddress(mac.to_vec()));
    message
}

/// `bridge fdb show brport INDEX`, the index of a port.
#[must_use]
pub fn show(index: u32) -> Request {
    // The kernel takes the port from a struct ifinfomsg; in a struct ndmsg it overlooks it (rtnl_fdb_dump).
    let family = u32::from(u8::from(AddressFamily::Bridge));
    let body = [family.to_le_bytes(), index.to_ne_bytes(), [0; 4], [0; 4]].concat();
    Request::raw(libc::RTM_GETNEIGH, body, NLM_F_DUMP)
}

/// The static entries of a port among what the kernel showed, each address once.
#[must_use]
pub fn shown_static(messages: &[RouteNetlinkMessage], index: u32) -> Vec<Mac> {
    let mut found = Vec::new();
    for message in messages {
        let RouteNetlinkMessage::NewNeighbour(entry) = message else { continue };
        let header = &entry.header;
        // The bridge's own table only, not the device's; a static entry is shown as one without ARP.
        let is_static = header.state == NeighbourState::Noarp;
        let in_table = entry
            .attributes
            .iter()
            .any(|attribute| matches!(attribute, NeighbourAttribute::Controller(_)));
        if header.ifindex != index || !is_static || !in_table {
            continue;
        }
        for attribute in &entry.attributes {
            if let NeighbourAttribute::LinkLayerAddress(address) = attribute {
                if let Ok(mac) = Mac::try_from(address.as_slice()) {
                    if !found.contains(&mac) {
                        found.push(mac);
                    }
                }
            }
        }
    }
    found
}
