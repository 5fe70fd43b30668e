//! `PVE::Network::Rust::SDN::Subnets`

use perlxs::{Context, Error, Signals};
use pve_ipam::Guest;
use pve_sdn::perl;
use pve_sdn::subnet::{DhcpRange, with_id};
use pve_sdn::{Section, Value};

use super::sdn::{Argument, names, on_this_host, section, text, value};

/// A subnet as callers have it, from `get_subnets` or with its id beside it.
fn subnet(id: Argument, subnet: Argument) -> Section {
    let (id, subnet) = (text(id), section(subnet));
    if subnet.contains_key("cidr") { subnet } else { with_id(&id, &subnet) }
}

/// The ranges of a subnet whose ranges have been taken apart already.
pub(super) fn parsed_ranges(subnet: &Section) -> Vec<DhcpRange> {
    let ranges = subnet.get("dhcp-range").and_then(Value::as_array);
    let range = |range: &Value| DhcpRange {
        start: perl::text(range.get("start-address")).into_owned(),
        end: perl::text(range.get("end-address")).into_owned(),
    };
    ranges.into_iter().flatten().map(range).collect()
}

/// Subnets and their addresses in the IPAM and the DNS of their zone.
#[perlxs::package(name = "PVE::Network::Rust::SDN::Subnets")]
pub mod package {
    use perlxs::Empty;

    use super::*;

    /// Stands for `PVE::Network::SDN::Subnets::add_subnet`.
    ///
    /// Makes the subnet known to the IPAM of `$zone`, a reference to a hash of the zone's options, if it has one.
    /// `$subnet` is a reference to a hash as `get_subnets` has it.
    ///
    /// Returns nothing.
    ///
    /// # Errors
    ///
    /// What the IPAM says.
    #[export]
    fn add_subnet(
        context: &mut Context,
        signals: &Signals,
        zone: Argument,
        subnetid: Argument,
        subnet: Argument,
    ) -> Result<Empty<()>, Error> {
        let (zone, subnet) = (section(zone), super::subnet(subnetid, subnet));
        on_this_host(context, signals, |sdn| sdn.add_subnet(&zone, &subnet))?;
        Ok(Empty::Nothing)
    }

    /// Stands for `PVE::Network::SDN::Subnets::update_subnet`.
    ///
    /// Tells the IPAM of `$zone` of the subnet's new DHCP ranges. In `$old_subnet` the list `dhcp-range` holds references
    /// to hashes with `start-address` and `end-address`.
    ///
    /// Returns nothing.
    ///
    /// # Errors
    ///
    /// What the IPAM says.
    #[export]
    fn update_subnet(
        context: &mut Context,
        signals: &Signals,
        zone: Argument,
        subnetid: Argument,
        subnet: Argument,
        old_subnet: Argument,
    ) -> Result<Empty<()>, Error> {
        let (zone, subnet) = (section(zone), super::subnet(subnetid, subnet));
        let old_ranges = parsed_ranges(&section(old_subnet));
        on_this_host(context, signals, |sdn| sdn.update_subnet(&zone, &subnet, &old_ranges))?;
        Ok(Empty::Nothing)
    }

    /// Stands for `PVE::Network::SDN::Subnets::del_subnet`.
    ///
    /// Removes the subnet, of which no address but the gateway's may be in use, from the IPAM of `$zone`. phpIPAM keeps
    /// it.
    ///
    /// Returns nothing.
    ///
    /// # Errors
    ///
    /// `cannot delete subnet '...', not empty`; what the IPAM says.
    #[export]
    fn del_subnet(
        context: &mut Context,
        signals: &Signals,
        zone: Argument,
        subnetid: Argument,
        subnet: Argument,
    ) -> Result<Empty<()>, Error> {
        let (zone, subnet) = (section(zone), super::subnet(subnetid, subnet));
        on_this_host(context, signals, |sdn| sdn.delete_subnet(&zone, &subnet))?;
        Ok(Empty::Nothing)
    }

    /// Stands for `PVE::Network::SDN::Subnets::add_ip`.
    ///
    /// Takes the address `$ip` of the subnet for the interface `$mac` of guest `$vmid`, or with `$is_gateway` for the
    /// gateway, and enters `$hostname` into DNS unless `$skipdns`.
    ///
    /// Returns nothing.
    ///
    /// # Errors
    ///
    /// `IP '...' already exist`; what the IPAM and the DNS server say. If DNS refuses, the address is given back.
    #[export]
    #[allow(clippy::too_many_arguments, reason = "the reference's")]
    fn add_ip(
        context: &mut Context,
        signals: &Signals,
        zone: Argument,
        subnetid: Argument,
        subnet: Argument,
        ip: Argument,
        hostname: Argument,
        mac: Argument,
        vmid: Argument,
        is_gateway: Argument,
        skipdns: Argument,
    ) -> Result<Empty<()>, Error> {
        let (zone, subnet) = (section(zone), super::subnet(subnetid, subnet));
        let guest = Guest { hostname: value(hostname), mac: value(mac), vmid: value(vmid) };
        let is_gateway = perl::is_true(Some(&value(is_gateway)));
        let (ip, names) = (value(ip), names(skipdns));
        if let Some(ip) = perl::true_text(Some(&ip)) {
            on_this_host(context, signals, |sdn| {
                sdn.add_subnet_ip(&zone, &subnet, &ip, &guest, is_gateway, names)
            })?;
        }
        Ok(Empty::Nothing)
    }

    /// Stands for `PVE::Network::SDN::Subnets::del_ip`.
    ///
    /// Gives the address `$ip` of the subnet back, and removes the name `$hostname` from DNS unless `$skipdns`.
    ///
    /// Returns nothing.
    ///
    /// # Errors
    ///
    /// `IP '...' does not exist in IPAM DB`; what the IPAM says.
    #[export]
    #[allow(clippy::too_many_arguments, reason = "the reference's")]
    fn del_ip(
        context: &mut Context,
        signals: &Signals,
        zone: Argument,
        subnetid: Argument,
        subnet: Argument,
        ip: Argument,
        hostname: Argument,
        mac: Argument,
        skipdns: Argument,
    ) -> Result<Empty<()>, Error> {
        let (zone, subnet) = (section(zone), super::subnet(subnetid, subnet));
        let (ip, hostname, mac, names) = (value(ip), value(hostname), value(mac), names(skipdns));
        if let Some(ip) = perl::true_text(Some(&ip)) {
            on_this_host(context, signals, |sdn| {
                sdn.delete_subnet_ip(&zone, &subnet, &ip, &hostname, &mac, names)
            })?;
        }
        Ok(Empty::Nothing)
    }
}
