//! Bonds (`IFLA_BOND_…`) and their slaves (`IFLA_BOND_SLAVE_…`).

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::super::attributes::{ByType, attributes, u8_of, u16_of, u32_of};
use super::super::field::{Form, Table, add_one, table};
use super::super::links::Links;
use super::super::value::{List, flags, ipv4, ipv6, mac};

const MODES: &[&str] = &[
    "balance-rr",
    "active-backup",
    "balance-xor",
    "broadcast",
    "802.3ad",
    "balance-tlb",
    "balance-alb",
];
const ARP_VALIDATE: &[&str] =
    &["none", "active", "backup", "all", "filter", "filter_active", "filter_backup"];
const ARP_ALL_TARGETS: &[&str] = &["any", "all"];
const RESELECT: &[&str] = &["always", "better", "failure"];
const FAIL_OVER_MAC: &[&str] = &["none", "active", "follow"];
const HASH_POLICIES: &[&str] =
    &["layer2", "layer3+4", "layer2+3", "encap2+3", "encap3+4", "vlan+srcmac"];
const LACP_ACTIVE: &[&str] = &["off", "on"];
const LACP_RATES: &[&str] = &["slow", "fast"];
const AD_SELECT: &[&str] = &["stable", "bandwidth", "count"];

static BOND: Table<33> = table(&[
    (1, "mode", Form::Word8(MODES)),
    (2, "active_slave", Form::LinkIfAny),
    (3, "miimon", Form::U32),
    (4, "updelay", Form::U32),
    (5, "downdelay", Form::U32),
    (6, "use_carrier", Form::U8),
    (7, "arp_interval", Form::U32),
    (10, "arp_all_targets", Form::Word32(ARP_ALL_TARGETS)),
    (11, "primary", Form::LinkIfAny),
    (12, "primary_reselect", Form::Word8(RESELECT)),
    (13, "fail_over_mac", Form::Word8(FAIL_OVER_MAC)),
    (14, "xmit_hash_policy", Form::Word8(HASH_POLICIES)),
    (15, "resend_igmp", Form::U32),
    (16, "num_peer_notif", Form::U8),
    (17, "all_slaves_active", Form::U8),
    (18, "min_links", Form::U32),
    (19, "lp_interval", Form::U32),
    (20, "packets_per_slave", Form::U32),
    (21, "ad_lacp_rate", Form::Word8(LACP_RATES)),
    (22, "ad_select", Form::Word8(AD_SELECT)),
    (24, "ad_actor_sys_prio", Form::U16),
    (25, "ad_user_port_key", Form::U16),
    (26, "ad_actor_system", Form::Mac),
    (27, "tlb_dynamic_lb", Form::U8),
    (28, "peer_notify_delay", Form::U32),
    (29, "ad_lacp_active", Form::Word8(LACP_ACTIVE)),
    (30, "arp_missed_max", Form::U8),
    (32, "coupled_control", Form::Flag),
]);
const ARP_IP_TARGET: u16 = 8;
const BOND_ARP_VALIDATE: u16 = 9;
const AD_INFO: u16 = 23;
const NS_IP6_TARGET: u16 = 31;

pub(super) fn add_bond<M: SerializeMap>(
    map: &mut M,
    data: &[u8],
    links: &Links,
) -> Result<(), M::Error> {
    for (kind, value) in attributes(data) {
        match kind {
            ARP_IP_TARGET => {
                let address = |bytes: &[u8]| Some(ipv4(bytes)?.to_string());
                add_targets(map, "arp_ip_target", value, address)?;
            }
            NS_IP6_TARGET => {
                let address = |bytes: &[u8]| Some(ipv6(bytes)?.to_string());
                add_targets(map, "ns_ip6_target", value, address)?;
            }
            // The first word is null in JSON.
            BOND_ARP_VALIDATE => match u32_of(value) as usize {
                0 => map.serialize_entry("arp_validate", &())?,
                number => {
                    let word = ARP_VALIDATE.get(number).unwrap_or(&"UNKNOWN");
                    map.serialize_entry("arp_validate", word)?;
                }
            },
            AD_INFO => map.serialize_entry("ad_info", &AdInfo(ByType::new(value)))?,
            _ => add_one(map, &BOND, kind, value, links)?,
        }
    }
    Ok(())
}

/// Addresses by their place; nothing where the first place is free.
fn add_targets<M: SerializeMap>(
    map: &mut M,
    key: &str,
    data: &[u8],
    address: impl Fn(&[u8]) -> Option<String>,
) -> Result<(), M::Error> {
    let targets = ByType::<16>::new(data);
    if targets.get(0).is_none() {
        return Ok(());
    }
    let list = (0..16).filter_map(|place| address(targets.get(place)?)).map(Into::into);
    map.serialize_entry(key, &List(list.collect()))
}

/// `IFLA_BOND_AD_INFO_…`
struct AdInfo<'a>(ByType<'a, 6>);

impl Serialize for AdInfo<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(5))?;
        for (kind, key) in
            [(1, "aggregator"), (2, "num_ports"), (3, "actor_key"), (4, "partner_key")]
        {
            if let Some(number) = self.0.u16(kind) {
                map.serialize_entry(key, &number)?;
            }
        }
        if let Some(address) = self.0.get(5) {
            map.serialize_entry("partner_mac", &mac(address.get(..6).unwrap_or(address)))?;
        }
        map.end()
    }
}

const STATES: [&str; 2] = ["ACTIVE", "BACKUP"];
const MII: [&str; 4] = ["UP", "GOING_DOWN", "DOWN", "GOING_BACK"];
/// IEEE 802.1AX, 6.4.2.3.
const PORT_STATE: &[(u32, &str)] = &[
    (0x01, "active"),
    (0x02, "short_timeout"),
    (0x04, "aggregating"),
    (0x08, "in_sync"),
    (0x10, "collecting"),
    (0x20, "distributing"),
    (0x40, "defaulted"),
    (0x80, "expired"),
];

pub(super) fn add_slave<M: SerializeMap>(
    map: &mut M,
    data: &[u8],
    _: &Links,
) -> Result<(), M::Error> {
    for (kind, value) in attributes(data) {
        let byte = u8_of(value);
        match kind {
            1 => add_word(map, ["state", "state_index"], &STATES, byte)?,
            2 => add_word(map, ["mii_status", "mii_status_index"], &MII, byte)?,
            3 => map.serialize_entry("link_failure_count", &u32_of(value).cast_signed())?,
            4 => map.serialize_entry("perm_hwaddr", &mac(value))?,
            5 => map.serialize_entry("queue_id", &u16_of(value))?,
            6 => map.serialize_entry("ad_aggregator_id", &u16_of(value))?,
            7 => {
                let keys = ["ad_actor_oper_port_state", "ad_actor_oper_port_state_str"];
                add_port_state(map, keys, byte)?;
            }
            8 => {
                let keys = ["ad_partner_oper_port_state", "ad_partner_oper_port_state_str"];
                add_port_state(map, keys, u8_of(value))?;
            }
            9 => map.serialize_entry("prio", &u32_of(value).cast_signed())?,
            _ => {}
        }
    }
    Ok(())
}

fn add_word<M: SerializeMap>(
    map: &mut M,
    keys: [&str; 2],
    words: &[&str],
    number: u8,
) -> Result<(), M::Error> {
    match words.get(usize::from(number)) {
        Some(word) => map.serialize_entry(keys[0], word),
        None => map.serialize_entry(keys[1], &number),
    }
}

fn add_port_state<M: SerializeMap>(
    map: &mut M,
    keys: [&str; 2],
    state: u8,
) -> Result<(), M::Error> {
    map.serialize_entry(keys[0], &state)?;
    map.serialize_entry(keys[1], &List(flags(state.into(), PORT_STATE)))
}
