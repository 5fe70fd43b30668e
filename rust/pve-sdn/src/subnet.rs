//! Subnets of a VNet.

use std::collections::BTreeMap;

use pve_config::sdn::formats::DHCP_RANGE;
use pve_schema::{Environment, PerlStr, parse_property_string};
use serde_json::Value;

use crate::address::is_in_subnet;
use crate::config::Objects;
use crate::perl::characters;
use crate::{Error, Section, perl};

/// The addresses that DHCP gives out, both ends included, as they are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DhcpRange {
    /// The first address.
    pub start: String,
    /// The last address.
    pub end: String,
}

/// A subnet's section with what its id `ZONE-NETWORK-MASK` says: `id`, `cidr`, `zone`, `network`, `mask`
/// (`Subnets::sdn_subnets_config`).
#[must_use]
pub fn with_id(id: &str, section: &Section) -> Section {
    let mut parts: Vec<&str> = id.split('-').collect();
    while parts.last() == Some(&"") {
        parts.pop();
    }
    let part = |at: usize| parts.get(at).map_or(Value::Null, |part| (*part).into());
    let text = |at: usize| parts.get(at).copied().unwrap_or_default();
    let mut subnet = section.clone();
    subnet.insert("id".into(), id.into());
    subnet.insert("cidr".into(), format!("{}/{}", text(1), text(2)).into());
    subnet.insert("zone".into(), part(0));
    subnet.insert("network".into(), part(1));
    subnet.insert("mask".into(), part(2));
    subnet
}

/// The subnets of a VNet by id (`Vnets::get_subnets`); of all VNets for an empty name.
///
/// # Errors
/// A section of another subnet may be at fault: [`Error::NoSubnetId`], [`Error::NoSuchSubnet`].
pub fn of_vnet(subnets: &Objects, vnet: &str) -> Result<BTreeMap<String, Section>, Error> {
    let mut found = BTreeMap::new();
    for (id, section) in subnets.iter() {
        if matches!(id, "" | "0") {
            return Err(Error::NoSubnetId);
        }
        let section = section.ok_or_else(|| Error::NoSuchSubnet { id: id.to_owned() })?;
        let Some(of) = perl::true_text(section.get("vnet")) else { continue };
        if matches!(vnet, "" | "0") || of == vnet {
            found.insert(id.to_owned(), with_id(id, section));
        }
    }
    Ok(found)
}

/// The first subnet in the order of ids that has the address (`Subnets::find_ip_subnet`).
///
/// # Errors
/// [`Error::NoSubnet`].
pub fn find<'a>(
    ip: &str,
    subnets: &'a BTreeMap<String, Section>,
) -> Result<(&'a str, &'a Section), Error> {
    let has = |subnet: &Section| is_in_subnet(ip, &perl::text(subnet.get("cidr")));
    let found = subnets.iter().find(|(_, subnet)| has(subnet));
    found
        .map(|(id, subnet)| (id.as_str(), subnet))
        .ok_or_else(|| Error::NoSubnet { ip: ip.to_owned() })
}

/// The subnet's DHCP ranges, and warnings about those that cannot be read, which end in newlines
/// (`Subnets::get_dhcp_ranges`).
#[must_use]
pub fn dhcp_ranges(subnet: &Section) -> (Vec<DhcpRange>, Vec<String>) {
    let (mut ranges, mut warnings) = (Vec::new(), Vec::new());
    let written = subnet.get("dhcp-range").and_then(Value::as_array);
    for element in written.into_iter().flatten() {
        let text = perl::text(Some(element));
        match parse_dhcp_range(&text) {
            Ok(range) => ranges.push(range),
            Err(why) => {
                warnings.push(format!("Unable to parse dhcp-range string: {text}\n"));
                warnings.push(format!("{why}\n"));
            }
        }
    }
    (ranges, warnings)
}

fn parse_dhcp_range(text: &str) -> Result<DhcpRange, String> {
    let read = parse_property_string(&DHCP_RANGE, PerlStr::Text(text), &Environment::empty());
    let properties = read.map_err(|error| error.to_string())?;
    let value = |key: &str| properties.get_str(key).map(characters).unwrap_or_default();
    Ok(DhcpRange { start: value("start-address"), end: value("end-address") })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn section(value: Value) -> Section {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn an_id_tells_zone_and_network() {
        let subnet = with_id("z1-10.0.0.0-24", &section(json!({ "vnet": "v1" })));
        assert_eq!(subnet["cidr"], "10.0.0.0/24");
        assert_eq!((&subnet["zone"], &subnet["mask"]), (&json!("z1"), &json!("24")));
        let odd = with_id("10.0.0.0-24", &Section::new());
        assert_eq!((&odd["cidr"], &odd["mask"]), (&json!("24/"), &Value::Null));
    }

    #[test]
    fn ranges_that_cannot_be_read_are_left_out() {
        let subnet = section(json!({ "dhcp-range": [
            "start-address=10.0.0.1,end-address=10.0.0.9", "start-address=1", "10.0.0.1",
        ] }));
        let (ranges, warnings) = dhcp_ranges(&subnet);
        assert_eq!(ranges, [DhcpRange { start: "10.0.0.1".into(), end: "10.0.0.9".into() }]);
        let wanted = [
            "Unable to parse dhcp-range string: start-address=1\n",
            "format error\nend-address: property is missing and it is not optional\n\n",
            "Unable to parse dhcp-range string: 10.0.0.1\n",
            "value without key, but schema does not define a default key\n\n",
        ];
        assert_eq!(warnings, wanted);
    }
}
