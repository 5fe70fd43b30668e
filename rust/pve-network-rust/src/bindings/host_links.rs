//! `PVE::Network::Rust::Host`: what links there are.

use std::collections::HashMap;

use perlxs::{Error, PerlData, Signals};
use pve_netlink::inventory::{self, Brief, Links};
use pve_netlink::wait::Interrupted;
use serde::Deserialize;

use crate::error;
use crate::waiting::interruptible;

/// All links of this process's network namespace.
fn links(signals: &Signals) -> Result<Links, Error> {
    interruptible(signals, error::netlink, |poll| {
        inventory::read(&mut || poll().map_err(|_| Interrupted))
    })
}

/// What matters here of a value of the hash that `ip_link_details` returns.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Details {
    link_type: Option<String>,
    linkinfo: Option<Info>,
    master: Option<String>,
    altnames: Option<Vec<String>>,
}

/// `linkinfo`
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Info {
    info_kind: Option<String>,
}

impl Details {
    /// Whether there is no list of alternative names.
    pub(crate) fn has_no_altnames(&self) -> bool {
        self.altnames.is_none()
    }
}

impl From<&Details> for Brief {
    fn from(details: &Details) -> Brief {
        Brief {
            link_type: details.link_type.clone().unwrap_or_default(),
            kind: details.linkinfo.as_ref().and_then(|info| info.info_kind.clone()),
            master: details.master.clone(),
            altnames: details.altnames.clone().unwrap_or_default(),
        }
    }
}

impl From<Details> for Brief {
    fn from(details: Details) -> Brief {
        Brief {
            link_type: details.link_type.unwrap_or_default(),
            kind: details.linkinfo.and_then(|info| info.info_kind),
            master: details.master,
            altnames: details.altnames.unwrap_or_default(),
        }
    }
}

/// The links that the caller read before, or those that there are now.
fn in_brief(
    signals: &Signals,
    given: Option<PerlData<HashMap<String, Details>>>,
) -> Result<HashMap<String, Brief>, Error> {
    match given {
        Some(given) => {
            Ok(given.0.into_iter().map(|(name, details)| (name, details.into())).collect())
        }
        None => Ok(links(signals)?.in_brief().collect()),
    }
}

/// Links of the host.
#[perlxs::package(name = "PVE::Network::Rust::Host")]
pub mod package {
    use super::*;

    use perlxs::{Comparison, Context, Data, List};

    /// Returns all links of the network namespace as a reference to a hash: each link's name to a reference to the hash
    /// that `ip -details -json link show` (iproute2 6.15) shows of it.
    ///
    /// Numbers are numbers, `true` and `false` are objects of JSON::PP::Boolean as JSON::XS gives them.
    ///
    /// # Errors
    ///
    /// An object of PVE::Network::Rust::Error.
    #[export]
    fn ip_link_details(signals: &Signals) -> Result<Data<Links>, Error> {
        links(signals).map(Data)
    }

    /// Returns whether a link, as a value of the hash that `ip_link_details` returns, is a physical one.
    #[export]
    fn ip_link_is_physical(ip_link: PerlData<Details>) -> Comparison {
        Comparison(Brief::from(ip_link.0).is_physical())
    }

    /// Returns a reference to a hash: each alternative name to the name of its link.
    ///
    /// `$ip_links` is what `ip_link_details` returned; without it, the links are read.
    ///
    /// # Errors
    ///
    /// As `ip_link_details`.
    #[export]
    fn altname_mapping(
        signals: &Signals,
        ip_links: Option<PerlData<HashMap<String, Details>>>,
    ) -> Result<Data<HashMap<String, String>>, Error> {
        let links = in_brief(signals, ip_links)?.into_iter();
        let names = links.flat_map(|(name, link)| {
            link.altnames.into_iter().map(move |altname| (altname, name.clone()))
        });
        Ok(Data(names.collect()))
    }

    /// Returns the names of the ports of the bridge `$bridge` that lead out of the host, in no order: network cards,
    /// bonds and VLANs.
    ///
    /// `$ip_links` is what `ip_link_details` returned; without it, the links are read. Warns, and returns nothing, where
    /// `$bridge` is no bridge of the kernel's.
    ///
    /// # Errors
    ///
    /// As `ip_link_details`.
    #[export]
    fn get_physical_bridge_ports(
        context: &mut Context,
        signals: &Signals,
        bridge: String,
        ip_links: Option<PerlData<HashMap<String, Details>>>,
    ) -> Result<List<String>, Error> {
        let links = in_brief(signals, ip_links)?;
        if !links.get(&bridge).is_some_and(Brief::is_bridge) {
            context.warn("passed link that isn't a bridge to get_physical_bridge_ports");
            return Ok(List(Vec::new()));
        }
        let ports = links.into_iter().filter(|(_, link)| link.is_physical_port(&bridge));
        Ok(List(ports.map(|(name, _)| name).collect()))
    }
}
