//! The cluster's own IPAM: a file on /etc/pve (`PVE::Network::SDN::Ipams::PVEPlugin`).

use pve_sdn::Section;
use pve_sdn::ipam_state::{IpamState, User};
use pve_sdn::json;
use pve_sdn::subnet::DhcpRange;

use super::{Addresses, Ipam};
use crate::{Error, Host};

pub(crate) struct Pve;

/// Changes the state under its lock; it is written unless the change failed.
fn change<T>(
    host: &mut dyn Host,
    change: impl FnOnce(&mut IpamState) -> Result<T, pve_sdn::Error>,
) -> Result<T, Error> {
    let held = host.lock(IpamState::FILE)?;
    let mut state = read(host)?;
    let result = change(&mut state)?;
    let text = state.text();
    let (bytes, is_wide) = json::to_bytes(&text);
    if is_wide {
        host.warn("Wide character in print".to_owned());
    }
    host.write(IpamState::FILE, &bytes)?;
    drop(held);
    Ok(result)
}

fn read(host: &mut dyn Host) -> Result<IpamState, Error> {
    let raw = host.read(IpamState::FILE)?;
    Ok(IpamState::read(raw.as_deref())?)
}

impl Ipam for Pve {
    fn verify(&self, _host: &mut dyn Host) -> Result<(), Error> {
        Ok(())
    }

    fn add_subnet(&self, host: &mut dyn Host, subnet: &Section) -> Result<(), Error> {
        let held = host.lock(IpamState::FILE)?;
        let mut state = read(host)?;
        if state.add_subnet(subnet) {
            host.write(IpamState::FILE, &json::to_bytes(&state.text()).0)?;
        }
        drop(held);
        Ok(())
    }

    fn update_subnet(&self, _: &mut dyn Host, _: &Section, _: &[DhcpRange]) -> Result<(), Error> {
        Ok(())
    }

    fn delete_subnet(&self, host: &mut dyn Host, subnet: &Section) -> Result<(), Error> {
        change(host, |state| state.delete_subnet(subnet))
    }

    fn add_ip(
        &self,
        host: &mut dyn Host,
        subnet: &Section,
        ip: &str,
        user: User,
        is_gateway: bool,
    ) -> Result<(), Error> {
        change(host, |state| state.add(subnet, ip, user, is_gateway))
    }

    fn update_ip(&self, _: &mut dyn Host, _: &Section, _: &str, _: User) -> Result<(), Error> {
        Ok(())
    }

    fn add_next_free_ip(
        &self,
        host: &mut dyn Host,
        subnet: &Section,
        user: User,
    ) -> Result<Option<String>, Error> {
        change(host, |state| state.add_next_free(subnet, user)).map(Some)
    }

    /// What goes wrong counts as no address: the reference does not look at it here.
    fn add_next_free_ip_in_range(
        &self,
        host: &mut dyn Host,
        subnet: &Section,
        range: &DhcpRange,
        user: User,
    ) -> Result<Option<String>, Error> {
        match change(host, |state| state.add_next_free_in_range(subnet, range, user)) {
            Ok(ip) => Ok(Some(ip)),
            Err(Error::Interrupted) => Err(Error::Interrupted),
            Err(_) => Ok(None),
        }
    }

    fn delete_ip(&self, host: &mut dyn Host, subnet: &Section, ip: &str) -> Result<(), Error> {
        change(host, |state| state.delete(subnet, ip))
    }

    fn addresses_of(&self, host: &mut dyn Host, mac: &str, zone: &str) -> Result<Addresses, Error> {
        Ok(read(host)?.addresses_of(zone, mac)?)
    }
}
