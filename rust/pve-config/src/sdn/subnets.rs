//! Subnets of VNets: `sdn/subnets.cfg` (`PVE::Network::SDN::SubnetPlugin`).

use pve_schema::format::{DNS_NAME, IP};
use pve_schema::section::{SectionType, option, required};
use pve_schema::{Format, Property};

use super::formats::{DHCP_RANGE, SUBNET_ID};
use super::sections::Layout;

pub(super) static LAYOUT: Layout = Layout {
    name: "sdn/subnets.cfg",
    common: &[
        Property::string("type", "The type of the section."),
        Property::string("subnet", "The ID of the subnet: C<ZONE-ADDRESS-LENGTH>.")
            .format(Format::One(&SUBNET_ID)),
    ],
    types: &[&SUBNET],
    folds_type: false,
    node_sets: &[],
    isolates: false,
    ids: None,
};

static SUBNET: SectionType = SectionType {
    name: "subnet",
    properties: &[
        Property::string("vnet", "The VNet that the subnet is in."),
        Property::string("gateway", "The gateway's address, which is the VNet's on every node.")
            .format(Format::One(&IP)),
        Property::boolean("snat", "What leaves the subnet has the node's address."),
        Property::string(
            "dnszoneprefix",
            "The part of the guests' names before the zone's domain.",
        )
        .format(Format::One(&DNS_NAME)),
        Property::string("dhcp-range", "Addresses that DHCP gives out; a line for each range.")
            .list()
            .optional()
            .format(Format::Properties(&DHCP_RANGE)),
        Property::string("dhcp-dns-server", "The DNS server that DHCP tells of.")
            .optional()
            .format(Format::One(&IP)),
    ],
    options: &[
        required("vnet"),
        option("gateway"),
        option("snat"),
        option("dnszoneprefix"),
        option("dhcp-range"),
        option("dhcp-dns-server"),
    ],
};
