//! What follows from a file that was read, and from the host: each interface's type, and whether it is there.

use std::borrow::Cow;
use std::collections::HashMap;

use pve_schema::{Map, PerlStr, PerlString, Scalar, Value};

use super::address;
use super::config::{Config, Link, true_value};
use super::names::{self, key_of};
use super::option::{joined, set};
use super::ovs::Options;
use super::space::{is_space, split, trim_start};

/// Completes a configuration.
pub(super) fn complete<'a>(config: &mut Config<'a>, links: &[Link<'a>], active: &[PerlStr<'a>]) {
    mark_existing(config, links);
    for name in active {
        if let Some(iface) = config.ifaces.get_mut(*name) {
            set(iface, "active", Scalar::Int(1));
        }
    }
    if !config.ifaces.contains(PerlStr::literal("lo")) {
        let lo = config.iface(PerlStr::literal("lo"));
        set(lo, "priority", Scalar::Int(1));
        set(lo, "method", Scalar::literal("loopback"));
        set(lo, "autostart", Scalar::Int(1));
    }
    let physical = Physical::of(links);
    let mut inheriting = Vec::new();
    for (place, name) in config.ifaces.names().enumerate().collect::<Vec<_>>() {
        let Some(iface) = config.ifaces.at(place) else { continue };
        match kind_of(name, iface, &physical) {
            Some(kind) => finish(iface, kind),
            None => inheriting.push((name, place)),
        }
    }
    // What is on another interface has its existence from that, which may be on another one in turn.
    inheriting.sort_unstable();
    for (name, place) in inheriting {
        let Some(mut iface) = config.ifaces.at(place).map(std::mem::take) else { continue };
        let kind = inheriting_kind_of(config, name, &mut iface);
        finish(&mut iface, kind);
        if let Some(there) = config.ifaces.at(place) {
            *there = iface;
        }
    }
    drop_allow_lines(config);
}

/// Sets `exists` of the network cards that the host has, under the alternative name by which the file knows it if it
/// does.
fn mark_existing<'a>(config: &mut Config<'a>, links: &[Link<'a>]) {
    for link in links.iter().filter(|link| link.is_physical) {
        let known = link.altnames.iter().find(|name| config.ifaces.contains(**name));
        set(config.iface(*known.unwrap_or(&link.name)), "exists", Scalar::Int(1));
    }
}

/// The network cards among the links, by name and by alternative name.
struct Physical<'a> {
    links: HashMap<Cow<'a, [u8]>, bool>,
    altnames: HashMap<Cow<'a, [u8]>, PerlStr<'a>>,
}

impl<'a> Physical<'a> {
    fn of(links: &[Link<'a>]) -> Physical<'a> {
        let altnames = links
            .iter()
            .flat_map(|link| link.altnames.iter().map(|altname| (key_of(*altname), link.name)));
        Physical {
            links: links.iter().map(|link| (key_of(link.name), link.is_physical)).collect(),
            altnames: altnames.collect(),
        }
    }

    fn contains(&self, name: PerlStr<'_>) -> bool {
        if self.links.is_empty() {
            return false;
        }
        let key = key_of(name);
        let link = self.altnames.get(&key).map(|name| key_of(*name));
        self.links.get(&link.unwrap_or(key)).copied().unwrap_or(false)
    }
}

/// Whether a key has exactly this text.
pub(super) fn is(iface: &Map<'_>, key: &str, text: &'static str) -> bool {
    iface.get(key).and_then(Value::as_scalar).is_some_and(|value| {
        value.is_defined() && value.to_perl().as_perl() == PerlStr::literal(text)
    })
}

fn is_defined(iface: &Map<'_>, key: &str) -> bool {
    iface.get(key).is_some_and(Value::is_defined)
}

/// Sets what every interface has.
fn finish(iface: &mut Map<'_>, kind: Scalar<'static>) {
    set(iface, "type", kind);
    address::fold(iface, &address::INET);
    address::fold(iface, &address::INET6);
    default_methods(iface);
}

/// Finds the type of an interface, and sets what goes with it. `None` if that depends on another interface.
fn kind_of<'a>(
    name: PerlStr<'a>,
    iface: &mut Map<'a>,
    physical: &Physical<'_>,
) -> Option<Scalar<'static>> {
    let unknown = Some(Scalar::literal("unknown"));
    let has_ovs_type = true_value(iface, "ovs_type").is_some();
    if is_defined(iface, "bridge_ports") || true_value(iface, "is_empty_bridge").is_some() {
        complete_bridge(iface);
        return Some(Scalar::literal("bridge"));
    }
    if is(iface, "ovs_type", "OVSBridge") {
        return Some(Scalar::literal("OVSBridge"));
    }
    if names::is_bond(name) {
        if !has_ovs_type {
            return Some(Scalar::literal("bond"));
        }
        if is(iface, "ovs_type", "OVSBond") {
            complete_ovs_bond(iface);
            return Some(Scalar::literal("OVSBond"));
        }
        return unknown;
    }
    let inherits = names::alias(name).is_some()
        || names::vlan(name).is_some()
        || true_value(iface, "vlan-raw-device").is_some();
    if inherits {
        return None;
    }
    if physical.contains(name) || names::is_physical(name) {
        if !has_ovs_type {
            return Some(Scalar::literal("eth"));
        }
        if is(iface, "ovs_type", "OVSPort") {
            extract_tag(iface, &mut Options::of(iface));
            return Some(Scalar::literal("OVSPort"));
        }
        return unknown;
    }
    if name.as_bytes() == b"lo" {
        return Some(Scalar::literal("loopback"));
    }
    if true_value(iface, "vxlan-id").is_some() {
        return Some(Scalar::literal("vxlan"));
    }
    if is_defined(iface, "ovs_type") {
        if is(iface, "ovs_type", "OVSIntPort") {
            extract_tag(iface, &mut Options::of(iface));
            return Some(Scalar::literal("OVSIntPort"));
        }
        return unknown;
    }
    if is(iface, "link-type", "dummy") { Some(Scalar::literal("dummy")) } else { unknown }
}

/// The type of an interface that is on another one, and what goes with it. It is taken out of the configuration.
fn inheriting_kind_of<'a>(
    config: &mut Config<'a>,
    name: PerlStr<'a>,
    iface: &mut Map<'a>,
) -> Scalar<'static> {
    if let Some(parent) = names::alias(name) {
        inherit_existence(config, name, iface, parent);
        return Scalar::literal("alias");
    }
    let id = match names::vlan(name) {
        Some((parent, id)) => {
            if true_value(iface, "vlan-raw-device").is_none() {
                set(iface, "vlan-raw-device", parent);
            }
            Some(id)
        }
        None => names::vlan_number(name),
    };
    if let Some(id) = id.filter(|id| id.is_true()) {
        set(iface, "vlan-id", id);
    }
    inherit_from_raw_device(config, name, iface);
    Scalar::literal("vlan")
}

fn complete_bridge(iface: &mut Map<'_>) {
    iface.remove("is_empty_bridge");
    if !is_defined(iface, "bridge_stp") {
        set(iface, "bridge_stp", Scalar::literal("off"));
    }
    if !is_defined(iface, "bridge_fd") && is(iface, "bridge_stp", "off") {
        set(iface, "bridge_fd", Scalar::Int(0));
    }
}

/// Turns the options of an Open vSwitch bond into a mode.
fn complete_ovs_bond(iface: &mut Map<'_>) {
    let mut options = Options::of(iface);
    let mode = options.take("bond_mode");
    let lacp = options.take("lacp");
    let mode = match mode.as_ref().map(|mode| mode.as_perl().as_bytes()) {
        Some(b"balance-slb") if lacp.is_some_and(|lacp| lacp.as_perl().as_bytes() == b"active") => {
            Scalar::literal("lacp-balance-slb")
        }
        Some(b"balance-tcp") => Scalar::literal("lacp-balance-tcp"),
        _ => mode.map_or(Scalar::Undef, Scalar::from),
    };
    set(iface, "bond_mode", mode);
    extract_tag(iface, &mut options);
}

/// Takes the VLAN out of the options, and writes the others back.
fn extract_tag(iface: &mut Map<'_>, options: &mut Options) {
    let tag = options.take("tag");
    match options.text() {
        Some(text) => set(iface, "ovs_options", Scalar::from(text)),
        None => drop(iface.remove("ovs_options")),
    }
    if let Some(tag) = tag {
        set(iface, "ovs_tag", Scalar::from(tag));
    }
}

fn inherit_from_raw_device<'a>(config: &mut Config<'a>, name: PerlStr<'a>, iface: &mut Map<'a>) {
    let raw: PerlStr<'a> = match iface.get("vlan-raw-device") {
        Some(Value::Scalar(Scalar::Bytes(Cow::Borrowed(raw)))) => PerlStr::Bytes(raw),
        Some(Value::Scalar(Scalar::Text(Cow::Borrowed(raw)))) => PerlStr::Text(raw),
        _ => return,
    };
    inherit_existence(config, name, iface, raw);
}

/// `exists` is the parent's; a parent that the file does not have comes into being as one that does not exist.
fn inherit_existence<'a>(
    config: &mut Config<'a>,
    name: PerlStr<'a>,
    iface: &mut Map<'a>,
    parent: PerlStr<'a>,
) {
    let own = if parent == name { Some(&*iface) } else { config.ifaces.get(parent) };
    let exists = match own {
        Some(parent) => parent.get("exists").cloned().unwrap_or(Value::UNDEF),
        None => {
            set(config.iface(parent), "exists", Scalar::Int(0));
            Scalar::Int(0).into()
        }
    };
    set(iface, "exists", exists);
}

fn default_methods(iface: &mut Map<'_>) {
    for key in ["method", "method6"] {
        if true_value(iface, key).is_none() {
            set(iface, key, Scalar::literal("manual"));
        }
    }
    if let Some(Value::Scalar(more)) = iface.remove("comments6") {
        let before = iface.get("comments").and_then(Value::as_scalar).map(Scalar::to_perl);
        let before = before.unwrap_or_default();
        let both = PerlString::concat(&[before.as_perl(), more.to_perl().as_perl()]);
        set(iface, "comments", Scalar::from(both));
    }
    if iface.get("families").is_none() {
        set(iface, "families", vec![Scalar::literal("inet").into()]);
    }
}

/// Takes the ports of Open vSwitch bridges out of `allow-BRIDGE` lines: writing makes these lines anew.
fn drop_allow_lines(config: &mut Config<'_>) {
    let Config { ifaces, options } = config;
    options.retain_mut(|(_, line)| {
        let Some(rest) = line.as_perl().as_bytes().strip_prefix(b"allow-") else { return true };
        let end = rest.iter().position(|byte| is_space(*byte)).unwrap_or(rest.len());
        let (bridge, ports) = rest.split_at(end);
        if bridge.is_empty() || ports.is_empty() {
            return true;
        }
        let bridge = PerlStr::Bytes(bridge);
        let own = ifaces.get(bridge).and_then(|iface| iface.get("ovs_ports"));
        let own = own.and_then(Value::as_scalar).map(Scalar::to_perl).unwrap_or_default();
        let own: Vec<PerlStr<'_>> = split(own.as_perl()).collect();
        let ports = split(PerlStr::Bytes(trim_start(ports)));
        let left: Vec<PerlStr<'_>> = ports.filter(|port| !own.contains(port)).collect();
        if left.is_empty() {
            return false;
        }
        let parts = [PerlStr::literal("allow-"), bridge, PerlStr::literal(" ")];
        let mut kept = PerlString::concat(&parts);
        kept.push(joined(&left).as_perl());
        *line = kept;
        true
    });
}
