//! The DHCP servers of zones: dnsmasq (`PVE::Network::SDN::Dhcp::Dnsmasq`).

use pve_sdn::ethers::{self, Mapping};
use pve_sdn::{Section, Value, perl};

use crate::{Error, Sdn, mac_cache};

/// The kind of a zone's DHCP server, of which there is one.
pub(crate) fn check_kind(zone: &Section) -> Result<(), Error> {
    match perl::text(zone.get("dhcp")).as_ref() {
        "dnsmasq" => Ok(()),
        other => Err(pve_sdn::Error::UnknownType { kind: other.to_owned() }.into()),
    }
}

impl Sdn<'_> {
    pub(crate) fn map_guest(
        &mut self,
        dhcp: &str,
        zone: &Section,
        mac: &Value,
        ip4: &Value,
        ip6: &Value,
    ) -> Result<(), Error> {
        let cache = mac_cache::read(self.host)?;
        check_kind(zone)?;
        let mac = perl::text(Some(mac));
        let (ip4, ip6) = (perl::true_text(Some(ip4)), perl::true_text(Some(ip6)));
        let mapping = Mapping { mac: &mac, ip4: ip4.as_deref(), ip6: ip6.as_deref() };
        let mut reload = false;
        let mut warnings = Vec::new();
        let changed = self.host.change_ethers(dhcp, &mut |content| {
            let added = ethers::add(content, dhcp, &cache, &mapping);
            reload = added.reload;
            warnings = added.warnings;
            added.content
        });
        warnings.into_iter().for_each(|warning| self.host.warn(warning));
        match changed {
            Err(Error::Interrupted) => return Err(Error::Interrupted),
            Err(error) => {
                let why = error.to_perl();
                let text = format!("Unable to add {mac} to the dnsmasq configuration: {why}\n");
                self.host.warn(text);
                return Ok(());
            }
            Ok(()) => {}
        }
        if reload {
            self.host.systemctl("reload", &format!("dnsmasq@{dhcp}"))?;
        }
        match ip4 {
            Some(ip4) => self.host.add_lease(dhcp, &ip4, &mac),
            None => Ok(()),
        }
    }

    pub(crate) fn unmap_guest(&mut self, zone: &Section) -> Result<(), Error> {
        check_kind(zone)?;
        let package = "PVE::Network::SDN::Dhcp::Dnsmasq";
        Err(Error::NoMethod { method: "del_ip_mapping", package })
    }
}
