//! `ip route`: the routes that a container's interface brings along.

use std::net::IpAddr;

use netlink_packet_core::{
    NLM_F_APPEND, NLM_F_CREATE, NLM_F_DUMP, NLM_F_ECHO, NLM_F_EXCL, NLM_F_REPLACE,
};
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteFlags, RouteHeader, RouteMessage, RouteProtocol, RouteScope,
    RouteType,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};

use crate::addr::family;
use crate::request::Request;

/// The metric that the kernel gives an IPv6 route that has none (`IP6_RT_PRIO_USER`).
const IPV6_METRIC: u32 = 1024;

/// `ip route add ADDRESS dev INDEX`: the address is reached on the link itself.
#[must_use]
pub fn add_on_link(index: u32, address: IpAddr) -> Request {
    let mut message = message(address);
    message.header.destination_prefix_length = if address.is_ipv4() { 32 } else { 128 };
    // ip(8): an IPv4 route without a gateway has the scope of the link; IPv6 knows no scopes.
    if address.is_ipv4() {
        message.header.scope = RouteScope::Link;
    }
    message.attributes.push(RouteAttribute::Destination(address.into()));
    message.attributes.push(RouteAttribute::Oif(index));
    Request::new(RouteNetlinkMessage::NewRoute(message), NLM_F_CREATE | NLM_F_EXCL | NLM_F_ECHO)
}

/// `ip route add default via GATEWAY`. The kernel finds the link by the gateway, except for a link-local gateway, which
/// names none and so is taken to be on the link `index`.
#[must_use]
pub fn add_default(index: u32, gateway: IpAddr) -> Request {
    default(index, gateway, NLM_F_EXCL)
}

/// `ip route replace default via GATEWAY`.
#[must_use]
pub fn replace_default(index: u32, gateway: IpAddr) -> Request {
    default(index, gateway, NLM_F_REPLACE)
}

fn default(index: u32, gateway: IpAddr, flag: u16) -> Request {
    let mut message = message(gateway);
    message.attributes.push(RouteAttribute::Gateway(gateway.into()));
    if matches!(gateway, IpAddr::V6(gateway) if gateway.is_unicast_link_local()) {
        message.attributes.push(RouteAttribute::Oif(index));
    }
    Request::new(RouteNetlinkMessage::NewRoute(message), NLM_F_CREATE | NLM_F_ECHO | flag)
}

/// `ip route del default via GATEWAY dev INDEX`.
#[must_use]
pub fn delete_default(index: u32, gateway: IpAddr) -> Request {
    let mut message = message(gateway);
    message.attributes.push(RouteAttribute::Gateway(gateway.into()));
    message.attributes.push(RouteAttribute::Oif(index));
    Request::new(RouteNetlinkMessage::DelRoute(message), 0)
}

/// `ip route replace default via GATEWAY`, where the kernel finds the link by the gateway. It refuses a link-local one,
/// which is on no link in particular.
#[must_use]
pub fn replace_default_anywhere(gateway: IpAddr) -> Request {
    let mut message = message(gateway);
    message.attributes.push(RouteAttribute::Gateway(gateway.into()));
    let flags = NLM_F_CREATE | NLM_F_ECHO | NLM_F_REPLACE;
    Request::new(RouteNetlinkMessage::NewRoute(message), flags)
}

/// `ip route del default`, of the family of `address`: whichever the kernel comes upon first.
#[must_use]
pub fn delete_any_default(address: IpAddr) -> Request {
    Request::new(RouteNetlinkMessage::DelRoute(deleted(address)), 0)
}

/// `ip route del ADDRESS dev INDEX`.
#[must_use]
pub fn delete_on_link(index: u32, address: IpAddr) -> Request {
    let mut message = deleted(address);
    message.header.destination_prefix_length = if address.is_ipv4() { 32 } else { 128 };
    message.attributes.push(RouteAttribute::Destination(address.into()));
    message.attributes.push(RouteAttribute::Oif(index));
    Request::new(RouteNetlinkMessage::DelRoute(message), 0)
}

/// What ip(8) says of a route that is to go: any protocol, any type and, where there are scopes, any scope.
fn deleted(address: IpAddr) -> RouteMessage {
    let mut message = message(address);
    message.header.protocol = RouteProtocol::Unspec;
    message.header.kind = RouteType::Unspec;
    if address.is_ipv4() {
        message.header.scope = RouteScope::NoWhere;
    }
    message
}

/// `ip route show` of the family of `address`.
#[must_use]
pub fn show(address: IpAddr) -> Request {
    let mut message = RouteMessage::default();
    message.header.address_family = family(address);
    Request::new(RouteNetlinkMessage::GetRoute(message), NLM_F_DUMP)
}

/// `ip route get ADDRESS`.
#[must_use]
pub fn get(address: IpAddr) -> Request {
    let mut message = RouteMessage::default();
    message.header.address_family = family(address);
    message.header.destination_prefix_length = if address.is_ipv4() { 32 } else { 128 };
    message.attributes.push(RouteAttribute::Destination(address.into()));
    Request::new(RouteNetlinkMessage::GetRoute(message), 0)
}

/// Those of the routes shown that [`replace_default`] takes the place of: default routes of the main table with the
/// metric of a route that names none.
#[must_use]
pub fn replaced_by_default(shown: Vec<RouteNetlinkMessage>) -> Vec<RouteMessage> {
    let defaults = shown.into_iter().filter_map(|message| match message {
        RouteNetlinkMessage::NewRoute(route) => Some(route),
        _ => None,
    });
    defaults.filter(is_plain_default).collect()
}

fn is_plain_default(route: &RouteMessage) -> bool {
    let own_metric =
        if route.header.address_family == AddressFamily::Inet6 { IPV6_METRIC } else { 0 };
    let metric = route.attributes.iter().find_map(|attribute| match attribute {
        RouteAttribute::Priority(metric) => Some(*metric),
        _ => None,
    });
    route.header.table == RouteHeader::RT_TABLE_MAIN
        && route.header.destination_prefix_length == 0
        && route.header.source_prefix_length == 0
        && route.header.tos == 0
        && !route.header.flags.contains(RouteFlags::Cloned)
        && metric.unwrap_or(0) == own_metric
}

/// Put back a route that the kernel once showed, as it was.
#[must_use]
pub fn restore(mut route: RouteMessage) -> Request {
    // What the kernel reports about a route is not part of it: its state flags and its age.
    route.header.flags &= RouteFlags::Onlink;
    route.attributes.retain(|attribute| !matches!(attribute, RouteAttribute::CacheInfo(_)));
    Request::new(RouteNetlinkMessage::NewRoute(route), NLM_F_CREATE | NLM_F_APPEND)
}

fn message(address: IpAddr) -> RouteMessage {
    let mut message = RouteMessage::default();
    message.header.address_family = family(address);
    message.header.table = RouteHeader::RT_TABLE_MAIN;
    message.header.protocol = RouteProtocol::Boot;
    message.header.scope = RouteScope::Universe;
    message.header.kind = RouteType::Unicast;
    message
}

/// Where a route that the kernel showed leads to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown {
    /// Its destination, none for a default route.
    pub destination: Option<RouteAddress>,
    /// Its gateway.
    pub gateway: Option<RouteAddress>,
    /// The index of its link.
    pub link: Option<u32>,
    /// The source address that it prefers.
    pub source: Option<RouteAddress>,
}

/// A route's address, where it is one of IP.
#[must_use]
pub fn to_ip(address: RouteAddress) -> Option<IpAddr> {
    match address {
        RouteAddress::Inet(address) => Some(address.into()),
        RouteAddress::Inet6(address) => Some(address.into()),
        _ => None,
    }
}

/// The first route among what the kernel showed.
#[must_use]
pub fn shown(messages: &[RouteNetlinkMessage]) -> Option<Shown> {
    messages.iter().find_map(|message| {
        let RouteNetlinkMessage::NewRoute(route) = message else { return None };
        let mut shown = Shown::default();
        for attribute in &route.attributes {
            match attribute {
                RouteAttribute::Destination(address) => shown.destination = Some(address.clone()),
                RouteAttribute::Gateway(address) => shown.gateway = Some(address.clone()),
                RouteAttribute::Oif(index) => shown.link = Some(*index),
                RouteAttribute::PrefSource(address) => shown.source = Some(address.clone()),
                _ => {}
            }
        }
        Some(shown)
    })
}
