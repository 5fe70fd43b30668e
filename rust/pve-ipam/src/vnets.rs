//! Addresses of guests in a VNet (`PVE::Network::SDN::Vnets`).
//!
//! VNets and zones are those that administrators have written, subnets those in effect, as in the reference.

use std::collections::BTreeMap;

use pve_sdn::config::File;
use pve_sdn::{Section, Value, address, perl, subnet};

use crate::{Error, Guest, Names, Sdn};

/// A VNet's zone, and the subnet of one of its addresses.
struct Place {
    zone: Section,
    subnet: Section,
}

impl Sdn<'_> {
    /// A VNet's options (`Vnets::get_vnet`), of the configuration in effect if `running`.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn vnet(&mut self, name: &str, running: bool) -> Result<Option<Section>, Error> {
        if matches!(name, "" | "0") {
            return Ok(None);
        }
        Ok(match running {
            true => self.running()?.vnets.get(name).cloned(),
            false => self.objects(File::Vnets)?.get(name).cloned(),
        })
    }

    /// A VNet's subnets by id (`Vnets::get_subnets`), of the configuration in effect if `running`; those of all VNets
    /// for an empty name.
    ///
    /// # Errors
    /// A file cannot be read; [`pve_sdn::Error::NoSubnetId`], [`pve_sdn::Error::NoSuchSubnet`].
    pub fn subnets(
        &mut self,
        vnet: &str,
        running: bool,
    ) -> Result<BTreeMap<String, Section>, Error> {
        Ok(match running {
            true => subnet::of_vnet(&self.running()?.subnets, vnet)?,
            false => subnet::of_vnet(&*self.objects(File::Subnets)?, vnet)?,
        })
    }

    /// The zone of a VNet that is there, with its name.
    fn zone_of(&mut self, vnet: &Section) -> Result<(String, Option<Section>), Error> {
        let zone = self.zone(vnet.get("zone"))?;
        Ok((perl::text(vnet.get("zone")).into_owned(), zone))
    }

    /// The zone of a VNet, if addresses in it are managed and given out by DHCP.
    fn managed_zone(&mut self, name: &str) -> Result<Option<(String, Section)>, Error> {
        let Some(vnet) = self.vnet(name, false)? else { return Ok(None) };
        let (id, zone) = self.zone_of(&vnet)?;
        let is_managed =
            |zone: &Section| perl::is_true(zone.get("ipam")) && perl::is_true(zone.get("dhcp"));
        Ok(zone.filter(is_managed).map(|zone| (id, zone)))
    }

    /// `Vnets::get_subnet_from_vnet_ip`
    fn place_of(&mut self, name: &str, ip: &str) -> Result<Place, Error> {
        let subnets = self.subnets(name, true)?;
        let vnet = self.vnet(name, false)?.unwrap_or_default();
        let (_, zone) = self.zone_of(&vnet)?;
        let (_, subnet) = subnet::find(ip, &subnets)?;
        Ok(Place { zone: zone.unwrap_or_default(), subnet: subnet.clone() })
    }

    /// The place of an address; none where the VNet or the address has no name, of which the reference looks at the
    /// address last.
    fn place_if_named(&mut self, vnet: &str, ip: &str) -> Result<Option<Place>, Error> {
        if matches!(vnet, "" | "0") {
            return Ok(None);
        }
        let place = self.place_of(vnet, ip)?;
        Ok(Some(place).filter(|_| !matches!(ip, "" | "0")))
    }

    /// Takes a free address of the VNet in each version of IP that it has subnets of, or in one version only
    /// (`Vnets::add_next_free_cidr`). Nothing happens where addresses are not managed.
    ///
    /// # Errors
    /// [`pve_sdn::Error::ZoneFull`], after giving back what was taken before; what IPAM and DNS say.
    pub fn add_next_free_cidr(
        &mut self,
        vnet: &str,
        guest: &Guest,
        names: Names,
        version: &Value,
    ) -> Result<(), Error> {
        let Some((zone_id, zone)) = self.managed_zone(vnet)? else { return Ok(()) };
        let subnets = self.subnets(vnet, true)?;
        let versions = match version {
            Value::Null => vec!["4".to_owned(), "6".to_owned()],
            version => vec![perl::text(Some(version)).into_owned()],
        };
        let mut taken: Vec<String> = Vec::new();
        for version in versions {
            let mut found = None;
            let mut candidates = 0;
            for subnet in subnets.values() {
                let network = perl::text(subnet.get("network"));
                let of_subnet = address::version(&network).map_or(0, i64::from);
                if of_subnet != perl::integer(&version) {
                    continue;
                }
                candidates += 1;
                found = self.add_next_free_ip(&zone, subnet, guest, names)?;
                if found.is_some() {
                    break;
                }
            }
            if let Some(ip) = found {
                taken.push(ip);
            } else if candidates > 0 {
                for ip in taken {
                    let (_, subnet) = subnet::find(&ip, &subnets)?;
                    self.delete_subnet_ip(&zone, subnet, &ip, &guest.hostname, &guest.mac, names)?;
                }
                return Err(pve_sdn::Error::ZoneFull { zone: zone_id, version }.into());
            }
        }
        Ok(())
    }

    /// Takes one address of the VNet (`Vnets::add_ip`).
    ///
    /// # Errors
    /// [`pve_sdn::Error::NoSubnet`]; what IPAM and DNS say.
    pub fn add_ip(
        &mut self,
        vnet: &str,
        ip: &str,
        guest: &Guest,
        names: Names,
    ) -> Result<(), Error> {
        let Some(Place { zone, subnet }) = self.place_if_named(vnet, ip)? else { return Ok(()) };
        self.add_subnet_ip(&zone, &subnet, ip, guest, false, names)
    }

    /// Changes whose an address of the VNet is (`Vnets::update_ip`).
    ///
    /// # Errors
    /// [`pve_sdn::Error::NoSubnet`]; what the IPAM says.
    pub fn update_ip(
        &mut self,
        vnet: &str,
        ip: &str,
        guest: &Guest,
        old_hostname: &Value,
        names: Names,
    ) -> Result<(), Error> {
        let Some(Place { zone, subnet }) = self.place_if_named(vnet, ip)? else { return Ok(()) };
        self.update_subnet_ip(&zone, &subnet, ip, guest, old_hostname, names)
    }

    /// Gives an address of the VNet back (`Vnets::del_ip`).
    ///
    /// # Errors
    /// [`pve_sdn::Error::NoSubnet`]; what the IPAM says.
    pub fn delete_ip(
        &mut self,
        vnet: &str,
        ip: &str,
        hostname: &Value,
        mac: &Value,
        names: Names,
    ) -> Result<(), Error> {
        let Some(Place { zone, subnet }) = self.place_if_named(vnet, ip)? else { return Ok(()) };
        self.delete_subnet_ip(&zone, &subnet, ip, hostname, mac, names)
    }

    /// The IPv4 and the IPv6 address that a hardware address has in the VNet (`Vnets::get_ips_from_mac`); `None` where
    /// addresses are not managed.
    ///
    /// # Errors
    /// What the IPAM says.
    pub fn ips_from_mac(
        &mut self,
        vnet: &str,
        mac: &Value,
    ) -> Result<Option<(Value, Value)>, Error> {
        match self.managed_zone(vnet)? {
            Some((id, zone)) => self.addresses_of(mac, &id, &zone).map(Some),
            None => Ok(None),
        }
    }

    /// Gives back what a hardware address has in the VNet, and tells what that was (`Vnets::del_ips_from_mac`).
    ///
    /// # Errors
    /// What the IPAM says.
    pub fn delete_ips_from_mac(
        &mut self,
        vnet: &str,
        mac: &Value,
        hostname: &Value,
    ) -> Result<(Value, Value), Error> {
        let (ip4, ip6) = self.ips_from_mac(vnet, mac)?.unwrap_or_default();
        for ip in [&ip4, &ip6] {
            if let Some(ip) = perl::true_text(Some(ip)) {
                self.delete_ip(vnet, &ip, hostname, mac, Names::Keep)?;
            }
        }
        Ok((ip4, ip6))
    }

    /// Makes sure that a guest has addresses, and tells DHCP of them (`Vnets::add_dhcp_mapping`).
    ///
    /// # Errors
    /// As [`Sdn::add_next_free_cidr`]; that DHCP could not be told.
    pub fn add_dhcp_mapping(
        &mut self,
        vnet: &str,
        mac: &Value,
        vmid: &Value,
        hostname: &Value,
    ) -> Result<(), Error> {
        if self.managed_zone(vnet)?.is_none() {
            return Ok(());
        }
        let guest = Guest {
            hostname: hostname.clone(),
            mac: mac.clone(),
            vmid: perl::text(Some(vmid)).into(),
        };
        let (ip4, ip6) = self.ips_from_mac(vnet, mac)?.unwrap_or_default();
        for (ip, version) in [(ip4, 4), (ip6, 6)] {
            if !perl::is_true(Some(&ip)) {
                self.add_next_free_cidr(vnet, &guest, Names::Keep, &version.into())?;
            }
        }
        let (ip4, ip6) = self.ips_from_mac(vnet, mac)?.unwrap_or_default();
        if perl::is_true(Some(&ip4)) || perl::is_true(Some(&ip6)) {
            self.add_mapping(vnet, mac, &ip4, &ip6)?;
        }
        Ok(())
    }

    /// Tells the zone's DHCP server of a guest's addresses (`Dhcp::add_mapping`).
    ///
    /// # Errors
    /// [`pve_sdn::Error::UnknownType`] for an unknown kind of server; that it could not be told.
    pub fn add_mapping(
        &mut self,
        vnet: &str,
        mac: &Value,
        ip4: &Value,
        ip6: &Value,
    ) -> Result<(), Error> {
        match self.managed_zone(vnet)? {
            Some((id, zone)) => self.map_guest(&id, &zone, mac, ip4, ip6),
            None => Ok(()),
        }
    }

    /// Has the zone's DHCP server forget a guest (`Dhcp::remove_mapping`).
    ///
    /// # Errors
    /// [`Error::NoMethod`]: dnsmasq's plugin cannot do it. A guest that the cache does not know is dropped when the next
    /// one is mapped.
    pub fn remove_mapping(&mut self, vnet: &str) -> Result<(), Error> {
        match self.managed_zone(vnet)? {
            Some((_, zone)) => self.unmap_guest(&zone),
            None => Ok(()),
        }
    }
}
