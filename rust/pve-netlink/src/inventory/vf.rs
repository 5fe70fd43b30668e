//! The virtual functions of a network card (SR-IOV), `IFLA_VF_…`.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use super::attributes::{ByType, attributes, be16_of, u32_of};
use super::value::{Boolean, Pair, mac};
use super::words::{link_type, protocol};

const IFLA_VF_INFO: u16 = 1;
const ARPHRD_ETHER: u16 = 1;
const ETH_P_8021Q: u16 = 0x8100;

pub(super) struct VfList<'a> {
    pub(super) list: &'a [u8],
    pub(super) kind: u16,
    pub(super) flags: u32,
}

impl Serialize for VfList<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for (kind, data) in attributes(self.list) {
            if kind == IFLA_VF_INFO {
                list.serialize_element(&Vf { vf: ByType::new(data), list: self })?;
            }
        }
        list.end()
    }
}

struct Vf<'a> {
    vf: ByType<'a, 14>,
    list: &'a VfList<'a>,
}

impl Vf<'_> {
    fn address(&self, bytes: Option<&[u8]>) -> String {
        let length = if self.list.kind == ARPHRD_ETHER { 6 } else { 20 };
        mac(bytes.and_then(|bytes| bytes.get(..length)).unwrap_or_default())
    }

    /// The second number of a structure whose first one is the function's.
    fn setting(&self, kind: usize) -> Option<u32> {
        self.vf.get(kind).map(|data| word(data, 1))
    }
}

fn word(data: &[u8], index: usize) -> u32 {
    u32_of(data.get(index * 4..).unwrap_or_default())
}

impl Serialize for Vf<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        const MAC: usize = 1;
        const VLAN: usize = 2;
        const TX_RATE: usize = 3;
        const SPOOFCHK: usize = 4;
        const LINK_STATE: usize = 5;
        const RATE: usize = 6;
        const RSS_QUERY_EN: usize = 7;
        const TRUST: usize = 9;
        const IB_NODE_GUID: usize = 10;
        const IB_PORT_GUID: usize = 11;
        const VLAN_LIST: usize = 12;
        const BROADCAST: usize = 13;
        let vf = &self.vf;
        let mut map = serializer.serialize_map(Some(12))?;
        let own = vf.get(MAC).unwrap_or_default();
        map.serialize_entry("vf", &word(own, 0).cast_signed())?;
        map.serialize_entry("link_type", &link_type(self.list.kind))?;
        map.serialize_entry("address", &self.address(own.get(4..)))?;
        if let Some(broadcast) = vf.get(BROADCAST) {
            if self.list.flags & libc::IFF_POINTOPOINT as u32 != 0 {
                map.serialize_entry("link_pointtopoint", &Boolean(true))?;
            }
            map.serialize_entry("broadcast", &self.address(Some(broadcast)))?;
        }
        match (vf.get(VLAN_LIST), vf.get(VLAN)) {
            (Some(list), _) => map.serialize_entry("vlan_list", &VlanList(list))?,
            (None, Some(vlan)) => add_vlan(&mut map, vlan)?,
            (None, None) => {}
        }
        if let Some(rate) = self.setting(TX_RATE).filter(|rate| *rate != 0) {
            map.serialize_entry("tx_rate", &rate)?;
        }
        if let Some(rate) = vf.get(RATE) {
            let rate = Pair(["max_tx", "min_tx"], [word(rate, 2), word(rate, 1)]);
            map.serialize_entry("rate", &rate)?;
        }
        for (kind, key) in
            [(SPOOFCHK, "spoofchk"), (TRUST, "trust"), (RSS_QUERY_EN, "query_rss_en")]
        {
            if let Some(setting) = self.setting(kind).filter(|setting| *setting != u32::MAX) {
                map.serialize_entry(key, &Boolean(setting != 0))?;
            }
        }
        for (kind, key) in [(IB_NODE_GUID, "node guid"), (IB_PORT_GUID, "port guid")] {
            // The kernel's structure has four bytes of padding before the number, which is in the host's byte order.
            if let Some(guid) = vf.get(kind) {
                let guid: Vec<_> = match guid.get(8..16) {
                    Some(guid) if cfg!(target_endian = "little") => {
                        guid.iter().rev().copied().collect()
                    }
                    guid => guid.unwrap_or_default().to_vec(),
                };
                map.serialize_entry(key, &mac(&guid))?;
            }
        }
        if let Some(state) = self.setting(LINK_STATE) {
            let word = ["auto", "enable"].get(state as usize).copied().unwrap_or("disable");
            map.serialize_entry("link_state", word)?;
        }
        map.end()
    }
}

/// Number and priority, each only if it is not zero.
fn add_vlan<M: SerializeMap>(map: &mut M, vlan: &[u8]) -> Result<(), M::Error> {
    for (index, key) in [(1, "vlan"), (2, "qos")] {
        if word(vlan, index) != 0 {
            map.serialize_entry(key, &word(vlan, index).cast_signed())?;
        }
    }
    Ok(())
}

struct VlanList<'a>(&'a [u8]);

impl Serialize for VlanList<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for (_, vlan) in attributes(self.0) {
            list.serialize_element(&Vlan(vlan))?;
        }
        list.end()
    }
}

struct Vlan<'a>(&'a [u8]);

impl Serialize for Vlan<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        add_vlan(&mut map, self.0)?;
        let number = be16_of(self.0.get(12..).unwrap_or_default());
        if number != 0 && number != ETH_P_8021Q {
            map.serialize_entry("protocol", &protocol(number))?;
        }
        map.end()
    }
}
