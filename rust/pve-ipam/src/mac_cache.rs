//! The cluster's cache of hardware addresses, changed under its lock (`PVE::Network::SDN::Ipams`).

use pve_sdn::mac_cache::MacCache;

use crate::{Error, Host};

/// What the cache holds.
pub(crate) fn read(host: &mut dyn Host) -> Result<MacCache, Error> {
    let raw = host.read(MacCache::FILE)?;
    Ok(MacCache::read(raw.as_deref())?)
}

/// Changes the cache. What goes wrong is only a warning, as the IPAM itself knows better.
pub(crate) fn change(host: &mut dyn Host, change: impl FnOnce(&mut MacCache)) -> Result<(), Error> {
    match try_change(host, change) {
        Err(Error::Interrupted) => Err(Error::Interrupted),
        Err(error) => {
            host.warn(error.to_perl());
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

fn try_change(host: &mut dyn Host, change: impl FnOnce(&mut MacCache)) -> Result<(), Error> {
    let held = host.lock(MacCache::FILE)?;
    let mut cache = read(host)?;
    change(&mut cache);
    let written = host.write(MacCache::FILE, cache.text().as_bytes());
    drop(held);
    written
}
