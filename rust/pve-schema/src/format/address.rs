//! Hardware and IP addresses, interface names.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{Rule, verdict};
use crate::class::{self, anchored};
use crate::{PerlNumber, PerlStr};

/// `mac-addr`: six pairs of hexadecimal digits between colons, the group bit unset (IEEE 802).
pub static MAC_ADDR: Rule = Rule {
    name: "mac-addr",
    check: |value, _| {
        verdict(
            anchored(value, is_unicast_mac),
            "value does not look like a valid unicast MAC address\n",
        )
    },
};

/// `ipv4`: dotted decimal without leading zeros.
pub static IPV4: Rule = Rule {
    name: "ipv4",
    check: |value, _| {
        verdict(anchored(value, is_ipv4), "value does not look like a valid IPv4 address\n")
    },
};

/// `ipv6`: the text forms of RFC 4291, section 2.2.
pub static IPV6: Rule = Rule {
    name: "ipv6",
    check: |value, _| {
        verdict(anchored(value, is_ipv6), "value does not look like a valid IPv6 address\n")
    },
};

/// `ip`: either kind of address.
pub static IP: Rule = Rule {
    name: "ip",
    check: |value, _| verdict(is_ip(value), "value does not look like a valid IP address\n"),
};

/// `CIDRv4`: an IPv4 address with a prefix length of 8 to 32.
pub static CIDR_V4: Rule = Rule {
    name: "CIDRv4",
    check: |value, _| {
        verdict(is_ipv4_cidr(value), "value does not look like a valid IPv4 CIDR network\n")
    },
};

/// `CIDRv6`: an IPv6 address with a prefix length of 8 to 128.
pub static CIDR_V6: Rule = Rule {
    name: "CIDRv6",
    check: |value, _| {
        verdict(is_ipv6_cidr(value), "value does not look like a valid IPv6 CIDR network\n")
    },
};

/// `CIDR`: either of the two.
pub static CIDR: Rule = Rule {
    name: "CIDR",
    check: |value, _| {
        verdict(
            is_ipv4_cidr(value) || is_ipv6_cidr(value),
            "value does not look like a valid CIDR network\n",
        )
    },
};

/// `pve-ipv4-config`: `dhcp`, `manual`, or an address with a prefix length.
pub static IPV4_CONFIG: Rule = Rule {
    name: "pve-ipv4-config",
    check: |value, _| {
        let word = anchored(value, |v| matches!(v.as_bytes(), b"dhcp" | b"manual"));
        verdict(
            word || is_ipv4_cidr(value),
            "value does not look like a valid ipv4 network configuration\n",
        )
    },
};

/// `pve-ipv6-config`: `auto`, `dhcp`, `manual`, or an address with a prefix length.
pub static IPV6_CONFIG: Rule = Rule {
    name: "pve-ipv6-config",
    check: |value, _| {
        let word = anchored(value, |v| matches!(v.as_bytes(), b"auto" | b"dhcp" | b"manual"));
        verdict(
            word || is_ipv6_cidr(value),
            "value does not look like a valid ipv6 network configuration\n",
        )
    },
};

fn is_unicast_mac(value: PerlStr<'_>) -> bool {
    let bytes = value.as_bytes();
    bytes.len() == 17
        && bytes
            .iter()
            .enumerate()
            .all(|(i, b)| if i % 3 == 2 { *b == b':' } else { b.is_ascii_hexdigit() })
        && matches!(
            bytes[1],
            b'0' | b'2' | b'4' | b'6' | b'8' | b'a' | b'c' | b'e' | b'A' | b'C' | b'E'
        )
}

fn is_ipv4(value: PerlStr<'_>) -> bool {
    Ipv4Addr::parse_ascii_bytes(value.as_bytes())
}

fn is_ipv6(value: PerlStr<'_>) -> bool {
    Ipv6Addr::parse_ascii_bytes(value.as_bytes())
}

/// Whether it is an address of either kind (`PVE::JSONSchema::pve_verify_ip`).
pub fn is_ip(value: PerlStr<'_>) -> bool {
    anchored(value, |value| is_ipv4(value) || is_ipv6(value))
}

/// Whether it is an IPv4 address with a prefix length that a network may have.
pub fn is_ipv4_cidr(value: PerlStr<'_>) -> bool {
    anchored(value, |value| is_cidr(value, is_ipv4, 32.0))
}

/// Whether it is an IPv6 address with a prefix length that a network may have.
pub fn is_ipv6_cidr(value: PerlStr<'_>) -> bool {
    anchored(value, |value| is_cidr(value, is_ipv6, 128.0))
}

fn is_cidr(value: PerlStr<'_>, is_address: fn(PerlStr<'_>) -> bool, longest: f64) -> bool {
    let Some(slash) = memchr::memchr(b'/', value.as_bytes()) else { return false };
    let length = value.tail(slash + 1);
    if !class::is_digits(length) || !is_address(value.slice(0, slash)) {
        return false;
    }
    let length = PerlNumber::from_prefix(length.as_bytes()).as_f64();
    length > 7.0 && length <= longest
}

/// Whether it is the name of an interface, perhaps with a VLAN or an alias (`PVE::JSONSchema::pve_verify_iface`).
pub fn is_interface_name(value: PerlStr<'_>) -> bool {
    anchored(value, |value| {
        let bytes = value.as_bytes();
        let (name, number) = match bytes.iter().position(|b| matches!(b, b':' | b'.')) {
            Some(at) => (value.slice(0, at), Some(value.tail(at + 1))),
            None => (value, None),
        };
        let name = class::fold_to_ascii(name);
        (2..=21).contains(&name.len())
            && name[0].is_ascii_alphabetic()
            && name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
            && number.is_none_or(class::is_digits)
    })
}

/// The standard library's reading of addresses, which is the one of the reference's patterns.
trait ParseAscii: std::str::FromStr {
    fn parse_ascii_bytes(bytes: &[u8]) -> bool {
        bytes.len() <= 45
            && std::str::from_utf8(bytes).is_ok_and(|text| text.parse::<Self>().is_ok())
    }
}

impl ParseAscii for Ipv4Addr {}
impl ParseAscii for Ipv6Addr {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Environment;

    fn passes(rule: &Rule, text: &'static str) -> bool {
        (rule.check)(PerlStr::literal(text), &Environment::empty()).is_ok()
    }

    #[test]
    fn hardware_addresses() {
        for good in ["BC:24:11:00:00:01", "0a:bc:de:f0:12:34", "BC:24:11:00:00:01\n"] {
            assert!(passes(&MAC_ADDR, good), "{good}");
        }
        for bad in
            ["01:00:00:00:00:00", "BC-24-11-00-00-01", "BC:24:11:00:00", "", "BC:24:11:00:00:0G"]
        {
            assert!(!passes(&MAC_ADDR, bad), "{bad}");
        }
    }

    #[test]
    fn addresses() {
        for good in ["1.2.3.4", "255.255.255.255", "0.0.0.0\n"] {
            assert!(passes(&IPV4, good), "{good}");
        }
        for bad in ["01.2.3.4", "256.1.1.1", "1.2.3", "1.2.3.4.5", " 1.2.3.4", ""] {
            assert!(!passes(&IPV4, bad), "{bad}");
        }
        for good in
            ["::", "::1", "1::", "1:2:3:4:5:6:7::", "::1.2.3.4", "1:2:3:4:5:6:1.2.3.4", "FE80::a"]
        {
            assert!(passes(&IPV6, good), "{good}");
        }
        for bad in [
            ":::",
            "1:2:3:4:5:6:7",
            "::1::",
            "12345::",
            "fe80::1%eth0",
            "1.2.3.4::",
            "::1.2.3",
            ":1",
        ] {
            assert!(!passes(&IPV6, bad), "{bad}");
        }
    }

    #[test]
    fn networks() {
        for good in ["10.0.0.1/8", "10.0.0.1/032", "manual", "dhcp\n"] {
            assert!(passes(&IPV4_CONFIG, good), "{good}");
        }
        for bad in ["10.0.0.1/7", "10.0.0.1/33", "10.0.0.1", "auto", "10.0.0.1/", "10.0.0.1/+8"] {
            assert!(!passes(&IPV4_CONFIG, bad), "{bad}");
        }
        assert!(passes(&IPV6_CONFIG, "fd00::1/128"));
        assert!(!passes(&IPV6_CONFIG, "fd00::1/129"));
        assert!(!passes(&IPV6_CONFIG, "fd00::1/18446744073709551624"));
    }

    #[test]
    fn interface_names() {
        for good in ["eth0", "vmbr0.100", "Eth0:1", "ab"] {
            assert!(is_interface_name(PerlStr::literal(good)), "{good}");
        }
        for bad in ["e", "0eth", "eth0.", "eth0.1.2", "a23456789012345678901x", "eth-0"] {
            assert!(!is_interface_name(PerlStr::literal(bad)), "{bad}");
        }
    }
}
