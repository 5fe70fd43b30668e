//! Controllers of routing: `sdn/controllers.cfg` (`PVE::Network::SDN::Controllers::Plugin` and those derived from it).

use pve_schema::format::{CONFIG_ID, INTERFACE, IP, NODE_NAME};
use pve_schema::section::{SectionType, option, required};
use pve_schema::{Format, Property};

use super::formats::{FABRIC_ID, ISIS_NET, is_controller_id, is_isis_net};
use super::sections::Layout;

pub(super) static LAYOUT: Layout = Layout {
    name: "sdn/controllers.cfg",
    common: &[
        Property::string("type", "The type of the controller.").format(Format::One(&CONFIG_ID)),
        Property::string("controller", "The ID of the controller.")
            .pattern("[a-zA-Z][a-zA-Z0-9_-]*[a-zA-Z0-9]", is_controller_id)
            .min_length(2)
            .max_length(64),
    ],
    types: &[&EVPN, &BGP, &ISIS, &FAUCET],
    folds_type: true,
    node_sets: &[],
    isolates: false,
    ids: None,
};

/// BGP for EVPN, on all nodes.
static EVPN: SectionType = SectionType {
    name: "evpn",
    properties: &[
        Property::integer("asn", "The number of the autonomous system.")
            .minimum(0)
            .maximum(u32::MAX as i64),
        Property::string(
            "fabric",
            "The fabric that reaches the other nodes, in place of B<peers>.",
        )
        .format(Format::One(&FABRIC_ID)),
        Property::string("peers", "The addresses of the other routers.").format(Format::List(&IP)),
    ],
    options: &[required("asn"), option("peers"), option("fabric")],
};

/// BGP of one node.
static BGP: SectionType = SectionType {
    name: "bgp",
    properties: &[
        Property::boolean(
            "bgp-multipath-as-path-relax",
            "Paths of equal length through different systems are used side by side.",
        )
        .optional(),
        Property::boolean("ebgp", "The other routers are of other autonomous systems.").optional(),
        Property::integer("ebgp-multihop", "How many hops the other routers may be away.")
            .optional(),
        Property::string("loopback", "The interface that has the router's address."),
        Property::string("node", "The node that the controller is for.")
            .format(Format::One(&NODE_NAME)),
    ],
    options: &[
        required("node"),
        required("asn"),
        required("peers"),
        option("bgp-multipath-as-path-relax"),
        option("ebgp"),
        option("ebgp-multihop"),
        option("loopback"),
    ],
};

/// IS-IS of one node.
static ISIS: SectionType = SectionType {
    name: "isis",
    properties: &[
        Property::string("isis-domain", "The name of the domain."),
        Property::string("isis-ifaces", "The interfaces on which IS-IS runs.")
            .format(Format::List(&INTERFACE)),
        Property::string("isis-net", "The entity title of the node.")
            .format(Format::One(&ISIS_NET))
            .pattern(r"[a-fA-F0-9]{2}(\.[a-fA-F0-9]{4}){3,9}\.[a-fA-F0-9]{2}", is_isis_net)
            .min_length(20)
            .max_length(50),
    ],
    options: &[
        required("isis-domain"),
        required("isis-net"),
        required("isis-ifaces"),
        required("node"),
        option("loopback"),
    ],
};

/// The Faucet controller of OpenFlow.
static FAUCET: SectionType = SectionType { name: "faucet", properties: &[], options: &[] };
