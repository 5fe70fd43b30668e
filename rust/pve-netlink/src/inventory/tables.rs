//! Links, addresses and VLANs of ports together, as they are at one moment.

use std::net::IpAddr;

use nix::errno::Errno;

use super::dump::{dump, messages};
use super::links::Links;
use super::message::{read_address, read_vlans};
use crate::error::Error;
use crate::wire::Wire;

/// `RTM_NEWVLAN` and `RTM_GETVLAN` of `<linux/rtnetlink.h>`.
const RTM_NEWVLAN: u16 = 112;
const RTM_GETVLAN: u16 = 114;

/// An address, by its link's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkAddress {
    /// The link's name.
    pub link: String,
    /// The address.
    pub address: IpAddr,
    /// The width of its network.
    pub prefix: u8,
    /// `RT_SCOPE_…` of `<linux/rtnetlink.h>`; 0 is universal.
    pub scope: u8,
}

/// A VLAN of a bridge's port, or of the bridge itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkVlan {
    /// The link's name.
    pub link: String,
    /// Its number.
    pub id: u16,
    /// Whether untagged frames belong to it.
    pub is_pvid: bool,
}

/// The kernel's tables.
#[derive(Debug, Default)]
pub struct Tables {
    /// All links.
    pub links: Links,
    /// Their addresses.
    pub addresses: Vec<LinkAddress>,
    /// Their VLANs.
    pub vlans: Vec<LinkVlan>,
}

impl Tables {
    /// Ask for all of them over a socket of their namespace. `check` is run between the kernel's answers and may end the
    /// work.
    ///
    /// # Errors
    /// As [`Links::read`].
    pub fn read(wire: &mut dyn Wire, check: impl Fn() -> Result<(), Error>) -> Result<Self, Error> {
        /// `struct ifaddrmsg`, for all families and links.
        const ALL: [u8; 8] = [0; 8];
        const BRIDGES: [u8; 8] = [libc::AF_BRIDGE as u8, 0, 0, 0, 0, 0, 0, 0];
        let links = Links::read(wire, &check)?;
        let raw = dump(wire, libc::RTM_GETADDR, &ALL, "read the addresses", &check)?;
        let found = messages(&raw, libc::RTM_NEWADDR).filter_map(|(_, message)| {
            let (key, value) = read_address(message)?;
            let link = links.name(key.index).into_string();
            Some(LinkAddress { link, address: key.address, prefix: key.prefix, scope: value.scope })
        });
        let addresses = found.collect();
        let raw = match dump(wire, RTM_GETVLAN, &BRIDGES, "read the VLANs of bridges", &check) {
            // A kernel without VLAN filtering, or without bridges.
            Err(Error::Refused { errno: Errno::EOPNOTSUPP | Errno::EINVAL, .. }) => Vec::new(),
            raw => raw?,
        };
        let vlans = messages(&raw, RTM_NEWVLAN).flat_map(|(_, message)| read_vlans(message));
        let vlans = vlans
            .map(|((index, id), flags)| LinkVlan {
                link: links.name(index).into_string(),
                id,
                is_pvid: flags.pvid,
            })
            .collect();
        Ok(Self { links, addresses, vlans })
    }
}
