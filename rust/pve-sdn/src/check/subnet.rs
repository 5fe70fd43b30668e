//! Subnets, alone and beside one another.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::{is_true, parameter, text};
use crate::address::{self, Network, is_in_subnet, is_ipv4};
use crate::config::Objects;
use crate::{Error, Section, perl, subnet};

/// Whether the subnet is a single IPv4 address, whose gateway may be anywhere.
#[must_use]
pub fn is_point_to_point(subnet: &Section) -> bool {
    is_ipv4(&text(Some(subnet), "gateway")) && perl::number(subnet.get("mask")) == 32.0
}

/// What must hold before a subnet is written (the checks of `PVE::Network::SDN::SubnetPlugin->on_update_hook`): its VNet is
/// there and not aware of VLANs, its gateway is inside, and so are its DHCP ranges. `subnet` is as `get_subnet` has it.
/// Returns the warnings, too.
///
/// # Errors
/// What does not hold.
pub fn update(subnet: &Section, vnets: &Objects) -> (Result<(), Error>, Vec<String>) {
    let checked = in_vnet(subnet, vnets).and_then(|()| gateway(subnet));
    match checked {
        Ok(()) => dhcp_ranges(subnet),
        Err(error) => (Err(error), Vec::new()),
    }
}

fn in_vnet(subnet: &Section, vnets: &Objects) -> Result<(), Error> {
    let Some(id) = perl::true_text(subnet.get("vnet")) else { return Ok(()) };
    let vnet = vnets.get(&id);
    if vnet.is_none() {
        return Err(parameter("vnet", format!("{id} don't exist")));
    }
    if is_true(vnet, "vlanaware") {
        return Err(parameter("vnet", "you can't add a subnet on a vlanaware vnet"));
    }
    Ok(())
}

/// Whether the gateway is in the subnet.
///
/// # Errors
/// It is not.
pub fn gateway(subnet: &Section) -> Result<(), Error> {
    let Some(gateway) = perl::true_text(subnet.get("gateway")) else { return Ok(()) };
    let cidr = text(Some(subnet), "cidr");
    if is_in_subnet(&gateway, &cidr) || is_point_to_point(subnet) {
        return Ok(());
    }
    Err(parameter("gateway", format!("{gateway} is not in subnet {cidr}")))
}

/// Whether the DHCP ranges are in the subnet, and do not overlap (`SubnetPlugin::validate_dhcp_ranges`). Returns the
/// warnings about those that cannot be read, too.
///
/// # Errors
/// What is wrong with the first one that does not fit.
pub fn dhcp_ranges(subnet: &Section) -> (Result<(), Error>, Vec<String>) {
    let cidr = text(Some(subnet), "cidr");
    let (ranges, warnings) = subnet::dhcp_ranges(subnet);
    let mut earlier: Vec<Option<(IpAddr, IpAddr)>> = Vec::with_capacity(ranges.len());
    let checked = ranges.iter().try_for_each(|range| {
        let (start, end) = (&range.start, &range.end);
        let first = single(start, "start-address")?;
        let last = single(end, "end-address")?;
        let refuse = |why: String| Err(parameter("dhcp-range", why));
        if first.is_ipv4() == last.is_ipv4() && first > last {
            return refuse(format!("start-address {start} must be smaller than end-address {end}"));
        }
        for (address, key) in [(start, "start-address"), (end, "end-address")] {
            if !is_in_subnet(address, &cidr) {
                return refuse(format!("{key} {address} is not in subnet {cidr}"));
            }
        }
        // Net::IP has no range of two families, and the reference asks it all the same.
        let range = (first.is_ipv4() == last.is_ipv4()).then_some((first, last));
        for other in &earlier {
            let (first, last) = range.ok_or(Error::NoRange { method: "overlaps" })?;
            let (from, to) = other.ok_or(Error::NoRange { method: "binip" })?;
            if first <= to && from <= last {
                return refuse("dhcp ranges must not overlap".to_owned());
            }
        }
        earlier.push(range);
        Ok(())
    });
    (checked, warnings)
}

/// The one address that a text stands for.
fn single(text: &str, key: &str) -> Result<IpAddr, Error> {
    let refuse = |why: String| parameter("dhcp-range", why);
    let (first, last) = address::net_ip_range(text)
        .ok_or_else(|| refuse(format!("{key} is not a valid IP {text}")))?;
    if first != last {
        return Err(refuse(format!("{key} must be a singular IP")));
    }
    Ok(first)
}

/// Something that is wrong with a subnet of a configuration.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// The subnet's ID.
    pub subnet: String,
    /// The setting that is at fault.
    pub key: &'static str,
    /// What is wrong.
    pub message: String,
}

/// What is wrong with the subnets of a configuration: each as [`update`] has it, and beyond the reference those that are in
/// another zone than their VNet, or overlap one of the same zone. In the order of the IDs. Returns the warnings, too.
#[must_use]
pub fn validate(subnets: &Objects, vnets: &Objects) -> (Vec<Finding>, Vec<String>) {
    let (mut findings, mut warnings) = (Vec::new(), Vec::new());
    let mut networks = Networks::default();
    for (id, section) in subnets.iter() {
        let Some(section) = section else { continue };
        let subnet = subnet::with_id(id, section);
        let mut add = |key, message| {
            findings.push(Finding { subnet: id.to_owned(), key, message });
        };
        let (ranges, unreadable) = dhcp_ranges(&subnet);
        warnings.extend(unreadable);
        for checked in [in_vnet(&subnet, vnets), gateway(&subnet), ranges] {
            if let Err(Error::Parameter { errors }) = checked {
                errors.into_iter().for_each(|(key, why)| add(key, why));
            }
        }
        let zone = text(Some(&subnet), "zone");
        let vnet = vnets.get(&text(Some(&subnet), "vnet"));
        if vnet.is_some() && text(vnet, "zone") != zone {
            let (vnet, of) = (text(Some(&subnet), "vnet"), text(vnet, "zone"));
            add("vnet", format!("vnet {vnet} is in zone {of}, the subnet in zone {zone}"));
        }
        let cidr = text(Some(&subnet), "cidr");
        match Network::parse(&cidr).map(|network| networks.overlapping(&zone, network, id)) {
            Some(None) => {}
            Some(Some(other)) => add("subnet", format!("{cidr} overlaps subnet {other}")),
            None => add("subnet", format!("{cidr} is not a valid CIDR network")),
        }
    }
    (findings, warnings)
}

/// The networks of zones, by their first address: those that are in none before them, so that no two overlap.
#[derive(Default)]
struct Networks {
    /// By zone and first address, the last address and the subnet's ID.
    known: BTreeMap<(String, IpAddr), (IpAddr, String)>,
}

impl Networks {
    /// A known network of the zone that overlaps this one; without one, this one is known.
    fn overlapping(&mut self, zone: &str, network: Network, id: &str) -> Option<String> {
        let (first, last) = network.range();
        let key = |address| (zone.to_owned(), address);
        // Networks either hold one another or are apart: what begins before this one may hold it, what begins in it is in it.
        let before = self.known.range(..=key(first)).next_back();
        let around = before.filter(|((of, _), (end, _))| {
            of == zone && end.is_ipv4() == first.is_ipv4() && *end >= first
        });
        let inside = || self.known.range(key(first)..=key(last)).next();
        if let Some((_, (_, other))) = around.or_else(inside) {
            return Some(other.clone());
        }
        self.known.insert(key(first), (last, id.to_owned()));
        None
    }
}
