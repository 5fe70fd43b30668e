//! A link in a container, its addresses, and the routes that depend on it.
//!
//! Addresses and routes that the kernel or a router made are left out: they follow from the rest.

use std::fs;
use std::net::IpAddr;

use netlink_packet_core::{NLM_F_APPEND, NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::address::{
    AddressAttribute, AddressFlags, AddressHeaderFlags, AddressMessage,
};
use netlink_packet_route::route::{
    RouteAttribute, RouteFlags, RouteHeader, RouteMessage, RouteProtocol,
};
use nix::errno::Errno;
use serde::{Deserialize, Serialize};

use super::message::Message;
use super::persistently;
use crate::addr::{self, Cidr};
use crate::error::Error;
use crate::link::{self, LinkSettings, Mac, Shown};
use crate::request::{Channel, Outcome, Request};
use crate::route;

/// The link in the container, as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inside {
    /// The kernel's own account of it.
    pub link: Shown,
    /// `net.ipv4.conf.<link>.promote_secondaries`; none where there is no IPv4.
    pub promote_secondaries: Option<i64>,
    addresses: Vec<Message>,
    routes: Vec<Message>,
}

impl Inside {
    /// Read the link of that index; none where there is none. The calling thread must be in the container's network
    /// namespace, and `channel` be open there.
    ///
    /// # Errors
    /// What the kernel gives.
    pub fn read(channel: &mut Channel, index: u32) -> Result<Option<Self>, Error> {
        let answers = channel.exchange(vec![link::show(index)])?;
        let Some(link) = answers.iter().find_map(|answer| link::shown(&answer.messages)) else {
            return Ok(None);
        };
        let promote_secondaries = read_setting(&link.name);
        let addresses = addresses(channel, index)?.into_iter().map(Message).collect();
        let routes = routes(channel, index)?.into_iter().map(Message).collect();
        Ok(Some(Self { link, promote_secondaries, addresses, routes }))
    }

    /// Its addresses, in the kernel's order.
    #[must_use]
    pub fn addresses(&self) -> Vec<Cidr> {
        self.addresses.iter().filter_map(|message| cidr(&message.0)).collect()
    }

    /// The gateways of the main table's default routes over this link.
    #[must_use]
    pub fn gateways(&self) -> Vec<IpAddr> {
        let gateways = self.routes.iter().filter_map(|message| {
            let RouteNetlinkMessage::NewRoute(route) = &message.0 else { return None };
            let plain = route.header.destination_prefix_length == 0
                && route.header.table == RouteHeader::RT_TABLE_MAIN;
            let shown = route::shown(std::slice::from_ref(&message.0))?;
            (plain && shown.link == Some(self.link.index)).then_some(shown.gateway).flatten()
        });
        gateways.filter_map(route::to_ip).collect()
    }

    /// Its hardware address.
    #[must_use]
    pub fn mac(&self) -> Option<Mac> {
        self.link.address.as_slice().try_into().ok()
    }
}

/// Make the link what it was, going on after a failure; what could not be done. The calling thread must be in the
/// container's network namespace, and `channel` be open there.
pub fn restore(channel: &mut Channel, wanted: &Inside) -> Vec<Error> {
    let mut errors = Vec::new();
    if let Err(error) = try_restore(channel, wanted, &mut errors) {
        errors.push(error);
    }
    errors
}

fn try_restore(
    channel: &mut Channel,
    wanted: &Inside,
    errors: &mut Vec<Error>,
) -> Result<(), Error> {
    let index = wanted.link.index;
    let name = &wanted.link.name;
    let look = format!("look at '{name}' in the container");
    let answers = persistently(|| {
        let answers = channel.exchange(vec![link::show(index)])?;
        answers.iter().try_for_each(|answer| answer.check(&look, |_| String::new()))?;
        Ok(answers)
    })?;
    if let Some(now) = answers.iter().find_map(|answer| link::shown(&answer.messages)) {
        let settings = LinkSettings {
            mtu: (now.mtu != wanted.link.mtu).then_some(wanted.link.mtu),
            up: (now.up != wanted.link.up).then_some(wanted.link.up),
            ..LinkSettings::default()
        };
        if settings != LinkSettings::default() {
            let tried = format!("set up '{name}' in the container again");
            errors.extend(one(channel, link::set(index, &settings), &tried, &[]).err());
        }
    }
    if let Some(value) = wanted.promote_secondaries {
        if read_setting(name) != Some(value) {
            errors.extend(promote_secondaries(name, value).err());
        }
    }
    for ipv4 in [true, false] {
        restore_addresses(channel, wanted, ipv4, errors)?;
    }
    restore_routes(channel, wanted, errors)
}

/// The order of addresses decides which is a network's first one. So those from the first difference on go, last first, and
/// come again in their order.
fn restore_addresses(
    channel: &mut Channel,
    wanted: &Inside,
    ipv4: bool,
    errors: &mut Vec<Error>,
) -> Result<(), Error> {
    let index = wanted.link.index;
    let of_family = |message: &RouteNetlinkMessage| {
        cidr(message).is_some_and(|cidr| cidr.address.is_ipv4() == ipv4)
    };
    let was: Vec<_> =
        wanted.addresses.iter().map(|message| &message.0).filter(|one| of_family(one)).collect();
    let is = persistently(|| addresses(channel, index))?;
    let is: Vec<_> = is.into_iter().filter(of_family).collect();
    let same = |one: &RouteNetlinkMessage, other: &RouteNetlinkMessage| cidr(one) == cidr(other);
    // IPv6 shows the last one first, and treats all alike.
    let kept =
        if ipv4 { was.iter().zip(&is).take_while(|(was, is)| same(was, is)).count() } else { 0 };
    let stays = |one: &RouteNetlinkMessage, others: &[&RouteNetlinkMessage]| {
        !ipv4 && others.iter().any(|other| same(one, other))
    };
    for extra in is.iter().skip(kept).rev().filter(|extra| !stays(extra, &was)) {
        if let Some(cidr) = cidr(extra) {
            let tried = format!("delete the address {cidr} in the container");
            let gone = [Errno::EADDRNOTAVAIL];
            errors.extend(one(channel, addr::delete(index, cidr), &tried, &gone).err());
        }
    }
    let is: Vec<_> = is.iter().collect();
    let mut missing: Vec<_> = was.iter().skip(kept).filter(|one| !stays(one, &is)).collect();
    if !ipv4 {
        missing.reverse();
    }
    for address in missing {
        let shown = cidr(address).map_or_else(String::new, |cidr| cidr.to_string());
        let tried = format!("add the address {shown} in the container again");
        let mut address = (*address).clone();
        if let RouteNetlinkMessage::NewAddress(message) = &mut address {
            message.header.index = index;
        }
        let add = Request::new(address, NLM_F_CREATE | NLM_F_EXCL);
        errors.extend(one(channel, add, &tried, &[Errno::EEXIST]).err());
    }
    Ok(())
}

fn restore_routes(
    channel: &mut Channel,
    wanted: &Inside,
    errors: &mut Vec<Error>,
) -> Result<(), Error> {
    let is = persistently(|| routes(channel, wanted.link.index))?;
    let was: Vec<_> = wanted.routes.iter().map(|message| message.0.clone()).collect();
    for extra in is.iter().filter(|route| !was.contains(route)) {
        if let RouteNetlinkMessage::NewRoute(message) = extra {
            let delete = Request::new(RouteNetlinkMessage::DelRoute(message.clone()), 0);
            let tried = "delete a route in the container";
            errors.extend(one(channel, delete, tried, &[Errno::ESRCH]).err());
        }
    }
    let missing: Vec<_> = was.into_iter().filter(|route| !is.contains(route)).collect();
    errors.extend(put_back(channel, missing)?);
    Ok(())
}

/// Put routes back that the kernel once showed; what could not be done. One that leads over another is put back after it,
/// in whatever order they are given.
///
/// # Errors
/// What sending gives.
pub fn put_back(
    channel: &mut Channel,
    mut missing: Vec<RouteNetlinkMessage>,
) -> Result<Vec<Error>, Error> {
    loop {
        let mut later = Vec::new();
        let mut errors = Vec::new();
        let before = missing.len();
        for route in missing {
            let add = Request::new(route.clone(), NLM_F_CREATE | NLM_F_APPEND);
            let tried = "put back a route in the container";
            if let Err(error) = one(channel, add, tried, &[Errno::EEXIST]) {
                errors.push(error);
                later.push(route);
            }
        }
        if later.is_empty() || later.len() == before {
            return Ok(errors);
        }
        missing = later;
    }
}

fn one(channel: &mut Channel, request: Request, tried: &str, fine: &[Errno]) -> Result<(), Error> {
    for answer in channel.exchange(vec![request])? {
        match &answer.outcome {
            Outcome::Refused { errno, .. } if fine.contains(errno) => {}
            _ => answer.check(tried, |_| String::new())?,
        }
    }
    Ok(())
}

fn dump(
    channel: &mut Channel,
    request: Request,
    tried: &str,
) -> Result<Vec<RouteNetlinkMessage>, Error> {
    let mut messages = Vec::new();
    for answer in channel.exchange(vec![request])? {
        answer.check(tried, |_| String::new())?;
        messages.extend(answer.messages);
    }
    Ok(messages)
}

fn addresses(channel: &mut Channel, index: u32) -> Result<Vec<RouteNetlinkMessage>, Error> {
    let all = RouteNetlinkMessage::GetAddress(AddressMessage::default());
    let shown =
        dump(channel, Request::new(all, NLM_F_DUMP), "read the addresses in the container")?;
    Ok(shown
        .into_iter()
        .filter_map(|message| match message {
            RouteNetlinkMessage::NewAddress(address) if address.header.index == index => {
                kept_address(address)
            }
            _ => None,
        })
        .collect())
}

/// What of an address is given to the kernel, unless it is one that the kernel gives itself.
fn kept_address(mut address: AddressMessage) -> Option<RouteNetlinkMessage> {
    let permanent = address.header.flags.contains(AddressHeaderFlags::Permanent);
    let local = address.attributes.iter().find_map(|attribute| match attribute {
        AddressAttribute::Address(IpAddr::V6(address)) => Some(address.is_unicast_link_local()),
        AddressAttribute::Address(IpAddr::V4(_)) => Some(false),
        _ => None,
    })?;
    let ipv6 = address.header.family == netlink_packet_route::AddressFamily::Inet6;
    if local || (ipv6 && !permanent) {
        return None;
    }
    address.header.flags = AddressHeaderFlags::empty();
    address.attributes.retain_mut(|attribute| match attribute {
        AddressAttribute::Flags(flags) => {
            *flags &= AddressFlags::Noprefixroute | AddressFlags::Homeaddress;
            true
        }
        // A lease goes on from where it was.
        AddressAttribute::CacheInfo(_) => !permanent,
        AddressAttribute::Address(_)
        | AddressAttribute::Local(_)
        | AddressAttribute::Label(_)
        | AddressAttribute::Broadcast(_)
        | AddressAttribute::RoutePriority(_) => true,
        _ => false,
    });
    Some(RouteNetlinkMessage::NewAddress(address))
}

fn cidr(message: &RouteNetlinkMessage) -> Option<Cidr> {
    let RouteNetlinkMessage::NewAddress(address) = message else { return None };
    addr::shown(std::slice::from_ref(message), address.header.index)
}

/// Routes over the link, and all default routes: those of other links may have been replaced.
fn routes(channel: &mut Channel, index: u32) -> Result<Vec<RouteNetlinkMessage>, Error> {
    let mut kept = Vec::new();
    for family in [IpAddr::from([0; 4]), IpAddr::from([0; 16])] {
        let shown = dump(channel, route::show(family), "read the routes in the container")?;
        let routes = shown.into_iter().filter_map(|message| match message {
            RouteNetlinkMessage::NewRoute(route) => Some(route),
            _ => None,
        });
        let routes = routes.filter(|route| is_kept(route, index));
        kept.extend(routes.map(|route| RouteNetlinkMessage::NewRoute(plain(route))));
    }
    Ok(kept)
}

fn is_kept(route: &RouteMessage, index: u32) -> bool {
    let made_by_itself = matches!(
        route.header.protocol,
        RouteProtocol::Kernel | RouteProtocol::Ra | RouteProtocol::IcmpRedirect
    );
    let over = route
        .attributes
        .iter()
        .any(|one| matches!(one, RouteAttribute::Oif(over) if *over == index));
    !made_by_itself
        && !route.header.flags.contains(RouteFlags::Cloned)
        && route.header.table != libc::RT_TABLE_LOCAL
        && (over || route.header.destination_prefix_length == 0)
}

/// Without what the kernel reports about a route: its state and its age.
pub(super) fn plain(mut route: RouteMessage) -> RouteMessage {
    route.header.flags &= RouteFlags::Onlink;
    route.attributes.retain(|attribute| !matches!(attribute, RouteAttribute::CacheInfo(_)));
    route
}

fn setting(name: &str) -> String {
    format!("/proc/sys/net/ipv4/conf/{name}/promote_secondaries")
}

fn read_setting(name: &str) -> Option<i64> {
    if !crate::interface::valid_name(name) {
        return None;
    }
    fs::read_to_string(setting(name)).ok()?.trim().parse().ok()
}

/// Write `net.ipv4.conf.<name>.promote_secondaries` of the calling thread's namespace.
///
/// # Errors
/// [`Error::System`].
pub fn promote_secondaries(name: &str, value: i64) -> Result<(), Error> {
    fs::write(setting(name), format!("{value}\n")).map_err(|error| {
        Error::system(format!("set promote_secondaries of '{name}' in the container"), &error)
    })
}
