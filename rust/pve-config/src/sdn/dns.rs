//! DNS servers: `sdn/dns.cfg` (`PVE::Network::SDN::Dns::Plugin` and the one derived from it).

use pve_schema::format::{CONFIG_ID, is_fingerprint};
use pve_schema::section::{SectionType, option, required};
use pve_schema::{Format, Property};

use super::formats::{FINGERPRINT_PATTERN, ID_PATTERN, is_id};
use super::sections::Layout;

pub(super) static LAYOUT: Layout = Layout {
    name: "sdn/dns.cfg",
    common: &[
        Property::string("type", "The type of the DNS server.").format(Format::One(&CONFIG_ID)),
        Property::integer(
            "ttl",
            "How long others may keep an answer, in seconds; 14400 where it is missing.",
        )
        .optional(),
        Property::integer("reversev6mask", "Known, but no server has it.").optional(),
        Property::string("dns", "The ID of the DNS server.")
            .pattern(ID_PATTERN, is_id)
            .min_length(2),
        Property::string("fingerprint", "The SHA-256 fingerprint of the server's certificate.")
            .optional()
            .pattern(FINGERPRINT_PATTERN, is_fingerprint),
    ],
    types: &[&POWERDNS],
    folds_type: true,
    node_sets: &[],
    isolates: false,
    ids: None,
};

/// PowerDNS.
static POWERDNS: SectionType = SectionType {
    name: "powerdns",
    properties: &[
        Property::string("url", "The address of the server's API."),
        Property::string("key", "What the server knows the cluster by."),
        Property::integer(
            "reversemaskv6",
            "The prefix length of the reverse zones of IPv6, where it is not the subnet's.",
        ),
    ],
    options: &[
        required("url"),
        required("key"),
        option("ttl"),
        option("reversemaskv6"),
        option("fingerprint"),
    ],
};
