//! What zones of VNets ask about the links below them: the helpers of `PVE::Network::SDN::Zones::Plugin`, and
//! `PVE::IPRoute2::get_physical_bridge_ports`.

use std::net::IpAddr;

use super::{Call, Died, words};
use crate::error::Error;
use crate::link::{self, Shown};
use crate::physical_ports::physical_ports;
use crate::request::Request;
use crate::route;
use crate::transaction::{Remark, Transaction};

/// Where the reference looks for it; the error names it.
const IP: &str = "/sbin/ip";

/// How the host reaches an address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WayOut {
    /// The source address.
    pub source: Option<String>,
    /// The outgoing interface.
    pub interface: Option<String>,
}

fn transaction<'a>(call: &Call<'a>) -> Result<Transaction<'a>, Died> {
    Ok(Transaction::begin(call.kernel, call.kernel.wire()?, call.cancel, None))
}

/// The link of that name, which is no alternative one.
///
/// # Errors
/// [`Died`]: the kernel does not answer.
pub fn look(call: &mut Call<'_>, name: &str) -> Result<Option<Shown>, Died> {
    if call.kernel.interface(call.kernel.wire()?.as_ref(), name)?.is_none() {
        return Ok(None);
    }
    let mut tx = transaction(call)?;
    let found = call.look(&mut tx, &[name])?.pop().flatten();
    Ok(found.filter(|shown| shown.name == name))
}

/// `get_physical_bridge_ports`: the ports that lead out of the host, in the order of their indexes; none, with a warning, of
/// what is no bridge of the kernel's.
///
/// # Errors
/// [`Died`]: the kernel does not answer.
pub fn get_physical_bridge_ports(
    call: &mut Call<'_>,
    bridge: Option<&Shown>,
) -> Result<Vec<String>, Died> {
    let Some(bridge) = bridge.filter(|bridge| bridge.kind == "bridge") else {
        call.warn("passed link that isn't a bridge to get_physical_bridge_ports");
        return Ok(Vec::new());
    };
    let mut tx = transaction(call)?;
    let mut ports = Vec::new();
    for answer in tx.read(vec![link::show_all()])? {
        answer.check("list the host's links", |_| String::new())?;
        ports.extend(physical_ports(&answer, bridge.index));
    }
    Ok(ports)
}

/// `get_local_route_ip`: what `ip route get` says of an address.
///
/// # Errors
/// [`Died`] as where that command fails; what it would say comes as a warning.
pub fn get_local_route_ip(call: &mut Call<'_>, target: &str) -> Result<WayOut, Died> {
    let failed = |code: u8| Died::Text(words::failed(&[IP, "route", "get", target], code));
    let Ok(address) = target.parse::<IpAddr>() else {
        call.warn(format!("Error: any valid prefix is expected rather than \"{target}\".\n"));
        return Err(failed(1));
    };
    let mut tx = transaction(call)?;
    let shown = match read_one(&mut tx, route::get(address)) {
        Ok(messages) => route::shown(&messages),
        Err(Error::Refused { errno, detail, .. }) => {
            call.warn(words::remark(&Remark { refused: Some(errno), detail }));
            return Err(failed(2));
        }
        Err(error) => return Err(error.into()),
    };
    let Some(shown) = shown else { return Ok(WayOut::default()) };
    let interface = match shown.link {
        Some(index) => {
            let links = read_one(&mut tx, link::show(index))?;
            link::shown(&links).map(|link| link.name)
        }
        None => None,
    };
    let source = shown.source.and_then(route::to_ip).map(|source| source.to_string());
    Ok(WayOut { source, interface })
}

fn read_one(
    tx: &mut Transaction<'_>,
    request: Request,
) -> Result<Vec<netlink_packet_route::RouteNetlinkMessage>, Error> {
    let mut messages = Vec::new();
    for answer in tx.read(vec![request])? {
        answer.check("ask for the way to an address", |_| String::new())?;
        messages.extend(answer.messages);
    }
    Ok(messages)
}
