//! The servers that manage addresses: the cluster's own, NetBox, phpIPAM.

mod netbox;
mod phpipam;
mod pve;

use pve_sdn::config::File;
use pve_sdn::ipam_state::User;
use pve_sdn::subnet::{self, DhcpRange};
use pve_sdn::{Section, Value, perl};

use crate::{Error, Host, Sdn, mac_cache};

pub(crate) use netbox::Netbox;
pub(crate) use phpipam::Phpipam;
pub(crate) use pve::Pve;

/// A pair of addresses, IPv4 and IPv6, of which none, one or both exist.
pub(crate) type Addresses = (Option<String>, Option<String>);

/// A server that manages addresses.
pub(crate) trait Ipam {
    /// Asks the server for something, to see that it answers.
    fn verify(&self, host: &mut dyn Host) -> Result<(), Error>;

    fn add_subnet(&self, host: &mut dyn Host, subnet: &Section) -> Result<(), Error>;

    fn update_subnet(
        &self,
        host: &mut dyn Host,
        subnet: &Section,
        old_ranges: &[DhcpRange],
    ) -> Result<(), Error>;

    fn delete_subnet(&self, host: &mut dyn Host, subnet: &Section) -> Result<(), Error>;

    fn add_ip(
        &self,
        host: &mut dyn Host,
        subnet: &Section,
        ip: &str,
        user: User,
        is_gateway: bool,
    ) -> Result<(), Error>;

    fn update_ip(
        &self,
        host: &mut dyn Host,
        subnet: &Section,
        ip: &str,
        user: User,
    ) -> Result<(), Error>;

    fn add_next_free_ip(
        &self,
        host: &mut dyn Host,
        subnet: &Section,
        user: User,
    ) -> Result<Option<String>, Error>;

    fn add_next_free_ip_in_range(
        &self,
        host: &mut dyn Host,
        subnet: &Section,
        range: &DhcpRange,
        user: User,
    ) -> Result<Option<String>, Error>;

    fn delete_ip(&self, host: &mut dyn Host, subnet: &Section, ip: &str) -> Result<(), Error>;

    fn addresses_of(&self, host: &mut dyn Host, mac: &str, zone: &str) -> Result<Addresses, Error>;
}

impl Sdn<'_> {
    /// The server that a zone names; `None` if it names none.
    ///
    /// # Errors
    /// [`pve_sdn::Error::NoType`] where there is no such server.
    pub(crate) fn ipam(&mut self, zone: &Section) -> Result<Option<Box<dyn Ipam>>, Error> {
        let Some(name) = perl::true_text(zone.get("ipam")) else { return Ok(None) };
        let servers = self.objects(File::Ipams)?;
        let server = servers.get(&name).ok_or(pve_sdn::Error::NoType)?;
        server_of(server).map(Some)
    }

    /// Whether the server of an IPAM's section answers (`on_update_hook` of its plugin).
    ///
    /// # Errors
    /// It does not; [`pve_sdn::Error::NoType`] or [`pve_sdn::Error::UnknownType`] for a section that is no IPAM's.
    pub fn verify_ipam(&mut self, server: &Section) -> Result<(), Error> {
        server_of(server)?.verify(self.host)
    }

    /// The addresses of a hardware address in a zone that has an IPAM (`Ipams::get_ips_from_mac`): those of the cache,
    /// or the server's, which are then cached.
    pub(crate) fn addresses_of(
        &mut self,
        mac: &Value,
        zone_id: &str,
        zone: &Section,
    ) -> Result<(Value, Value), Error> {
        let mac = perl::text(Some(mac));
        if let Some(known) = mac_cache::read(self.host)?.get(&mac) {
            return Ok(known);
        }
        let Some(ipam) = self.ipam(zone)? else { return Ok(Default::default()) };
        let (ip4, ip6) = ipam.addresses_of(self.host, &mac, zone_id)?;
        // The reference writes back the cache that it has read, and so undoes what others have added since.
        mac_cache::change(self.host, |cache| {
            if cache.get(&mac).is_none() {
                cache.set(&mac, ip4.as_deref(), ip6.as_deref());
            }
        })?;
        Ok((ip4.into(), ip6.into()))
    }
}

/// The server of an IPAM's section.
fn server_of(server: &Section) -> Result<Box<dyn Ipam>, Error> {
    let kind = server.get("type").ok_or(pve_sdn::Error::NoType)?;
    match perl::text(Some(kind)).as_ref() {
        "pve" => Ok(Box::new(Pve)),
        "netbox" => Ok(Box::new(Netbox::new(server))),
        "phpipam" => Ok(Box::new(Phpipam::new(server))),
        other => Err(pve_sdn::Error::UnknownType { kind: other.to_owned() }.into()),
    }
}

/// A subnet's DHCP ranges; warnings go to the host.
pub(crate) fn dhcp_ranges(host: &mut dyn Host, subnet: &Section) -> Vec<DhcpRange> {
    let (ranges, warnings) = subnet::dhcp_ranges(subnet);
    warnings.into_iter().for_each(|warning| host.warn(warning));
    ranges
}

/// An option of a section as text.
pub(crate) fn option(section: &Section, key: &str) -> String {
    perl::text(section.get(key)).into_owned()
}
