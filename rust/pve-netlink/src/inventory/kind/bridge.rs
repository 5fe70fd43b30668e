//! Bridges (`IFLA_BR_…`) and their ports (`IFLA_BRPORT_…`).

use std::fmt::Display;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::super::attributes::{ByType, attributes, u8_of, u16_of, u32_of, u64_of};
use super::super::field::{Form, Table, add_one, table};
use super::super::links::Links;
use super::super::value::{hex, ipv4, ipv6};

static BRIDGE: Table<50> = table(&[
    (1, "forward_delay", Form::U32),
    (2, "hello_time", Form::U32),
    (3, "max_age", Form::U32),
    (4, "ageing_time", Form::U32),
    (5, "stp_state", Form::U32),
    (6, "priority", Form::U16),
    (7, "vlan_filtering", Form::U8),
    (8, "vlan_protocol", Form::Protocol),
    (9, "group_fwd_mask", Form::Hex16),
    (10, "root_id", Form::BridgeId),
    (11, "bridge_id", Form::BridgeId),
    (12, "root_port", Form::U16),
    (13, "root_path_cost", Form::U32),
    (14, "topology_change", Form::U8),
    (15, "topology_change_detected", Form::U8),
    (16, "hello_timer", Form::Timer),
    (17, "tcn_timer", Form::Timer),
    (18, "topology_change_timer", Form::Timer),
    (19, "gc_timer", Form::Timer),
    (20, "group_addr", Form::Mac),
    (22, "mcast_router", Form::U8),
    (23, "mcast_snooping", Form::U8),
    (24, "mcast_query_use_ifaddr", Form::U8),
    (25, "mcast_querier", Form::U8),
    (26, "mcast_hash_elasticity", Form::U32),
    (27, "mcast_hash_max", Form::U32),
    (28, "mcast_last_member_cnt", Form::U32),
    (29, "mcast_startup_query_cnt", Form::U32),
    (30, "mcast_last_member_intvl", Form::U64),
    (31, "mcast_membership_intvl", Form::U64),
    (32, "mcast_querier_intvl", Form::U64),
    (33, "mcast_query_intvl", Form::U64),
    (34, "mcast_query_response_intvl", Form::U64),
    (35, "mcast_startup_query_intvl", Form::U64),
    (36, "nf_call_iptables", Form::U8),
    (37, "nf_call_ip6tables", Form::U8),
    (38, "nf_call_arptables", Form::U8),
    (39, "vlan_default_pvid", Form::U16),
    (41, "vlan_stats_enabled", Form::U8),
    (42, "mcast_stats_enabled", Form::U8),
    (43, "mcast_igmp_version", Form::U8),
    (44, "mcast_mld_version", Form::U8),
    (45, "vlan_stats_per_port", Form::U8),
    (48, "fdb_n_learned", Form::U32),
    (49, "fdb_max_learned", Form::U32),
]);
const MULTI_BOOLOPT: u16 = 46;
const MCAST_QUERIER_STATE: u16 = 47;

/// `BR_BOOLOPT_…`, by bit.
const OPTIONS: [&str; 3] = ["no_linklocal_learn", "mcast_vlan_snooping", "mst_enabled"];

pub(super) fn add_bridge<M: SerializeMap>(
    map: &mut M,
    data: &[u8],
    links: &Links,
) -> Result<(), M::Error> {
    for (kind, value) in attributes(data) {
        match kind {
            MULTI_BOOLOPT => {
                let (on, known) = (u32_of(value), u32_of(value.get(4..).unwrap_or_default()));
                for (bit, key) in OPTIONS.iter().enumerate() {
                    if known & (1 << bit) != 0 {
                        map.serialize_entry(key, &(on >> bit & 1))?;
                    }
                }
            }
            MCAST_QUERIER_STATE => {
                let state = ByType::<8>::new(value);
                let address = state.get(1).and_then(ipv4);
                let v4 = Querier::new("ipv4", address, state.u32(2), state.get(3));
                map.serialize_entry("mcast_querier_state_ipv4", &v4)?;
                let address = state.get(5).and_then(ipv6);
                let v6 = Querier::new("ipv6", address, state.u32(6), state.get(7));
                map.serialize_entry("mcast_querier_state_ipv6", &v6)?;
            }
            _ => add_one(map, &BRIDGE, kind, value, links)?,
        }
    }
    Ok(())
}

/// Another querier of multicast groups (`BRIDGE_QUERIER_…`).
struct Querier {
    family: &'static str,
    address: Option<String>,
    port: Option<u32>,
    timer: Option<String>,
}

impl Querier {
    fn new(
        family: &'static str,
        address: Option<impl Display>,
        port: Option<u32>,
        timer: Option<&[u8]>,
    ) -> Self {
        let address = address.map(|address| address.to_string());
        Self { family, address, port, timer: timer.map(|value| time(u64_of(value))) }
    }
}

impl Serialize for Querier {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let key = |what: &str| format!("mcast_querier_{}_{what}", self.family);
        let mut map = serializer.serialize_map(Some(3))?;
        if let Some(address) = &self.address {
            map.serialize_entry(&key("addr"), address)?;
        }
        if let Some(port) = self.port {
            map.serialize_entry(&key("port"), &port)?;
        }
        if let Some(timer) = &self.timer {
            map.serialize_entry(&key("other_timer"), timer)?;
        }
        map.end()
    }
}

/// Nanoseconds in the largest unit that fits, with three digits (C's `%.3g`).
fn time(nanoseconds: u64) -> String {
    for (unit, name) in [(1e9, "s"), (1e6, "ms"), (1e3, "us")] {
        let number = nanoseconds as f64 / unit;
        if number >= 1.0 {
            return format!("{}{name}", three_digits(number));
        }
    }
    format!("{nanoseconds}ns")
}

fn three_digits(number: f64) -> String {
    let exponential = format!("{number:.2e}");
    let (digits, exponent) = exponential.split_once('e').unwrap_or((&exponential, "0"));
    let exponent: usize = exponent.parse().unwrap_or_default();
    if exponent > 2 {
        let digits = digits.trim_end_matches('0').trim_end_matches('.');
        return format!("{digits}e+{exponent:02}");
    }
    let fixed = format!("{number:.*}", 2 - exponent);
    if !fixed.contains('.') {
        return fixed;
    }
    fixed.trim_end_matches('0').trim_end_matches('.').to_owned()
}

static PORT: Table<45> = table(&[
    (2, "priority", Form::U16),
    (3, "cost", Form::I32),
    (4, "hairpin", Form::Flag),
    (5, "guard", Form::Flag),
    (6, "root_block", Form::Flag),
    (7, "fastleave", Form::Flag),
    (8, "learning", Form::Flag),
    (9, "flood", Form::Flag),
    (10, "proxy_arp", Form::Flag),
    (12, "proxy_arp_wifi", Form::Flag),
    (13, "root_id", Form::BridgeId),
    (14, "bridge_id", Form::BridgeId),
    (15, "designated_port", Form::U16),
    (16, "designated_cost", Form::U16),
    (17, "id", Form::Hex16),
    (18, "no", Form::Hex16),
    (19, "topology_change_ack", Form::U8),
    (20, "config_pending", Form::U8),
    (21, "message_age_timer", Form::Timer),
    (22, "forward_delay_timer", Form::Timer),
    (23, "hold_timer", Form::Timer),
    (25, "multicast_router", Form::U8),
    (27, "mcast_flood", Form::Flag),
    (28, "mcast_to_unicast", Form::Flag),
    (29, "vlan_tunnel", Form::Flag),
    (30, "bcast_flood", Form::Flag),
    (32, "neigh_suppress", Form::Flag),
    (33, "isolated", Form::Flag),
    (34, "backup_port", Form::Link),
    (39, "locked", Form::Flag),
    (40, "mab", Form::Flag),
    (43, "neigh_vlan_suppress", Form::Flag),
    (44, "backup_nhid", Form::U32),
]);
const PORT_STATE: u16 = 1;
const PORT_GROUP_FWD_MASK: u16 = 31;

const STATES: [&str; 5] = ["disabled", "listening", "learning", "forwarding", "blocking"];
/// Groups of IEEE 802.1D that have a name, by bit.
const GROUPS: [(u16, &str); 3] = [(0, "stp"), (2, "lacp"), (14, "lldp")];

pub(super) fn add_slave<M: SerializeMap>(
    map: &mut M,
    data: &[u8],
    links: &Links,
) -> Result<(), M::Error> {
    for (kind, value) in attributes(data) {
        match kind {
            PORT_STATE => match STATES.get(usize::from(u8_of(value))) {
                Some(state) => map.serialize_entry("state", state)?,
                None => map.serialize_entry("state_index", &u8_of(value))?,
            },
            PORT_GROUP_FWD_MASK => {
                let mask = u16_of(value);
                map.serialize_entry("group_fwd_mask", &hex(mask.into()))?;
                map.serialize_entry("group_fwd_mask_str", &group_names(mask))?;
            }
            _ => add_one(map, &PORT, kind, value, links)?,
        }
    }
    Ok(())
}

fn group_names(mask: u16) -> String {
    let name = |bit: u16| {
        let known = GROUPS.iter().find(|(known, _)| *known == bit);
        known.map_or_else(|| format!("{:#x}", 1_u16 << bit), |(_, name)| (*name).to_owned())
    };
    let names: Vec<_> = (0..16).filter(|bit| mask & 1 << bit != 0).map(name).collect();
    if names.is_empty() { "0x0".into() } else { names.join(",") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits() {
        for (nanoseconds, text) in [
            (0, "0ns"),
            (999, "999ns"),
            (1_000, "1us"),
            (255_000_000_000, "255s"),
            (254_960_000_000, "255s"),
            (12_340_000_000, "12.3s"),
            (1_500_000, "1.5ms"),
            (1_234_000_000_000, "1.23e+03s"),
        ] {
            assert_eq!(time(nanoseconds), text);
        }
    }

    #[test]
    fn forwarded_groups_are_named() {
        assert_eq!(group_names(0), "0x0");
        assert_eq!(group_names(0x4005), "stp,lacp,lldp");
        assert_eq!(group_names(0x8002), "0x2,0x8000");
    }
}
