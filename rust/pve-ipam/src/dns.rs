//! PowerDNS (`PVE::Network::SDN::Dns::PowerdnsPlugin`), and which of the reference's functions ask it for what
//! (`PVE::Network::SDN::Subnets`).

use pve_sdn::config::File;
use pve_sdn::{Section, Value, address, perl, reverse_zone};
use serde_json::json;

use crate::api::{Request, call, elements, member};
use crate::ipam::option;
use crate::{Error, Host, Sdn};

/// A PowerDNS server.
pub(crate) struct Powerdns {
    url: String,
    key: String,
    ttl: Value,
    reverse_width: Option<Value>,
    fingerprint: Option<String>,
}

impl Powerdns {
    fn new(server: &Section) -> Powerdns {
        let ttl = server.get("ttl").filter(|ttl| perl::is_true(Some(ttl))).cloned();
        Powerdns {
            url: option(server, "url"),
            key: option(server, "key"),
            ttl: ttl.unwrap_or_else(|| 14_400.into()),
            reverse_width: server.get("reversemaskv6").cloned(),
            fingerprint: server.get("fingerprint").map(|text| perl::text(Some(text)).into_owned()),
        }
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
            ("X-API-Key", self.key.clone()),
            body,
            self.fingerprint.as_deref(),
        );
        call(host, &request)
    }

    fn verify_zone(&self, host: &mut dyn Host, zone: &str) -> Result<(), Error> {
        self.call(host, "GET", &format!("/zones/{zone}?rrsets=false"), None)
            .map(drop)
            .map_err(|error| error.doing(format!("can't read zone {zone}: ")))
    }

    /// The records of a name; null where it has none of the type.
    fn records(
        &self,
        host: &mut dyn Host,
        zone: &str,
        name: &str,
        kind: &str,
    ) -> Result<Value, Error> {
        let content = self
            .call(host, "GET", &format!("/zones/{zone}"), None)
            .map_err(|error| error.doing(format!("can't read zone {zone}: ")))?;
        for set in elements(member(&content, "rrsets")?)? {
            let is_named = perl::text(Some(member(set, "name")?)) == name;
            if is_named && perl::text(Some(member(set, "type")?)) == kind {
                return Ok(set.clone());
            }
        }
        Ok(Value::Null)
    }

    fn patch(
        &self,
        host: &mut dyn Host,
        zone: &str,
        set: Value,
        doing: String,
    ) -> Result<(), Error> {
        self.call(host, "PATCH", &format!("/zones/{zone}"), Some(&json!({ "rrsets": [set] })))
            .map(drop)
            .map_err(|error| error.doing(doing))
    }

    fn add_address(
        &self,
        host: &mut dyn Host,
        zone: &str,
        hostname: &str,
        ip: &str,
    ) -> Result<(), Error> {
        let (kind, name) = (kind(ip), format!("{hostname}.{zone}."));
        let set = self.records(host, zone, &name, kind)?;
        let mut records = elements(member(&set, "records")?)?.to_vec();
        if records.iter().any(|record| perl::text(record.get("content")) == ip) {
            return Ok(());
        }
        records.push(json!({ "content": ip, "disabled": false, "name": name, "type": kind }));
        let doing = format!("error add {name} to zone {zone}: ");
        self.patch(host, zone, self.replace(&name, kind, records), doing)
    }

    fn delete_address(
        &self,
        host: &mut dyn Host,
        zone: &str,
        hostname: &str,
        ip: &str,
    ) -> Result<(), Error> {
        let (kind, name) = (kind(ip), format!("{hostname}.{zone}."));
        let set = self.records(host, zone, &name, kind)?;
        let records = elements(member(&set, "records")?)?;
        let is_other = |record: &&Value| perl::text(record.get("content")) != ip;
        let others: Vec<Value> = records.iter().filter(is_other).cloned().collect();
        if others.len() == records.len() {
            return Ok(());
        }
        let set = if others.is_empty() {
            json!({ "name": name, "type": kind, "changetype": "DELETE", "records": [] })
        } else {
            let ttl = set.get("ttl");
            json!({
                "name": name, "type": kind, "ttl": ttl, "changetype": "REPLACE", "records": others,
            })
        };
        self.patch(host, zone, set, format!("error delete {name} from zone {zone}: "))
    }

    fn add_pointer(
        &self,
        host: &mut dyn Host,
        zone: &str,
        hostname: &str,
        ip: &str,
    ) -> Result<(), Error> {
        let name = reverse_zone::name_of(ip)?;
        let content = format!("{hostname}.");
        let record = json!({ "content": content, "disabled": false, "name": name, "type": "PTR" });
        let doing = format!("error add {name} to zone {zone}: ");
        self.patch(host, zone, self.replace(&name, "PTR", vec![record]), doing)
    }

    fn delete_pointer(&self, host: &mut dyn Host, zone: &str, ip: &str) -> Result<(), Error> {
        let name = reverse_zone::name_of(ip)?;
        let set = json!({ "name": name, "type": "PTR", "changetype": "DELETE", "records": [] });
        self.patch(host, zone, set, format!("error delete {name} from zone {zone}: "))
    }

    fn replace(&self, name: &str, kind: &str, records: Vec<Value>) -> Value {
        json!({
            "name": name, "type": kind, "ttl": self.ttl, "changetype": "REPLACE",
            "records": records,
        })
    }
}

fn kind(ip: &str) -> &'static str {
    if address::is_ipv6(ip) { "AAAA" } else { "A" }
}

/// The DNS zones of an address, each with the name of its server. What a zone of the SDN does not name is `None`.
#[derive(Clone, Debug, Default)]
pub(crate) struct DnsZones {
    server: Option<String>,
    zone: Option<String>,
    reverse_server: Option<String>,
    reverse_zone: Option<String>,
}

impl Sdn<'_> {
    /// The DNS zones that a zone of the SDN names for an address of a subnet.
    pub(crate) fn dns_zones(
        &mut self,
        zone: &Section,
        subnet: &Section,
        ip: Option<&str>,
    ) -> Result<DnsZones, Error> {
        let mut zones = forward_zone(zone);
        zones.reverse_zone = self.reverse_zone(zones.reverse_server.as_deref(), subnet, ip)?;
        Ok(zones)
    }

    fn reverse_zone(
        &mut self,
        server: Option<&str>,
        subnet: &Section,
        ip: Option<&str>,
    ) -> Result<Option<String>, Error> {
        let (Some(server), Some(ip)) = (server, ip) else { return Ok(None) };
        let server = self.dns_server(server)?;
        let zone = reverse_zone::of(subnet, ip, server.reverse_width.as_ref())?;
        Ok((!zone.is_empty()).then_some(zone))
    }

    /// Checks that the zones exist.
    pub(crate) fn verify_dns_zones(&mut self, zones: &DnsZones) -> Result<(), Error> {
        for (server, zone) in
            [(&zones.server, &zones.zone), (&zones.reverse_server, &zones.reverse_zone)]
        {
            if let (Some(server), Some(zone)) = (server, zone) {
                self.dns_server(server)?.verify_zone(self.host, zone)?;
            }
        }
        Ok(())
    }

    /// Enters the address of a name, and the name of the address.
    pub(crate) fn add_dns(
        &mut self,
        zones: &DnsZones,
        hostname: &Value,
        ip: Option<&str>,
    ) -> Result<(), Error> {
        let Some(ip) = ip else { return Ok(()) };
        self.add_forward(zones, hostname, ip)?;
        self.add_pointer(zones, hostname, ip)
    }

    /// Enters the address of a name.
    pub(crate) fn add_forward(
        &mut self,
        zones: &DnsZones,
        hostname: &Value,
        ip: &str,
    ) -> Result<(), Error> {
        let hostname = perl::true_text(Some(hostname));
        if let (Some(hostname), Some(server), Some(zone)) = (hostname, &zones.server, &zones.zone) {
            self.dns_server(server)?.add_address(self.host, zone, &hostname, ip)?;
        }
        Ok(())
    }

    /// Enters the name of an address, which is in the zone for names.
    pub(crate) fn add_pointer(
        &mut self,
        zones: &DnsZones,
        hostname: &Value,
        ip: &str,
    ) -> Result<(), Error> {
        let hostname = perl::true_text(Some(hostname));
        let (Some(hostname), Some(zone)) = (hostname, &zones.zone) else { return Ok(()) };
        if let (Some(server), Some(reverse)) = (&zones.reverse_server, &zones.reverse_zone) {
            let full = format!("{hostname}.{zone}");
            self.dns_server(server)?.add_pointer(self.host, reverse, &full, ip)?;
        }
        Ok(())
    }

    /// Removes the address of a name.
    pub(crate) fn delete_dns(
        &mut self,
        zones: &DnsZones,
        hostname: &Value,
        ip: &str,
    ) -> Result<(), Error> {
        let hostname = perl::true_text(Some(hostname));
        if let (Some(hostname), Some(server), Some(zone)) = (hostname, &zones.server, &zones.zone) {
            self.dns_server(server)?.delete_address(self.host, zone, &hostname, ip)?;
        }
        Ok(())
    }

    /// Removes the name of an address.
    pub(crate) fn delete_pointer(&mut self, zones: &DnsZones, ip: &str) -> Result<(), Error> {
        if let (Some(server), Some(zone)) = (&zones.reverse_server, &zones.reverse_zone) {
            self.dns_server(server)?.delete_pointer(self.host, zone, ip)?;
        }
        Ok(())
    }

    /// Whether the server of a DNS server's section answers (`on_update_hook` of its plugin).
    ///
    /// # Errors
    /// It does not; [`pve_sdn::Error::NoType`] or [`pve_sdn::Error::UnknownType`] for a section that is no DNS server's.
    pub fn verify_dns(&mut self, server: &Section) -> Result<(), Error> {
        server_of(Some(server))?
            .call(self.host, "GET", "", None)
            .map(drop)
            .map_err(|error| error.doing("dns api error: "))
    }

    fn dns_server(&mut self, name: &str) -> Result<Powerdns, Error> {
        server_of(self.objects(File::Dns)?.get(name))
    }
}

/// The server of a DNS server's section.
fn server_of(server: Option<&Section>) -> Result<Powerdns, Error> {
    let kind = server.and_then(|server| server.get("type"));
    match (server, perl::text(kind).as_ref()) {
        (Some(server), "powerdns") => Ok(Powerdns::new(server)),
        (Some(_), kind) if !kind.is_empty() => {
            Err(pve_sdn::Error::UnknownType { kind: kind.to_owned() }.into())
        }
        _ => Err(pve_sdn::Error::NoType.into()),
    }
}

/// What a zone of the SDN names, the reverse zone aside.
pub(crate) fn forward_zone(zone: &Section) -> DnsZones {
    let named = |key| perl::true_text(zone.get(key)).map(std::borrow::Cow::into_owned);
    DnsZones {
        server: named("dns"),
        zone: named("dnszone"),
        reverse_server: named("reversedns"),
        reverse_zone: None,
    }
}
