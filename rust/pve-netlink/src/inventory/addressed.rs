//! `ip --json address`: the links of a namespace with their addresses.

use std::collections::HashMap;
use std::path::Path;

use super::attributes::attributes;
use super::dump::{dump, messages};
use super::link::hardware_address;
use super::links::Links;
use super::message::read_address;
use crate::addr::Cidr;
use crate::error::Error;
use crate::netns::NetNs;
use crate::wait::{Poll, in_thread};
use crate::wire::Wire;

/// A link with its addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressed {
    /// Its name.
    pub name: String,
    /// Its hardware address as iproute2 writes it; tunnels have none.
    pub hardware_address: Option<String>,
    /// Its own addresses, in the kernel's order.
    pub addresses: Vec<Cidr>,
}

/// The links of the network namespace at `netns` with their addresses, in the kernel's order. The calling thread stays
/// where it is. `poll` runs at least every 50 ms meanwhile and may end the call.
///
/// # Errors
/// As [`NetNs::open`], [`NetNs::enter`] and [`Links::read`].
pub fn addressed(netns: &Path, poll: &mut Poll<'_>) -> Result<Vec<Addressed>, Error> {
    let netns = NetNs::open(netns)?;
    in_thread(poll, |cancel| {
        let mut wire = netns.enter()?;
        let links = Links::read(&mut wire, || cancel.check())?;
        let addresses = addresses(&mut wire, || cancel.check())?;
        Ok(with_addresses(&links, addresses))
    })?
}

fn with_addresses(links: &Links, mut addresses: HashMap<u32, Vec<Cidr>>) -> Vec<Addressed> {
    let of_link = |(index, name, kind, data): (u32, &[u8], u16, &[u8])| Addressed {
        name: String::from_utf8_lossy(name).into_owned(),
        hardware_address: attributes(data)
            .find(|(attribute, _)| *attribute == libc::IFLA_ADDRESS)
            .map(|(_, value)| hardware_address(kind, value)),
        addresses: addresses.remove(&index).unwrap_or_default(),
    };
    links.each().map(of_link).collect()
}

/// All addresses by the index of their link.
fn addresses(
    wire: &mut dyn Wire,
    check: impl Fn() -> Result<(), Error>,
) -> Result<HashMap<u32, Vec<Cidr>>, Error> {
    /// `struct ifaddrmsg`, for all families and links.
    const ALL: [u8; 8] = [0; 8];
    let all = dump(wire, libc::RTM_GETADDR, &ALL, "read the addresses", check)?;
    let mut by_link: HashMap<u32, Vec<Cidr>> = HashMap::new();
    for (_, message) in messages(&all, libc::RTM_NEWADDR) {
        if let Some((key, _)) = read_address(message) {
            let cidr = Cidr { address: key.address, prefix: key.prefix };
            by_link.entry(key.index).or_default().push(cidr);
        }
    }
    Ok(by_link)
}
