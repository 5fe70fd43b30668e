//! Interfaces on others.

use std::collections::{HashMap, HashSet};

use pve_schema::{PerlStr, PerlString};

use super::super::names;
use super::super::space::split;
use super::super::write::ifaces::Iface;
use super::{Check, is_configured};

/// Keys that name ports, each of which belongs to one interface alone.
const PORTS: [&str; 4] = ["bridge_ports", "slaves", "ovs_ports", "ovs_bonds"];

/// A name below an interface, and the key that names it.
struct Lower {
    key: &'static str,
    name: PerlString<'static>,
}

/// The names of ports. ifupdown2 looks for those that a pattern fits.
fn ports(iface: &Iface<'_, '_>, key: &'static str) -> Vec<Lower> {
    let text = iface.text(key);
    let names: Vec<PerlStr<'_>> = split(text.as_perl()).filter(|name| !name.is_empty()).collect();
    if names.iter().any(|name| matches!(name.as_bytes(), b"regex" | b"glob")) {
        return Vec::new();
    }
    let names = names.into_iter().filter(|name| name.as_bytes() != b"none");
    names.map(|name| Lower { key, name: name.into_owned() }).collect()
}

/// Parent and number of a VLAN.
pub(super) fn vlan(iface: &Iface<'_, '_>) -> Option<(PerlString<'static>, PerlString<'static>)> {
    if !iface.is_a("vlan") {
        return None;
    }
    let named = names::vlan(iface.name);
    let raw = iface.truth("vlan-raw-device").map(PerlString::into_owned);
    let id = iface.truth("vlan-id").map(PerlString::into_owned);
    let id = id.or_else(|| names::vlan_number(iface.name).map(PerlStr::into_owned));
    match named {
        Some((parent, number)) => {
            Some((raw.unwrap_or_else(|| parent.into_owned()), number.into_owned()))
        }
        None => Some((raw?, id.unwrap_or_default())),
    }
}

fn lower(iface: &Iface<'_, '_>) -> Vec<Lower> {
    let mut all: Vec<Lower> = PORTS.iter().flat_map(|key| ports(iface, key)).collect();
    all.extend(vlan(iface).map(|(name, _)| Lower { key: "vlan-raw-device", name }));
    if let Some(name) = names::alias(iface.name).filter(|_| iface.is_a("alias")) {
        all.push(Lower { key: "type", name: name.into_owned() });
    }
    let device = iface.truth("vxlan-physdev").map(PerlString::into_owned);
    all.extend(device.map(|name| Lower { key: "vxlan-physdev", name }));
    all
}

pub(super) fn check(check: &mut Check<'_, '_, '_>) {
    let mut port_of: HashMap<String, PerlStr<'_>> = HashMap::new();
    let mut looped = HashSet::new();
    for iface in check.all() {
        for Lower { key, name } in lower(iface) {
            let name = name.as_perl();
            let below = check.ifaces.get(name).filter(|below| is_configured(below));
            if PORTS.contains(&key) {
                match port_of.get(&name.to_string()) {
                    Some(other) if *other != iface.name => {
                        let message = format!("'{name}' is already a port of '{other}'");
                        check.found(iface.name, Some(key), message);
                    }
                    _ => drop(port_of.insert(name.to_string(), iface.name)),
                }
            }
            match below {
                None if key == "bridge_ports" && is_vlan_of_one(check, name) => {}
                None => {
                    check.found(iface.name, Some(key), format!("there is no interface '{name}'"));
                }
                Some(below) if key == "bridge_ports" && below.is_a("bridge") => {
                    let message =
                        format!("'{name}' is a bridge, which cannot be a port of another one");
                    check.found(iface.name, Some(key), message);
                }
                Some(below) => mtu(check, iface, key, below),
            }
        }
        primary(check, iface);
        circle(check, iface, &mut looped);
    }
}

/// Whether ifupdown2 makes a port: a VLAN on an interface that there is.
fn is_vlan_of_one(check: &Check<'_, '_, '_>, name: PerlStr<'_>) -> bool {
    names::vlan(name)
        .and_then(|(parent, _)| check.ifaces.get(parent))
        .is_some_and(|parent| is_configured(parent))
}

/// A VLAN cannot have a larger MTU than what it is on. A bond without one gets its slaves'.
fn mtu(check: &mut Check<'_, '_, '_>, iface: &Iface<'_, '_>, key: &str, below: &Iface<'_, '_>) {
    if key != "vlan-raw-device" {
        return;
    }
    let (Some(mtu), below_mtu) = (iface.number("mtu"), below.number("mtu")) else { return };
    if below_mtu.is_none() && below.is_a("bond") {
        return;
    }
    let below_mtu = below_mtu.unwrap_or(1500.0);
    if mtu > below_mtu {
        let message = format!("MTU {mtu} is above that of '{}' below, {below_mtu}", below.name);
        check.found(iface.name, Some("mtu"), message);
    }
}

fn primary(check: &mut Check<'_, '_, '_>, iface: &Iface<'_, '_>) {
    let Some(primary) = iface.truth("bond-primary").filter(|_| iface.is_a("bond")) else {
        return;
    };
    let slaves = iface.text("slaves");
    if !split(slaves.as_perl()).any(|slave| slave == primary.as_perl()) {
        let message = format!("primary interface '{primary}' is no slave of the bond");
        check.found(iface.name, Some("bond-primary"), message);
    }
}

/// Finds whether an interface is, through others, on itself. Each circle is told once.
fn circle(check: &mut Check<'_, '_, '_>, iface: &Iface<'_, '_>, looped: &mut HashSet<String>) {
    let start = iface.name.to_string();
    if looped.contains(&start) {
        return;
    }
    // Where each interface was reached from.
    let mut from: HashMap<String, String> = HashMap::new();
    let mut waiting = vec![(start.clone(), None::<&'static str>)];
    while let Some((name, first_key)) = waiting.pop() {
        let place = check.ifaces.get(PerlStr::Text(&name));
        for Lower { key, name: next } in place.into_iter().flat_map(lower) {
            let next = next.to_string();
            let key = first_key.unwrap_or(key);
            if next == start {
                let mut path = vec![start.clone(), name.clone()];
                while let Some(before) = path.last().and_then(|last| from.get(last)).cloned() {
                    path.push(before);
                }
                if path.last() != Some(&start) {
                    path.push(start.clone());
                }
                path.reverse();
                path.dedup();
                if path.len() == 1 {
                    path.push(start.clone());
                }
                looped.extend(path.iter().cloned());
                let message = format!("'{start}' is on itself: {}", path.join(", "));
                check.found(iface.name, Some(key), message);
                return;
            }
            if !from.contains_key(&next) {
                from.insert(next.clone(), name.clone());
                waiting.push((next, Some(key)));
            }
        }
    }
}
