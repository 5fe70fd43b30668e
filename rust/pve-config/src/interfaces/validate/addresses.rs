//! Addresses, gateways and what belongs to them.

use std::collections::HashMap;
use std::net::IpAddr;

use super::super::address::{INET, INET6, Keys, mask_length, prefix};
use super::super::write::ifaces::Iface;
use super::Check;

/// A family's words and limits.
struct Family {
    keys: Keys,
    gateway: &'static str,
    name: &'static str,
    bits: u8,
    is: fn(&IpAddr) -> bool,
}

const FAMILIES: [Family; 2] = [
    Family { keys: INET, gateway: "gateway", name: "IPv4", bits: 32, is: IpAddr::is_ipv4 },
    Family { keys: INET6, gateway: "gateway6", name: "IPv6", bits: 128, is: IpAddr::is_ipv6 },
];

/// An interface's address with its prefix length.
struct Network {
    address: IpAddr,
    length: u8,
}

impl Network {
    fn contains(&self, other: IpAddr) -> bool {
        let bits = |address: IpAddr| match address {
            IpAddr::V4(address) => u128::from(address.to_bits()) << 96,
            IpAddr::V6(address) => address.to_bits(),
        };
        let length = u32::from(self.length);
        let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
        self.address.is_ipv4() == other.is_ipv4() && (bits(self.address) ^ bits(other)) & mask == 0
    }
}

pub(super) fn check(check: &mut Check<'_, '_, '_>) {
    let mut on: HashMap<IpAddr, String> = HashMap::new();
    for iface in check.all() {
        for family in &FAMILIES {
            let network = network(check, iface, family);
            if let Some(network) = &network {
                let name = iface.name.to_string();
                if let Some(other) = on.get(&network.address) {
                    let message = format!("address {} is also on '{other}'", network.address);
                    check.found(iface.name, Some(family.keys.address), message);
                } else if !network.address.is_unspecified() {
                    on.insert(network.address, name);
                }
            }
            gateway(check, iface, family, network.as_ref());
        }
    }
}

/// The address, if it is one. It is 0.0.0.0 or :: where there is to be none.
fn network(
    check: &mut Check<'_, '_, '_>,
    iface: &Iface<'_, '_>,
    family: &Family,
) -> Option<Network> {
    let keys = &family.keys;
    let text = iface.truth(keys.address).or_else(|| iface.truth(keys.cidr))?;
    let (base, length) = match prefix(text.as_perl()) {
        Some((base, length)) => (base, Some(length.to_string())),
        None => (text.as_perl(), None),
    };
    let Some(address) =
        base.to_string().parse::<IpAddr>().ok().filter(|address| (family.is)(address))
    else {
        let message = format!("address '{base}' is no {} address", family.name);
        check.found(iface.name, Some(keys.address), message);
        return None;
    };
    let netmask = iface.truth(keys.netmask);
    let (key, length) = match (length, &netmask) {
        (Some(length), _) => (keys.address, length),
        (None, Some(mask)) => {
            let Some(length) = mask_length(mask.as_perl()) else {
                let message = format!("netmask '{mask}' is none");
                check.found(iface.name, Some(keys.netmask), message);
                return None;
            };
            // Reading takes a prefix length off the address.
            let is_own = check.lines.has(iface.name, keys.netmask);
            (if is_own { keys.netmask } else { keys.address }, length.to_string())
        }
        (None, None) => (keys.address, family.bits.to_string()),
    };
    match length.parse::<u8>().ok().filter(|length| *length <= family.bits) {
        Some(length) => Some(Network { address, length }),
        None => {
            let limit = family.bits;
            let message =
                format!("prefix length '{length}' of address '{address}' is above {limit}");
            check.found(iface.name, Some(key), message);
            None
        }
    }
}

fn gateway(
    check: &mut Check<'_, '_, '_>,
    iface: &Iface<'_, '_>,
    family: &Family,
    network: Option<&Network>,
) {
    let Some(text) = iface.truth(family.gateway) else { return };
    let message = match text.to_string().parse::<IpAddr>() {
        Ok(gateway) if (family.is)(&gateway) => {
            // A gateway on the link needs no address in its network.
            let is_on_link =
                matches!(gateway, IpAddr::V6(gateway) if gateway.is_unicast_link_local());
            match network {
                Some(network) if !is_on_link && !network.contains(gateway) => {
                    let Network { address, length } = network;
                    format!("gateway '{gateway}' is outside of {address}/{length}")
                }
                Some(network) if network.address == gateway => {
                    format!("gateway '{gateway}' is the interface's own address")
                }
                _ => return,
            }
        }
        _ => format!("gateway '{text}' is no {} address", family.name),
    };
    check.found(iface.name, Some(family.gateway), message);
}
