//! Addresses of one subnet, in its zone's IPAM, the cache and DNS (`PVE::Network::SDN::Subnets`).

use pve_sdn::ipam_state::User;
use pve_sdn::subnet::DhcpRange;
use pve_sdn::{Section, Value, address, check, perl};

use crate::dns::forward_zone;
use crate::ipam::dhcp_ranges;
use crate::{Error, Sdn, mac_cache};

/// The guest that an address is for, as Perl callers give it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Guest {
    /// Its name.
    pub hostname: Value,
    /// The hardware address of its interface.
    pub mac: Value,
    /// Its number.
    pub vmid: Value,
}

impl Guest {
    fn named(&self, hostname: &Value) -> User {
        User { mac: self.mac.clone(), hostname: hostname.clone(), vmid: self.vmid.clone() }
    }
}

/// What to do about names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// Keep DNS up to date.
    Keep,
    /// Leave DNS alone.
    Skip,
}

/// A name in a subnet: with the subnet's prefix of the DNS zone, if it has one.
fn full_name(hostname: &Value, subnet: &Section) -> Value {
    match perl::true_text(subnet.get("dnszoneprefix")) {
        Some(prefix) => format!("{}.{prefix}", perl::text(Some(hostname))).into(),
        None => hostname.clone(),
    }
}

/// The canonical text of an address.
fn canonical(ip: &str) -> Result<String, Error> {
    let ip = address::net_addr(ip).ok_or(pve_sdn::Error::NotAnAddress)?;
    Ok(address::canonical(ip))
}

/// Passes on that the caller does not want to wait any longer, whatever else an error means.
fn unless_interrupted(result: Result<(), Error>) -> Result<Option<Error>, Error> {
    match result {
        Ok(()) => Ok(None),
        Err(Error::Interrupted) => Err(Error::Interrupted),
        Err(error) => Ok(Some(error)),
    }
}

impl Sdn<'_> {
    /// Makes a subnet known to the zone's IPAM (`Subnets::add_subnet`).
    ///
    /// # Errors
    /// What the IPAM says.
    pub fn add_subnet(&mut self, zone: &Section, subnet: &Section) -> Result<(), Error> {
        match self.ipam(zone)? {
            Some(ipam) => ipam.add_subnet(self.host, subnet),
            None => Ok(()),
        }
    }

    /// Makes a subnet that is written, and its gateway, known to the zone's IPAM, if it has one (what
    /// `SubnetPlugin->on_update_hook` does after its checks). `old` is the subnet as it was, with its ranges; `mac` is the
    /// hardware address of its VNet.
    ///
    /// # Errors
    /// What IPAM and DNS say. What they say to giving back the old gateway is a warning.
    pub fn write_subnet(
        &mut self,
        zone: &Section,
        subnet: &Section,
        old: Option<(&Section, &[DhcpRange])>,
        mac: &Value,
    ) -> Result<(), Error> {
        if !perl::is_true(zone.get("ipam")) {
            return Ok(());
        }
        match old {
            Some((_, ranges)) => self.update_subnet(zone, subnet, ranges)?,
            None => self.add_subnet(zone, subnet)?,
        }
        if check::subnet::is_point_to_point(subnet) {
            return Ok(());
        }
        let gateway = perl::true_text(subnet.get("gateway"));
        let old_gateway = old.and_then(|(old, _)| perl::true_text(old.get("gateway")));
        let give_back = |sdn: &mut Self| match (old, &old_gateway) {
            (Some((old, _)), Some(ip)) => sdn.give_back_gateway(zone, old, ip),
            _ => Ok(()),
        };
        if !perl::is_defined(subnet.get("gateway")) {
            give_back(self)?;
        }
        if let Some(gateway) = gateway.filter(|gateway| Some(gateway) != old_gateway.as_ref()) {
            let vnet = perl::text(subnet.get("vnet"));
            let hostname = format!("{vnet}-gw").into();
            let guest = Guest { hostname, mac: mac.clone(), vmid: Value::Null };
            self.add_subnet_ip(zone, subnet, &gateway, &guest, true, Names::Keep)?;
            give_back(self)?;
        }
        Ok(())
    }

    /// Gives back the address that a gateway had.
    fn give_back_gateway(&mut self, zone: &Section, old: &Section, ip: &str) -> Result<(), Error> {
        let (hostname, mac) = (Value::Null, Value::Null);
        let given = self.delete_subnet_ip(zone, old, ip, &hostname, &mac, Names::Keep);
        if let Some(error) = unless_interrupted(given)? {
            // What Perl's `warn` without a text makes of an error.
            self.host.warn(format!("{}\t...caught", error.to_perl()));
        }
        Ok(())
    }

    /// Tells the zone's IPAM of a subnet's new DHCP ranges (`Subnets::update_subnet`).
    ///
    /// # Errors
    /// What the IPAM says.
    pub fn update_subnet(
        &mut self,
        zone: &Section,
        subnet: &Section,
        old_ranges: &[DhcpRange],
    ) -> Result<(), Error> {
        match self.ipam(zone)? {
            Some(ipam) => ipam.update_subnet(self.host, subnet, old_ranges),
            None => Ok(()),
        }
    }

    /// Removes a subnet from the zone's IPAM (`Subnets::del_subnet`).
    ///
    /// # Errors
    /// What the IPAM says; among others that addresses are still in use.
    pub fn delete_subnet(&mut self, zone: &Section, subnet: &Section) -> Result<(), Error> {
        match self.ipam(zone)? {
            Some(ipam) => ipam.delete_subnet(self.host, subnet),
            None => Ok(()),
        }
    }

    /// Takes the next free address of a subnet, of its DHCP ranges if it has some (`Subnets::add_next_free_ip`).
    ///
    /// # Errors
    /// What IPAM and DNS say. The address is given back where DNS refuses.
    pub(crate) fn add_next_free_ip(
        &mut self,
        zone: &Section,
        subnet: &Section,
        guest: &Guest,
        names: Names,
    ) -> Result<Option<String>, Error> {
        let hostname = full_name(&guest.hostname, subnet);
        let mut zones = forward_zone(zone);
        if names == Names::Keep {
            self.verify_dns_zones(&zones)?;
        }
        let mut ip = None;
        if let Some(ipam) = self.ipam(zone)? {
            let user = guest.named(&hostname);
            if perl::is_true(subnet.get("dhcp-range")) {
                for range in dhcp_ranges(self.host, subnet) {
                    let user = user.clone();
                    ip = ipam.add_next_free_ip_in_range(self.host, subnet, &range, user)?;
                    if ip.is_some() {
                        break;
                    }
                }
            } else {
                ip = ipam.add_next_free_ip(self.host, subnet, user)?;
            }
            let mac = perl::text(Some(&guest.mac));
            mac_cache::change(self.host, |cache| cache.add(&mac, ip.as_deref()))?;
        }
        let ip_text = ip.as_deref().filter(|ip| !matches!(*ip, "" | "0"));
        let entered = self.dns_zones(zone, subnet, ip_text).and_then(|found| {
            zones = found;
            match names {
                Names::Keep => self.add_dns(&zones, &hostname, ip_text),
                Names::Skip => Ok(()),
            }
        });
        if let Some(error) = unless_interrupted(entered)? {
            self.give_back(zone, subnet, ip_text, &hostname, &guest.mac);
            return Err(error);
        }
        Ok(ip)
    }

    /// Takes one address (`Subnets::add_ip`), a gateway's or a guest's.
    ///
    /// # Errors
    /// What IPAM and DNS say. The address is given back where DNS refuses.
    pub fn add_subnet_ip(
        &mut self,
        zone: &Section,
        subnet: &Section,
        ip: &str,
        guest: &Guest,
        is_gateway: bool,
        names: Names,
    ) -> Result<(), Error> {
        let ip = canonical(ip)?;
        let zones = self.dns_zones(zone, subnet, Some(&ip))?;
        let hostname = full_name(&guest.hostname, subnet);
        if names == Names::Keep {
            self.verify_dns_zones(&zones)?;
        }
        if let Some(ipam) = self.ipam(zone)? {
            ipam.add_ip(self.host, subnet, &ip, guest.named(&hostname), is_gateway)?;
            if let Some(mac) = perl::true_text(Some(&guest.mac)) {
                mac_cache::change(self.host, |cache| cache.add(&mac, Some(&ip)))?;
            }
        }
        if names == Names::Keep {
            let entered = self.add_dns(&zones, &hostname, Some(&ip));
            if let Some(error) = unless_interrupted(entered)? {
                self.give_back(zone, subnet, Some(&ip), &hostname, &guest.mac);
                return Err(error);
            }
        }
        Ok(())
    }

    /// Changes whose an address is (`Subnets::update_ip`).
    ///
    /// # Errors
    /// What the IPAM says. What DNS says to a new name is not looked at, as in the reference.
    pub(crate) fn update_subnet_ip(
        &mut self,
        zone: &Section,
        subnet: &Section,
        ip: &str,
        guest: &Guest,
        old_hostname: &Value,
        names: Names,
    ) -> Result<(), Error> {
        let ip = canonical(ip)?;
        let zones = self.dns_zones(zone, subnet, Some(&ip))?;
        let hostname = full_name(&guest.hostname, subnet);
        if names == Names::Keep {
            self.verify_dns_zones(&zones)?;
        }
        if let Some(ipam) = self.ipam(zone)? {
            ipam.update_ip(self.host, subnet, &ip, guest.named(&hostname))?;
        }
        if names == Names::Skip || perl::text(Some(&hostname)) == perl::text(Some(old_hostname)) {
            return Ok(());
        }
        let renamed = self
            .delete_dns(&zones, old_hostname, &ip)
            .and_then(|()| self.add_forward(&zones, &hostname, &ip))
            .and_then(|()| self.delete_pointer(&zones, &ip))
            .and_then(|()| self.add_pointer(&zones, &hostname, &ip));
        unless_interrupted(renamed).map(drop)
    }

    /// Gives an address back (`Subnets::del_ip`).
    ///
    /// # Errors
    /// What the IPAM says, and that DNS is not there. What DNS says to removing names is a warning.
    pub fn delete_subnet_ip(
        &mut self,
        zone: &Section,
        subnet: &Section,
        ip: &str,
        hostname: &Value,
        mac: &Value,
        names: Names,
    ) -> Result<(), Error> {
        let ip = canonical(ip)?;
        let zones = self.dns_zones(zone, subnet, Some(&ip))?;
        let hostname = full_name(hostname, subnet);
        if names == Names::Keep {
            self.verify_dns_zones(&zones)?;
        }
        if let Some(ipam) = self.ipam(zone)? {
            ipam.delete_ip(self.host, subnet, &ip)?;
            if let Some(mac) = perl::true_text(Some(mac)) {
                mac_cache::change(self.host, |cache| cache.delete(&mac, &ip))?;
            }
        }
        if names == Names::Keep {
            let removed = self
                .delete_dns(&zones, &hostname, &ip)
                .and_then(|()| self.delete_pointer(&zones, &ip));
            if let Some(error) = unless_interrupted(removed)? {
                self.host.warn(error.to_perl());
            }
        }
        Ok(())
    }

    /// Undoes the taking of an address. The error that led here is the one to report.
    fn give_back(
        &mut self,
        zone: &Section,
        subnet: &Section,
        ip: Option<&str>,
        hostname: &Value,
        mac: &Value,
    ) {
        if let Some(ip) = ip {
            let _ = self.delete_subnet_ip(zone, subnet, ip, hostname, mac, Names::Keep);
        }
    }
}
