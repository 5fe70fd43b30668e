//! Links on top of another with an address of their own: macvlan, macvtap (`IFLA_MACVLAN_…`), ipvlan, ipvtap
//! (`IFLA_IPVLAN_…`).

use serde::ser::SerializeMap;

use super::super::attributes::{ByType, attributes, u16_of};
use super::super::value::{Boolean, List, mac};

const MODE: usize = 1;
const FLAGS: usize = 2;
const MACADDR: u16 = 4;
const MACADDR_DATA: usize = 5;
const MACADDR_COUNT: usize = 6;
const BC_QUEUE_LEN: usize = 7;
const BC_QUEUE_LEN_USED: usize = 8;
const BC_CUTOFF: usize = 9;

const SOURCE: u32 = 16;
const FLAG_NOPROMISC: u16 = 1;
const FLAG_NODST: u16 = 2;

pub(super) fn add_macvlan<M: SerializeMap>(map: &mut M, data: &[u8]) -> Result<(), M::Error> {
    let macvlan = ByType::<10>::new(data);
    let Some(mode) = macvlan.u32(MODE) else { return Ok(()) };
    let word = match mode {
        1 => "private",
        2 => "vepa",
        4 => "bridge",
        8 => "passthru",
        SOURCE => "source",
        _ => "unknown",
    };
    map.serialize_entry("mode", word)?;
    let flags = macvlan.u16(FLAGS).unwrap_or_default();
    for (flag, key) in [(FLAG_NOPROMISC, "nopromisc"), (FLAG_NODST, "nodst")] {
        if flags & flag != 0 {
            map.serialize_entry(key, &Boolean(true))?;
        }
    }
    for (kind, key) in [(BC_QUEUE_LEN, "bcqueuelen"), (BC_QUEUE_LEN_USED, "usedbcqueuelen")] {
        if let Some(length) = macvlan.u32(kind) {
            map.serialize_entry(key, &length)?;
        }
    }
    if let Some(limit) = macvlan.u32(BC_CUTOFF) {
        map.serialize_entry("bclim", &limit.cast_signed())?;
    }
    let (SOURCE, Some(count)) = (mode, macvlan.u32(MACADDR_COUNT)) else { return Ok(()) };
    map.serialize_entry("macaddr_count", &count.cast_signed())?;
    if let Some(list) = macvlan.get(MACADDR_DATA) {
        let addresses = attributes(list)
            .filter(|(kind, _)| *kind == MACADDR)
            .filter_map(|(_, value)| Some(mac(value.get(..6)?).into()));
        map.serialize_entry("macaddr_data", &List(addresses.collect()))?;
    }
    Ok(())
}

pub(super) fn add_ipvlan<M: SerializeMap>(map: &mut M, data: &[u8]) -> Result<(), M::Error> {
    let ipvlan = ByType::<3>::new(data);
    if let Some(mode) = ipvlan.get(MODE).filter(|value| value.len() == 2) {
        let word = ["l2", "l3", "l3s"].get(usize::from(u16_of(mode))).unwrap_or(&"unknown");
        map.serialize_entry("mode", word)?;
    }
    if let Some(flags) = ipvlan.get(FLAGS).filter(|value| value.len() == 2) {
        let key = match u16_of(flags) {
            flags if flags & 1 != 0 => "private",
            flags if flags & 2 != 0 => "vepa",
            _ => "bridge",
        };
        map.serialize_entry(key, &Boolean(true))?;
    }
    Ok(())
}
