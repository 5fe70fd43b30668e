//! phpIPAM (`PVE::Network::SDN::Ipams::PhpIpamPlugin`).

use pve_sdn::ipam_state::User;
use pve_sdn::subnet::DhcpRange;
use pve_sdn::{Section, Value, perl};
use serde_json::json;

use super::{Addresses, Ipam, option};
use crate::api::{Request, call, member, of_first};
use crate::{Error, Host};

/// A phpIPAM server.
pub(crate) struct Phpipam {
    url: String,
    token: String,
    section: Value,
    fingerprint: Option<String>,
}

impl Phpipam {
    pub(crate) fn new(server: &Section) -> Phpipam {
        let fingerprint = server.get("fingerprint").map(|text| perl::text(Some(text)).into_owned());
        Phpipam {
            url: option(server, "url"),
            token: option(server, "token"),
            section: server.get("section").cloned().unwrap_or_default(),
            fingerprint,
        }
    }

    fn request(&self, method: &'static str, path: &str, body: Option<&Value>) -> Request {
        Request::json(
            method,
            format!("{}{path}", self.url),
            ("Token", self.token.clone()),
            body,
            self.fingerprint.as_deref(),
        )
    }

    fn call(
        &self,
        host: &mut dyn Host,
        method: &'static str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, Error> {
        call(host, &self.request(method, path, body))
    }

    /// Something about the first object that a search gives; null where it gives none. As in the reference, searches do
    /// not go by the configured fingerprint: the certificate must be trusted.
    fn find(&self, host: &mut dyn Host, path: &str, key: &str) -> Result<Value, Error> {
        let request = Request { fingerprint: None, ..self.request("GET", path, None) };
        let found = call(host, &request)?;
        of_first(&found, "data", key).cloned()
    }

    fn subnet_id(&self, host: &mut dyn Host, subnet: &Section) -> Result<Value, Error> {
        let cidr = option(subnet, "cidr");
        self.find(host, &format!("/subnets/cidr/{cidr}"), "id")
    }

    fn address(&self, host: &mut dyn Host, ip: &str, key: &str) -> Result<Value, Error> {
        self.find(host, &format!("/addresses/search/{ip}"), key)
    }
}

/// Whose an address is: the guest's number is its description.
fn owner(user: &User) -> Value {
    let mut body = json!({ "hostname": user.hostname, "description": user.vmid });
    if perl::is_true(Some(&user.mac)) {
        body["mac"] = user.mac.clone();
    }
    body
}

impl Ipam for Phpipam {
    fn verify(&self, host: &mut dyn Host) -> Result<(), Error> {
        let section = perl::text(Some(&self.section));
        self.call(host, "GET", &format!("/sections/{section}"), None)
            .map(drop)
            .map_err(|error| error.doing("Can't connect to phpipam api: "))
    }

    fn add_subnet(&self, host: &mut dyn Host, subnet: &Section) -> Result<(), Error> {
        // phpIPAM answers a search without a result with an error.
        let known = match self.subnet_id(host, subnet) {
            Err(Error::Interrupted) => return Err(Error::Interrupted),
            found => found.is_ok_and(|id| perl::is_true(Some(&id))),
        };
        if known {
            return Ok(());
        }
        let body = json!({
            "subnet": subnet.get("network"),
            "mask": subnet.get("mask"),
            "sectionId": self.section,
        });
        self.call(host, "POST", "/subnets/", Some(&body))
            .map(drop)
            .map_err(|error| error.doing("error add subnet to ipam: "))
    }

    fn update_subnet(&self, _: &mut dyn Host, _: &Section, _: &[DhcpRange]) -> Result<(), Error> {
        Ok(())
    }

    /// As in the reference, the subnet stays: nothing tells whether addresses in it are still used.
    fn delete_subnet(&self, host: &mut dyn Host, subnet: &Section) -> Result<(), Error> {
        self.subnet_id(host, subnet).map(drop)
    }

    fn add_ip(
        &self,
        host: &mut dyn Host,
        subnet: &Section,
        ip: &str,
        user: User,
        is_gateway: bool,
    ) -> Result<(), Error> {
        let mut body = owner(&user);
        body["ip"] = ip.into();
        body["subnetId"] = self.subnet_id(host, subnet)?;
        if is_gateway {
            body["is_gateway"] = 1.into();
        }
        match self.call(host, "POST", "/addresses/", Some(&body)) {
            Ok(_) => Ok(()),
            Err(Error::Interrupted) => Err(Error::Interrupted),
            Err(error) => {
                let doing = format!("error add subnet ip to ipam: ip {ip} already exist: ");
                if !is_gateway {
                    return Err(error.doing(doing));
                }
                if perl::is_true(Some(&self.address(host, ip, "is_gateway")?)) {
                    return Ok(());
                }
                // The reference has lost the reason by then.
                Err(Error::Answer(doing))
            }
        }
    }

    fn update_ip(
        &self,
        host: &mut dyn Host,
        _: &Section,
        ip: &str,
        user: User,
    ) -> Result<(), Error> {
        let id = self.address(host, ip, "id")?;
        let id = perl::true_text(Some(&id)).ok_or(Error::UnknownAddress)?;
        self.call(host, "PATCH", &format!("/addresses/{id}"), Some(&owner(&user)))
            .map(drop)
            .map_err(|error| error.doing(format!("ipam: error update subnet ip {ip}: ")))
    }

    fn add_next_free_ip(
        &self,
        host: &mut dyn Host,
        subnet: &Section,
        user: User,
    ) -> Result<Option<String>, Error> {
        let id = self.subnet_id(host, subnet)?;
        let path = format!("/addresses/first_free/{}/", perl::text(Some(&id)));
        let found = self
            .call(host, "POST", &path, Some(&owner(&user)))
            .and_then(|found| member(&found, "data").cloned())
            .map_err(|error| {
                let cidr = option(subnet, "cidr");
                error.doing(format!("can't find free ip in subnet {cidr}: "))
            })?;
        match found {
            Value::Null => Ok(None),
            Value::String(_) | Value::Number(_) => Ok(Some(perl::text(Some(&found)).into_owned())),
            // The reference would note the structure as the address.
            _ => Err(Error::Answer("the answer of phpIPAM holds no address".to_owned())),
        }
    }

    /// phpIPAM has no such search: the whole subnet counts.
    fn add_next_free_ip_in_range(
        &self,
        host: &mut dyn Host,
        subnet: &Section,
        _: &DhcpRange,
        user: User,
    ) -> Result<Option<String>, Error> {
        self.add_next_free_ip(host, subnet, user)
    }

    fn delete_ip(&self, host: &mut dyn Host, _: &Section, ip: &str) -> Result<(), Error> {
        if matches!(ip, "" | "0") {
            return Ok(());
        }
        let id = self.address(host, ip, "id")?;
        let Some(id) = perl::true_text(Some(&id)) else { return Ok(()) };
        self.call(host, "DELETE", &format!("/addresses/{id}"), None)
            .map(drop)
            .map_err(|error| error.doing(format!("error delete ip {ip}: ")))
    }

    /// As in the reference, what the server answers is not looked at.
    fn addresses_of(&self, host: &mut dyn Host, mac: &str, _: &str) -> Result<Addresses, Error> {
        match self.call(host, "GET", &format!("/addresses/search_mac/{mac}"), None) {
            Ok(_) => Err(Error::Answer("parsing of result not yet implemented".to_owned())),
            Err(Error::Interrupted) => Err(Error::Interrupted),
            Err(_) => Ok((None, None)),
        }
    }
}
