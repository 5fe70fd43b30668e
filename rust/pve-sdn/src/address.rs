//! Addresses in the forms that the reference's libraries take and give: NetAddr::IP, Net::IP and Net::Subnet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address with the width of its family's network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u32,
}

/// The canonical text of an address (`NetAddr::IP::canon`, `Net::IP::short`): as RFC 5952, but never with a dotted part.
#[must_use]
pub fn canonical(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        // Only these are written with dots by the standard library.
        IpAddr::V6(address) => match address.segments() {
            [0, 0, 0, 0, 0, 0xffff, high, low] => format!("::ffff:{high:x}:{low:x}"),
            _ => address.to_string(),
        },
    }
}

/// Reads an address as inet_aton(3) does, names left out: one to four parts, each decimal, octal (`0…`) or hexadecimal.
#[must_use]
pub fn inet_aton(text: &str) -> Option<Ipv4Addr> {
    let parts: Vec<u32> = text.split('.').map(part).collect::<Option<_>>()?;
    let (last, first) = parts.split_last()?;
    let width = 8 * 4usize.checked_sub(first.len())?;
    if first.len() > 3 || first.iter().any(|part| *part > 0xff) {
        return None;
    }
    if width < 32 && u64::from(*last) >= 1 << width {
        return None;
    }
    let high = first.iter().zip([24, 16, 8]).fold(0, |sum, (part, shift)| sum | (part << shift));
    Some(Ipv4Addr::from(high | last))
}

fn part(text: &str) -> Option<u32> {
    let (digits, radix) = match text.as_bytes() {
        [b'0', b'x' | b'X', ..] => (&text[2..], 16),
        [b'0', _, ..] => (&text[1..], 8),
        _ => (text, 10),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    u32::from_str_radix(digits, radix).ok()
}

/// Reads an address as NetAddr::IP's constructor does, a mask after it aside; names are not looked up.
#[must_use]
pub fn net_addr(text: &str) -> Option<IpAddr> {
    let text = text.split('/').next().unwrap_or_default();
    if text.contains(':') {
        return text.parse().ok().map(IpAddr::V6);
    }
    inet_aton(text).map(IpAddr::V4)
}

/// Reads an address as Net::IP does: an IPv4 address of one to four decimal parts, the rest zero, or an IPv6 address.
#[must_use]
pub fn net_ip(text: &str) -> Option<IpAddr> {
    if text.contains(':') {
        return text.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    }
    if !is_ipv4(text) {
        return None;
    }
    let mut octets = [0; 4];
    for (octet, part) in octets.iter_mut().zip(text.split('.')) {
        *octet = part.parse().ok().filter(|_| part.len() <= 3)?;
    }
    Some(IpAddr::V4(octets.into()))
}

/// The first and the last address of what Net::IP reads: an address, `ADDRESS/LENGTH` without bits behind the length, or
/// `FIRST - LAST`.
#[must_use]
pub fn net_ip_range(text: &str) -> Option<(IpAddr, IpAddr)> {
    if let Some((address, length)) = text.split_once('/') {
        let first = net_ip(address)?;
        let width = if first.is_ipv4() { 32 } else { 128 };
        let length = length.parse().ok().filter(|length| *length <= width)?;
        let (network, last) = Network { address: first, prefix: length }.range();
        return (network == first).then_some((first, last));
    }
    let (first, last) = match text.split_once('-') {
        Some((first, last)) => (net_ip(first.trim_end())?, net_ip(last.trim_start())?),
        None => net_ip(text).map(|address| (address, address))?,
    };
    (first.is_ipv4() == last.is_ipv4() && first <= last).then_some((first, last))
}

/// `Net::IP::ip_is_ipv4`.
#[must_use]
pub fn is_ipv4(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    let number = |part: &&str| {
        (1..=9).contains(&part.len())
            && part.bytes().all(|byte| byte.is_ascii_digit())
            && part.parse::<u32>().is_ok_and(|part| part < 256)
    };
    parts.len() <= 4 && parts.iter().all(number)
}

/// `Net::IP::ip_is_ipv6`.
#[must_use]
pub fn is_ipv6(text: &str) -> bool {
    text.parse::<Ipv6Addr>().is_ok()
}

/// `Net::IP::ip_get_version`: 4 or 6.
#[must_use]
pub fn version(text: &str) -> Option<u8> {
    if !text.contains(':') && is_ipv4(text) {
        Some(4)
    } else if is_ipv6(text) {
        Some(6)
    } else {
        None
    }
}

/// The addresses from one to another (`Net::IP->new("$start - $end")`); `None` where that is no range.
#[must_use]
pub fn range(start: &str, end: &str) -> Option<impl Iterator<Item = IpAddr> + use<>> {
    let (start, end) = (net_ip(start.trim())?, net_ip(end.trim())?);
    if start.is_ipv4() != end.is_ipv4() {
        return None;
    }
    let (first, last) = (number(start), number(end));
    (first <= last).then(|| (first..=last).map(move |number| address(start.is_ipv4(), number)))
}

/// Whether an address is in a subnet (`Net::Subnet::subnet_matcher`).
#[must_use]
pub fn is_in_subnet(ip: &str, cidr: &str) -> bool {
    let (network, mask) = cidr.split_once('/').unwrap_or((cidr, ""));
    let length = crate::perl::integer(mask);
    if network.contains(':') {
        let (Ok(network), Ok(ip)) = (network.parse::<Ipv6Addr>(), ip.parse::<Ipv6Addr>()) else {
            return false;
        };
        let mask = ones(u32::try_from(length.clamp(0, 128)).unwrap_or(128), 128);
        return u128::from(network) & mask == u128::from(ip) & mask;
    }
    // Perl's inet_aton takes an IPv4 address in IPv6's form for the IPv4 address.
    let mapped = || ip.parse::<Ipv6Addr>().ok()?.to_ipv4_mapped();
    let (Some(network), Some(ip)) = (inet_aton(network), inet_aton(ip).or_else(mapped)) else {
        return false;
    };
    let mask = v4_mask(length);
    u32::from(network) & mask == u32::from(ip) & mask
}

/// The mask as the reference's library computes it, which shifts the other way beyond 32.
fn v4_mask(length: i64) -> u32 {
    let shifted = match length {
        0..=32 => 0xffff_ffff_u64 << (32 - length),
        33..=64 => 0xffff_ffff_u64 >> (length - 32),
        _ => 0,
    };
    (shifted & 0xffff_ffff) as u32
}

impl Network {
    /// Reads `ADDRESS/PREFIX` as NetAddr::IP does; without a prefix it is a single address.
    #[must_use]
    pub fn parse(cidr: &str) -> Option<Network> {
        let address = net_addr(cidr)?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match cidr.split_once('/') {
            Some((_, prefix)) => prefix.parse().ok().filter(|prefix| *prefix <= width)?,
            None => width,
        };
        Some(Network { address, prefix })
    }

    /// The address that it was written with.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// The address of the network itself (`NetAddr::IP::network`).
    #[must_use]
    pub fn network(&self) -> IpAddr {
        address(self.address.is_ipv4(), number(self.address) & !self.host_mask())
    }

    /// The network's first and last address.
    #[must_use]
    pub fn range(&self) -> (IpAddr, IpAddr) {
        let last = number(self.address) | self.host_mask();
        (self.network(), address(self.address.is_ipv4(), last))
    }

    /// The width of the network's part in bits.
    #[must_use]
    pub fn prefix(&self) -> u32 {
        self.prefix
    }

    /// The last address that a host may have (`NetAddr::IP::last`): the last but one, or in a network of one or two
    /// addresses the last.
    #[must_use]
    pub fn last(&self) -> IpAddr {
        let host = self.host_mask();
        let broadcast = number(self.address) | host;
        address(self.address.is_ipv4(), if host > 1 { broadcast - 1 } else { broadcast })
    }

    /// All addresses, beginning with the written one, or with the one after it, and after the network's last one going
    /// on with its first (`NetAddr::IP`'s `++`).
    pub fn addresses(&self, skip_first: bool) -> impl Iterator<Item = IpAddr> + use<> {
        let (host, first, v4) = (self.host_mask(), number(self.address), self.address.is_ipv4());
        let network = first & !host;
        let from = (first & host).wrapping_add(u128::from(skip_first)) & host;
        let mut next = Some(from);
        std::iter::from_fn(move || {
            let current = next?;
            let following = current.wrapping_add(1) & host;
            next = (following != from).then_some(following);
            Some(address(v4, network | current))
        })
    }

    fn host_mask(&self) -> u128 {
        let width = if self.address.is_ipv4() { 32 } else { 128 };
        ones(width, width) & !ones(self.prefix, width)
    }
}

/// A number of `width` bits that begins with `count` ones.
fn ones(count: u32, width: u32) -> u128 {
    let all = u128::MAX >> (128 - width);
    if count == 0 { 0 } else { all & (all << (width - count.min(width))) }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u32::from(address).into(),
        IpAddr::V6(address) => address.into(),
    }
}

fn address(v4: bool, number: u128) -> IpAddr {
    if v4 { IpAddr::V4(Ipv4Addr::from(number as u32)) } else { IpAddr::V6(Ipv6Addr::from(number)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canon(text: &str) -> Option<String> {
        net_addr(text).map(canonical)
    }

    #[test]
    fn canonical_texts_are_those_of_the_reference() {
        for (text, wanted) in [
            ("FD00:0:0:0:0:0:0:1", "fd00::1"),
            ("1:0:0:2:3:0:0:4", "1::2:3:0:0:4"),
            ("1:2:3:0:5:6:7:8", "1:2:3:0:5:6:7:8"),
            ("::ffff:1.2.3.4", "::ffff:102:304"),
            ("::1.2.3.4", "::102:304"),
            ("010.1.1.1", "8.1.1.1"),
            ("10.1", "10.0.0.1"),
            ("10.0.0.5/24", "10.0.0.5"),
        ] {
            assert_eq!(canon(text).as_deref(), Some(wanted), "{text}");
        }
        for text in ["10.0.0.300", "", "fe80::1%eth0", "host", "1.2.3.4.5", "256"] {
            let wanted = (text == "256").then_some("0.0.1.0");
            assert_eq!(canon(text).as_deref(), wanted, "{text}");
        }
    }

    #[test]
    fn net_ip_fills_from_the_left() {
        assert_eq!(net_ip("10.1"), Some("10.1.0.0".parse().unwrap()));
        assert_eq!(net_ip("010.1.1.1"), Some("10.1.1.1".parse().unwrap()));
        assert_eq!(net_ip("0010.1.1.1"), None);
        assert_eq!(version("10.0.0.0/24"), None);
        assert_eq!(version("fd00::"), Some(6));
    }

    #[test]
    fn ranges_are_those_of_the_reference() {
        let range = |text| {
            net_ip_range(text)
                .map(|(first, last)| format!("{}-{}", canonical(first), canonical(last)))
        };
        for (text, wanted) in [
            ("10.0.0.1", Some("10.0.0.1-10.0.0.1")),
            ("10.0.0.0/31", Some("10.0.0.0-10.0.0.1")),
            ("10.0.0.1/31", None),
            ("10.0.0.0/33", None),
            ("10.0.0.1-10.0.0.3", Some("10.0.0.1-10.0.0.3")),
            ("10.0.0.3 - 10.0.0.1", None),
            ("fd00::/127", Some("fd00::-fd00::1")),
            ("10.0.0.1-fd00::", None),
            ("", None),
        ] {
            assert_eq!(range(text).as_deref(), wanted, "{text}");
        }
    }

    #[test]
    fn hosts_end_before_the_broadcast_address() {
        for (cidr, last) in [
            ("10.0.0.255/24", "10.0.0.254"),
            ("10.0.0.0/31", "10.0.0.1"),
            ("10.0.0.7/32", "10.0.0.7"),
            ("fd00::/126", "fd00::2"),
            ("fd00::/127", "fd00::1"),
            ("fd00::/64", "fd00::ffff:ffff:ffff:fffe"),
        ] {
            let network = Network::parse(cidr).unwrap();
            assert_eq!(canonical(network.last()), last, "{cidr}");
        }
    }

    #[test]
    fn addresses_go_round_from_the_written_one() {
        let list = |cidr: &str, skip| -> Vec<String> {
            Network::parse(cidr).unwrap().addresses(skip).map(canonical).collect()
        };
        assert_eq!(list("10.0.0.6/30", true), ["10.0.0.7", "10.0.0.4", "10.0.0.5", "10.0.0.6"]);
        assert_eq!(list("10.0.0.7/32", true), ["10.0.0.7"]);
        assert_eq!(list("fd00::/127", false), ["fd00::", "fd00::1"]);
        assert_eq!(Network::parse("fd00::/0").unwrap().addresses(false).take(2).count(), 2);
    }

    #[test]
    fn matching_is_that_of_the_reference() {
        assert!(is_in_subnet("10.0.0.9", "10.0.0.5/24"));
        assert!(!is_in_subnet("10.0.1.9", "10.0.0.5/24"));
        assert!(is_in_subnet("fd00::9", "fd00::/64"));
        assert!(!is_in_subnet("10.0.0.9", "fd00::/64"));
        assert!(!is_in_subnet("fd00::9", "10.0.0.0/8"));
        assert!(is_in_subnet("::ffff:10.0.0.9", "10.0.0.0/8"));
        assert!(is_in_subnet("1.2.3.4", "24/"), "an id without a zone has no mask");
        assert!(is_in_subnet("138.0.0.1", "10.0.0.1/33"), "the mask's first bit is gone");
    }
}
