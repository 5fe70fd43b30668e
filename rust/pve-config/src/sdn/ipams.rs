//! Servers that manage addresses: `sdn/ipams.cfg` (`PVE::Network::SDN::Ipams::Plugin` and those derived from it).

use pve_schema::format::{CONFIG_ID, is_fingerprint};
use pve_schema::section::{SectionType, option, required};
use pve_schema::{Format, Property};

use super::formats::{FINGERPRINT_PATTERN, ID_PATTERN, is_id};
use super::sections::Layout;

pub(super) static LAYOUT: Layout = Layout {
    name: "sdn/ipams.cfg",
    common: &[
        Property::string("type", "The type of the IPAM.").format(Format::One(&CONFIG_ID)),
        Property::string("ipam", "The ID of the IPAM.").pattern(ID_PATTERN, is_id).min_length(2),
        Property::string("fingerprint", "The SHA-256 fingerprint of the server's certificate.")
            .optional()
            .pattern(FINGERPRINT_PATTERN, is_fingerprint),
    ],
    types: &[&PVE, &NETBOX, &PHPIPAM],
    folds_type: true,
    node_sets: &[],
    isolates: false,
    ids: None,
};

/// The cluster's own.
static PVE: SectionType = SectionType { name: "pve", properties: &[], options: &[] };

/// NetBox.
static NETBOX: SectionType = SectionType {
    name: "netbox",
    properties: &[],
    options: &[required("url"), required("token"), option("fingerprint")],
};

/// phpIPAM.
static PHPIPAM: SectionType = SectionType {
    name: "phpipam",
    properties: &[
        Property::string("url", "The address of the server's API."),
        Property::string("token", "What the server knows the cluster by."),
        Property::integer("section", "The number of the server's section that has the subnets."),
    ],
    options: &[required("url"), required("token"), required("section"), option("fingerprint")],
};
