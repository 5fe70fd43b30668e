//! `ip addr`: addresses of a link.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use netlink_packet_core::{NLM_F_CREATE, NLM_F_ECHO, NLM_F_EXCL};
use netlink_packet_route::address::{AddressAttribute, AddressMessage, AddressScope};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};

use crate::request::Request;

/// An address and the length of its network's prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cidr {
    /// The address.
    pub address: IpAddr,
    /// The prefix length: at most 32 for IPv4, 128 for IPv6.
    pub prefix: u8,
}

impl Cidr {
    /// Whether `other` is in this address's network (the reference: `PVE::Network::is_ip_in_cidr`).
    #[must_use]
    pub fn contains(&self, other: IpAddr) -> bool {
        match (self.address, other) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let rest = 32_u32.saturating_sub(self.prefix.into());
                let bits = |address: Ipv4Addr| u64::from(u32::from(address)) >> rest;
                bits(own) == bits(other)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let rest = 128_u32.saturating_sub(self.prefix.into());
                let bits = |address: Ipv6Addr| u128::from(address).checked_shr(rest).unwrap_or(0);
                bits(own) == bits(other)
            }
            _ => false,
        }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// The family of an address.
pub(crate) fn family(address: IpAddr) -> AddressFamily {
    match address {
        IpAddr::V4(_) => AddressFamily::Inet,
        IpAddr::V6(_) => AddressFamily::Inet6,
    }
}

/// `ip addr add CIDR dev INDEX`, followed by what reads it back.
#[must_use]
pub fn add(index: u32, cidr: Cidr) -> Vec<Request> {
    let message = message(index, cidr);
    let mut add = Request::new(
        RouteNetlinkMessage::NewAddress(message.clone()),
        NLM_F_CREATE | NLM_F_EXCL | NLM_F_ECHO,
    );
    if cidr.address.is_ipv4() {
        return vec![add];
    }
    // The kernel echoes IPv4 addresses only, and gives a single IPv6 address only.
    add.flags &= !NLM_F_ECHO;
    vec![add, Request::new(RouteNetlinkMessage::GetAddress(message), 0)]
}

/// `ip addr del CIDR dev INDEX`.
#[must_use]
pub fn delete(index: u32, cidr: Cidr) -> Request {
    let mut message = message(index, cidr);
    // ip(8) gives a scope only to what it adds.
    message.header.scope = AddressScope::Universe;
    Request::new(RouteNetlinkMessage::DelAddress(message), 0)
}

fn message(index: u32, cidr: Cidr) -> AddressMessage {
    let mut message = AddressMessage::default();
    message.header.family = family(cidr.address);
    message.header.prefix_len = cidr.prefix;
    message.header.index = index;
    // ip(8): an IPv4 loopback address has the scope of the host, any other the global one.
    if matches!(cidr.address, IpAddr::V4(address) if address.is_loopback()) {
        message.header.scope = AddressScope::Host;
    }
    message.attributes.push(AddressAttribute::Local(cidr.address));
    message.attributes.push(AddressAttribute::Address(cidr.address));
    message
}

/// The address among what the kernel showed, if it is there.
#[must_use]
pub fn shown(messages: &[RouteNetlinkMessage], index: u32) -> Option<Cidr> {
    messages.iter().find_map(|message| {
        let RouteNetlinkMessage::NewAddress(address) = message else { return None };
        if address.header.index != index {
            return None;
        }
        address.attributes.iter().find_map(|attribute| match attribute {
            AddressAttribute::Local(local) | AddressAttribute::Address(local) => {
                Some(Cidr { address: *local, prefix: address.header.prefix_len })
            }
            _ => None,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cidr(text: &str) -> Cidr {
        let (address, prefix) = text.split_once('/').unwrap();
        Cidr { address: address.parse().unwrap(), prefix: prefix.parse().unwrap() }
    }

    #[test]
    fn a_network_contains_its_addresses() {
        for (network, address, inside) in [
            ("10.0.0.5/24", "10.0.0.1", true),
            ("10.0.0.5/24", "10.0.1.1", false),
            ("10.0.0.5/32", "10.0.0.1", false),
            ("10.0.0.5/32", "10.0.0.5", true),
            ("10.0.0.5/0", "192.0.2.1", true),
            ("2001:db8::5/64", "2001:db8::1", true),
            ("2001:db8::5/64", "fe80::1", false),
            ("2001:db8::5/128", "2001:db8::1", false),
            ("2001:db8::5/0", "fe80::1", true),
            ("10.0.0.5/24", "2001:db8::1", false),
        ] {
            assert_eq!(cidr(network).contains(address.parse().unwrap()), inside, "{network}");
        }
    }
}
