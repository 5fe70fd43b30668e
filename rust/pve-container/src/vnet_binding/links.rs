//! The bridge that a container's interface is on, as the kernel has it.

use pve_netlink::link::{self, Shown};
use pve_netlink::request::{Channel, Request};
use pve_netlink::wire::RouteSocket;
use pve_netlink::{Errno, Error};

use super::node::Port;

/// The bridge of `net<netid>` of container `vmid`: behind its firewall bridge, if it has one (`PVE::Network`,
/// `$compute_fwbr_names`).
pub(super) fn port(vmid: u32, netid: u16) -> Result<Port, Error> {
    let mut links = Links { channel: Channel::new(Box::new(RouteSocket::open()?)) };
    let Some(host_end) = links.named(&format!("veth{vmid}i{netid}"))? else {
        return Ok(Port::None);
    };
    let master = links.master_of(&host_end)?;
    let firewall = format!("fwbr{vmid}i{netid}");
    if master.as_ref().is_none_or(|master| master.name != firewall) {
        return Ok(Port::On(master.map(|master| master.name)));
    }
    let outer = links.named(&format!("fwpr{vmid}p{netid}"))?;
    let master = outer.map(|outer| links.master_of(&outer)).transpose()?.flatten();
    Ok(Port::On(master.map(|master| master.name)))
}

struct Links {
    channel: Channel,
}

impl Links {
    fn named(&mut self, name: &str) -> Result<Option<Shown>, Error> {
        self.ask(link::show_named(name), name)
    }

    fn master_of(&mut self, port: &Shown) -> Result<Option<Shown>, Error> {
        let Some(index) = port.master else { return Ok(None) };
        self.ask(link::show(index), &port.name)
    }

    fn ask(&mut self, request: Request, about: &str) -> Result<Option<Shown>, Error> {
        let answers = self.channel.exchange(vec![request])?;
        let tried = format!("look at the link '{about}'");
        for answer in &answers {
            match answer.check(&tried, |_| String::new()) {
                Err(error) if error.errno() == Some(Errno::ENODEV) => return Ok(None),
                checked => checked?,
            }
        }
        Ok(answers.iter().find_map(|answer| link::shown(&answer.messages)))
    }
}
