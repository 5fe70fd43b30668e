//! What the values of SDN's configuration look like (the formats that the modules of `PVE::Network::SDN` register).

use pve_schema::format::{
    Rule, anchored, fold_to_ascii, is_digits, is_ipv4_cidr, is_ipv6_cidr, is_name,
};
use pve_schema::{PerlNumber, PerlStr, PerlString, Property, Schema};

/// `pve-sdn-fabric-id`: the name of a fabric, letters, digits and hyphens, up to eight; a hyphen is neither first nor eighth.
pub static FABRIC_ID: Rule = Rule {
    name: "pve-sdn-fabric-id",
    check: |value, _| {
        if anchored(value, |value| is_fabric_id(&fold_to_ascii(value))) {
            return Ok(());
        }
        Err(PerlString::concat(&[
            PerlStr::literal("Fabric ID '"),
            value,
            PerlStr::literal("' contains illegal characters\n"),
        ]))
    },
};

fn is_fabric_id(id: &[u8]) -> bool {
    let inner = |b: &u8| b.is_ascii_alphanumeric() || *b == b'-';
    match id {
        [first, rest @ ..] if first.is_ascii_alphanumeric() && id.len() <= 8 => {
            rest.iter().all(inner) && id.get(7).is_none_or(u8::is_ascii_alphanumeric)
        }
        _ => false,
    }
}

/// `pve-sdn-bgp-rt`: a route target, two numbers of 32 bits around a colon (RFC 4360).
pub static ROUTE_TARGET: Rule = Rule {
    name: "pve-sdn-bgp-rt",
    check: |value, _| {
        let text = value.strip_final_newline().unwrap_or(value);
        let is_part = |part: PerlStr<'_>| {
            is_digits(part)
                && PerlNumber::from_prefix(part.as_bytes()).as_f64() <= f64::from(u32::MAX)
        };
        let mut parts = text.split(b':');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(asn), Some(id), None) if is_part(asn) && is_part(id) => Ok(()),
            _ => Err(PerlString::literal("value does not look like a valid bgp route-target\n")),
        }
    },
};

/// `pve-sdn-isis-net`: the entity title of a node (ISO 10589), such as `47.0023.0000.0000.0000.0000.0000.0000.1900.0004.00`.
pub static ISIS_NET: Rule = Rule {
    name: "pve-sdn-isis-net",
    check: |value, _| {
        if anchored(value, is_isis_net) {
            Ok(())
        } else {
            Err(PerlString::literal("value does not look like a valid isis net\n"))
        }
    },
};

/// Whether it is the entity title of a node.
pub fn is_isis_net(value: PerlStr<'_>) -> bool {
    let parts: Vec<&[u8]> = value.as_bytes().split(|b| *b == b'.').collect();
    let is_hex =
        |part: &[u8], length| part.len() == length && part.iter().all(u8::is_ascii_hexdigit);
    match parts[..] {
        [first, ref inner @ .., last] => {
            is_hex(first, 2)
                && is_hex(last, 2)
                && (3..=9).contains(&inner.len())
                && inner.iter().all(|part| is_hex(part, 4))
        }
        _ => false,
    }
}

/// `pve-sdn-subnet-id`: an address with a prefix length, or a subnet's ID `ZONE-ADDRESS-LENGTH`.
pub static SUBNET_ID: Rule = Rule {
    name: "pve-sdn-subnet-id",
    check: |value, _| {
        let bytes = value.as_bytes();
        let cidr = if bytes.contains(&b'/') {
            bytes.to_vec()
        } else {
            let mut parts = bytes.split(|b| *b == b'-').skip(1);
            let mut part = || parts.next().unwrap_or_default();
            [part(), b"/", part()].concat()
        };
        let cidr = PerlStr::Bytes(&cidr);
        if is_ipv4_cidr(cidr) || is_ipv6_cidr(cidr) {
            Ok(())
        } else {
            Err(PerlString::literal("value does not look like a valid CIDR network\n"))
        }
    },
};

/// `pve-sdn-dhcp-range`: the addresses that DHCP gives out. The reference gives them a type that it does not check.
pub static DHCP_RANGE: Schema = Schema::new(
    "pve-sdn-dhcp-range",
    &[
        Property::string("start-address", "The first address that DHCP gives out.")
            .placeholder("address"),
        Property::string("end-address", "The last address that DHCP gives out.")
            .placeholder("address"),
    ],
);

/// Whether it is an alias of a VNet: `[\(\)-_.\w\d\s]{0,256}` without regard to case, whose range from `)` to `_` has most
/// of ASCII.
pub fn is_alias(value: PerlStr<'_>) -> bool {
    let of_ascii = |b: u8| matches!(b, b'('..=b'_' | b'a'..=b'z' | b' ' | b'\t'..=b'\r');
    let fits = match value {
        PerlStr::Bytes(bytes) => bytes.iter().all(|b| of_ascii(*b)),
        PerlStr::Text(text) => text.chars().all(|c| match u8::try_from(c) {
            Ok(b) if b.is_ascii() => of_ascii(b),
            _ => c.is_whitespace() || is_name(PerlStr::Text(c.encode_utf8(&mut [0; 4]))),
        }),
    };
    fits && value.char_len() <= 256
}

/// Whether it is the ID of a zone, a VNet, an IPAM or a DNS server: letters and digits, a letter first, two at least.
pub fn is_id(value: PerlStr<'_>) -> bool {
    let bytes = value.as_bytes();
    bytes.len() >= 2
        && bytes.first().is_some_and(u8::is_ascii_alphabetic)
        && bytes.iter().all(u8::is_ascii_alphanumeric)
}

/// Whether it is the ID of a controller: as [`is_id`], with `_` and `-` inside.
pub fn is_controller_id(value: PerlStr<'_>) -> bool {
    match value.as_bytes() {
        [first, inner @ .., last] => {
            first.is_ascii_alphabetic()
                && last.is_ascii_alphanumeric()
                && inner.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
        }
        _ => false,
    }
}

/// The pattern of [`is_id`].
pub const ID_PATTERN: &str = "[a-zA-Z][a-zA-Z0-9]*[a-zA-Z0-9]";

/// The pattern of [`is_fingerprint`](pve_schema::format::is_fingerprint).
pub const FINGERPRINT_PATTERN: &str = "([A-Fa-f0-9]{2}:){31}[A-Fa-f0-9]{2}";

#[cfg(test)]
mod tests {
    use pve_schema::Environment;

    use super::*;

    fn fits(rule: &Rule, value: &'static str) -> bool {
        (rule.check)(PerlStr::literal(value), &Environment::empty()).is_ok()
    }

    #[test]
    fn fabrics() {
        for good in ["a", "0", "a-", "abcdefgh", "abcdef-h", "abcdef-\n"] {
            assert!(fits(&FABRIC_ID, good), "{good}");
        }
        for bad in ["", "-a", "abcdefg-", "abcdefghi", "a_b", "a\n\n"] {
            assert!(!fits(&FABRIC_ID, bad), "{bad}");
        }
    }

    #[test]
    fn route_targets() {
        for good in ["0:0", "65000:4294967295", "1:2\n"] {
            assert!(fits(&ROUTE_TARGET, good), "{good}");
        }
        for bad in ["", "1", "1:", ":1", "1:2:3", "-1:1", "1:4294967296", "1.1:1"] {
            assert!(!fits(&ROUTE_TARGET, bad), "{bad}");
        }
    }

    #[test]
    fn entity_titles() {
        assert!(fits(&ISIS_NET, "49.0001.0002.0003.00"));
        assert!(fits(&ISIS_NET, "aF.0001.0002.0003.0004.0005.0006.0007.0008.0009.00"));
        for bad in [
            "",
            "49.0001.0002.00",
            "49.0001.0002.003.00",
            "49.0001.0002.0003.0g",
            "4.0001.0002.0003.00",
        ] {
            assert!(!fits(&ISIS_NET, bad), "{bad}");
        }
    }

    #[test]
    fn subnets() {
        for good in ["10.0.0.0/8", "z-10.0.0.0-8", "z-fd00::-64"] {
            assert!(fits(&SUBNET_ID, good), "{good}");
        }
        for bad in ["", "10.0.0.0", "z-10.0.0.0", "z-10.0.0.0-33"] {
            assert!(!fits(&SUBNET_ID, bad), "{bad}");
        }
    }

    #[test]
    fn aliases() {
        assert!(is_alias(PerlStr::literal("A B(c)_.-/:;<=>?@[\\]^")));
        assert!(!is_alias(PerlStr::literal("a`")));
        assert!(!is_alias(PerlStr::Bytes("ü".as_bytes())));
        assert!(is_alias(PerlStr::Text("ü\u{2003}")));
        assert!(!is_alias(PerlStr::Text("€")));
    }
}
