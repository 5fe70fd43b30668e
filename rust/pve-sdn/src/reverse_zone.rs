//! The DNS zone for the names of a subnet's addresses (`PowerdnsPlugin::get_reversedns_zone`).

use std::net::{IpAddr, Ipv4Addr};

use serde_json::Value;

use crate::address::{Network, is_ipv4, net_addr};
use crate::{Error, Section, perl};

/// The reverse zone of an address of a subnet; empty where the reference has none.
///
/// `width` is the server's own choice for IPv6 (`reversemaskv6`).
///
/// # Errors
/// [`Error::ReverseMask`], [`Error::NotAnAddress`].
pub fn of(subnet: &Section, ip: &str, width: Option<&Value>) -> Result<String, Error> {
    let cidr = perl::text(subnet.get("cidr"));
    let mask = perl::integer(&perl::text(subnet.get("mask")));
    let network = Network::parse(&cidr);
    if is_ipv4(ip) {
        let network = network.ok_or(Error::NotAnAddress)?;
        return Ok(ipv4(ip, is_rfc1918(&network), mask));
    }
    let mask = if perl::is_true(width) { perl::integer(&perl::text(width)) } else { mask };
    if mask % 4 != 0 {
        return Err(Error::ReverseMask);
    }
    let network = network.ok_or(Error::NotAnAddress)?;
    Ok(pointer(network.network(), network.prefix()))
}

/// Whether the whole network is private (RFC 1918).
fn is_rfc1918(network: &Network) -> bool {
    match network.address() {
        IpAddr::V4(address) => match address.octets() {
            [10, ..] => network.prefix() >= 8,
            [172, ..] => address.is_private() && network.prefix() >= 12,
            _ => address.is_private() && network.prefix() >= 16,
        },
        IpAddr::V6(_) => false,
    }
}

fn ipv4(ip: &str, is_private: bool, mask: i64) -> String {
    let mut blocks = ip.split('.');
    let mut block = || blocks.next().unwrap_or_default();
    let (first, second, third) = (block(), block(), block());
    match (is_private, perl::integer(first)) {
        (true, 192) => "168.192.in-addr.arpa.".to_owned(),
        (true, 172) => "16-31.172.in-addr.arpa.".to_owned(),
        (true, 10) => "10.in-addr.arpa.".to_owned(),
        (false, _) if mask <= 24 => format!("{third}.{second}.{first}.in-addr.arpa."),
        _ => String::new(),
    }
}

/// The name of an address in its reverse zone (`Net::IP::reverse_ip`).
///
/// # Errors
/// [`Error::NotAnAddress`].
pub fn name_of(ip: &str) -> Result<String, Error> {
    let address = net_addr(ip).ok_or(Error::NotAnAddress)?;
    Ok(pointer(address, if address.is_ipv4() { 32 } else { 128 }))
}

fn pointer(address: IpAddr, prefix: u32) -> String {
    match address {
        IpAddr::V4(address) => ipv4_pointer(address, prefix),
        IpAddr::V6(address) => {
            let number = u128::from(address);
            let nibbles = prefix / 4;
            let mut name = String::new();
            for at in (0..nibbles).rev() {
                name.push_str(&format!("{:x}.", (number >> (124 - 4 * at)) & 0xf));
            }
            name + "ip6.arpa."
        }
    }
}

fn ipv4_pointer(address: Ipv4Addr, prefix: u32) -> String {
    let count = usize::try_from(prefix / 8).unwrap_or(4).min(4);
    let octets = address.octets();
    let name: String = octets[..count].iter().rev().map(|octet| format!("{octet}.")).collect();
    name + "in-addr.arpa."
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subnet::with_id;

    fn zone(id: &str, ip: &str, width: Option<Value>) -> Result<String, Error> {
        of(&with_id(id, &Section::new()), ip, width.as_ref())
    }

    #[test]
    fn private_networks_have_the_zones_of_powerdns() {
        for (id, ip, wanted) in [
            ("z-10.1.2.0-24", "10.1.2.3", "10.in-addr.arpa."),
            ("z-192.168.2.0-24", "192.168.2.3", "168.192.in-addr.arpa."),
            ("z-172.20.2.0-24", "172.20.2.3", "16-31.172.in-addr.arpa."),
            ("z-8.8.8.0-24", "8.8.8.3", "8.8.8.in-addr.arpa."),
            ("z-8.8.8.0-28", "8.8.8.3", ""),
        ] {
            assert_eq!(zone(id, ip, None).unwrap(), wanted);
        }
    }

    #[test]
    fn ipv6_zones_end_at_a_nibble() {
        let wanted = "8.b.d.0.1.0.0.2.ip6.arpa.";
        assert_eq!(zone("z-2001:db8::-32", "2001:db8::1", None).unwrap(), wanted);
        assert_eq!(zone("z-2001:db8::-33", "2001:db8::1", None), Err(Error::ReverseMask));
        assert!(zone("z-2001:db8::-33", "2001:db8::1", Some(32.into())).is_ok());
        assert_eq!(name_of("10.0.0.1").unwrap(), "1.0.0.10.in-addr.arpa.");
        assert!(name_of("fd00::1").unwrap().starts_with("1.0.0.0."));
    }
}
