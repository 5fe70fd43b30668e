//! What SDN's rules refuse.

use std::collections::BTreeMap;

use thiserror::Error;

/// Why an SDN configuration or state does not allow something, in the reference's words.
///
/// Perl adds the caller's file and line to some of the texts, see [`Error::at_caller`]; to the others belongs a newline.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// A zone is looked up without its name (`Zones::sdn_zones_config`).
    #[error("no sdn zone ID specified")]
    NoZoneId,
    /// A subnet is looked up without its id (`Subnets::sdn_subnets_config`).
    #[error("no sdn subnet ID specified")]
    NoSubnetId,
    /// A subnet's section lacks an option that it must have, so that it has no data (`Subnets::sdn_subnets_config`).
    #[error("sdn subnet '{id}' does not exist")]
    NoSuchSubnet {
        /// Its id.
        id: String,
    },
    /// A configuration object has no type to look a plugin up by (`SectionConfig::lookup`).
    #[error("cannot lookup undefined type!")]
    NoType,
    /// There is no plugin of that type (`SectionConfig::lookup`).
    #[error("unknown section type '{kind}'")]
    UnknownType {
        /// The type.
        kind: String,
    },
    /// The zone is for other nodes (`Zones::tap_plug`).
    #[error("vnet {vnet} is not allowed on this node")]
    NodeNotAllowed {
        /// The VNet.
        vnet: String,
    },
    /// A tag or trunks on a VNet whose bridge does not filter VLANs (`Zones::Plugin::tap_plug`).
    #[error("vm vlans are not allowed on vnet {vnet}")]
    VlansNotAllowed {
        /// The VNet.
        vnet: String,
    },
    /// Only simple zones tell their MTU (`Zones::Plugin::get_mtu`).
    #[error("please implement inside plugin")]
    NoMtu,
    /// No subnet of the VNet has the address (`Subnets::find_ip_subnet`).
    #[error("can't find any subnet for ip {ip}")]
    NoSubnet {
        /// The address.
        ip: String,
    },
    /// No subnet of the VNet has a free address (`Vnets::add_next_free_cidr`).
    #[error("can't find any free ip in zone {zone} for IPv{version}")]
    ZoneFull {
        /// The zone.
        zone: String,
        /// 4 or 6, as the caller gave it.
        version: String,
    },
    /// What should be an address is none, so there is no object to ask for its canonical form.
    #[error("Can't call method \"canon\" on an undefined value")]
    NotAnAddress,
    /// Addresses of two families are no DHCP range (`SubnetPlugin::validate_dhcp_ranges`).
    #[error("Can't call method \"{method}\" on an undefined value")]
    NoRange {
        /// What is asked of the range.
        method: &'static str,
    },
    /// Parameters of a change that do not fit (`PVE::Exception::raise_param_exc`).
    #[error("Parameter verification failed.")]
    Parameter {
        /// What is wrong, by parameter.
        errors: BTreeMap<&'static str, String>,
    },
    /// The controller of an EVPN zone is not there (`EvpnPlugin::on_update_hook`).
    #[error("controller {controller} don't exist")]
    NoController {
        /// The controller.
        controller: String,
    },
    /// The controller of an EVPN zone is of another type (`EvpnPlugin::on_update_hook`).
    #[error("{controller} is not a evpn controller type")]
    NotEvpn {
        /// The controller.
        controller: String,
    },
    /// Another zone has the VRF (`EvpnPlugin::on_update_hook`).
    #[error("vrf-vxlan {vrf} is already declared in {zone}")]
    VrfInUse {
        /// The VRF's VXLAN identifier.
        vrf: String,
        /// The other zone.
        zone: String,
    },
    /// A VNet is in the zone that is to be deleted (`Zones::Plugin::on_delete_hook`).
    #[error("zone {zone} is used by vnet {vnet}")]
    ZoneInUse {
        /// The zone.
        zone: String,
        /// The VNet.
        vnet: String,
    },
    /// A zone has the controller that is to be deleted (`on_delete_hook` of controllers).
    #[error("controller {controller} is used by {zone}")]
    ControllerInUse {
        /// The controller.
        controller: String,
        /// The zone.
        zone: String,
    },
    /// There is an EVPN controller already (`EvpnPlugin::on_update_hook`).
    #[error("only 1 global evpn controller can be defined")]
    SecondEvpn,
    /// The node has BGP controllers already (`BgpPlugin::on_update_hook`).
    #[error("only 1 bgp controller can be defined")]
    SecondBgp,
    /// The node has IS-IS controllers already (`IsisPlugin::on_update_hook`).
    #[error("only 1 bgp or isis controller can be defined")]
    SecondIsis,
    /// An EVPN controller has both of peers and a fabric, or none (`EvpnPlugin::on_update_hook`).
    #[error("must have exactly one of peers / fabric defined")]
    PeersOrFabric,
    /// A file holds no JSON.
    #[error(
        "unable to parse '/etc/pve/{file}': {why} - restore it or, if nothing uses it, remove it"
    )]
    Json {
        /// Its name below /etc/pve.
        file: String,
        /// What is wrong where.
        why: String,
    },
    /// The IPAM's state does not know the zone (`PVEPlugin`).
    #[error("zone '{zone}' doesn't exist in IPAM DB")]
    ZoneNotInState {
        /// The zone.
        zone: String,
    },
    /// The IPAM's state does not know the subnet (`PVEPlugin`).
    #[error("subnet '{cidr}' doesn't exist in IPAM DB")]
    SubnetNotInState {
        /// The subnet.
        cidr: String,
        /// In the one function whose text has no newline.
        at_caller: bool,
    },
    /// The zone of a freed address is not in the IPAM's state (`PVEPlugin::del_ip`, `get_ips_from_mac`).
    #[error("zone {zone} don't exist in ipam db")]
    ZoneOfAddressNotInState {
        /// The zone.
        zone: String,
    },
    /// The subnet of a freed address is not in the IPAM's state (`PVEPlugin::del_ip`).
    #[error("subnet {cidr} don't exist in ipam db")]
    SubnetOfAddressNotInState {
        /// The subnet.
        cidr: String,
    },
    /// Addresses of the subnet are in use (`PVEPlugin::del_subnet`).
    #[error("cannot delete subnet '{cidr}', not empty")]
    SubnetInUse {
        /// The subnet.
        cidr: String,
    },
    /// The address is in use (`PVEPlugin::add_ip`).
    #[error("IP '{ip}' already exist")]
    AddressInUse {
        /// The address.
        ip: String,
    },
    /// The address is not in use (`PVEPlugin::del_ip`).
    #[error("IP '{ip}' does not exist in IPAM DB")]
    AddressNotInUse {
        /// The address.
        ip: String,
    },
    /// The subnet's only address is in use (`PVEPlugin::add_next_freeip`).
    #[error("cannot find free IP in subnet '{cidr}'")]
    SingleAddressInUse {
        /// The subnet.
        cidr: String,
    },
    /// All addresses of the subnet are in use (`PVEPlugin::add_next_freeip`).
    #[error("can't find free ip in subnet '{cidr}'")]
    SubnetFull {
        /// The subnet.
        cidr: String,
    },
    /// The ends of a DHCP range are no range (`PVEPlugin::add_range_next_freeip`).
    #[error("Invalid IP address(es) in Range!")]
    BadRange,
    /// All addresses of the DHCP range are in use (`PVEPlugin::add_range_next_freeip`).
    #[error("No free IP left in Range {start}:{end}}}")]
    RangeFull {
        /// The first address.
        start: String,
        /// The last one.
        end: String,
    },
    /// The width of an IPv6 subnet has no reverse zone of its own (`PowerdnsPlugin::get_reversedns_zone`).
    #[error("reverse dns zone mask need to be a multiple of 4")]
    ReverseMask,
    /// An IPv6 subnet needs a gateway for dnsmasq (`Dnsmasq::configure_subnet`).
    #[error("No gateway configured for subnet {subnet}")]
    NoGateway {
        /// The subnet's id.
        subnet: String,
    },
}

impl Error {
    /// Whether Perl adds ` at FILE line N.` to the text, as to any that does not end in a newline.
    #[must_use]
    pub fn at_caller(&self) -> bool {
        match self {
            Error::SubnetNotInState { at_caller, .. } => *at_caller,
            Error::NoType
            | Error::VlansNotAllowed { .. }
            | Error::NoMtu
            | Error::NoSubnet { .. }
            | Error::ZoneFull { .. }
            | Error::NotAnAddress
            | Error::NoRange { .. }
            | Error::NoController { .. }
            | Error::NotEvpn { .. }
            | Error::VrfInUse { .. }
            | Error::ZoneInUse { .. }
            | Error::ControllerInUse { .. }
            | Error::SecondEvpn
            | Error::SecondBgp
            | Error::SecondIsis
            | Error::PeersOrFabric
            | Error::ZoneOfAddressNotInState { .. }
            | Error::SubnetOfAddressNotInState { .. }
            | Error::ReverseMask
            | Error::NoGateway { .. } => true,
            _ => false,
        }
    }
}
