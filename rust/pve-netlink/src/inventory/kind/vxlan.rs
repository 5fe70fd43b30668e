//! Overlays: VXLAN (`IFLA_VXLAN_…`) and Geneve (`IFLA_GENEVE_…`).

use serde::ser::SerializeMap;

use super::super::attributes::{ByType, be16_of, u64_of};
use super::super::links::Links;
use super::super::value::{Boolean, Pair, hex, ipv4, ipv6};

/// Switches of VXLAN.
const SWITCHES: [(usize, &str); 13] = [
    (25, "external"),
    (30, "vnifilter"),
    (7, "learning"),
    (11, "proxy"),
    (12, "rsc"),
    (13, "l2miss"),
    (14, "l3miss"),
    (18, "udp_csum"),
    (19, "udp_zero_csum6_tx"),
    (20, "udp_zero_csum6_rx"),
    (21, "remcsum_tx"),
    (22, "remcsum_rx"),
    (31, "localbypass"),
];
const DONT_FRAGMENT: [&str; 3] = ["unset", "set", "inherit"];

pub(super) fn add_vxlan<M: SerializeMap>(
    map: &mut M,
    data: &[u8],
    links: &Links,
) -> Result<(), M::Error> {
    let vxlan = ByType::<34>::new(data);
    if let Some(id) = vxlan.u32(1) {
        map.serialize_entry("id", &id)?;
    }
    add_remote(map, vxlan.get(2), vxlan.get(16))?;
    if let Some(value) = vxlan.get(4) {
        if let Some(address) = ipv4(value).filter(|address| !address.is_unspecified()) {
            map.serialize_entry("local", &address.to_string())?;
        }
    } else if let Some(address) = vxlan.get(17).and_then(ipv6) {
        if !address.is_unspecified() {
            map.serialize_entry("local6", &address.to_string())?;
        }
    }
    if let Some(index) = vxlan.u32(3).filter(|index| *index != 0) {
        map.serialize_entry("link", &links.name(index))?;
    }
    if let Some(range) = vxlan.get(10) {
        let ends = [be16_of(range), be16_of(range.get(2..).unwrap_or_default())];
        map.serialize_entry("port_range", &Pair(["low", "high"], ends.map(Into::into)))?;
    }
    if let Some(port) = vxlan.get(15) {
        map.serialize_entry("port", &be16_of(port))?;
    }
    add_header(map, [vxlan.u8(6), vxlan.u8(28), vxlan.u8(5), vxlan.u8(29)], vxlan.u32(26))?;
    if let Some(age) = vxlan.u32(8) {
        map.serialize_entry("ageing", &age)?;
    }
    if let Some(limit) = vxlan.u32(9).filter(|limit| *limit != 0) {
        map.serialize_entry("limit", &limit)?;
    }
    if let Some(bits) = vxlan.get(33) {
        map.serialize_entry("reserved_bits", &hex(u64_of(bits).to_be()))?;
    }
    for (kind, key) in [(23, "gbp"), (27, "gpe")] {
        if vxlan.get(kind).is_some() {
            map.serialize_entry(key, &())?;
        }
    }
    for (kind, key) in SWITCHES {
        // One of them is a flag: being there is what it says.
        if let Some(value) = vxlan.get(kind) {
            map.serialize_entry(key, &Boolean(value.first().is_some_and(|byte| *byte != 0)))?;
        }
    }
    Ok(())
}

/// Where unknown addresses go: a multicast group or one host.
fn add_remote<M: SerializeMap>(
    map: &mut M,
    v4: Option<&[u8]>,
    v6: Option<&[u8]>,
) -> Result<(), M::Error> {
    if let Some(value) = v4 {
        match ipv4(value).filter(|address| !address.is_unspecified()) {
            Some(group) if group.is_multicast() => map.serialize_entry("group", &group.to_string()),
            Some(host) => map.serialize_entry("remote", &host.to_string()),
            None => Ok(()),
        }
    } else {
        match v6.and_then(ipv6).filter(|address| !address.is_unspecified()) {
            Some(group) if group.is_multicast() => {
                map.serialize_entry("group6", &group.to_string())
            }
            Some(host) => map.serialize_entry("remote6", &host.to_string()),
            None => Ok(()),
        }
    }
}

/// The outer header: type of service, whether the TTL is inherited, TTL, fragmentation; flow label.
fn add_header<M: SerializeMap>(
    map: &mut M,
    [tos, ttl_inherit, ttl, df]: [Option<u8>; 4],
    label: Option<u32>,
) -> Result<(), M::Error> {
    if let Some(tos) = tos.filter(|tos| *tos != 0) {
        map.serialize_entry("tos", &hex(tos.into()))?;
    }
    if let Some(ttl) = ttl.filter(|_| ttl_inherit.unwrap_or_default() == 0) {
        map.serialize_entry("ttl", &ttl)?;
    }
    if let Some(word) = df.and_then(|df| DONT_FRAGMENT.get(usize::from(df))) {
        map.serialize_entry("df", word)?;
    }
    if let Some(label) = label.filter(|label| *label != 0) {
        map.serialize_entry("label", &hex(label.to_be().into()))?;
    }
    Ok(())
}

pub(super) fn add_geneve<M: SerializeMap>(
    map: &mut M,
    data: &[u8],
    _: &Links,
) -> Result<(), M::Error> {
    let geneve = ByType::<16>::new(data);
    for (kind, key) in [(6, "external"), (14, "inner_proto_inherit")] {
        if geneve.get(kind).is_some() {
            map.serialize_entry(key, &Boolean(true))?;
        }
    }
    if let Some(id) = geneve.u32(1) {
        map.serialize_entry("id", &id)?;
    }
    if let Some(value) = geneve.get(2) {
        if let Some(host) = ipv4(value).filter(|host| !host.is_unspecified()) {
            map.serialize_entry("remote", &host.to_string())?;
        }
    } else if let Some(host) = geneve.get(7).and_then(ipv6) {
        if !host.is_unspecified() && !host.is_multicast() {
            map.serialize_entry("remote6", &host.to_string())?;
        }
    }
    add_header(map, [geneve.u8(4), geneve.u8(12), geneve.u8(3), geneve.u8(13)], geneve.u32(11))?;
    if let Some(port) = geneve.get(5) {
        map.serialize_entry("port", &be16_of(port))?;
    }
    for (kind, key) in [(8, "udp_csum"), (9, "udp_zero_csum6_tx"), (10, "udp_zero_csum6_rx")] {
        if let Some(value) = geneve.u8(kind) {
            map.serialize_entry(key, &Boolean(value != 0))?;
        }
    }
    Ok(())
}
