//! One link.

use std::borrow::Cow;

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use super::attributes::{ByType, attributes, text_of, u8_of, u32_of};
use super::field::{Form, Table, add_one, table};
use super::kind::LinkInfo;
use super::links::Links;
use super::value::{Boolean, List, Text, flags, ipv4, ipv6, mac};
use super::vf::VfList;
use super::words::link_type;

const IFF_UP: u32 = libc::IFF_UP as u32;
const IFF_RUNNING: u32 = libc::IFF_RUNNING as u32;
const IFF_POINTOPOINT: u32 = libc::IFF_POINTOPOINT as u32;

/// netdevice(7), in iproute2's order.
const FLAGS: &[(u32, &str)] = &[
    (libc::IFF_LOOPBACK as u32, "LOOPBACK"),
    (libc::IFF_BROADCAST as u32, "BROADCAST"),
    (IFF_POINTOPOINT, "POINTOPOINT"),
    (libc::IFF_MULTICAST as u32, "MULTICAST"),
    (libc::IFF_NOARP as u32, "NOARP"),
    (libc::IFF_ALLMULTI as u32, "ALLMULTI"),
    (libc::IFF_PROMISC as u32, "PROMISC"),
    (libc::IFF_MASTER as u32, "MASTER"),
    (libc::IFF_SLAVE as u32, "SLAVE"),
    (libc::IFF_DEBUG as u32, "DEBUG"),
    (libc::IFF_DYNAMIC as u32, "DYNAMIC"),
    (libc::IFF_AUTOMEDIA as u32, "AUTOMEDIA"),
    (libc::IFF_PORTSEL as u32, "PORTSEL"),
    (libc::IFF_NOTRAILERS as u32, "NOTRAILERS"),
    (IFF_UP, "UP"),
    (1 << 16, "LOWER_UP"),
    (1 << 17, "DORMANT"),
    (1 << 18, "ECHO"),
];

/// RFC 2863, as the kernel numbers them.
const STATES: &[&str] =
    &["UNKNOWN", "NOTPRESENT", "DOWN", "LOWERLAYERDOWN", "TESTING", "DORMANT", "UP"];
const MODES: &[&str] = &["DEFAULT", "DORMANT"];
/// `IFLA_EVENT_…`; the first is shown by leaving the key out.
const EVENTS: &[&str] = &[
    "NONE",
    "REBOOT",
    "FEATURE CHANGE",
    "BONDING FAILOVER",
    "NOTIFY PEERS",
    "RESEND IGMP",
    "BONDING OPTION",
];
/// `IN6_ADDR_GEN_MODE_…`
const ADDRESS_MODES: &[&str] = &["eui64", "none", "stable_secret", "random"];

const TUNNEL: u16 = 768;
const TUNNEL6: u16 = 769;
const SIT: u16 = 776;
const IPGRE: u16 = 778;
const IP6GRE: u16 = 823;

/// Attributes that are one key each.
static FIELDS: Table<68> = table(&[
    (4, "mtu", Form::I32),
    (6, "qdisc", Form::Text),
    (10, "master", Form::Link),
    (20, "ifalias", Form::Text),
    (30, "promiscuity", Form::U32),
    (31, "num_tx_queues", Form::U32),
    (32, "num_rx_queues", Form::U32),
    (34, "phys_port_id", Form::Digits),
    (36, "phys_switch_id", Form::Digits),
    (37, "link_netnsid", Form::I32),
    (38, "phys_port_name", Form::Text),
    (40, "gso_max_segs", Form::U32),
    (41, "gso_max_size", Form::U32),
    (50, "min_mtu", Form::U32),
    (51, "max_mtu", Form::U32),
    (56, "parentdev", Form::Text),
    (57, "parentbus", Form::Text),
    (58, "gro_max_size", Form::U32),
    (59, "tso_max_size", Form::U32),
    (60, "tso_max_segs", Form::U32),
    (61, "allmulti", Form::U32),
    (63, "gso_ipv4_max_size", Form::U32),
    (64, "gro_ipv4_max_size", Form::U32),
]);

/// Those that are more than that, or depend on others (`IFLA_…`).
const ADDRESS: u16 = libc::IFLA_ADDRESS;
const BROADCAST: u16 = libc::IFLA_BROADCAST;
const IFNAME: u16 = libc::IFLA_IFNAME;
const LINK: u16 = libc::IFLA_LINK;
const TXQLEN: u16 = libc::IFLA_TXQLEN;
const OPERSTATE: u16 = libc::IFLA_OPERSTATE;
const LINKMODE: u16 = libc::IFLA_LINKMODE;
const LINKINFO: u16 = libc::IFLA_LINKINFO;
const VFINFO_LIST: u16 = libc::IFLA_VFINFO_LIST;
const AF_SPEC: u16 = libc::IFLA_AF_SPEC;
const GROUP: u16 = libc::IFLA_GROUP;
const LINK_NETNSID: u16 = libc::IFLA_LINK_NETNSID;
const PROTO_DOWN: u16 = libc::IFLA_PROTO_DOWN;
const XDP: u16 = libc::IFLA_XDP;
const EVENT: u16 = libc::IFLA_EVENT;
const PROP_LIST: u16 = libc::IFLA_PROP_LIST;
const ALT_IFNAME: u16 = libc::IFLA_ALT_IFNAME;
const PERM_ADDRESS: u16 = libc::IFLA_PERM_ADDRESS;
const PROTO_DOWN_REASON: u16 = libc::IFLA_PROTO_DOWN_REASON;
const NUM_VF: u16 = libc::IFLA_NUM_VF;

pub(super) struct Link<'a> {
    pub(super) index: u32,
    pub(super) flags: u32,
    /// `ARPHRD_…`
    pub(super) kind: u16,
    pub(super) attributes: &'a [u8],
    pub(super) links: &'a Links,
}

impl Serialize for Link<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(32))?;
        map.serialize_entry("ifindex", &self.index.cast_signed())?;
        map.serialize_entry("link_type", &link_type(self.kind))?;
        // What other attributes decide on, which may come later.
        let (mut lower, mut elsewhere, mut down, mut reasons) = (None, false, false, None);
        let (mut address, mut permanent, mut vfs, mut vf_count) = (None, None, None, false);
        for (kind, value) in attributes(self.attributes) {
            match kind {
                IFNAME => map.serialize_entry("ifname", &Text(text_of(value)))?,
                LINK => lower = Some(u32_of(value)),
                TXQLEN if u32_of(value) == 0 => {}
                TXQLEN => map.serialize_entry("txqlen", &u32_of(value).cast_signed())?,
                OPERSTATE => indexed(&mut map, ["operstate", "operstate_index"], STATES, value)?,
                LINKMODE => indexed(&mut map, ["linkmode", "linkmode_index"], MODES, value)?,
                GROUP => map.serialize_entry("group", &self.links.groups.name(u32_of(value)))?,
                EVENT => event(&mut map, u32_of(value))?,
                ADDRESS => {
                    address = Some(value);
                    map.serialize_entry("address", &self.hardware_address(value))?;
                }
                BROADCAST => {
                    if self.flags & IFF_POINTOPOINT != 0 {
                        map.serialize_entry("link_pointtopoint", &Boolean(true))?;
                    }
                    map.serialize_entry("broadcast", &self.hardware_address(value))?;
                }
                PERM_ADDRESS => permanent = Some(value),
                PROTO_DOWN => down = u8_of(value) != 0,
                PROTO_DOWN_REASON => reasons = Some(value),
                LINKINFO => {
                    map.serialize_entry("linkinfo", &LinkInfo { data: value, links: self.links })?;
                }
                AF_SPEC => address_mode(&mut map, value)?,
                XDP => xdp(&mut map, value)?,
                VFINFO_LIST => vfs = Some(value),
                NUM_VF => vf_count = true,
                PROP_LIST => map.serialize_entry("altnames", &AltNames(value))?,
                _ => {
                    elsewhere |= kind == LINK_NETNSID;
                    add_one(&mut map, &FIELDS, kind, value, self.links)?;
                }
            }
        }
        match (lower, elsewhere) {
            (None, _) => {}
            (Some(0), _) => map.serialize_entry("link", &())?,
            (Some(index), true) => map.serialize_entry("link_index", &index.cast_signed())?,
            (Some(index), false) => map.serialize_entry("link", &self.links.name(index))?,
        }
        let lower_down = match lower {
            Some(index) if index != 0 && !elsewhere => self.links.flags(index) & IFF_UP == 0,
            _ => false,
        };
        map.serialize_entry("flags", &self.words(lower_down))?;
        if let Some(value) = permanent.filter(|value| address != Some(value)) {
            map.serialize_entry("permaddr", &self.hardware_address(value))?;
        }
        if down {
            map.serialize_entry("proto_down", &Boolean(true))?;
        }
        if let Some(reasons) = reasons.map(proto_down_reasons).filter(|list| !list.is_empty()) {
            map.serialize_entry("proto_down_reason", &List(reasons))?;
        }
        if let Some(list) = vfs.filter(|_| vf_count) {
            let (kind, flags) = (self.kind, self.flags);
            map.serialize_entry("vfinfo_list", &VfList { list, kind, flags })?;
        }
        map.end()
    }
}

impl Link<'_> {
    fn hardware_address(&self, bytes: &[u8]) -> String {
        hardware_address(self.kind, bytes)
    }

    fn words(&self, lower_down: bool) -> List<'static> {
        let mut list = flags(self.flags & !IFF_RUNNING, FLAGS);
        if self.flags & IFF_UP != 0 && self.flags & IFF_RUNNING == 0 {
            list.insert(0, "NO-CARRIER".into());
        }
        if lower_down {
            list.push("M-DOWN".into());
        }
        List(list)
    }
}

/// A hardware address; that of a tunnel is an IP address.
pub(super) fn hardware_address(kind: u16, bytes: &[u8]) -> String {
    match (bytes.len(), kind) {
        (4, TUNNEL | SIT | IPGRE) => ipv4(bytes).map(|address| address.to_string()),
        (16, TUNNEL6 | IP6GRE) => ipv6(bytes).map(|address| address.to_string()),
        _ => None,
    }
    .unwrap_or_else(|| mac(bytes))
}

/// The word for an operational state, or its number.
pub(super) fn operstate(state: u8) -> String {
    let word = STATES.get(usize::from(state));
    word.map_or_else(|| state.to_string(), |word| (*word).to_owned())
}

/// A word by its number, or the number under another key where there is none.
fn indexed<M: SerializeMap>(
    map: &mut M,
    keys: [&str; 2],
    words: &[&str],
    value: &[u8],
) -> Result<(), M::Error> {
    match words.get(usize::from(u8_of(value))) {
        Some(word) => map.serialize_entry(keys[0], word),
        None => map.serialize_entry(keys[1], &u8_of(value)),
    }
}

fn event<M: SerializeMap>(map: &mut M, event: u32) -> Result<(), M::Error> {
    match EVENTS.get(event as usize) {
        Some(_) if event == 0 => Ok(()),
        Some(word) => map.serialize_entry("event", word),
        None => map.serialize_entry("event", &event.cast_signed()),
    }
}

/// `inet6_addr_gen_mode`, out of the attributes of each address family.
fn address_mode<M: SerializeMap>(map: &mut M, families: &[u8]) -> Result<(), M::Error> {
    const IFLA_INET6_ADDR_GEN_MODE: u16 = 8;
    let inet6 = attributes(families).find(|(family, _)| i32::from(*family) == libc::AF_INET6);
    let mode = inet6
        .and_then(|(_, data)| attributes(data).find(|(kind, _)| *kind == IFLA_INET6_ADDR_GEN_MODE));
    let Some((_, mode)) = mode else { return Ok(()) };
    let mode = u8_of(mode);
    let word = match ADDRESS_MODES.get(usize::from(mode)) {
        Some(word) => Cow::Borrowed(*word),
        None => Cow::Owned(format!("{mode:#04x}")),
    };
    map.serialize_entry("inet6_addr_gen_mode", &word)
}

/// Why the link is kept down, by bit. iproute2 reads eight of them.
fn proto_down_reasons(data: &[u8]) -> Vec<Cow<'static, str>> {
    const IFLA_PROTO_DOWN_REASON_VALUE: usize = 2;
    let value = ByType::<3>::new(data).u8(IFLA_PROTO_DOWN_REASON_VALUE).unwrap_or_default();
    (0..8).filter(|bit| value & (1 << bit) != 0).map(|bit| bit.to_string().into()).collect()
}

/// The programs at the driver's hook (`IFLA_XDP_…`), by number: their names are not netlink's to tell.
fn xdp<M: SerializeMap>(map: &mut M, data: &[u8]) -> Result<(), M::Error> {
    let xdp = ByType::<9>::new(data);
    match xdp.u8(2) {
        None | Some(0) => Ok(()),
        Some(mode) => map.serialize_entry("xdp", &Xdp { mode, xdp }),
    }
}

struct Xdp<'a> {
    mode: u8,
    xdp: ByType<'a, 9>,
}

impl Serialize for Xdp<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        const DRIVER: (usize, u8) = (5, 1);
        const GENERIC: (usize, u8) = (6, 2);
        const HARDWARE: (usize, u8) = (7, 3);
        let program = self.xdp.u32(4);
        let mut attached: Vec<_> = [GENERIC, DRIVER, HARDWARE]
            .into_iter()
            .filter_map(|(kind, mode)| Some(Attached { mode, program: self.xdp.u32(kind)? }))
            .collect();
        if let Some(program) = program.filter(|_| attached.is_empty()) {
            attached.push(Attached { mode: self.mode, program });
        }
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("mode", &self.mode)?;
        if let Some(id) = program.filter(|id| *id != 0) {
            map.serialize_entry("prog", &Program { id })?;
        }
        map.serialize_entry("attached", &attached)?;
        map.end()
    }
}

struct Attached {
    mode: u8,
    program: u32,
}

impl Serialize for Attached {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("mode", &self.mode)?;
        map.serialize_entry("prog", &Program { id: self.program })?;
        map.end()
    }
}

struct Program {
    id: u32,
}

impl Serialize for Program {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("id", &self.id)?;
        map.end()
    }
}

struct AltNames<'a>(&'a [u8]);

impl Serialize for AltNames<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for (kind, value) in attributes(self.0) {
            if kind == ALT_IFNAME {
                list.serialize_element(&Text(text_of(value)))?;
            }
        }
        list.end()
    }
}
