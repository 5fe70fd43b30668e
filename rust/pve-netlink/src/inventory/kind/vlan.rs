//! VLANs (`IFLA_VLAN_…`).

use serde::ser::SerializeMap;

use super::super::attributes::{ByType, attributes, be16_of, u16_of, u32_of};
use super::super::value::{List, Pairs, flags};
use super::super::words::protocol;

const ID: usize = 1;
const FLAGS: usize = 2;
const EGRESS_QOS: usize = 3;
const INGRESS_QOS: usize = 4;
const PROTOCOL: usize = 5;

/// `VLAN_FLAG_…`, in iproute2's order.
const WORDS: &[(u32, &str)] = &[
    (0x01, "REORDER_HDR"),
    (0x02, "GVRP"),
    (0x08, "MVRP"),
    (0x04, "LOOSE_BINDING"),
    (0x10, "BRIDGE_BINDING"),
];

pub(super) fn add_vlan<M: SerializeMap>(map: &mut M, data: &[u8]) -> Result<(), M::Error> {
    let vlan = ByType::<6>::new(data);
    let Some(id) = vlan.get(ID) else { return Ok(()) };
    match vlan.get(PROTOCOL) {
        Some(value) => map.serialize_entry("protocol", &protocol(be16_of(value)))?,
        None => map.serialize_entry("protocol", "802.1q")?,
    }
    map.serialize_entry("id", &u16_of(id))?;
    if let Some(value) = vlan.get(FLAGS) {
        map.serialize_entry("flags", &List(flags(u32_of(value), WORDS)))?;
    }
    for (kind, key) in [(INGRESS_QOS, "ingress_qos"), (EGRESS_QOS, "egress_qos")] {
        if let Some(list) = vlan.get(kind) {
            let pair = |(_, value): (u16, &[u8])| {
                [u32_of(value), u32_of(value.get(4..).unwrap_or_default())]
            };
            map.serialize_entry(key, &Pairs(["from", "to"], attributes(list).map(pair).collect()))?;
        }
    }
    Ok(())
}
