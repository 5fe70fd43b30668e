//! Kinds with little to show: VRF, MACsec, netkit, xfrm, InfiniBand, and those of special networks.

use serde::ser::SerializeMap;

use super::super::attributes::{ByType, attributes, u64_of};
use super::super::field::{Form, Table, add, add_one, table};
use super::super::links::Links;
use super::super::value::{Boolean, hex};

/// `IFLA_VRF_…`, and `IFLA_VRF_PORT_…` of a slave.
pub(super) static VRF: Table<2> = table(&[(1, "table", Form::U32)]);
/// `IFLA_DSA_…`
pub(super) static DSA: Table<2> = table(&[(1, "conduit", Form::Link)]);
/// `IFLA_WWAN_…`
pub(super) static WWAN: Table<2> = table(&[(1, "linkid", Form::U32)]);
/// `IFLA_GTP_…`
pub(super) static GTP: Table<7> = table(&[
    (3, "hsize", Form::U32),
    (4, "role", Form::Word32(&["ggsn", "sgsn"])),
    (6, "restart_count", Form::U8),
]);
/// `IFLA_AMT_…`
pub(super) static AMT: Table<10> = table(&[
    (1, "mode", Form::Word32(&["gateway", "relay"])),
    (2, "relay_port", Form::Be16),
    (3, "gateway_port", Form::Be16),
    (4, "link", Form::Link),
    (5, "local", Form::Ipv4),
    (6, "remote", Form::Ipv4),
    (7, "discovery", Form::Ipv4),
    (8, "max_tunnels", Form::U32),
]);
/// `IFLA_BAREUDP_…`
static BAREUDP: Table<4> = table(&[
    (1, "dstport", Form::Be16),
    (2, "ethertype", Form::Protocol),
    (3, "srcportmin", Form::U16),
]);
/// `IFLA_HSR_…`
static HSR: Table<9> = table(&[
    (4, "supervision_addr", Form::Mac),
    (5, "seq_nr", Form::U16),
    (7, "proto", Form::U8),
    (8, "interlink", Form::Link),
]);
/// `IFLA_MACSEC_…`
static MACSEC: Table<16> = table(&[
    (3, "icv_len", Form::U8),
    (5, "window", Form::I32),
    (6, "encoding_sa", Form::U8),
    (7, "encrypt", Form::Flag),
    (8, "protect", Form::Flag),
    (9, "inc_sci", Form::Flag),
    (10, "es", Form::Flag),
    (11, "scb", Form::Flag),
    (12, "replay_protect", Form::Flag),
]);

pub(super) fn add_bareudp<M: SerializeMap>(
    map: &mut M,
    data: &[u8],
    links: &Links,
) -> Result<(), M::Error> {
    add(map, &BAREUDP, data, links)?;
    let multiproto = ByType::<5>::new(data).get(4).is_some();
    map.serialize_entry("multiproto", &Boolean(multiproto))
}

pub(super) fn add_hsr<M: SerializeMap>(
    map: &mut M,
    data: &[u8],
    links: &Links,
) -> Result<(), M::Error> {
    let hsr = ByType::<9>::new(data);
    for (kind, key) in [(1, "slave1"), (2, "slave2")] {
        map.serialize_entry(key, &hsr.u32(kind).map(|index| links.name(index)))?;
    }
    add(map, &HSR, data, links)
}

pub(super) fn add_macsec<M: SerializeMap>(
    map: &mut M,
    data: &[u8],
    links: &Links,
) -> Result<(), M::Error> {
    const SCI: u16 = 1;
    const CIPHER_SUITE: u16 = 4;
    const VALIDATION: u16 = 13;
    const OFFLOAD: u16 = 15;
    let word = |words: &[&'static str], value: &[u8]| {
        let index = value.first().copied().unwrap_or_default();
        words.get(usize::from(index)).copied().unwrap_or("(unknown)")
    };
    for (kind, value) in attributes(data) {
        match kind {
            SCI => map.serialize_entry("sci", &format!("{:016x}", u64_of(value).to_be()))?,
            CIPHER_SUITE => map.serialize_entry("cipher_suite", cipher(u64_of(value)))?,
            VALIDATION => {
                let word = word(&["disabled", "check", "strict"], value);
                map.serialize_entry("validation", word)?;
            }
            OFFLOAD => map.serialize_entry("offload", word(&["off", "phy", "mac"], value))?,
            _ => add_one(map, &MACSEC, kind, value, links)?,
        }
    }
    Ok(())
}

/// `MACSEC_CIPHER_ID_…` of `<linux/if_macsec.h>`.
fn cipher(id: u64) -> &'static str {
    match id {
        0x0080_0200_0100_0001 | 0x0080_c200_0100_0001 => "GCM-AES-128",
        0x0080_c200_0100_0002 => "GCM-AES-256",
        0x0080_c200_0100_0003 => "GCM-AES-XPN-128",
        0x0080_c200_0100_0004 => "GCM-AES-XPN-256",
        _ => "(unknown)",
    }
}

pub(super) fn add_netkit<M: SerializeMap>(map: &mut M, data: &[u8]) -> Result<(), M::Error> {
    let netkit = ByType::<10>::new(data);
    let policy = |policy| match policy {
        0 => "forward",
        2 => "blackhole",
        _ => "UNKNOWN",
    };
    let scrub = |scrub| match scrub {
        0 => "none",
        1 => "default",
        _ => "UNKNOWN",
    };
    if let Some(mode) = netkit.u32(5) {
        map.serialize_entry("mode", ["l2", "l3"].get(mode as usize).unwrap_or(&"UNKNOWN"))?;
    }
    if let Some(primary) = netkit.u8(2) {
        map.serialize_entry("type", if primary == 0 { "peer" } else { "primary" })?;
    }
    for (kind, key) in [(3, "policy"), (4, "peer_policy")] {
        if let Some(number) = netkit.u32(kind) {
            map.serialize_entry(key, policy(number))?;
        }
    }
    for (kind, key) in [(6, "scrub"), (7, "peer_scrub")] {
        if let Some(number) = netkit.u32(kind) {
            map.serialize_entry(key, scrub(number))?;
        }
    }
    Ok(())
}

/// `IFLA_IPOIB_…`
pub(super) fn add_ipoib<M: SerializeMap>(map: &mut M, data: &[u8]) -> Result<(), M::Error> {
    let ipoib = ByType::<4>::new(data);
    let Some(key) = ipoib.u16(1) else { return Ok(()) };
    // C's `%#.4x`, which writes zero without `0x`.
    let text = if key == 0 { "0000".into() } else { format!("{key:#06x}") };
    map.serialize_entry("key", &text)?;
    let Some(mode) = ipoib.u16(2) else { return Ok(()) };
    let word = ["datagram", "connected"].get(usize::from(mode)).unwrap_or(&"unknown");
    map.serialize_entry("mode", word)?;
    let Some(umcast) = ipoib.u16(3) else { return Ok(()) };
    map.serialize_entry("umcast", &format!("{umcast:04x}"))
}

/// `IFLA_XFRM_…`
pub(super) fn add_xfrm<M: SerializeMap>(map: &mut M, data: &[u8]) -> Result<(), M::Error> {
    let xfrm = ByType::<4>::new(data);
    if xfrm.get(3).is_some() {
        return map.serialize_entry("external", &Boolean(true));
    }
    match xfrm.u32(2) {
        Some(id) => map.serialize_entry("if_id", &hex(id.into())),
        None => Ok(()),
    }
}
