//! Tunnels over IPv6: GRE, IP and VTI. Their attributes are those of the tunnels over IPv4.

use serde::ser::SerializeMap;

use super::super::attributes::ByType;
use super::super::links::Links;
use super::super::value::Boolean;
use super::tunnel::{add_encap, add_ends, add_erspan, add_gre_flags, add_link, add_mark, add_vti};

/// `IP6_TNL_F_…` of `<linux/ip6_tunnel.h>`.
const IGN_ENCAP_LIMIT: u32 = 0x01;
const USE_ORIG_TCLASS: u32 = 0x02;
const USE_ORIG_FLOWLABEL: u32 = 0x04;
const MIP6_DEV: u32 = 0x08;
const RCV_DSCP_COPY: u32 = 0x10;
const USE_ORIG_FWMARK: u32 = 0x20;
const ALLOW_LOCAL_REMOTE: u32 = 0x40;

/// What is written into the outer header, or taken from the inner one.
fn add_header<M: SerializeMap>(
    map: &mut M,
    flags: u32,
    ttl: Option<u8>,
    limit: Option<u8>,
    flow: Option<u32>,
) -> Result<(), M::Error> {
    map.serialize_entry("ttl", &ttl.unwrap_or_default())?;
    if flags & IGN_ENCAP_LIMIT != 0 {
        map.serialize_entry("ip6_tnl_f_ign_encap_limit", &Boolean(true))?;
    } else if let Some(limit) = limit {
        map.serialize_entry("encap_limit", &limit)?;
    }
    let flow = flow.map(u32::to_be);
    if flags & USE_ORIG_TCLASS != 0 {
        map.serialize_entry("ip6_tnl_f_use_orig_tclass", &Boolean(true))?;
    } else if let Some(flow) = flow {
        map.serialize_entry("tclass", &format!("{:#04x}", flow >> 20 & 0xff))?;
    }
    if flags & USE_ORIG_FLOWLABEL != 0 {
        map.serialize_entry("ip6_tnl_f_use_orig_flowlabel", &Boolean(true))?;
    } else if let Some(flow) = flow {
        map.serialize_entry("flowlabel", &format!("{:#07x}", flow & 0xf_ffff))?;
    }
    add_flags(map, flags, &[(RCV_DSCP_COPY, "ip6_tnl_f_rcv_dscp_copy")])
}

fn add_flags<M: SerializeMap>(
    map: &mut M,
    flags: u32,
    words: &[(u32, &str)],
) -> Result<(), M::Error> {
    for (flag, key) in words {
        if flags & flag != 0 {
            map.serialize_entry(key, &Boolean(true))?;
        }
    }
    Ok(())
}

fn add_mark6<M: SerializeMap>(map: &mut M, flags: u32, mark: Option<u32>) -> Result<(), M::Error> {
    if flags & USE_ORIG_FWMARK != 0 {
        return map.serialize_entry("ip6_tnl_f_use_orig_fwmark", &Boolean(true));
    }
    add_mark(map, mark)
}

pub(super) fn add_gre6<M: SerializeMap>(
    map: &mut M,
    data: &[u8],
    links: &Links,
) -> Result<(), M::Error> {
    let gre = ByType::<25>::new(data);
    if gre.get(18).is_some() {
        map.serialize_entry("external", &Boolean(true))?;
    }
    let flags = gre.u32(13).unwrap_or_default();
    add_ends(map, gre.get(6), gre.get(7))?;
    add_link(map, gre.u32(1), links)?;
    add_header(map, flags, gre.u8(8), gre.u8(11), gre.u32(12))?;
    add_gre_flags(map, &gre)?;
    add_flags(map, flags, &[(ALLOW_LOCAL_REMOTE, "ip6_tnl_f_allow_local_remote")])?;
    add_mark6(map, flags, gre.u32(20))?;
    add_erspan(map, &gre)?;
    add_encap(map, &gre, 14)
}

pub(super) fn add_ip6tnl<M: SerializeMap>(
    map: &mut M,
    data: &[u8],
    links: &Links,
) -> Result<(), M::Error> {
    let tunnel = ByType::<21>::new(data);
    if tunnel.get(19).is_some() {
        map.serialize_entry("external", &Boolean(true))?;
    }
    let flags = tunnel.u32(8).unwrap_or_default();
    let inner = match tunnel.u8(9).map(i32::from) {
        Some(libc::IPPROTO_IPIP) => Some("ipip6"),
        Some(libc::IPPROTO_IPV6) => Some("ip6ip6"),
        Some(0) => Some("any"),
        _ => None,
    };
    if let Some(word) = inner {
        map.serialize_entry("proto", word)?;
    }
    add_ends(map, tunnel.get(2), tunnel.get(3))?;
    add_link(map, tunnel.u32(1), links)?;
    add_header(map, flags, tunnel.u8(4), tunnel.u8(6), tunnel.u32(7))?;
    let words =
        [(MIP6_DEV, "ip6_tnl_f_mip6_dev"), (ALLOW_LOCAL_REMOTE, "ip6_tnl_f_allow_local_remote")];
    add_flags(map, flags, &words)?;
    add_mark6(map, flags, tunnel.u32(20))?;
    add_encap(map, &tunnel, 15)
}

pub(super) fn add_vti6<M: SerializeMap>(
    map: &mut M,
    data: &[u8],
    links: &Links,
) -> Result<(), M::Error> {
    add_vti(map, data, links)
}
