//! Zones: `sdn/zones.cfg` (`PVE::Network::SDN::Zones::Plugin` and those derived from it).

use pve_schema::format::{CONFIG_ID, DNS_NAME, IP, MAC_ADDR, NODE_NAME};
use pve_schema::section::{SectionType, option, required};
use pve_schema::{Format, Property};

use super::formats::{FABRIC_ID, ID_PATTERN, ROUTE_TARGET, is_id};
use super::sections::Layout;

pub(super) static LAYOUT: Layout = Layout {
    name: "sdn/zones.cfg",
    common: &[
        Property::string("type", "The type of the zone.").format(Format::One(&CONFIG_ID)),
        Property::string("nodes", "The nodes that have the zone; all where it is missing.")
            .optional()
            .format(Format::List(&NODE_NAME)),
        Property::string("zone", "The ID of the zone.")
            .pattern(ID_PATTERN, is_id)
            .min_length(2)
            .max_length(8),
        Property::string("ipam", "The IPAM that manages the zone's addresses.").optional(),
    ],
    types: &[&VLAN, &QINQ, &VXLAN, &EVPN, &FAUCET, &SIMPLE],
    folds_type: true,
    node_sets: &["nodes", "exitnodes"],
    isolates: false,
    ids: None,
};

/// A bridge of its own on each node.
static SIMPLE: SectionType = SectionType {
    name: "simple",
    properties: &[
        Property::string("dns", "The DNS server that knows the names of guests."),
        Property::string("reversedns", "The DNS server that knows the guests' addresses."),
        Property::string("dnszone", "The domain of the guests' names.")
            .format(Format::One(&DNS_NAME)),
        Property::string("dhcp", "The DHCP server of the zone.").one_of(&["dnsmasq"]),
    ],
    options: &[
        option("nodes"),
        option("mtu"),
        option("dns"),
        option("reversedns"),
        option("dnszone"),
        option("ipam"),
        option("dhcp"),
    ],
};

/// VLANs of a bridge (IEEE 802.1Q).
static VLAN: SectionType = SectionType {
    name: "vlan",
    properties: &[
        Property::string("bridge", "The bridge whose VLANs the VNets are."),
        Property::boolean(
            "bridge-disable-mac-learning",
            "Bridges learn no addresses: they are told those of the guests.",
        ),
    ],
    options: &[
        option("nodes"),
        required("bridge"),
        option("bridge-disable-mac-learning"),
        option("mtu"),
        option("dns"),
        option("reversedns"),
        option("dnszone"),
        option("ipam"),
    ],
};

/// VLANs in a VLAN of a bridge (IEEE 802.1ad).
static QINQ: SectionType = SectionType {
    name: "qinq",
    properties: &[
        Property::integer("tag", "The outer VLAN.").minimum(0),
        Property::integer("mtu", "The MTU of the VNets' bridges, in bytes.").optional(),
        Property::string("vlan-protocol", "The protocol of the outer VLAN.")
            .optional()
            .default("802.1q")
            .one_of(&["802.1q", "802.1ad"]),
    ],
    options: &[
        option("nodes"),
        required("tag"),
        required("bridge"),
        option("bridge-disable-mac-learning"),
        option("mtu"),
        option("vlan-protocol"),
        option("dns"),
        option("reversedns"),
        option("dnszone"),
        option("ipam"),
    ],
};

/// Tunnels between nodes (RFC 7348).
static VXLAN: SectionType = SectionType {
    name: "vxlan",
    properties: &[
        Property::string("peers", "The addresses of the nodes.").format(Format::List(&IP)),
        Property::integer("vxlan-port", "The UDP port of the tunnels.")
            .minimum(1)
            .maximum(65536)
            .default("4789"),
        Property::string("fabric", "The fabric that the tunnels go through, in place of B<peers>.")
            .format(Format::One(&FABRIC_ID)),
    ],
    options: &[
        option("nodes"),
        option("peers"),
        option("vxlan-port"),
        option("mtu"),
        option("dns"),
        option("reversedns"),
        option("dnszone"),
        option("ipam"),
        option("fabric"),
    ],
};

/// Tunnels between nodes that BGP tells of guests (RFC 8365).
static EVPN: SectionType = SectionType {
    name: "evpn",
    properties: &[
        Property::integer("vrf-vxlan", "The VXLAN identifier of the zone's VRF.")
            .minimum(1)
            .maximum(16_777_215),
        Property::string("controller", "The controller of the zone."),
        Property::string("mac", "The hardware address of the VNets' gateways, on all nodes.")
            .optional()
            .format(Format::One(&MAC_ADDR)),
        Property::string("exitnodes", "The nodes through which the zone reaches other networks.")
            .format(Format::List(&NODE_NAME)),
        Property::boolean(
            "exitnodes-local-routing",
            "Exit nodes themselves reach the guests of the zone.",
        )
        .optional(),
        Property::string("exitnodes-primary", "The exit node that is used before the others.")
            .format(Format::One(&NODE_NAME)),
        Property::boolean(
            "advertise-subnets",
            "Subnets are told of (routes of type 5), not each guest (type 2).",
        )
        .optional(),
        Property::boolean(
            "disable-arp-nd-suppression",
            "ARP and neighbour discovery of IPv6 are not answered in the guests' place.",
        )
        .optional(),
        Property::string("rt-import", "Route targets from which the zone takes routes, too.")
            .optional()
            .format(Format::List(&ROUTE_TARGET)),
    ],
    options: &[
        option("nodes"),
        required("vrf-vxlan"),
        required("controller"),
        option("exitnodes"),
        option("exitnodes-local-routing"),
        option("exitnodes-primary"),
        option("advertise-subnets"),
        option("disable-arp-nd-suppression"),
        option("bridge-disable-mac-learning"),
        option("rt-import"),
        option("vxlan-port"),
        option("mtu"),
        option("mac"),
        option("dns"),
        option("reversedns"),
        option("dnszone"),
        option("ipam"),
    ],
};

/// An Open vSwitch bridge of the Faucet controller.
static FAUCET: SectionType = SectionType {
    name: "faucet",
    properties: &[Property::integer("dp-id", "The number of the data path.")],
    options: &[
        option("nodes"),
        required("dp-id"),
        required("controller"),
        option("dns"),
        option("reversedns"),
        option("dnszone"),
        option("ipam"),
    ],
};
