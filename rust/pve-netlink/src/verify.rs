//! Whether what the kernel shows is what a step wanted.

use std::fmt;
use std::net::IpAddr;

use netlink_packet_route::route::RouteAddress;

use crate::apply::Pair;
use crate::error::Error;
use crate::link::{Shown, VethPair};
use crate::plan::Step;
use crate::request::Answer;
use crate::{addr, link, route};

/// The host's end right after it was made.
pub(crate) fn host_end(
    step: &Step,
    wanted: &VethPair,
    made: Option<Shown>,
    bridge: Option<Shown>,
) -> Result<Pair, Error> {
    let made = made.ok_or_else(|| missing(step, "the pair"))?;
    same(step, "kind", "veth", &made.kind)?;
    same(step, "name", &wanted.name, &made.name)?;
    same(step, "MTU", wanted.mtu, made.mtu)?;
    same(step, "bridge", OrNone(wanted.master), OrNone(made.master))?;
    if wanted.master.is_some() {
        let kind = bridge.as_ref().map_or("", |bridge| &bridge.kind);
        same(step, "kind of the bridge", "bridge", kind)?;
    }
    let peer = made.peer.ok_or_else(|| missing(step, "the other end"))?;
    let vlan_filtering = bridge.is_some_and(|bridge| bridge.vlan_filtering);
    Ok(Pair { host: made.index, peer, vlan_filtering })
}

/// Any other step.
pub(crate) fn step(
    step: &Step,
    wanted: &VethPair,
    pair: Pair,
    answers: &[Answer],
) -> Result<(), Error> {
    let shown_link = || answers.iter().find_map(|answer| link::shown(&answer.messages));
    let shown_route = || answers.iter().find_map(|answer| route::shown(&answer.messages));
    match step {
        Step::SetHostUp | Step::SetHostDown => {
            let found = shown_link().ok_or_else(|| missing(step, "the link"))?;
            same(step, "name", &wanted.name, &found.name)?;
            same(step, "up", *step == Step::SetHostUp, found.up)
        }
        Step::SetPeerUp => {
            let found = shown_link().ok_or_else(|| missing(step, "the link"))?;
            same(step, "name", &wanted.peer_name, &found.name)?;
            same(step, "MTU", wanted.peer_mtu, found.mtu)?;
            same(step, "up", true, found.up)?;
            match wanted.peer_address {
                Some(mac) => same(step, "address", Mac(&mac), Mac(&found.address)),
                None => Ok(()),
            }
        }
        Step::AddAddress(cidr) => {
            let found = answers.iter().find_map(|answer| addr::shown(&answer.messages, pair.peer));
            let found = found.ok_or_else(|| missing(step, "the address"))?;
            same(step, "address", cidr, found)
        }
        Step::AddRoute(address) => {
            let found = shown_route().ok_or_else(|| missing(step, "the route"))?;
            same(step, "destination", OrNone(Some(*address)), to_address(found.destination))?;
            same(step, "link", OrNone(Some(pair.peer)), OrNone(found.link))
        }
        Step::ReplaceDefault(gateway) => {
            let found = shown_route().ok_or_else(|| missing(step, "the route"))?;
            same(step, "gateway", OrNone(Some(*gateway)), to_address(found.gateway))
        }
        Step::AddVeth(_) | Step::DisableIpv6 | Step::SetUntaggedPort => Ok(()),
    }
}

fn missing(step: &Step, what: &str) -> Error {
    Error::NotAsWanted { tried: step.to_string(), wanted: what.into(), found: "nothing".into() }
}

fn same(
    step: &Step,
    what: &str,
    wanted: impl fmt::Display,
    found: impl fmt::Display,
) -> Result<(), Error> {
    let (wanted, found) = (wanted.to_string(), found.to_string());
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

struct OrNone<T>(Option<T>);

impl<T: fmt::Display> fmt::Display for OrNone<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(value) => value.fmt(f),
            None => f.write_str("none"),
        }
    }
}

struct Mac<'a>(&'a [u8]);

impl fmt::Display for Mac<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            let colon = if index == 0 { "" } else { ":" };
            write!(f, "{colon}{byte:02x}")?;
        }
        Ok(())
    }
}
