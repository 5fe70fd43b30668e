//! What the section files of `/etc/pve/sdn` may hold.

use pve_schema::format::{DNS_NAME, IP, MAC_ADDR, Rule};
use pve_schema::{Format, PerlStr, PerlString, Property, Schema};

/// One file: its sections' types and their options.
pub(crate) struct Layout {
    /// Its name below /etc/pve.
    pub file: &'static str,
    /// Whether a section's type may be in capitals and is checked to be a name.
    pub folds_type: bool,
    /// The types of sections.
    pub types: &'static [SectionType],
    /// All options of all types.
    pub properties: &'static Schema,
    /// Options that may be repeated, whose values make a list.
    pub lists: &'static [&'static str],
    /// Options that are lists of nodes and become sets.
    pub node_sets: &'static [&'static str],
}

/// A type of section.
pub(crate) struct SectionType {
    /// Its name.
    pub name: &'static str,
    /// The options that a section must have, sorted.
    pub required: &'static [&'static str],
    /// The options that it may have.
    pub optional: &'static [&'static str],
}

impl SectionType {
    pub(crate) fn has(&self, key: &str) -> bool {
        self.required.contains(&key) || self.optional.contains(&key)
    }
}

static NODE: Rule = Rule {
    name: "pve-node",
    check: |value, _| {
        let name = value.strip_final_newline().unwrap_or(value).as_bytes();
        let inner = name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
        let ends = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        if inner && ends(name.first()) && ends(name.last()) {
            Ok(())
        } else {
            Err(PerlString::literal("value does not look like a valid node name\n"))
        }
    },
};

static ROUTE_TARGET: Rule = Rule {
    name: "pve-sdn-bgp-rt",
    check: |value, _| {
        let number = |part: &[u8]| {
            let digits = !part.is_empty() && part.iter().all(u8::is_ascii_digit);
            let value = std::str::from_utf8(part).ok().and_then(|part| part.parse::<u64>().ok());
            digits && value.is_some_and(|value| value <= u32::MAX.into())
        };
        let value = value.strip_final_newline().unwrap_or(value).as_bytes();
        let mut parts = value.split(|byte| *byte == b':');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(asn), Some(id), None) if number(asn) && number(id) => Ok(()),
            _ => Err(PerlString::literal("value does not look like a valid bgp route-target\n")),
        }
    },
};

static FABRIC: Rule = Rule {
    name: "pve-sdn-fabric-id",
    check: |value, _| {
        let id = value.strip_final_newline().unwrap_or(value).as_bytes();
        let inner = id.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
        let first = id.first().is_some_and(u8::is_ascii_alphanumeric);
        let last = id.len() < 8 || id.last().is_some_and(u8::is_ascii_alphanumeric);
        if inner && first && last && id.len() <= 8 {
            return Ok(());
        }
        let parts = [
            PerlStr::literal("Fabric ID '"),
            value,
            PerlStr::literal("' contains illegal characters\n"),
        ];
        Err(PerlString::concat(&parts))
    },
};

/// The pattern's range from `)` to `_` is as the reference has it.
fn is_alias(value: PerlStr<'_>) -> bool {
    value.char_len() <= 256
        && value
            .as_bytes()
            .iter()
            .all(|byte| matches!(byte, b'(' | b')'..=b'_' | b'a'..=b'z' | b' ' | b'\t'..=b'\r'))
}

fn is_fingerprint(value: PerlStr<'_>) -> bool {
    let parts: Vec<&[u8]> = value.as_bytes().split(|byte| *byte == b':').collect();
    parts.len() == 32
        && parts.iter().all(|part| part.len() == 2 && part.iter().all(u8::is_ascii_hexdigit))
}

const FINGERPRINT: Property = Property::string("fingerprint", "")
    .pattern("([A-Fa-f0-9]{2}:){31}[A-Fa-f0-9]{2}", is_fingerprint)
    .optional();

static ZONE_PROPERTIES: Schema = Schema::of_file(
    "sdn/zones.cfg",
    &[
        Property::string("type", ""),
        Property::string("nodes", "").format(Format::List(&NODE)),
        Property::string("zone", ""),
        Property::string("ipam", ""),
        Property::string("dns", ""),
        Property::string("reversedns", ""),
        Property::string("dnszone", "").format(Format::One(&DNS_NAME)),
        Property::string("dhcp", "").one_of(&["dnsmasq"]),
        Property::string("bridge", ""),
        Property::boolean("bridge-disable-mac-learning", ""),
        Property::integer("tag", "").minimum(0),
        Property::integer("mtu", ""),
        Property::string("vlan-protocol", "").one_of(&["802.1q", "802.1ad"]),
        Property::string("peers", "").format(Format::List(&IP)),
        Property::integer("vxlan-port", "").minimum(1).maximum(65_536),
        Property::string("fabric", "").format(Format::One(&FABRIC)),
        Property::integer("vrf-vxlan", "").minimum(1).maximum(16_777_215),
        Property::string("controller", ""),
        Property::string("mac", "").format(Format::One(&MAC_ADDR)),
        Property::string("exitnodes", "").format(Format::List(&NODE)),
        Property::boolean("exitnodes-local-routing", ""),
        Property::string("exitnodes-primary", "").format(Format::One(&NODE)),
        Property::boolean("advertise-subnets", ""),
        Property::boolean("disable-arp-nd-suppression", ""),
        Property::string("rt-import", "").format(Format::List(&ROUTE_TARGET)),
        Property::integer("dp-id", ""),
    ],
);

/// `sdn/zones.cfg`.
pub(crate) static ZONES: Layout = Layout {
    file: "sdn/zones.cfg",
    folds_type: true,
    types: &[
        SectionType {
            name: "simple",
            required: &[],
            optional: &["nodes", "mtu", "dns", "reversedns", "dnszone", "ipam", "dhcp"],
        },
        SectionType {
            name: "vlan",
            required: &["bridge"],
            optional: &[
                "nodes",
                "bridge-disable-mac-learning",
                "mtu",
                "dns",
                "reversedns",
                "dnszone",
                "ipam",
            ],
        },
        SectionType {
            name: "qinq",
            required: &["bridge", "tag"],
            optional: &[
                "nodes",
                "bridge-disable-mac-learning",
                "mtu",
                "vlan-protocol",
                "dns",
                "reversedns",
                "dnszone",
                "ipam",
            ],
        },
        SectionType {
            name: "vxlan",
            required: &[],
            optional: &[
                "nodes",
                "peers",
                "vxlan-port",
                "mtu",
                "dns",
                "reversedns",
                "dnszone",
                "ipam",
                "fabric",
            ],
        },
        SectionType {
            name: "evpn",
            required: &["controller", "vrf-vxlan"],
            optional: &[
                "nodes",
                "exitnodes",
                "exitnodes-local-routing",
                "exitnodes-primary",
                "advertise-subnets",
                "disable-arp-nd-suppression",
                "bridge-disable-mac-learning",
                "rt-import",
                "vxlan-port",
                "mtu",
                "mac",
                "dns",
                "reversedns",
                "dnszone",
                "ipam",
            ],
        },
        SectionType {
            name: "faucet",
            required: &["controller", "dp-id"],
            optional: &["nodes", "dns", "reversedns", "dnszone", "ipam"],
        },
    ],
    properties: &ZONE_PROPERTIES,
    lists: &[],
    node_sets: &["nodes", "exitnodes"],
};

static VNET_PROPERTIES: Schema = Schema::of_file(
    "sdn/vnets.cfg",
    &[
        Property::string("vnet", ""),
        Property::string("zone", ""),
        Property::string("type", "").one_of(&["vnet"]),
        Property::integer("tag", "").minimum(1).maximum(16_777_215),
        Property::boolean("vlanaware", ""),
        Property::string("alias", "").pattern(r"[\(\)-_.\w\d\s]{0,256}", is_alias).max_length(256),
        Property::boolean("isolate-ports", ""),
    ],
);

/// `sdn/vnets.cfg`.
pub(crate) static VNETS: Layout = Layout {
    file: "sdn/vnets.cfg",
    folds_type: false,
    types: &[SectionType {
        name: "vnet",
        required: &["zone"],
        optional: &["tag", "alias", "vlanaware", "isolate-ports"],
    }],
    properties: &VNET_PROPERTIES,
    lists: &[],
    node_sets: &[],
};

/// A DHCP range (`pve-sdn-dhcp-range`). The reference gives the addresses a type that it does not check.
pub(crate) static DHCP_RANGE: Schema = Schema::new(
    "pve-sdn-dhcp-range",
    &[Property::string("end-address", ""), Property::string("start-address", "")],
);

static SUBNET_PROPERTIES: Schema = Schema::of_file(
    "sdn/subnets.cfg",
    &[
        Property::string("type", ""),
        Property::string("subnet", ""),
        Property::string("vnet", ""),
        Property::string("gateway", "").format(Format::One(&IP)),
        Property::boolean("snat", ""),
        Property::string("dnszoneprefix", "").format(Format::One(&DNS_NAME)),
        Property::string("dhcp-range", "").format(Format::Properties(&DHCP_RANGE)),
        Property::string("dhcp-dns-server", "").format(Format::One(&IP)),
    ],
);

/// `sdn/subnets.cfg`.
pub(crate) static SUBNETS: Layout = Layout {
    file: "sdn/subnets.cfg",
    folds_type: false,
    types: &[SectionType {
        name: "subnet",
        required: &["vnet"],
        optional: &["gateway", "snat", "dnszoneprefix", "dhcp-range", "dhcp-dns-server"],
    }],
    properties: &SUBNET_PROPERTIES,
    lists: &["dhcp-range"],
    node_sets: &[],
};

static IPAM_PROPERTIES: Schema = Schema::of_file(
    "sdn/ipams.cfg",
    &[
        Property::string("type", ""),
        Property::string("ipam", ""),
        FINGERPRINT,
        Property::string("url", ""),
        Property::string("token", ""),
        Property::integer("section", ""),
    ],
);

/// `sdn/ipams.cfg`.
pub(crate) static IPAMS: Layout = Layout {
    file: "sdn/ipams.cfg",
    folds_type: true,
    types: &[
        SectionType { name: "pve", required: &[], optional: &[] },
        SectionType { name: "netbox", required: &["token", "url"], optional: &["fingerprint"] },
        SectionType {
            name: "phpipam",
            required: &["section", "token", "url"],
            optional: &["fingerprint"],
        },
    ],
    properties: &IPAM_PROPERTIES,
    lists: &[],
    node_sets: &[],
};

static DNS_PROPERTIES: Schema = Schema::of_file(
    "sdn/dns.cfg",
    &[
        Property::string("type", ""),
        Property::integer("ttl", ""),
        Property::integer("reversev6mask", ""),
        Property::string("dns", ""),
        FINGERPRINT,
        Property::string("url", ""),
        Property::string("key", ""),
        Property::integer("reversemaskv6", ""),
    ],
);

/// `sdn/dns.cfg`.
pub(crate) static DNS: Layout = Layout {
    file: "sdn/dns.cfg",
    folds_type: true,
    types: &[SectionType {
        name: "powerdns",
        required: &["key", "url"],
        optional: &["ttl", "reversemaskv6", "fingerprint"],
    }],
    properties: &DNS_PROPERTIES,
    lists: &[],
    node_sets: &[],
};
