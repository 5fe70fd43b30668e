//! `ip link`: links are made, shown, brought up and deleted.

use std::os::fd::{AsRawFd, BorrowedFd};

use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::link::{
    InfoBridge, InfoData, InfoKind, InfoVeth, LinkAttribute, LinkExtentMask, LinkFlags, LinkInfo,
    LinkMessage,
};

use crate::request::Request;

/// A hardware address (IEEE 802 MAC).
pub type Mac = [u8; 6];

/// A pair of virtual Ethernet links, of which one end is made inside another namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VethPair {
    /// The host's end: its name.
    pub name: String,
    /// The host's end: its MTU in bytes.
    pub mtu: u32,
    /// The host's end: the index of the bridge that it becomes a port of.
    pub master: Option<u32>,
    /// The other end: its name in its namespace.
    pub peer_name: String,
    /// The other end: its MTU in bytes.
    pub peer_mtu: u32,
    /// The other end: its hardware address; the kernel makes one up for none.
    pub peer_address: Option<Mac>,
    /// Transmit and receive queues of both ends. More than one costs the kernel an expedited grace period in which all
    /// processors take part.
    pub queues: u32,
}

/// `ip link add NAME type veth peer name PEER netns NETNS`: both ends in one message, so that no link ever moves between
/// namespaces.
#[must_use]
pub fn add_veth(pair: &VethPair, netns: BorrowedFd<'_>) -> Request {
    let queues = [LinkAttribute::NumTxQueues(pair.queues), LinkAttribute::NumRxQueues(pair.queues)];
    let mut peer = LinkMessage::default();
    peer.attributes.push(LinkAttribute::IfName(pair.peer_name.clone()));
    peer.attributes.push(LinkAttribute::Mtu(pair.peer_mtu));
    peer.attributes.extend(pair.peer_address.map(|mac| LinkAttribute::Address(mac.to_vec())));
    peer.attributes.extend(queues.clone());
    peer.attributes.push(LinkAttribute::NetNsFd(netns.as_raw_fd()));

    let mut message = LinkMessage::default();
    message.attributes.push(LinkAttribute::IfName(pair.name.clone()));
    message.attributes.push(LinkAttribute::Mtu(pair.mtu));
    message.attributes.extend(queues);
    message.attributes.extend(pair.master.map(LinkAttribute::Controller));
    message.attributes.push(LinkAttribute::LinkInfo(vec![
        LinkInfo::Kind(InfoKind::Veth),
        LinkInfo::Data(InfoData::Veth(InfoVeth::Peer(peer))),
    ]));
    Request::new(RouteNetlinkMessage::NewLink(message), NLM_F_CREATE | NLM_F_EXCL)
}

/// `ip link set dev INDEX up`.
#[must_use]
pub fn set_up(index: u32) -> Request {
    set_flags(index, LinkFlags::Up)
}

/// `ip link set dev INDEX down`.
#[must_use]
pub fn set_down(index: u32) -> Request {
    set_flags(index, LinkFlags::empty())
}

fn set_flags(index: u32, up: LinkFlags) -> Request {
    let mut message = LinkMessage::default();
    message.header.index = index;
    message.header.flags = up;
    message.header.change_mask = LinkFlags::Up;
    Request::new(RouteNetlinkMessage::SetLink(message), 0)
}

/// `ip link delete dev INDEX`.
#[must_use]
pub fn delete(index: u32) -> Request {
    let mut message = LinkMessage::default();
    message.header.index = index;
    Request::new(RouteNetlinkMessage::DelLink(message), 0)
}

/// `ip link delete NAME`, for a link whose index is not known.
#[must_use]
pub fn delete_named(name: &str) -> Request {
    Request::new(RouteNetlinkMessage::DelLink(named(name)), 0)
}

/// `ip link show dev INDEX`.
#[must_use]
pub fn show(index: u32) -> Request {
    let mut message = LinkMessage::default();
    message.header.index = index;
    get(message)
}

/// `ip link show NAME`.
#[must_use]
pub fn show_named(name: &str) -> Request {
    get(named(name))
}

fn named(name: &str) -> LinkMessage {
    let mut message = LinkMessage::default();
    message.attributes.push(LinkAttribute::IfName(name.into()));
    message
}

fn get(mut message: LinkMessage) -> Request {
    message.attributes.push(LinkAttribute::ExtMask(vec![LinkExtentMask::SkipStats]));
    Request::new(RouteNetlinkMessage::GetLink(message), 0)
}

/// What matters here of a link that the kernel showed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shown {
    /// Its index.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// Whether it is up (administratively).
    pub up: bool,
    /// Its MTU in bytes.
    pub mtu: u32,
    /// The index of the bridge that it is a port of.
    pub master: Option<u32>,
    /// The index of its other end, in that one's namespace.
    pub peer: Option<u32>,
    /// Whether the other end is in another namespace.
    pub peer_elsewhere: bool,
    /// Its hardware address.
    pub address: Vec<u8>,
    /// Its kind (`veth`, `bridge`), empty for a physical one.
    pub kind: String,
    /// Whether it is a bridge that filters VLANs.
    pub vlan_filtering: bool,
}

/// The first link among what the kernel showed.
#[must_use]
pub fn shown(messages: &[RouteNetlinkMessage]) -> Option<Shown> {
    messages.iter().find_map(|message| match message {
        RouteNetlinkMessage::NewLink(link) => Some(read(link)),
        _ => None,
    })
}

fn read(link: &LinkMessage) -> Shown {
    let mut shown = Shown {
        index: link.header.index,
        up: link.header.flags.contains(LinkFlags::Up),
        ..Shown::default()
    };
    for attribute in &link.attributes {
        match attribute {
            LinkAttribute::IfName(name) => shown.name.clone_from(name),
            LinkAttribute::Mtu(mtu) => shown.mtu = *mtu,
            LinkAttribute::Controller(index) => shown.master = Some(*index),
            LinkAttribute::Link(index) => shown.peer = Some(*index),
            LinkAttribute::LinkNetNsId(_) => shown.peer_elsewhere = true,
            LinkAttribute::Address(address) => shown.address.clone_from(address),
            LinkAttribute::LinkInfo(info) => read_info(info, &mut shown),
            _ => {}
        }
    }
    shown
}

fn read_info(info: &[LinkInfo], shown: &mut Shown) {
    for info in info {
        match info {
            LinkInfo::Kind(kind) => shown.kind = kind.to_string(),
            LinkInfo::Data(InfoData::Bridge(bridge)) => {
                shown.vlan_filtering =
                    bridge.iter().any(|one| matches!(one, InfoBridge::VlanFiltering(true)));
            }
            _ => {}
        }
    }
}
