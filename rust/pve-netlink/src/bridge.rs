//! `bridge vlan`, `bridge link` and the settings of a bridge itself.

use netlink_packet_core::NLM_F_DUMP;
use netlink_packet_route::link::{
    AfSpecBridge, BridgeStpState, BridgeVlanInfo, BridgeVlanInfoFlags, InfoBridge, InfoBridgePort,
    InfoData, InfoKind, InfoPortData, InfoPortKind, LinkAttribute, LinkInfo, LinkMessage,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};

use serde::{Deserialize, Serialize};

use crate::attribute::{each, find, u16_at};
use crate::request::{Raw, Request};

/// The highest VLAN id (IEEE 802.1Q: 4095 is reserved).
pub const LAST_VLAN: u16 = 4094;

const RTM_GETVLAN: u16 = 114;
const BRIDGE_VLANDB_ENTRY: u16 = 1;
const BRIDGE_VLANDB_ENTRY_INFO: u16 = 1;
const BRIDGE_VLANDB_ENTRY_RANGE: u16 = 2;
/// The size of `struct br_vlan_msg`.
const BR_VLAN_MSG: usize = 8;

/// VLANs of a port that are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vlans {
    /// The first one's id.
    pub first: u16,
    /// The last one's id; the same for a single one.
    pub last: u16,
    /// Whether frames without a tag that come in are in this VLAN.
    pub pvid: bool,
    /// Whether its frames leave without a tag.
    pub untagged: bool,
}

impl Vlans {
    /// Every VLAN that there is.
    pub const ALL: Self = Self::tagged(1, LAST_VLAN);
    /// Every VLAN but the first.
    pub const REST: Self = Self::tagged(2, LAST_VLAN);

    /// VLANs that keep their tags.
    #[must_use]
    pub const fn tagged(first: u16, last: u16) -> Self {
        Self { first, last, pvid: false, untagged: false }
    }

    /// The VLAN of what has no tag.
    #[must_use]
    pub const fn own(id: u16) -> Self {
        Self { first: id, last: id, pvid: true, untagged: true }
    }

    fn attributes(self) -> Vec<AfSpecBridge> {
        let mut flags = BridgeVlanInfoFlags::empty();
        flags.set(BridgeVlanInfoFlags::Pvid, self.pvid);
        flags.set(BridgeVlanInfoFlags::Untagged, self.untagged);
        if self.first == self.last {
            return vec![vlan(self.first, flags)];
        }
        vec![
            vlan(self.first, flags | BridgeVlanInfoFlags::RangeBegin),
            vlan(self.last, flags | BridgeVlanInfoFlags::RangeEnd),
        ]
    }
}

fn vlan(vid: u16, flags: BridgeVlanInfoFlags) -> AfSpecBridge {
    AfSpecBridge::VlanInfo(BridgeVlanInfo { flags, vid })
}

/// `bridge vlan add dev INDEX vid FIRST-LAST …`, for several at once.
#[must_use]
pub fn add_vlans(index: u32, vlans: &[Vlans]) -> Request {
    Request::new(RouteNetlinkMessage::SetLink(port_vlans(index, vlans)), 0)
}

/// `bridge vlan del dev INDEX vid FIRST-LAST`.
#[must_use]
pub fn delete_vlans(index: u32, vlans: Vlans) -> Request {
    Request::new(RouteNetlinkMessage::DelLink(port_vlans(index, &[vlans])), 0)
}

fn port_vlans(index: u32, vlans: &[Vlans]) -> LinkMessage {
    let mut message = LinkMessage::default();
    message.header.interface_family = AddressFamily::Bridge;
    message.header.index = index;
    let attributes = vlans.iter().flat_map(|vlans| vlans.attributes()).collect();
    message.attributes.push(LinkAttribute::AfSpecBridge(attributes));
    message
}

/// `bridge vlan show dev INDEX`.
#[must_use]
pub fn show_vlans(index: u32) -> Request {
    let family = u32::from(u8::from(AddressFamily::Bridge));
    let body = [family.to_le_bytes(), index.to_ne_bytes()].concat();
    Request::raw(RTM_GETVLAN, body, NLM_F_DUMP)
}

/// The VLANs among what the kernel showed.
#[must_use]
pub fn shown_vlans(raw: &[Raw]) -> Vec<Vlans> {
    let mut vlans = Vec::new();
    for message in raw {
        for (kind, entry) in each(message.body.get(BR_VLAN_MSG..).unwrap_or_default()) {
            let Some(info) = find(entry, BRIDGE_VLANDB_ENTRY_INFO) else { continue };
            let (Some(flags), Some(first)) = (u16_at(info, 0), u16_at(info, 2)) else { continue };
            if kind != BRIDGE_VLANDB_ENTRY {
                continue;
            }
            let flags = BridgeVlanInfoFlags::from_bits_truncate(flags);
            let range = find(entry, BRIDGE_VLANDB_ENTRY_RANGE);
            vlans.push(Vlans {
                first,
                last: range.and_then(|value| u16_at(value, 0)).unwrap_or(first),
                pvid: flags.contains(BridgeVlanInfoFlags::Pvid),
                untagged: flags.contains(BridgeVlanInfoFlags::Untagged),
            });
        }
    }
    vlans
}

/// Switches of a port; none of those left out is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PortFlags {
    /// Whether the bridge learns addresses from what comes in.
    pub learning: Option<bool>,
    /// Whether frames for addresses that the bridge does not know go out here.
    pub unicast_flood: Option<bool>,
    /// Whether it is kept apart from other ports that are.
    pub isolated: Option<bool>,
}

impl PortFlags {
    /// Those of a port that has static entries in the bridge's table only.
    pub const NO_LEARNING: Self =
        Self { learning: Some(false), unicast_flood: Some(false), isolated: None };
    /// Those of a port that is kept apart from its like.
    pub const ISOLATED: Self = Self { learning: None, unicast_flood: None, isolated: Some(true) };

    pub(crate) fn of(shown: &[InfoBridgePort]) -> Self {
        let mut flags = Self::default();
        for one in shown {
            match one {
                InfoBridgePort::Learning(value) => flags.learning = Some(*value),
                InfoBridgePort::UnicastFlood(value) => flags.unicast_flood = Some(*value),
                InfoBridgePort::Isolated(value) => flags.isolated = Some(*value),
                _ => {}
            }
        }
        flags
    }

    /// Whether all that is wanted here is so there.
    #[must_use]
    pub fn are_in(self, found: Self) -> bool {
        let same = |wanted: Option<bool>, found| wanted.is_none() || wanted == found;
        same(self.learning, found.learning)
            && same(self.unicast_flood, found.unicast_flood)
            && same(self.isolated, found.isolated)
    }
}

/// `bridge link set dev INDEX learning … flood … isolated …`.
#[must_use]
pub fn set_port_flags(index: u32, flags: PortFlags) -> Request {
    let mut data = Vec::new();
    data.extend(flags.learning.map(InfoBridgePort::Learning));
    data.extend(flags.unicast_flood.map(InfoBridgePort::UnicastFlood));
    data.extend(flags.isolated.map(InfoBridgePort::Isolated));
    let mut message = LinkMessage::default();
    message.header.index = index;
    message.attributes.push(LinkAttribute::LinkInfo(vec![
        LinkInfo::PortKind(InfoPortKind::Bridge),
        LinkInfo::PortData(InfoPortData::BridgePort(data)),
    ]));
    Request::new(RouteNetlinkMessage::NewLink(message), 0)
}

/// A setting that a bridge made for a guest takes over from the bridge that it belongs to, named as the files of
/// `/sys/class/net/<bridge>/bridge`, and in the reference's order (`PVE::Network::copy_bridge_config`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the files' names; what they mean is in ip-link(8)")]
pub enum Setting {
    AgeingTime,
    StpState,
    Priority,
    ForwardDelay,
    HelloTime,
    MaxAge,
    MulticastSnooping,
    MulticastQuerier,
}

impl Setting {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::AgeingTime,
        Self::StpState,
        Self::Priority,
        Self::ForwardDelay,
        Self::HelloTime,
        Self::MaxAge,
        Self::MulticastSnooping,
        Self::MulticastQuerier,
    ];

    /// Its file's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AgeingTime => "ageing_time",
            Self::StpState => "stp_state",
            Self::Priority => "priority",
            Self::ForwardDelay => "forward_delay",
            Self::HelloTime => "hello_time",
            Self::MaxAge => "max_age",
            Self::MulticastSnooping => "multicast_snooping",
            Self::MulticastQuerier => "multicast_querier",
        }
    }
}

/// What the settings of a bridge are, in the order of [`Setting::ALL`], each as its file shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Settings([Option<u32>; 8]);

impl Settings {
    pub(crate) fn of(shown: &[InfoBridge]) -> Self {
        let mut settings = Self::default();
        for one in shown {
            let (setting, value) = match one {
                InfoBridge::AgeingTime(value) => (Setting::AgeingTime, *value),
                InfoBridge::StpState(value) => (Setting::StpState, u32::from(*value)),
                InfoBridge::Priority(value) => (Setting::Priority, u32::from(*value)),
                InfoBridge::ForwardDelay(value) => (Setting::ForwardDelay, *value),
                InfoBridge::HelloTime(value) => (Setting::HelloTime, *value),
                InfoBridge::MaxAge(value) => (Setting::MaxAge, *value),
                InfoBridge::MulticastSnooping(value) => {
                    (Setting::MulticastSnooping, u32::from(*value))
                }
                InfoBridge::MulticastQuerier(value) => {
                    (Setting::MulticastQuerier, u32::from(*value))
                }
                _ => continue,
            };
            if let Some(place) = settings.0.get_mut(setting as usize) {
                *place = Some(value);
            }
        }
        settings
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, setting: Setting) -> Option<u32> {
        self.0.get(setting as usize).copied().flatten()
    }
}

/// `ip link set dev INDEX type bridge SETTING VALUE`.
#[must_use]
pub fn set(index: u32, setting: Setting, value: u32) -> Request {
    let data = match setting {
        Setting::AgeingTime => InfoBridge::AgeingTime(value),
        Setting::StpState => InfoBridge::StpState(BridgeStpState::from(value)),
        Setting::Priority => InfoBridge::Priority(value as u16),
        Setting::ForwardDelay => InfoBridge::ForwardDelay(value),
        Setting::HelloTime => InfoBridge::HelloTime(value),
        Setting::MaxAge => InfoBridge::MaxAge(value),
        Setting::MulticastSnooping => InfoBridge::MulticastSnooping(value != 0),
        Setting::MulticastQuerier => InfoBridge::MulticastQuerier(value != 0),
    };
    let mut message = LinkMessage::default();
    message.header.index = index;
    message.attributes.push(LinkAttribute::LinkInfo(vec![
        LinkInfo::Kind(InfoKind::Bridge),
        LinkInfo::Data(InfoData::Bridge(vec![data])),
    ]));
    Request::new(RouteNetlinkMessage::NewLink(message), 0)
}
