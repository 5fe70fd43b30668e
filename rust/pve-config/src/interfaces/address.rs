//! Addresses and netmasks.

use pve_schema::format::is_digits;
use pve_schema::{Map, PerlStr, PerlString, Scalar};

use super::config::true_value;

/// The keys of one address family.
pub(super) struct Keys {
    pub address: &'static str,
    pub netmask: &'static str,
    pub cidr: &'static str,
}

/// IPv4's keys.
pub(super) const INET: Keys = Keys { address: "address", netmask: "netmask", cidr: "cidr" };
/// IPv6's keys.
pub(super) const INET6: Keys = Keys { address: "address6", netmask: "netmask6", cidr: "cidr6" };

/// Address and prefix length around the last slash: `m!^(.+)/(\d+)$!`, of which only the end is asked for here.
pub(super) fn prefix(address: PerlStr<'_>) -> Option<(PerlStr<'_>, PerlStr<'_>)> {
    let address = address.strip_final_newline().unwrap_or(address);
    let at = memchr::memrchr(b'/', address.as_bytes())?;
    let length = address.tail(at + 1);
    is_digits(length).then(|| (address.slice(0, at), length))
}

/// `PVE::JSONSchema::get_netmask_bits`, where that is not 0.
pub(super) fn netmask_bits(mask: PerlStr<'_>) -> Option<u32> {
    let text = std::str::from_utf8(mask.as_bytes()).ok()?;
    let mut octets = text.split('.').map(|octet| {
        let canonical = octet == "0" || !octet.starts_with(['0', '+']);
        octet.parse::<u8>().ok().filter(|_| canonical)
    });
    let mut next = || octets.next().flatten().map(u32::from);
    let bits = next()? << 24 | next()? << 16 | next()? << 8 | next()?;
    let is_mask = octets.next().is_none() && bits.leading_ones() + bits.trailing_zeros() == 32;
    (is_mask && bits != 0).then(|| bits.leading_ones())
}

/// The prefix length that a netmask stands for: a number as it is, or a dotted mask.
pub(super) fn mask_length(mask: PerlStr<'_>) -> Option<PerlString<'_>> {
    let digits = is_digits(mask) || mask.strip_final_newline().is_some_and(is_digits);
    if digits {
        return Some(mask.into());
    }
    netmask_bits(mask).map(|bits| PerlStr::Bytes(bits.to_string().as_bytes()).into_owned())
}

/// Joins address and prefix length.
pub(super) fn join(address: PerlStr<'_>, length: PerlStr<'_>) -> PerlString<'static> {
    PerlString::concat(&[address, PerlStr::literal("/"), length])
}

/// Folds address and netmask into a CIDR, as reading does. IPv4's dotted netmask becomes a number, IPv6's stays.
///
/// An address that is nothing but a prefix length leaves undefined values: what the reference takes for them then is
/// left from another pattern.
pub(super) fn fold<'a>(iface: &mut Map<'a>, keys: &Keys) {
    let Some(address) = true_value(iface, keys.address).cloned() else { return };
    if let Some((base, length)) = split(&address) {
        iface.set(keys.cidr, address);
        iface.set(keys.address, base);
        iface.set(keys.netmask, length);
        return;
    }
    let text = address.to_perl();
    let mask = true_value(iface, keys.netmask).map(Scalar::to_perl);
    let length = mask.as_ref().and_then(|mask| mask_length(mask.as_perl()));
    let cidr = match &length {
        Some(length) => join(text.as_perl(), length.as_perl()),
        None => {
            let whole = if keys.cidr == INET.cidr { "32" } else { "128" };
            join(text.as_perl(), PerlStr::literal(whole))
        }
    };
    let length = length.filter(|_| keys.cidr == INET.cidr).map(PerlString::into_owned);
    iface.set(keys.cidr, Scalar::from(cidr));
    if let Some(length) = length {
        iface.set(keys.netmask, Scalar::from(length));
    }
}

/// Address and prefix length of a CIDR, borrowed from where it is.
fn split<'a>(address: &Scalar<'a>) -> Option<(Scalar<'a>, Scalar<'a>)> {
    let text = address.to_perl();
    let (base, length) = prefix(text.as_perl())?;
    if base.is_empty() {
        return Some((Scalar::Undef, Scalar::Undef));
    }
    let part = |from: usize, to: usize| match address {
        Scalar::Bytes(std::borrow::Cow::Borrowed(bytes)) => {
            Scalar::bytes(bytes.get(from..to).unwrap_or_default())
        }
        _ => Scalar::from(text.as_perl().slice(from, to).into_owned()),
    };
    let end = base.as_bytes().len();
    Some((part(0, end), part(end + 1, end + 1 + length.as_bytes().len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_masks_have_bits() {
        for (mask, bits) in [
            ("255.255.255.0", Some(24)),
            ("128.0.0.0", Some(1)),
            ("255.255.255.255", Some(32)),
            ("0.0.0.0", None),
            ("255.0.255.0", None),
            ("255.255.255", None),
            ("255.255.255.0.0", None),
            ("255.255.255.00", None),
            ("+255.0.0.0", None),
            ("24", None),
        ] {
            assert_eq!(netmask_bits(PerlStr::literal(mask)), bits, "{mask}");
        }
    }

    #[test]
    fn a_netmask_becomes_part_of_the_cidr() {
        for (address, netmask, cidr, length) in [
            ("10.0.0.1", Some("255.255.0.0"), "10.0.0.1/16", Some("16")),
            ("10.0.0.1", Some("0.0.0.0"), "10.0.0.1/32", Some("0.0.0.0")),
            ("10.0.0.1/8", Some("24"), "10.0.0.1/8", Some("8")),
            ("10.0.0.1", None, "10.0.0.1/32", None),
        ] {
            let mut iface = Map::new();
            iface.insert("address", PerlStr::literal(address));
            if let Some(netmask) = netmask {
                iface.insert("netmask", PerlStr::literal(netmask));
            }
            fold(&mut iface, &INET);
            let text =
                |key| iface.get(key).and_then(|v| v.as_scalar()).map(|v| v.to_perl().to_string());
            assert_eq!(text("cidr").as_deref(), Some(cidr));
            assert_eq!(text("netmask").as_deref(), length);
        }
    }
}
