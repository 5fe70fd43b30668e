//! Whether what the kernel shows is what a step wanted.

use std::fmt;
use std::net::IpAddr;

use netlink_packet_route::route::RouteAddress;

use crate::error::Error;
use crate::link::{LinkSettings, Shown, VethPair};
use crate::plan::{Change, Colons, Step};
use crate::request::Answer;
use crate::{addr, link, route, tc};

/// What the kernel answered to a step. `index` is the link's, `master` that of the bridge it was to become a port of.
pub(crate) fn step(
    step: &Step,
    answers: &[Answer],
    index: u32,
    master: Option<u32>,
) -> Result<(), Error> {
    let shown_link = || answers.iter().find_map(|answer| link::shown(&answer.messages));
    let shown_route = || answers.iter().find_map(|answer| route::shown(&answer.messages));
    let found = || {
        let found = shown_link().ok_or_else(|| missing(step, "the link"))?;
        same(step, "name", step.link.name().as_ref(), found.name.as_str())?;
        Ok::<_, Error>(found)
    };
    match &step.change {
        Change::AddVeth { pair, .. } => host_end(step, pair, &found()?),
        Change::AddBridge(_) => same(step, "kind", "bridge", &found()?.kind),
        Change::AddVlan { id, .. } => {
            same(step, "VLAN", OrNone(Some(*id)), OrNone(found()?.vlan_id))
        }
        Change::AddKind(kind) => same(step, "kind", kind.as_str(), found()?.kind.as_str()),
        Change::Look(kind) => same(step, "kind", *kind, found()?.kind.as_str()),
        Change::Set(wanted) => settings(step, wanted, &found()?),
        Change::BringUp(wanted) => {
            let found = found()?;
            same(step, "up", true, found.up)?;
            settings(step, wanted, &found)
        }
        Change::SetMaster(_) => same(step, "bridge", OrNone(master), OrNone(found()?.master)),
        Change::SetPortFlags(wanted) => {
            let found = found()?.port.ok_or_else(|| missing(step, "a port of a bridge"))?;
            same(step, "switches", true, wanted.are_in(found))
        }
        Change::SetClass(rate, _) | Change::SetPolice(rate, _) => {
            let found = answers.iter().flat_map(|answer| &answer.raw).find_map(tc::rate);
            same(step, "rate", OrNone(Some(rate.bytes_per_second())), OrNone(found))
        }
        Change::AddAddress(cidr) => {
            let found = answers.iter().find_map(|answer| addr::shown(&answer.messages, index));
            let found = found.ok_or_else(|| missing(step, "the address"))?;
            same(step, "address", *cidr, found)
        }
        Change::AddRoute(address) => {
            let found = shown_route().ok_or_else(|| missing(step, "the route"))?;
            same(step, "destination", OrNone(Some(*address)), to_address(found.destination))?;
            same(step, "link", OrNone(Some(index)), OrNone(found.link))
        }
        Change::ReplaceDefault(gateway) => {
            let found = shown_route().ok_or_else(|| missing(step, "the route"))?;
            same(step, "gateway", OrNone(Some(*gateway)), to_address(found.gateway))
        }
        // Nothing to read, or nothing that the kernel could answer differently than by its acknowledgement.
        Change::Delete
        | Change::DisableIpv6(_)
        | Change::DeleteVlans(_)
        | Change::AddVlans(_)
        | Change::AddFdb(_)
        | Change::DeleteFdb(_)
        | Change::SetBridge(..)
        | Change::DeleteTraffic(_)
        | Change::AddHtb
        | Change::AddIngress
        | Change::RestoreTraffic(_) => Ok(()),
    }
}

/// The host's end right after it was made.
fn host_end(step: &Step, wanted: &VethPair, made: &Shown) -> Result<(), Error> {
    same(step, "kind", "veth", &made.kind)?;
    same(step, "MTU", wanted.mtu, made.mtu)?;
    same(step, "bridge", OrNone(wanted.master), OrNone(made.master))?;
    made.peer.map(|_| ()).ok_or_else(|| missing(step, "the other end"))
}

fn settings(step: &Step, wanted: &LinkSettings, found: &Shown) -> Result<(), Error> {
    if let Some(mtu) = wanted.mtu {
        same(step, "MTU", mtu, found.mtu)?;
    }
    if let Some(up) = wanted.up {
        same(step, "up", up, found.up)?;
    }
    if let Some(promiscuous) = wanted.promiscuous {
        same(step, "promiscuous", promiscuous, found.promiscuous)?;
    }
    match &wanted.address {
        Some(mac) => same(step, "address", Colons(mac), Colons(&found.address)),
        None => Ok(()),
    }
}

fn missing(step: &Step, what: &str) -> Error {
    Error::NotAsWanted { tried: step.to_string(), wanted: what.into(), found: "nothing".into() }
}

fn same<T: PartialEq + fmt::Display>(
    step: &Step,
    what: &str,
    wanted: T,
    found: T,
) -> Result<(), Error> {
    if wanted == found {
        return Ok(());
    }
    Err(Error::NotAsWanted {
        tried: step.to_string(),
        wanted: format!("{what} '{wanted}'"),
        found: format!("'{found}'"),
    })
}

fn to_address(address: Option<RouteAddress>) -> OrNone<IpAddr> {
    OrNone(match address {
        Some(RouteAddress::Inet(address)) => Some(IpAddr::V4(address)),
        Some(RouteAddress::Inet6(address)) => Some(IpAddr::V6(address)),
        _ => None,
    })
}

#[derive(PartialEq)]
struct OrNone<T>(Option<T>);

impl<T: fmt::Display> fmt::Display for OrNone<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(value) => value.fmt(f),
            None => f.write_str("none"),
        }
    }
}
