//! NetBox (`PVE::Network::SDN::Ipams::NetboxPlugin`).

use pve_sdn::ipam_state::User;
use pve_sdn::subnet::DhcpRange;
use pve_sdn::{Section, Value, perl};
use serde_json::json;

use super::{Addresses, Ipam, dhcp_ranges, option};
use crate::api::{Request, call, elements, member, of_first};
use crate::{Error, Host};

/// A NetBox server.
pub(crate) struct Netbox {
    url: String,
    token: String,
    fingerprint: Option<String>,
}

impl Netbox {
    pub(crate) fn new(server: &Section) -> Netbox {
        let fingerprint = server.get("fingerprint").map(|text| perl::text(Some(text)).into_owned());
        Netbox { url: option(server, "url"), token: option(server, "token"), fingerprint }
    }

    fn call(
        &self,
        host: &mut dyn Host,
        method: &'static str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, Error> {
        let request = Request::json(
            method,
            format!("{}{path}", self.url),
            ("Authorization", format!("token {}", self.token)),
            body,
            self.fingerprint.as_deref(),
        );
        call(host, &request)
    }

    /// The id of the first object that a search gives; null where it gives none.
    fn find(&self, host: &mut dyn Host, path: &str, what: &str) -> Result<Value, Error> {
        let found = self
            .call(host, "GET", path, None)
            .map_err(|error| error.doing(format!("could not obtain ID for {what}: ")))?;
        of_first(&found, "results", "id").cloned()
    }

    fn prefix_id(&self, host: &mut dyn Host, cidr: &str) -> Result<Value, Error> {
        // A search by address finds the prefixes around it.
        let address = cidr.split('/').next().unwrap_or_default();
        self.find(host, &format!("/ipam/prefixes/?q={address}"), &format!("prefix {cidr}"))
    }

    fn range_id(&self, host: &mut dyn Host, range: &DhcpRange) -> Result<Value, Error> {
        let DhcpRange { start, end } = range;
        let path = format!("/ipam/ip-ranges/?start_address={start}&end_address={end}");
        self.find(host, &path, &format!("IP range {start}:{end}"))
    }

    fn address_id(&self, host: &mut dyn Host, ip: &str) -> Result<Value, Error> {
        self.find(host, &format!("/ipam/ip-addresses/?q={ip}"), &format!("IP {ip}"))
    }

    fn is_gateway(&self, host: &mut dyn Host, ip: &str) -> Result<bool, Error> {
        let found = self.call(host, "GET", &format!("/ipam/ip-addresses/?q={ip}"), None).map_err(
            |error| error.doing(format!("could not obtain ipam entry for address {ip}: ")),
        )?;
        // The reference looks below `data`, where NetBox has nothing.
        Ok(perl::text(Some(of_first(&found, "data", "description")?)) == "gateway")
    }

    fn has_only_gateway(&self, host: &mut dyn Host, cidr: &str) -> Result<bool, Error> {
        let found =
            self.call(host, "GET", &format!("/ipam/ip-addresses/?parent={cidr}"), None).map_err(
                |error| error.doing(format!("could not query children for prefix {cidr}: ")),
            )?;
        match member(&found, "results")? {
            Value::Null => {
                Err(Error::Answer("Can't use an undefined value as an ARRAY reference".to_owned()))
            }
            children => Ok(elements(children)?.len() <= 1),
        }
    }

    fn add_range(&self, host: &mut dyn Host, range: &DhcpRange) -> Result<(), Error> {
        let DhcpRange { start, end } = range;
        let body = json!({ "start_address": start, "end_address": end });
        let created = self
            .call(host, "POST", "/ipam/ip-ranges/", Some(&body))
            .map_err(|error| error.doing(format!("could not create ip range {start}:{end}: ")))?;
        member(&created, "id").map(drop)
    }

    /// Deletes a range; one that NetBox does not know is only worth a warning.
    fn delete_range(&self, host: &mut dyn Host, range: &DhcpRange) -> Result<(), Error> {
        let id = self.range_id(host, range)?;
        if id.is_null() {
            let DhcpRange { start, end } = range;
            host.warn(format!("could not find id for ip range {start}:{end}"));
            return Ok(());
        }
        let path = format!("/ipam/ip-ranges/{}/", perl::text(Some(&id)));
        self.call(host, "DELETE", &path, None)
            .map(drop)
            // So the reference says of deleting, too.
            .map_err(|error| error.doing("could not create dhcp range: "))
    }

    /// Deletes an address. Tells whether NetBox knew it.
    fn delete_address(&self, host: &mut dyn Host, ip: &str) -> Result<bool, Error> {
        if matches!(ip, "" | "0") {
            return Ok(false);
        }
        let id = self.address_id(host, ip)?;
        if id.is_null() {
            host.warn(format!("could not find id for ip {ip}"));
            return Ok(false);
        }
        let path = format!("/ipam/ip-addresses/{}/", perl::text(Some(&id)));
        self.call(host, "DELETE", &path, None)
            .map(|_| true)
            .map_err(|error| error.doing(format!("error delete ip {ip} : ")))
    }

    /// Takes the next free address below an object.
    fn next_free(
        &self,
        host: &mut dyn Host,
        path: &str,
        user: &User,
        place: &str,
    ) -> Result<Option<String>, Error> {
        let mut body = json!({ "description": description(user, false) });
        add_name(&mut body, user);
        self.call(host, "POST", path, Some(&body))
            .and_then(|found| member(&found, "address").map(|ip| without_mask(Some(ip))))
            .map_err(|error| error.doing(format!("can't find free ip in {place}: ")))
    }
}

/// What NetBox is told about an address: whose it is.
fn description(user: &User, is_gateway: bool) -> Value {
    match perl::true_text(Some(&user.mac)) {
        _ if is_gateway => "gateway".into(),
        Some(mac) => format!("mac:{mac}").into(),
        None => Value::Null,
    }
}

fn add_name(body: &mut Value, user: &User) {
    if perl::is_true(Some(&user.hostname)) {
        body["dns_name"] = user.hostname.clone();
    }
}

fn address(subnet: &Section, ip: &str, user: &User, is_gateway: bool) -> Value {
    let mask = option(subnet, "mask");
    let mut body = json!({
        "address": format!("{ip}/{mask}"),
        "description": description(user, is_gateway),
    });
    add_name(&mut body, user);
    body
}

/// An address of an answer, of which only what stands before the mask counts.
fn without_mask(address: Option<&Value>) -> Option<String> {
    let text = perl::text(address);
    let ip = text.split('/').next().unwrap_or_default();
    (!ip.is_empty()).then(|| ip.to_owned())
}

impl Ipam for Netbox {
    fn verify(&self, host: &mut dyn Host) -> Result<(), Error> {
        self.call(host, "GET", "/ipam/aggregates/", None)
            .map(drop)
            .map_err(|error| error.doing("Can't connect to netbox api: "))
    }

    fn add_subnet(&self, host: &mut dyn Host, subnet: &Section) -> Result<(), Error> {
        let cidr = option(subnet, "cidr");
        if perl::is_true(Some(&self.prefix_id(host, &cidr)?)) {
            return Err(Error::Answer(format!("prefix {cidr} already exists in netbox")));
        }
        self.call(host, "POST", "/ipam/prefixes/", Some(&json!({ "prefix": cidr })))
            .map_err(|error| error.doing("error adding subnet to ipam: "))?;
        for range in dhcp_ranges(host, subnet) {
            self.add_range(host, &range)?;
        }
        Ok(())
    }

    fn update_subnet(
        &self,
        host: &mut dyn Host,
        subnet: &Section,
        old_ranges: &[DhcpRange],
    ) -> Result<(), Error> {
        let new_ranges = dhcp_ranges(host, subnet);
        // First what goes, as ranges must not overlap.
        for range in old_ranges.iter().filter(|range| !new_ranges.contains(range)) {
            self.delete_range(host, range)?;
        }
        for range in new_ranges.iter().filter(|range| !old_ranges.contains(range)) {
            self.add_range(host, range)?;
        }
        Ok(())
    }

    fn delete_subnet(&self, host: &mut dyn Host, subnet: &Section) -> Result<(), Error> {
        let cidr = option(subnet, "cidr");
        let id = self.prefix_id(host, &cidr)?;
        if id.is_null() {
            host.warn(format!("could not find id for ip prefix {cidr}"));
            return Ok(());
        }
        if !self.has_only_gateway(host, &cidr)? {
            let text = format!("not deleting prefix {cidr} because it still contains entries");
            return Err(Error::Answer(text));
        }
        if !self.delete_address(host, &option(subnet, "gateway"))? {
            let subnet = option(subnet, "id");
            let text = format!("could not delete gateway ip from subnet {subnet}");
            return Err(Error::Answer(text));
        }
        for range in dhcp_ranges(host, subnet) {
            self.delete_range(host, &range)?;
        }
        self.call(host, "DELETE", &format!("/ipam/prefixes/{}/", perl::text(Some(&id))), None)
            .map(drop)
            .map_err(|error| error.doing("error deleting subnet from ipam: "))
    }

    fn add_ip(
        &self,
        host: &mut dyn Host,
        subnet: &Section,
        ip: &str,
        user: User,
        is_gateway: bool,
    ) -> Result<(), Error> {
        let body = address(subnet, ip, &user, is_gateway);
        match self.call(host, "POST", "/ipam/ip-addresses/", Some(&body)) {
            Ok(_) => Ok(()),
            Err(Error::Interrupted) => Err(Error::Interrupted),
            Err(_) if is_gateway => {
                if self.is_gateway(host, ip)? {
                    return Ok(());
                }
                // The reference has lost the reason by then.
                Err(Error::Answer(format!("error add subnet ip to ipam: ip {ip} already exist: ")))
            }
            Err(error) => Err(error.doing("error add subnet ip to ipam: ip already exist: ")),
        }
    }

    fn update_ip(
        &self,
        host: &mut dyn Host,
        subnet: &Section,
        ip: &str,
        user: User,
    ) -> Result<(), Error> {
        let id = self.address_id(host, ip)?;
        if id.is_null() {
            return Err(Error::Answer(format!("could not find id for ip address {ip}")));
        }
        let path = format!("/ipam/ip-addresses/{}/", perl::text(Some(&id)));
        let body = address(subnet, ip, &user, false);
        self.call(host, "PATCH", &path, Some(&body))
            .map(drop)
            .map_err(|error| error.doing(format!("error update ip {ip} : ")))
    }

    fn add_next_free_ip(
        &self,
        host: &mut dyn Host,
        subnet: &Section,
        user: User,
    ) -> Result<Option<String>, Error> {
        let cidr = option(subnet, "cidr");
        let id = self.prefix_id(host, &cidr)?;
        if id.is_null() {
            return Err(Error::Answer(format!("could not find id for prefix {cidr}")));
        }
        let path = format!("/ipam/prefixes/{}/available-ips/", perl::text(Some(&id)));
        self.next_free(host, &path, &user, &format!("subnet {cidr}"))
    }

    fn add_next_free_ip_in_range(
        &self,
        host: &mut dyn Host,
        _: &Section,
        range: &DhcpRange,
        user: User,
    ) -> Result<Option<String>, Error> {
        let DhcpRange { start, end } = range;
        let id = self.range_id(host, range)?;
        if id.is_null() {
            return Err(Error::Answer(format!("could not find id for ip range {start}:{end}")));
        }
        let path = format!("/ipam/ip-ranges/{}/available-ips/", perl::text(Some(&id)));
        let place = format!("range {start}-{end}");
        let found = self.next_free(host, &path, &user, &place)?;
        if let Some(ip) = found.as_deref().filter(|ip| *ip != "0") {
            host.print(&format!("found ip free {ip} in {place}\n"));
        }
        Ok(found)
    }

    fn delete_ip(&self, host: &mut dyn Host, _: &Section, ip: &str) -> Result<(), Error> {
        self.delete_address(host, ip).map(drop)
    }

    fn addresses_of(&self, host: &mut dyn Host, mac: &str, _: &str) -> Result<Addresses, Error> {
        let path = format!("/ipam/ip-addresses/?description__ic={mac}");
        let found = self.call(host, "GET", &path, None).map_err(|error| {
            error.doing(format!("could not query ip address entry for mac {mac}: "))
        })?;
        let (mut ip4, mut ip6) = (None, None);
        for ip in elements(member(&found, "results")?)? {
            let family = perl::text(Some(member(member(ip, "family")?, "value")?));
            let slot = match perl::integer(&family) {
                4 => &mut ip4,
                6 => &mut ip6,
                _ => continue,
            };
            if slot.is_none() {
                *slot = without_mask(Some(member(ip, "address")?));
            }
        }
        Ok((ip4, ip6))
    }
}
