//! What each kind of link has beside what all links have: `IFLA_LINKINFO`.

mod bond;
mod bridge;
mod macvlan;
mod other;
mod tun;
mod tunnel;
mod tunnel6;
mod vlan;
mod vxlan;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::attributes::{ByType, text_of};
use super::field::add;
use super::links::Links;
use super::value::Text;

/// `linkinfo`
pub(super) struct LinkInfo<'a> {
    pub(super) data: &'a [u8],
    pub(super) links: &'a Links,
}

impl Serialize for LinkInfo<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        const KIND: usize = libc::IFLA_INFO_KIND as usize;
        const DATA: usize = libc::IFLA_INFO_DATA as usize;
        const SLAVE_KIND: usize = libc::IFLA_INFO_SLAVE_KIND as usize;
        const SLAVE_DATA: usize = libc::IFLA_INFO_SLAVE_DATA as usize;
        let info = ByType::<6>::new(self.data);
        let mut map = serializer.serialize_map(Some(4))?;
        if let Some(kind) = info.get(KIND).map(text_of) {
            map.serialize_entry("info_kind", &Text(kind))?;
            if let Some(kind) = kind_of(kind) {
                let data = InfoData { kind, data: info.get(DATA), links: self.links };
                map.serialize_entry("info_data", &data)?;
            }
        }
        if let Some(kind) = info.get(SLAVE_KIND).map(text_of) {
            map.serialize_entry("info_slave_kind", &Text(kind))?;
            if let Some(kind) = slave_kind_of(kind) {
                let data = InfoData { kind, data: info.get(SLAVE_DATA), links: self.links };
                map.serialize_entry("info_slave_data", &data)?;
            }
        }
        map.end()
    }
}

/// The kinds that iproute2 shows more of than their name.
#[derive(Clone, Copy)]
enum Kind {
    Amt,
    Bareudp,
    Bond,
    BondSlave,
    Bridge,
    BridgeSlave,
    Dsa,
    Geneve,
    Gre,
    Gre6,
    Gtp,
    Hsr,
    Ip6Tunnel,
    Ipoib,
    IpTunnel,
    Ipvlan,
    Macsec,
    Macvlan,
    Netkit,
    Tun,
    Vlan,
    Vrf,
    Vti,
    Vti6,
    Vxlan,
    Wwan,
    Xfrm,
}

fn kind_of(name: &[u8]) -> Option<Kind> {
    Some(match name {
        b"amt" => Kind::Amt,
        b"bareudp" => Kind::Bareudp,
        b"bond" => Kind::Bond,
        b"bridge" => Kind::Bridge,
        b"dsa" => Kind::Dsa,
        b"geneve" => Kind::Geneve,
        b"gre" | b"gretap" | b"erspan" => Kind::Gre,
        b"ip6gre" | b"ip6gretap" | b"ip6erspan" => Kind::Gre6,
        b"gtp" => Kind::Gtp,
        b"hsr" => Kind::Hsr,
        b"ip6tnl" => Kind::Ip6Tunnel,
        b"ipoib" => Kind::Ipoib,
        b"ipip" | b"sit" => Kind::IpTunnel,
        b"ipvlan" | b"ipvtap" => Kind::Ipvlan,
        b"macsec" => Kind::Macsec,
        b"macvlan" | b"macvtap" => Kind::Macvlan,
        b"netkit" => Kind::Netkit,
        b"tun" => Kind::Tun,
        b"vlan" => Kind::Vlan,
        b"vrf" => Kind::Vrf,
        b"vti" => Kind::Vti,
        b"vti6" => Kind::Vti6,
        b"vxlan" => Kind::Vxlan,
        b"wwan" => Kind::Wwan,
        b"xfrm" => Kind::Xfrm,
        _ => return None,
    })
}

fn slave_kind_of(name: &[u8]) -> Option<Kind> {
    match name {
        b"bond" => Some(Kind::BondSlave),
        b"bridge" => Some(Kind::BridgeSlave),
        b"vrf" => Some(Kind::Vrf),
        _ => None,
    }
}

struct InfoData<'a> {
    kind: Kind,
    data: Option<&'a [u8]>,
    links: &'a Links,
}

impl Serialize for InfoData<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(36))?;
        if let Some(data) = self.data {
            let links = self.links;
            match self.kind {
                Kind::Amt => add(&mut map, &other::AMT, data, links),
                Kind::Bareudp => other::add_bareudp(&mut map, data, links),
                Kind::Bond => bond::add_bond(&mut map, data, links),
                Kind::BondSlave => bond::add_slave(&mut map, data, links),
                Kind::Bridge => bridge::add_bridge(&mut map, data, links),
                Kind::BridgeSlave => bridge::add_slave(&mut map, data, links),
                Kind::Dsa => add(&mut map, &other::DSA, data, links),
                Kind::Geneve => vxlan::add_geneve(&mut map, data, links),
                Kind::Gre => tunnel::add_gre(&mut map, data, links),
                Kind::Gre6 => tunnel6::add_gre6(&mut map, data, links),
                Kind::Gtp => add(&mut map, &other::GTP, data, links),
                Kind::Hsr => other::add_hsr(&mut map, data, links),
                Kind::Ip6Tunnel => tunnel6::add_ip6tnl(&mut map, data, links),
                Kind::Ipoib => other::add_ipoib(&mut map, data),
                Kind::IpTunnel => tunnel::add_ip(&mut map, data, links),
                Kind::Ipvlan => macvlan::add_ipvlan(&mut map, data),
                Kind::Macsec => other::add_macsec(&mut map, data, links),
                Kind::Macvlan => macvlan::add_macvlan(&mut map, data),
                Kind::Netkit => other::add_netkit(&mut map, data),
                Kind::Tun => tun::add_tun(&mut map, data, links),
                Kind::Vlan => vlan::add_vlan(&mut map, data),
                Kind::Vrf => add(&mut map, &other::VRF, data, links),
                Kind::Vti => tunnel::add_vti(&mut map, data, links),
                Kind::Vti6 => tunnel6::add_vti6(&mut map, data, links),
                Kind::Vxlan => vxlan::add_vxlan(&mut map, data, links),
                Kind::Wwan => add(&mut map, &other::WWAN, data, links),
                Kind::Xfrm => other::add_xfrm(&mut map, data),
            }?;
        }
        map.end()
    }
}
