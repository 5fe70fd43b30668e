//! `ip link`: links are made, shown, brought up and deleted.

use std::borrow::Cow;
use std::os::fd::{AsRawFd, BorrowedFd};

use netlink_packet_core::{NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NlasIterator};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::link::{
    InfoBridge, InfoData, InfoKind, InfoPortData, InfoVeth, InfoVlan, LinkAttribute,
    LinkExtentMask, LinkFlags, LinkInfo, LinkMessage,
};

use serde::{Deserialize, Serialize};

use crate::bridge::{PortFlags, Settings};
use crate::plan::Again;
use crate::request::Request;

/// A hardware address (IEEE 802 MAC).
pub type Mac = [u8; 6];

/// A pair of virtual Ethernet links, of which one end may be made inside another namespace.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VethPair {
    /// The host's end: its name.
    pub name: String,
    /// The host's end: the index that it is to have; the kernel chooses one for none.
    pub index: Option<u32>,
    /// The host's end: its hardware address; the kernel makes one up for none.
    pub address: Option<Mac>,
    /// The host's end: its MTU in bytes.
    pub mtu: u32,
    /// The host's end: the index of the bridge that it becomes a port of.
    pub master: Option<u32>,
    /// The other end: its name in its namespace.
    pub peer_name: String,
    /// The other end: the index that it is to have; the kernel chooses one for none.
    pub peer_index: Option<u32>,
    /// The other end: its MTU in bytes.
    pub peer_mtu: u32,
    /// The other end: its hardware address; the kernel makes one up for none.
    pub peer_address: Option<Mac>,
    /// Transmit and receive queues of both ends. More than one costs the kernel an expedited grace period in which all
    /// processors take part.
    pub queues: u32,
}

/// `ip link add NAME type veth peer name PEER netns NETNS`: both ends in one message, so that no link ever moves between
/// namespaces. Without a namespace both ends are in the host's.
#[must_use]
pub fn add_veth(pair: &VethPair, netns: Option<BorrowedFd<'_>>) -> Request {
    let queues = [LinkAttribute::NumTxQueues(pair.queues), LinkAttribute::NumRxQueues(pair.queues)];
    let mut peer = LinkMessage::default();
    peer.header.index = pair.peer_index.unwrap_or(0);
    peer.attributes.push(LinkAttribute::IfName(pair.peer_name.clone()));
    peer.attributes.push(LinkAttribute::Mtu(pair.peer_mtu));
    peer.attributes.extend(pair.peer_address.map(|mac| LinkAttribute::Address(mac.to_vec())));
    peer.attributes.extend(queues.clone());
    peer.attributes.extend(netns.map(|netns| LinkAttribute::NetNsFd(netns.as_raw_fd())));

    let mut message = LinkMessage::default();
    message.header.index = pair.index.unwrap_or(0);
    message.attributes.push(LinkAttribute::IfName(pair.name.clone()));
    message.attributes.push(LinkAttribute::Mtu(pair.mtu));
    message.attributes.extend(pair.address.map(|mac| LinkAttribute::Address(mac.to_vec())));
    message.attributes.extend(queues);
    message.attributes.extend(pair.master.map(LinkAttribute::Controller));
    message.attributes.push(LinkAttribute::LinkInfo(vec![
        LinkInfo::Kind(InfoKind::Veth),
        LinkInfo::Data(InfoData::Veth(InfoVeth::Peer(peer))),
    ]));
    add(message)
}

/// `ip link add NAME type bridge`. Index and hardware address are given for one that is made again.
#[must_use]
pub fn add_bridge(name: &str, again: Option<Again>) -> Request {
    let mut message = named(name);
    if let Some(Again { index, address }) = again {
        message.header.index = index;
        message.attributes.extend(address.map(|mac| LinkAttribute::Address(mac.to_vec())));
    }
    message.attributes.push(LinkAttribute::LinkInfo(vec![LinkInfo::Kind(InfoKind::Bridge)]));
    add(message)
}

/// `ip link add link PARENT name NAME type vlan id ID`.
#[must_use]
pub fn add_vlan(name: &str, parent: u32, id: u16) -> Request {
    let mut message = named(name);
    message.attributes.push(LinkAttribute::Link(parent));
    message.attributes.push(LinkAttribute::LinkInfo(vec![
        LinkInfo::Kind(InfoKind::Vlan),
        LinkInfo::Data(InfoData::Vlan(vec![InfoVlan::Id(id)])),
    ]));
    add(message)
}

/// `ip link add NAME type KIND`, for a kind without settings.
#[must_use]
pub fn add_kind(name: &str, kind: &str) -> Request {
    let mut message = named(name);
    let kind = InfoKind::from(kind);
    message.attributes.push(LinkAttribute::LinkInfo(vec![LinkInfo::Kind(kind)]));
    add(message)
}

fn add(message: LinkMessage) -> Request {
    Request::new(RouteNetlinkMessage::NewLink(message), NLM_F_CREATE | NLM_F_EXCL)
}

/// What `ip link set` sets; what is left out stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LinkSettings {
    /// The MTU in bytes.
    pub mtu: Option<u32>,
    /// Whether it is up.
    pub up: Option<bool>,
    /// Whether it takes in frames for others.
    pub promiscuous: Option<bool>,
    /// Its hardware address.
    pub address: Option<Mac>,
}

impl LinkSettings {
    /// Up.
    pub const UP: Self = Self { mtu: None, up: Some(true), promiscuous: None, address: None };
    /// Down.
    pub const DOWN: Self = Self { mtu: None, up: Some(false), promiscuous: None, address: None };

    /// The MTU alone.
    #[must_use]
    pub const fn mtu(mtu: u32) -> Self {
        Self { mtu: Some(mtu), up: None, promiscuous: None, address: None }
    }

    /// What it takes to have all that these settings change as `shown` has it.
    #[must_use]
    pub fn as_shown(&self, shown: &Shown) -> Self {
        Self {
            mtu: self.mtu.map(|_| shown.mtu),
            up: self.up.map(|_| shown.up),
            promiscuous: self.promiscuous.map(|_| shown.promiscuous),
            address: self.address.and_then(|_| shown.address.as_slice().try_into().ok()),
        }
    }

    /// How many of them there are.
    #[must_use]
    pub fn count(&self) -> usize {
        let Self { mtu, up, promiscuous, address } = self;
        let given = [mtu.is_some(), up.is_some(), promiscuous.is_some(), address.is_some()];
        given.into_iter().filter(|given| *given).count()
    }
}

/// `ip link set dev INDEX …`.
#[must_use]
pub fn set(index: u32, settings: &LinkSettings) -> Request {
    let mut message = LinkMessage::default();
    message.header.index = index;
    for (wanted, flag) in [(settings.up, LinkFlags::Up), (settings.promiscuous, LinkFlags::Promisc)]
    {
        if let Some(wanted) = wanted {
            message.header.change_mask |= flag;
            message.header.flags.set(flag, wanted);
        }
    }
    message.attributes.extend(settings.mtu.map(LinkAttribute::Mtu));
    message.attributes.extend(settings.address.map(|mac| LinkAttribute::Address(mac.to_vec())));
    Request::new(RouteNetlinkMessage::SetLink(message), 0)
}

/// `ip link set dev INDEX master MASTER`, or `nomaster`.
#[must_use]
pub fn set_master(index: u32, master: Option<u32>) -> Request {
    let mut message = LinkMessage::default();
    message.header.index = index;
    message.attributes.push(LinkAttribute::Controller(master.unwrap_or(0)));
    Request::new(RouteNetlinkMessage::SetLink(message), 0)
}

/// `ip link set dev INDEX netns NETNS name NAME`.
#[must_use]
pub fn move_to(index: u32, netns: BorrowedFd<'_>, name: &str) -> Request {
    let mut message = named(name);
    message.header.index = index;
    message.attributes.push(LinkAttribute::NetNsFd(netns.as_raw_fd()));
    Request::new(RouteNetlinkMessage::SetLink(message), 0)
}

/// `ip link set dev INDEX up`.
#[must_use]
pub fn set_up(index: u32) -> Request {
    set(index, &LinkSettings::UP)
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

/// `ip link set dev INDEX group GROUP`.
#[must_use]
pub fn set_group(index: u32, group: u32) -> Request {
    let mut message = LinkMessage::default();
    message.header.index = index;
    message.attributes.push(LinkAttribute::Group(group));
    Request::new(RouteNetlinkMessage::SetLink(message), 0)
}

/// `ip link delete group GROUP`.
#[must_use]
pub fn delete_group(group: u32) -> Request {
    let mut message = LinkMessage::default();
    message.attributes.push(LinkAttribute::Group(group));
    Request::new(RouteNetlinkMessage::DelLink(message), 0)
}

/// `ip link show`.
#[must_use]
pub fn show_all() -> Request {
    let mut request = get(LinkMessage::default());
    request.flags = NLM_F_DUMP;
    request
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
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
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
    /// The number of the group that it belongs to.
    pub group: u32,
    /// Its kind (`veth`, `bridge`), empty for a physical one.
    pub kind: String,
    /// Whether it is a bridge that filters VLANs.
    pub vlan_filtering: bool,
    /// Whether it was told to take in frames for others.
    pub promiscuous: bool,
    /// The id of the VLAN that it is for, if it is of that kind.
    pub vlan_id: Option<u16>,
    /// The switches of the port that it is of a bridge.
    pub port: Option<PortFlags>,
    /// The settings of the bridge that it is.
    pub bridge: Option<Settings>,
}

/// A message of the kernel, which for a link leaves out the attributes that [`shown`] does not read. They are most of it,
/// and taking them apart costs more than all else about the answer. Anything but a well-formed link stays as it is.
pub(crate) fn without_unread(message: &[u8]) -> Cow<'_, [u8]> {
    let is_link = message.get(4..6) == Some(&libc::RTM_NEWLINK.to_ne_bytes());
    let Some((headers, attributes)) = message.split_at_checked(HEADERS).filter(|_| is_link) else {
        return message.into();
    };
    let mut kept = headers.to_vec();
    for attribute in NlasIterator::new(attributes) {
        let Ok(attribute) = attribute else { return message.into() };
        if READ.contains(&attribute.kind()) {
            let length = usize::from(attribute.length());
            kept.extend_from_slice(attribute.into_inner().get(..length).unwrap_or_default());
            kept.resize(kept.len().next_multiple_of(4), 0);
        }
    }
    let length = u32::try_from(kept.len()).unwrap_or(u32::MAX).to_ne_bytes();
    for (to, from) in kept.iter_mut().zip(length) {
        *to = from;
    }
    kept.into()
}

/// All links among what the kernel showed.
pub fn all_shown(messages: &[RouteNetlinkMessage]) -> impl Iterator<Item = Shown> + '_ {
    messages.iter().filter_map(|message| match message {
        RouteNetlinkMessage::NewLink(link) => Some(read(link)),
        _ => None,
    })
}

/// The first link among what the kernel showed.
#[must_use]
pub fn shown(messages: &[RouteNetlinkMessage]) -> Option<Shown> {
    all_shown(messages).next()
}

/// What a message about a link starts with: `struct nlmsghdr` and `struct ifinfomsg` (rtnetlink(7)).
const HEADERS: usize = 32;

/// The attributes that [`read`] reads.
const READ: [u16; 8] = [
    libc::IFLA_ADDRESS,
    libc::IFLA_IFNAME,
    libc::IFLA_MTU,
    libc::IFLA_LINK,
    libc::IFLA_MASTER,
    libc::IFLA_LINKINFO,
    libc::IFLA_LINK_NETNSID,
    libc::IFLA_GROUP,
];

pub(crate) fn read(link: &LinkMessage) -> Shown {
    let mut shown = Shown {
        index: link.header.index,
        up: link.header.flags.contains(LinkFlags::Up),
        promiscuous: link.header.flags.contains(LinkFlags::Promisc),
        ..Shown::default()
    };
    for attribute in &link.attributes {
        match attribute {
            LinkAttribute::IfName(name) => shown.name.clone_from(name),
            LinkAttribute::Mtu(mtu) => shown.mtu = *mtu,
            LinkAttribute::Group(group) => shown.group = *group,
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
                shown.bridge = Some(Settings::of(bridge));
            }
            LinkInfo::Data(InfoData::Vlan(vlan)) => {
                shown.vlan_id = vlan.iter().find_map(|one| match one {
                    InfoVlan::Id(id) => Some(*id),
                    _ => None,
                });
            }
            LinkInfo::PortData(InfoPortData::BridgePort(port)) => {
                shown.port = Some(PortFlags::of(port));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use netlink_packet_core::{NetlinkMessage, NetlinkPayload};

    fn bytes(attributes: Vec<LinkAttribute>) -> Vec<u8> {
        let mut link = LinkMessage::default();
        link.header.index = 7;
        link.header.flags = LinkFlags::Up;
        link.attributes = attributes;
        let mut message = NetlinkMessage::from(RouteNetlinkMessage::NewLink(link));
        message.finalize();
        let mut bytes = vec![0; message.buffer_len()];
        message.serialize(&mut bytes);
        bytes
    }

    fn read_from(bytes: &[u8]) -> Shown {
        let message = NetlinkMessage::<RouteNetlinkMessage>::deserialize(bytes).unwrap();
        let NetlinkPayload::InnerMessage(message) = message.payload else {
            panic!("{message:?} is not a link");
        };
        shown(&[message]).unwrap()
    }

    fn a_port() -> Vec<LinkAttribute> {
        vec![
            LinkAttribute::IfName("veth100i0".into()),
            LinkAttribute::TxQueueLen(1000),
            LinkAttribute::Mtu(1400),
            LinkAttribute::Group(5),
            LinkAttribute::Qdisc("noqueue".into()),
            LinkAttribute::Controller(3),
            LinkAttribute::Link(9),
            LinkAttribute::LinkNetNsId(2),
            LinkAttribute::Address(vec![2, 0, 0, 0, 0, 1]),
            LinkAttribute::LinkInfo(vec![LinkInfo::Kind(InfoKind::Veth)]),
        ]
    }

    #[test]
    fn what_is_left_out_is_not_read() {
        let all = bytes(a_port());
        let rest = without_unread(&all);
        assert!(rest.len() < all.len());
        assert_eq!(read_from(&rest), read_from(&all));
        let expected = Shown {
            index: 7,
            name: "veth100i0".into(),
            up: true,
            mtu: 1400,
            group: 5,
            master: Some(3),
            peer: Some(9),
            peer_elsewhere: true,
            address: vec![2, 0, 0, 0, 0, 1],
            kind: "veth".into(),
            ..Shown::default()
        };
        assert_eq!(read_from(&rest), expected);
    }

    #[test]
    fn what_is_no_well_formed_link_stays() {
        let mut cut = bytes(a_port());
        cut.truncate(cut.len() - 3);
        assert_eq!(*without_unread(&cut), *cut);
        let short = [16, 0, 0, 0, 16, 0];
        assert_eq!(*without_unread(&short), short);
        let mut other = bytes(a_port());
        other[4] = 20;
        assert_eq!(*without_unread(&other), *other);
    }
}
