//! Tunnels over IPv4: GRE (`IFLA_GRE_…`), IPIP and SIT (`IFLA_IPTUN_…`), VTI (`IFLA_VTI_…`).

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::super::attributes::{ByType, be16_of};
use super::super::links::Links;
use super::super::value::{Boolean, hex, ipv4, ipv6};

/// Flags of a GRE header (RFC 2890), in network byte order.
const GRE_CSUM: u16 = 0x8000;
const GRE_KEY: u16 = 0x2000;
const GRE_SEQ: u16 = 0x1000;

/// `local` and `remote`: an address, or `any`.
pub(super) fn add_ends<M: SerializeMap>(
    map: &mut M,
    local: Option<&[u8]>,
    remote: Option<&[u8]>,
) -> Result<(), M::Error> {
    for (key, value) in [("remote", remote), ("local", local)] {
        let text = match value {
            Some(value) if value.len() == 16 => ipv6(value)
                .filter(|address| !address.is_unspecified())
                .map(|address| address.to_string()),
            Some(value) => ipv4(value)
                .filter(|address| !address.is_unspecified())
                .map(|address| address.to_string()),
            None => None,
        };
        map.serialize_entry(key, text.as_deref().unwrap_or("any"))?;
    }
    Ok(())
}

/// `link`, if the tunnel is bound to one.
pub(super) fn add_link<M: SerializeMap>(
    map: &mut M,
    index: Option<u32>,
    links: &Links,
) -> Result<(), M::Error> {
    match index.filter(|index| *index != 0) {
        Some(index) => map.serialize_entry("link", &links.name(index)),
        None => Ok(()),
    }
}

/// `fwmark`, if there is one.
pub(super) fn add_mark<M: SerializeMap>(map: &mut M, mark: Option<u32>) -> Result<(), M::Error> {
    match mark.filter(|mark| *mark != 0) {
        Some(mark) => map.serialize_entry("fwmark", &hex(mark.into())),
        None => Ok(()),
    }
}

/// Keys and flags of both directions of a GRE tunnel.
pub(super) fn add_gre_flags<M: SerializeMap>(
    map: &mut M,
    gre: &ByType<'_, 25>,
) -> Result<(), M::Error> {
    let flags = |kind| gre.get(kind).map(be16_of).unwrap_or_default();
    let (input, output) = (flags(2), flags(3));
    for (flags, kind, key) in [(input, 4, "ikey"), (output, 5, "okey")] {
        let value = gre.get(kind).filter(|_| flags & GRE_KEY != 0);
        if let Some(value) = value.and_then(ipv4) {
            map.serialize_entry(key, &value.to_string())?;
        }
    }
    for (flags, flag, key) in [
        (input, GRE_SEQ, "iseq"),
        (output, GRE_SEQ, "oseq"),
        (input, GRE_CSUM, "icsum"),
        (output, GRE_CSUM, "ocsum"),
    ] {
        if flags & flag != 0 {
            map.serialize_entry(key, &Boolean(true))?;
        }
    }
    Ok(())
}

/// What an ERSPAN tunnel has beside.
pub(super) fn add_erspan<M: SerializeMap>(
    map: &mut M,
    gre: &ByType<'_, 25>,
) -> Result<(), M::Error> {
    if let Some(index) = gre.u32(21) {
        map.serialize_entry("erspan_index", &index)?;
    }
    if let Some(version) = gre.u8(22) {
        map.serialize_entry("erspan_ver", &version)?;
    }
    if let Some(direction) = gre.u8(23) {
        let word = if direction == 0 { "ingress" } else { "egress" };
        map.serialize_entry("erspan_dir", word)?;
    }
    if let Some(id) = gre.u16(24) {
        map.serialize_entry("erspan_hwid", &hex(id.into()))?;
    }
    Ok(())
}

/// UDP around the tunnel: type, flags and ports are four attributes in a row.
pub(super) fn add_encap<M: SerializeMap, const N: usize>(
    map: &mut M,
    tunnel: &ByType<'_, N>,
    first: usize,
) -> Result<(), M::Error> {
    match tunnel.u16(first) {
        None | Some(0) => Ok(()),
        Some(kind) => {
            let flags = tunnel.u16(first + 1).unwrap_or_default();
            let port = |kind| tunnel.get(kind).map(be16_of).unwrap_or_default();
            let ports = [port(first + 2), port(first + 3)];
            map.serialize_entry("encap", &Encap { kind, flags, ports })
        }
    }
}

struct Encap {
    kind: u16,
    flags: u16,
    ports: [u16; 2],
}

impl Serialize for Encap {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(6))?;
        let word = match self.kind {
            1 => Some("fou"),
            2 => Some("gue"),
            _ => None,
        };
        map.serialize_entry("type", &word)?;
        map.serialize_entry("sport", &self.ports[0])?;
        map.serialize_entry("dport", &self.ports[1])?;
        for (flag, key) in [(1, "csum"), (2, "csum6"), (4, "remcsum")] {
            map.serialize_entry(key, &Boolean(self.flags & flag != 0))?;
        }
        map.end()
    }
}

pub(super) fn add_gre<M: SerializeMap>(
    map: &mut M,
    data: &[u8],
    links: &Links,
) -> Result<(), M::Error> {
    let gre = ByType::<25>::new(data);
    if gre.get(18).is_some() {
        map.serialize_entry("external", &Boolean(true))?;
    }
    add_ends(map, gre.get(6), gre.get(7))?;
    add_link(map, gre.u32(1), links)?;
    map.serialize_entry("ttl", &gre.u8(8).unwrap_or_default())?;
    if let Some(tos) = gre.u8(9).filter(|tos| *tos != 0) {
        map.serialize_entry("tos", &hex(tos.into()))?;
    }
    if let Some(discover) = gre.u8(10) {
        map.serialize_entry("pmtudisc", &Boolean(discover != 0))?;
    }
    if gre.u8(19).is_some_and(|ignore| ignore != 0) {
        map.serialize_entry("ignore_df", &Boolean(true))?;
    }
    add_gre_flags(map, &gre)?;
    add_mark(map, gre.u32(20))?;
    add_erspan(map, &gre)?;
    add_encap(map, &gre, 14)
}

pub(super) fn add_ip<M: SerializeMap>(
    map: &mut M,
    data: &[u8],
    links: &Links,
) -> Result<(), M::Error> {
    let tunnel = ByType::<21>::new(data);
    if tunnel.get(19).is_some() {
        map.serialize_entry("external", &Boolean(true))?;
    }
    let inner = match tunnel.u8(9).map(i32::from) {
        Some(libc::IPPROTO_IPIP) => Some("ipip"),
        Some(libc::IPPROTO_IPV6) => Some("ip6ip"),
        Some(libc::IPPROTO_MPLS) => Some("mplsip"),
        Some(0) => Some("any"),
        _ => None,
    };
    if let Some(word) = inner {
        map.serialize_entry("proto", word)?;
    }
    add_ends(map, tunnel.get(2), tunnel.get(3))?;
    add_link(map, tunnel.u32(1), links)?;
    map.serialize_entry("ttl", &tunnel.u8(4).unwrap_or_default())?;
    if let Some(tos) = tunnel.u8(5).filter(|tos| *tos != 0) {
        map.serialize_entry("tos", &hex(tos.into()))?;
    }
    let discover = tunnel.u8(10).is_some_and(|discover| discover != 0);
    map.serialize_entry("pmtudisc", &Boolean(discover))?;
    if tunnel.u16(8).is_some_and(|flags| flags & 1 != 0) {
        map.serialize_entry("isatap", &Boolean(true))?;
    }
    if let Some(length) = tunnel.u16(13).filter(|length| *length != 0) {
        let prefix = tunnel.get(11).and_then(ipv6).map(|prefix| prefix.to_string());
        map.serialize_entry("prefix", &prefix)?;
        map.serialize_entry("prefixlen", &length)?;
        let relay = tunnel.get(12).and_then(ipv4).filter(|relay| !relay.is_unspecified());
        if let Some(relay) = relay {
            map.serialize_entry("relay_prefix", &relay.to_string())?;
            map.serialize_entry("relay_prefixlen", &tunnel.u16(14).unwrap_or_default())?;
        }
    }
    add_mark(map, tunnel.u32(20))?;
    add_encap(map, &tunnel, 15)
}

pub(super) fn add_vti<M: SerializeMap>(
    map: &mut M,
    data: &[u8],
    links: &Links,
) -> Result<(), M::Error> {
    let vti = ByType::<7>::new(data);
    add_ends(map, vti.get(4), vti.get(5))?;
    add_link(map, vti.u32(1), links)?;
    for (kind, key) in [(2, "ikey"), (3, "okey")] {
        let value = vti.get(kind).and_then(ipv4).filter(|value| !value.is_unspecified());
        if let Some(value) = value {
            map.serialize_entry(key, &value.to_string())?;
        }
    }
    add_mark(map, vti.u32(6))
}
