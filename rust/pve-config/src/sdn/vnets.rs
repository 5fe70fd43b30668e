//! VNets: `sdn/vnets.cfg` (`PVE::Network::SDN::VnetPlugin`).

use pve_schema::Property;
use pve_schema::section::{SectionType, option, required};

use super::formats::{ID_PATTERN, is_alias, is_id};
use super::sections::Layout;

pub(super) static LAYOUT: Layout = Layout {
    name: "sdn/vnets.cfg",
    common: &[Property::string("vnet", "The ID of the VNet, which is its bridge's name.")
        .pattern(ID_PATTERN, is_id)
        .min_length(2)
        .max_length(8)],
    types: &[&VNET],
    folds_type: false,
    node_sets: &[],
    isolates: false,
    ids: None,
};

static VNET: SectionType = SectionType {
    name: "vnet",
    properties: &[
        Property::string("zone", "The zone that the VNet is in."),
        Property::string("type", "The type of the section.").optional().one_of(&["vnet"]),
        Property::integer("tag", "The VLAN, or in VXLAN and EVPN zones the VXLAN identifier.")
            .optional()
            .minimum(1)
            .maximum(16_777_215),
        Property::boolean("vlanaware", "Guests may use VLANs of their own in the VNet.").optional(),
        Property::string("alias", "What people call the VNet.")
            .optional()
            .pattern(r"(?^i:[\(\)-_.\w\d\s]{0,256})", is_alias)
            .max_length(256),
        Property::boolean(
            "isolate-ports",
            "Guests on the VNet reach its gateway and other networks, not one another.",
        )
        .optional(),
    ],
    options: &[
        required("zone"),
        option("tag"),
        option("alias"),
        option("vlanaware"),
        option("isolate-ports"),
    ],
};
