//! The DHCP servers of all zones are set up anew (`PVE::Network::SDN::Dhcp::regenerate_config`).

use pve_sdn::config::Running;
use pve_sdn::{Section, dnsmasq, perl, subnet, zone};

use crate::dhcp::check_kind;
use crate::{Error, Sdn};

/// What the reference says where dnsmasq is missing; the first one on standard error only.
const PLEASE_INSTALL: &str =
    "please install the 'dnsmasq' package in order to use the DHCP feature!";

impl Sdn<'_> {
    /// Stops the node's DHCP servers, writes the configuration of each zone that has one anew, and starts those
    /// (`Dhcp::regenerate_config`). VNets and zones are those in effect, subnets those that administrators have written,
    /// as in the reference.
    ///
    /// # Errors
    /// [`Error::Dhcp`]: dnsmasq is missing or its services do not stop, or a zone's files cannot be written;
    /// [`pve_sdn::Error::UnknownType`] for a zone with another kind of server. What fails for one subnet, VNet or service
    /// is a warning.
    pub fn regenerate_dhcp(&mut self) -> Result<(), Error> {
        let running = self.running()?;
        if !running.is_configured {
            return Ok(());
        }
        let has_dhcp = |zone: &Section| perl::is_true(zone.get("dhcp"));
        let is_needed = running.zones.iter().any(|(_, zone)| zone.is_some_and(has_dhcp));
        let stopped = self.stop_all(is_needed);
        stopped.map_err(|error| {
            error.dhcp("Could not run before_regenerate for DHCP plugin dnsmasq")
        })?;
        for (id, zone) in running.zones.iter() {
            if let Some(zone) = zone.filter(|zone| has_dhcp(zone)) {
                self.regenerate_zone(&running, id, zone)?;
            }
        }
        Ok(())
    }

    fn regenerate_zone(
        &mut self,
        running: &Running,
        id: &str,
        zone: &Section,
    ) -> Result<(), Error> {
        check_kind(zone)?;
        let begun = self.begin_zone(id, zone);
        begun.map_err(|error| {
            error.dhcp(format!("Could not run before_configure for DHCP server {id}"))
        })?;
        for (vnet, options) in running.vnets.iter() {
            let of = options.and_then(|options| options.get("zone"));
            if perl::text(of) == id {
                self.regenerate_vnet(id, vnet)?;
            }
        }
        let started = self.start(id);
        self.or_warn(started, || format!("Could not run after_configure for DHCP server {id}"))
    }

    fn regenerate_vnet(&mut self, dhcp: &str, vnet: &str) -> Result<(), Error> {
        let mut lines = Vec::new();
        for (id, subnet) in self.subnets(vnet, false)? {
            let (_, warnings) = subnet::dhcp_ranges(&subnet);
            warnings.into_iter().for_each(|warning| self.host.warn(warning));
            if perl::text(subnet.get("zone")) != dhcp {
                continue;
            }
            match dnsmasq::subnet_settings(&subnet) {
                Ok(settings) => lines.extend(settings),
                Err(error) => {
                    self.or_warn(Err(error.into()), || format!("Could not configure subnet {id}:"))?
                }
            }
        }
        let Some(settings) = dnsmasq::vnet_settings(vnet, &lines) else { return Ok(()) };
        let written =
            self.host.write_node_file(&format!("etc/dnsmasq.d/{dhcp}/10-{vnet}.conf"), &settings);
        self.or_warn(written, || format!("Could not configure vnet {vnet}:"))
    }

    /// Whether dnsmasq is there. Where it is needed and is not, that is an error.
    fn has_dnsmasq(&mut self, is_needed: bool) -> Result<bool, Error> {
        let is_there = self.host.has_dnsmasq();
        if is_there || !is_needed {
            return Ok(is_there);
        }
        self.host.complain(PLEASE_INSTALL);
        Err(Error::NoDnsmasq)
    }

    fn stop_all(&mut self, is_needed: bool) -> Result<(), Error> {
        if self.has_dnsmasq(is_needed)? {
            self.host.systemctl("stop", "dnsmasq@*")?;
            self.host.systemctl("disable", "dnsmasq@")?;
        }
        Ok(())
    }

    fn begin_zone(&mut self, id: &str, zone: &Section) -> Result<(), Error> {
        let host = &mut *self.host;
        let policy = dnsmasq::bus_policy(id);
        host.write_node_file(&format!("etc/dbus-1/system.d/dnsmasq.{id}.conf"), &policy)?;
        host.make_dhcp_folder(id);
        let environment = dnsmasq::service_environment(id);
        host.write_node_file(&format!("etc/default/dnsmasq.{id}"), &environment)?;
        let settings = dnsmasq::zone_settings(id, &zone::dhcp_mtu(zone)?);
        host.write_node_file(&format!("etc/dnsmasq.d/{id}/00-default.conf"), &settings)?;
        host.remove_vnet_settings(id);
        Ok(())
    }

    fn start(&mut self, id: &str) -> Result<(), Error> {
        if self.has_dnsmasq(true)? {
            let unit = format!("dnsmasq@{id}");
            self.host.systemctl("reload", "dbus")?;
            self.host.systemctl("enable", &unit)?;
            self.host.systemctl("restart", &unit)?;
        }
        Ok(())
    }

    /// What failed is warned about, and the next thing done.
    fn or_warn(
        &mut self,
        result: Result<(), Error>,
        what: impl FnOnce() -> String,
    ) -> Result<(), Error> {
        match result {
            Ok(()) => Ok(()),
            Err(Error::Interrupted) => Err(Error::Interrupted),
            Err(error) => {
                self.host.warn(error.dhcp(what()).to_perl());
                Ok(())
            }
        }
    }
}
