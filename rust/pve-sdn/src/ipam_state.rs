//! The state of the cluster's own IPAM: which addresses are in use (`PVE::Network::SDN::Ipams::PVEPlugin`).

use std::net::IpAddr;

use serde_json::{Map, Value, json};

use crate::address::{Network, canonical, is_ipv4, range};
use crate::subnet::DhcpRange;
use crate::{Error, Section, json, perl};

/// The state: `zones`, in each `subnets` by CIDR, in each `ips` with who uses each address.
#[derive(Clone, Debug, PartialEq)]
pub struct IpamState(Value);

/// Who uses an address, as Perl callers give it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct User {
    /// The hardware address.
    pub mac: Value,
    /// The guest's name.
    pub hostname: Value,
    /// The guest.
    pub vmid: Value,
}

impl User {
    fn all(self) -> Value {
        json!({ "mac": self.mac, "hostname": self.hostname, "vmid": self.vmid })
    }

    fn given(self) -> Value {
        let mut given = Map::new();
        for (key, value) in [("vmid", self.vmid), ("hostname", self.hostname), ("mac", self.mac)] {
            if perl::is_true(Some(&value)) {
                given.insert(key.into(), value);
            }
        }
        Value::Object(given)
    }
}

impl IpamState {
    /// Its name below /etc/pve.
    pub const FILE: &str = "sdn/pve-ipam-state.json";

    /// Reads the file, `None` where it does not exist.
    ///
    /// # Errors
    /// [`Error::Json`].
    pub fn read(raw: Option<&[u8]>) -> Result<IpamState, Error> {
        match raw {
            None | Some(b"") => Ok(IpamState(json!({}))),
            Some(raw) => json::from_bytes_as_characters(Self::FILE, raw).map(IpamState),
        }
    }

    /// The file's new text.
    #[must_use]
    pub fn text(&self) -> String {
        self.0.to_string()
    }

    /// Makes a subnet known. Tells whether it was not.
    pub fn add_subnet(&mut self, subnet: &Section) -> bool {
        let (zone, cidr) = names(subnet);
        let subnets = entry(entry(entry(&mut self.0, "zones"), &zone), "subnets");
        let known = perl::is_true(subnets.get(&cidr));
        if !known {
            *entry(subnets, &cidr) = json!({ "ips": {} });
        }
        !known
    }

    /// Forgets a subnet, of which no address but the gateway is in use.
    ///
    /// # Errors
    /// [`Error::ZoneNotInState`], [`Error::SubnetNotInState`], [`Error::SubnetInUse`].
    pub fn delete_subnet(&mut self, subnet: &Section) -> Result<(), Error> {
        let (zone, cidr) = names(subnet);
        let used = self.used(subnet, false)?;
        let is_gateway = |user: &Value| perl::text(user.get("gateway")) == "1";
        let empty = used.is_empty() || (used.len() == 1 && used.values().all(is_gateway));
        if !empty {
            return Err(Error::SubnetInUse { cidr });
        }
        let subnets = entry(entry(entry(&mut self.0, "zones"), &zone), "subnets");
        if let Value::Object(subnets) = subnets {
            subnets.remove(&cidr);
        }
        Ok(())
    }

    /// Takes an address that is not in use; a gateway's may be that of a gateway already.
    ///
    /// # Errors
    /// [`Error::ZoneNotInState`], [`Error::SubnetNotInState`], [`Error::AddressInUse`].
    pub fn add(
        &mut self,
        subnet: &Section,
        ip: &str,
        user: User,
        is_gateway: bool,
    ) -> Result<(), Error> {
        let used = self.used(subnet, false)?;
        if let Some(user) = used.get(ip).filter(|user| !user.is_null()) {
            if !is_gateway || !perl::is_defined(user.get("gateway")) {
                return Err(Error::AddressInUse { ip: ip.to_owned() });
            }
        }
        let user = if is_gateway { json!({ "gateway": 1 }) } else { user.given() };
        used.insert(ip.to_owned(), user);
        Ok(())
    }

    /// Takes the first free address of a subnet: of IPv4 not the network's own, of neither that before the last one on.
    ///
    /// # Errors
    /// [`Error::ZoneNotInState`], [`Error::SubnetNotInState`], [`Error::SubnetFull`], [`Error::SingleAddressInUse`],
    /// [`Error::NotAnAddress`] for a subnet that is none.
    pub fn add_next_free(&mut self, subnet: &Section, user: User) -> Result<String, Error> {
        let (_, cidr) = names(subnet);
        let network = perl::text(subnet.get("network")).into_owned();
        let is_single = perl::integer(&perl::text(subnet.get("mask"))) == 32;
        let used = self.used(subnet, true)?;
        let is_free = |ip: &str| !perl::is_defined(used.get(ip));
        let free = if is_ipv4(&network) && is_single {
            if !is_free(&network) {
                return Err(Error::SingleAddressInUse { cidr });
            }
            network
        } else {
            let whole = Network::parse(&cidr).ok_or(Error::NotAnAddress)?;
            let last = whole.last();
            let candidates = whole.addresses(is_ipv4(&network));
            first_free(candidates, last, is_free).ok_or(Error::SubnetFull { cidr })?
        };
        used.insert(free.clone(), user.all());
        Ok(free)
    }

    /// Takes the first free address of a DHCP range.
    ///
    /// # Errors
    /// [`Error::ZoneNotInState`], [`Error::SubnetNotInState`], [`Error::BadRange`], [`Error::RangeFull`].
    pub fn add_next_free_in_range(
        &mut self,
        subnet: &Section,
        dhcp_range: &DhcpRange,
        user: User,
    ) -> Result<String, Error> {
        let DhcpRange { start, end } = dhcp_range;
        let used = self.used(subnet, false)?;
        let mut addresses = range(start, end).ok_or(Error::BadRange)?.map(canonical);
        let free = addresses.find(|ip| !perl::is_true(used.get(ip)));
        let free =
            free.ok_or_else(|| Error::RangeFull { start: start.clone(), end: end.clone() })?;
        used.insert(free.clone(), user.all());
        Ok(free)
    }

    /// Gives an address back.
    ///
    /// # Errors
    /// [`Error::ZoneOfAddressNotInState`], [`Error::SubnetOfAddressNotInState`], [`Error::AddressNotInUse`].
    pub fn delete(&mut self, subnet: &Section, ip: &str) -> Result<(), Error> {
        let used = self.used(subnet, false).map_err(|error| match error {
            Error::ZoneNotInState { zone } => Error::ZoneOfAddressNotInState { zone },
            Error::SubnetNotInState { cidr, .. } => Error::SubnetOfAddressNotInState { cidr },
            other => other,
        })?;
        match used.get(ip).filter(|user| !user.is_null()) {
            Some(_) => {
                used.remove(ip);
                Ok(())
            }
            None => Err(Error::AddressNotInUse { ip: ip.to_owned() }),
        }
    }

    /// The IPv4 and the IPv6 address that a hardware address has in a zone.
    ///
    /// Of several, the reference takes what Perl's hash order gives; here it is the last one of the last subnet, in the
    /// order of strings.
    ///
    /// # Errors
    /// [`Error::ZoneOfAddressNotInState`].
    pub fn addresses_of(
        &self,
        zone: &str,
        mac: &str,
    ) -> Result<(Option<String>, Option<String>), Error> {
        let found = self.0.get("zones").and_then(|zones| zones.get(zone));
        if !perl::is_true(found) {
            return Err(Error::ZoneOfAddressNotInState { zone: zone.to_owned() });
        }
        let subnets = found.and_then(|zone| zone.get("subnets")).and_then(Value::as_object);
        let (mut ip4, mut ip6) = (None, None);
        for subnet in subnets.into_iter().flat_map(Map::values) {
            let used = subnet.get("ips").and_then(Value::as_object);
            for (ip, user) in used.into_iter().flatten() {
                if perl::true_text(user.get("mac")).as_deref() != Some(mac) {
                    continue;
                }
                let family = if is_ipv4(ip) { &mut ip4 } else { &mut ip6 };
                *family = Some(ip.clone());
            }
        }
        Ok((ip4, ip6))
    }

    /// The used addresses of a subnet.
    fn used(
        &mut self,
        subnet: &Section,
        at_caller: bool,
    ) -> Result<&mut Map<String, Value>, Error> {
        let (zone, cidr) = names(subnet);
        let zones = self.0.get_mut("zones");
        let found = zones.and_then(|zones| zones.get_mut(&zone));
        let Some(found) = found.filter(|zone| perl::is_true(Some(zone))) else {
            return Err(Error::ZoneNotInState { zone });
        };
        let subnets = found.get_mut("subnets");
        let found = subnets.and_then(|subnets| subnets.get_mut(&cidr));
        let Some(found) = found.filter(|subnet| perl::is_true(Some(subnet))) else {
            return Err(Error::SubnetNotInState { cidr, at_caller });
        };
        match entry(found, "ips") {
            Value::Object(used) => Ok(used),
            _ => Err(Error::SubnetNotInState { cidr, at_caller }),
        }
    }
}

/// The first free address, up to a used one that is the last.
fn first_free(
    candidates: impl Iterator<Item = IpAddr>,
    last: IpAddr,
    is_free: impl Fn(&str) -> bool,
) -> Option<String> {
    for ip in candidates {
        let text = canonical(ip);
        if is_free(&text) {
            return Some(text);
        }
        if ip == last {
            break;
        }
    }
    None
}

fn names(subnet: &Section) -> (String, String) {
    let text = |key| perl::text(subnet.get(key)).into_owned();
    (text("zone"), text("cidr"))
}

/// An entry of a hash, which is made where there is none, as Perl does.
fn entry<'a>(value: &'a mut Value, key: &str) -> &'a mut Value {
    if !value.is_object() {
        *value = json!({});
    }
    let entry = &mut value[key];
    if entry.is_null() {
        *entry = json!({});
    }
    entry
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subnet::with_id;

    fn subnet(id: &str) -> Section {
        with_id(id, &Section::new())
    }

    fn state(id: &str) -> (IpamState, Section) {
        let (mut state, subnet) = (IpamState::read(None).unwrap(), subnet(id));
        assert!(state.add_subnet(&subnet));
        assert!(!state.add_subnet(&subnet));
        (state, subnet)
    }

    fn all_free(id: &str) -> (Vec<String>, Error) {
        let (mut state, subnet) = state(id);
        let mut got = Vec::new();
        loop {
            match state.add_next_free(&subnet, User::default()) {
                Ok(ip) => got.push(ip),
                Err(error) => return (got, error),
            }
        }
    }

    #[test]
    fn a_subnet_gives_out_its_hosts() {
        let full = |cidr: &str| Error::SubnetFull { cidr: cidr.into() };
        assert_eq!(
            all_free("z-10.0.0.0-29"),
            ((1..=6).map(|host| format!("10.0.0.{host}")).collect(), full("10.0.0.0/29"))
        );
        assert_eq!(all_free("z-10.0.0.0-31"), (vec!["10.0.0.1".into()], full("10.0.0.0/31")));
        assert_eq!(
            all_free("z-fd00::-126"),
            (vec!["fd00::".into(), "fd00::1".into(), "fd00::2".into()], full("fd00::/126"))
        );
        let single = Error::SingleAddressInUse { cidr: "10.0.0.7/32".into() };
        assert_eq!(all_free("z-10.0.0.7-32"), (vec!["10.0.0.7".into()], single));
    }

    #[test]
    fn a_range_gives_out_what_is_in_it() {
        let (mut state, subnet) = state("z-10.0.0.0-24");
        let range = DhcpRange { start: "10.0.0.8".into(), end: "10.0.0.9".into() };
        state.add(&subnet, "10.0.0.8", User::default(), true).unwrap();
        let next = |state: &mut IpamState, range: &DhcpRange| {
            state.add_next_free_in_range(&subnet, range, User::default())
        };
        assert_eq!(next(&mut state, &range).unwrap(), "10.0.0.9");
        let error = next(&mut state, &range).unwrap_err().to_string();
        assert_eq!(error, "No free IP left in Range 10.0.0.8:10.0.0.9}");
        let bad = DhcpRange { start: "10.0.0.9".into(), end: "10.0.0.8".into() };
        assert_eq!(next(&mut state, &bad), Err(Error::BadRange));
    }

    #[test]
    fn addresses_are_used_once() {
        let (mut state, subnet) = state("z-10.0.0.0-24");
        let user = || User { mac: "BC:24:11:00:00:01".into(), vmid: 7.into(), ..User::default() };
        state.add(&subnet, "10.0.0.5", user(), false).unwrap();
        let again = state.add(&subnet, "10.0.0.5", user(), false).unwrap_err();
        assert_eq!(again.to_string(), "IP '10.0.0.5' already exist");
        assert!(state.add(&subnet, "10.0.0.5", user(), true).is_err(), "no gateway");
        state.add(&subnet, "10.0.0.1", User::default(), true).unwrap();
        state.add(&subnet, "10.0.0.1", User::default(), true).unwrap();
        assert_eq!(
            state.text(),
            concat!(
                r#"{"zones":{"z":{"subnets":{"10.0.0.0/24":{"ips":{"10.0.0.1":{"gateway":1},"#,
                r#""10.0.0.5":{"mac":"BC:24:11:00:00:01","vmid":7}}}}}}}"#
            )
        );
        let found = state.addresses_of("z", "BC:24:11:00:00:01").unwrap();
        assert_eq!(found, (Some("10.0.0.5".into()), None));
        assert!(state.delete_subnet(&subnet).is_err());
        state.delete(&subnet, "10.0.0.5").unwrap();
        let gone = state.delete(&subnet, "10.0.0.5").unwrap_err();
        assert_eq!(gone.to_string(), "IP '10.0.0.5' does not exist in IPAM DB");
        state.delete_subnet(&subnet).unwrap();
        let gone = state.delete(&subnet, "10.0.0.5").unwrap_err();
        assert_eq!(gone.to_string(), "subnet 10.0.0.0/24 don't exist in ipam db");
    }
}
