//! Fabrics of routing and their nodes: `sdn/fabrics.cfg` (`PVE::Network::SDN::Fabrics`, whose file PVE::RS::SDN::Fabrics
//! reads).

use pve_schema::format::{CIDR_V4, CIDR_V6, INTERFACE, IPV4, IPV6, NODE_NAME, Rule};
use pve_schema::section::{SectionType, option, required};
use pve_schema::{Environment, Format, PerlStr, PerlString, Property, Schema};

use super::formats::FABRIC_ID;
use super::sections::Layout;

pub(super) static LAYOUT: Layout = Layout {
    name: "sdn/fabrics.cfg",
    common: &[Property::string("type", "The type of the section.")],
    types: &[&OPENFABRIC_FABRIC, &OSPF_FABRIC, &OPENFABRIC_NODE, &OSPF_NODE],
    folds_type: false,
    node_sets: &[],
    isolates: true,
    ids: Some(&ID),
};

/// The ID of a fabric, or of a node in one: `FABRIC_NODE`.
static ID: Rule = Rule {
    name: "pve-sdn-fabric-section-id",
    check: |value, environment| match memchr::memchr(b'_', value.as_bytes()) {
        None => (FABRIC_ID.check)(value, environment),
        Some(at) => {
            (FABRIC_ID.check)(value.slice(0, at), environment)?;
            (NODE_NAME.check)(value.tail(at + 1), environment)
        }
    },
};

/// `pve-sdn-ospf-area`: an area, as a number of 32 bits or as an IPv4 address (RFC 2328).
static AREA: Rule = Rule { name: "pve-sdn-ospf-area", check: check_area };

fn check_area(
    value: PerlStr<'_>,
    environment: &Environment<'_>,
) -> Result<(), PerlString<'static>> {
    let bytes = value.as_bytes();
    let is_number = bytes.iter().all(u8::is_ascii_digit)
        && std::str::from_utf8(bytes).is_ok_and(|text| text.parse::<u32>().is_ok());
    if is_number || (IPV4.check)(value, environment).is_ok() {
        Ok(())
    } else {
        Err(PerlString::literal("Area is not a number, nor an ip address\n"))
    }
}

/// An interface of a node in an OpenFabric.
pub static OPENFABRIC_INTERFACE: Schema = Schema::new(
    "pve-sdn-openfabric-interface",
    &[
        Property::string("name", "The interface.").format(Format::One(&INTERFACE)),
        Property::integer("hello_multiplier", "After how many missing hellos a neighbour is gone.")
            .optional()
            .minimum(2)
            .maximum(100),
        Property::string("ip", "Its IPv4 address.").optional().format(Format::One(&CIDR_V4)),
        Property::string("ip6", "Its IPv6 address.").optional().format(Format::One(&CIDR_V6)),
    ],
);

/// An interface of a node in an OSPF fabric.
pub static OSPF_INTERFACE: Schema = Schema::new(
    "pve-sdn-ospf-interface",
    &[
        Property::string("name", "The interface.").format(Format::One(&INTERFACE)),
        Property::string("ip", "Its IPv4 address.").optional().format(Format::One(&CIDR_V4)),
        Property::string("network_type", "What the interface's network is to OSPF.")
            .optional()
            .one_of(&["broadcast", "non-broadcast", "point-to-point", "point-to-multipoint"]),
    ],
);

const SECTION_ID: Property = Property::string("id", "The ID of the section, once more.").optional();
const IP_PREFIX: Property = Property::string("ip_prefix", "The network of the nodes' addresses.")
    .optional()
    .format(Format::One(&CIDR_V4));
const IP6_PREFIX: Property =
    Property::string("ip6_prefix", "The network of the nodes' IPv6 addresses.")
        .optional()
        .format(Format::One(&CIDR_V6));
const ROUTE_FILTER: Property =
    Property::string("route_filter", "The list of prefixes whose routes are taken.").optional();
const IP: Property =
    Property::string("ip", "The node's address.").optional().format(Format::One(&IPV4));
const IP6: Property =
    Property::string("ip6", "The node's IPv6 address.").optional().format(Format::One(&IPV6));
const INTERFACES: Property = Property::string(
    "interfaces",
    "The interfaces of the node that are in the fabric, a line each.",
)
.list()
.optional();

/// A fabric of OpenFabric.
static OPENFABRIC_FABRIC: SectionType = SectionType {
    name: "openfabric_fabric",
    properties: &[
        SECTION_ID,
        IP_PREFIX,
        IP6_PREFIX,
        Property::integer("hello_interval", "How often nodes greet one another, in seconds.")
            .optional()
            .minimum(1)
            .maximum(600),
        Property::integer("csnp_interval", "How often nodes compare what they know, in seconds.")
            .optional()
            .minimum(1)
            .maximum(600),
        ROUTE_FILTER,
    ],
    options: &[
        option("id"),
        option("ip_prefix"),
        option("ip6_prefix"),
        option("hello_interval"),
        option("csnp_interval"),
        option("route_filter"),
    ],
};

/// A fabric of OSPF.
static OSPF_FABRIC: SectionType = SectionType {
    name: "ospf_fabric",
    properties: &[
        SECTION_ID,
        IP_PREFIX,
        IP6_PREFIX,
        Property::string("area", "The area of the nodes.").format(Format::One(&AREA)),
        ROUTE_FILTER,
        Property::string("redistribute", "Routes of others that OSPF tells of, a line each.")
            .list()
            .optional(),
    ],
    options: &[
        option("id"),
        option("ip_prefix"),
        option("ip6_prefix"),
        required("area"),
        option("route_filter"),
        option("redistribute"),
    ],
};

/// A node of a fabric of OpenFabric.
static OPENFABRIC_NODE: SectionType = SectionType {
    name: "openfabric_node",
    properties: &[
        SECTION_ID,
        IP,
        IP6,
        INTERFACES.format(Format::Properties(&OPENFABRIC_INTERFACE)),
    ],
    options: NODE_OPTIONS,
};

/// A node of a fabric of OSPF.
static OSPF_NODE: SectionType = SectionType {
    name: "ospf_node",
    properties: &[SECTION_ID, IP, IP6, INTERFACES.format(Format::Properties(&OSPF_INTERFACE))],
    options: NODE_OPTIONS,
};

const NODE_OPTIONS: &[(&str, pve_schema::section::Usage)] =
    &[option("id"), option("ip"), option("ip6"), option("interfaces")];
