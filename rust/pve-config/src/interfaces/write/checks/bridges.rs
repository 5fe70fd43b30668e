//! Bridges and their ports.

use std::borrow::Cow;
use std::collections::HashMap;

use pve_schema::{Error, PerlStr, PerlString, Scalar, Value};

use super::super::super::names::{self, key_of};
use super::super::super::space::split;
use super::super::ifaces::{Iface, Ifaces};
use super::{died, lit, mtu};

/// Options that only an interface on a bridge may have.
const PORT_OPTIONS: [&str; 5] = [
    "bridge-learning",
    "bridge-arp-nd-suppress",
    "bridge-unicast-flood",
    "bridge-multicast-flood",
    "bridge-access",
];

/// The configuration's interfaces, and the VLANs that a bridge's ports imply: these are seen by this check alone.
struct WithImplied<'i, 'm, 'a> {
    ifaces: &'i Ifaces<'m, 'a>,
    implied: HashMap<Cow<'m, [u8]>, Iface<'m, 'a>>,
}

impl<'m, 'a: 'm> WithImplied<'_, 'm, 'a> {
    fn get(&self, name: PerlStr<'_>) -> Option<&Iface<'m, 'a>> {
        self.ifaces.get(name).or_else(|| self.implied.get(&*key_of(name)))
    }

    /// A port such as `eth0.5` need not be declared. Its parent need not either: the reference looks into it, and makes it
    /// by that.
    fn imply(&mut self, port: PerlStr<'m>) {
        let Some((parent, _)) = names::vlan(port).filter(|_| self.get(port).is_none()) else {
            return;
        };
        let mut vlan = Iface::new(port);
        vlan.set("type", Scalar::literal("vlan"));
        vlan.set("method", Scalar::literal("manual"));
        vlan.set("method6", Scalar::literal("manual"));
        match self.get(parent).map(|parent| parent.get("mtu").cloned()) {
            Some(Some(mtu)) if mtu.is_defined() => vlan.set("mtu", mtu),
            Some(_) => {}
            None => drop(self.implied.insert(key_of(parent), Iface::new(parent))),
        }
        self.implied.insert(key_of(port), vlan);
    }
}

/// Whether an interface has an address of its own.
fn has_address(iface: &Iface<'_, '_>) -> bool {
    [("method", "address", "0.0.0.0"), ("method6", "address6", "::")]
        .into_iter()
        .any(|(method, address, any)| iface.is(method, "static") && !iface.is(address, any))
}

/// Bridges have ports that can be theirs, and only these have options of ports.
pub(super) fn check(ifaces: &Ifaces<'_, '_>) -> Result<(), Error> {
    let lists: Vec<(usize, PerlString<'static>)> = ifaces
        .places()
        .filter(|at| ifaces.at(*at).is_a("bridge"))
        .map(|at| (at, ifaces.at(at).text("bridge_ports").into_owned()))
        .collect();
    let mut all = WithImplied { ifaces, implied: HashMap::new() };
    let mut bridge_of: HashMap<Cow<'_, [u8]>, usize> = HashMap::new();
    for (at, ports) in &lists {
        let bridge = ifaces.at(*at);
        for port in split(ports.as_perl()) {
            all.imply(port);
            let Some(iface) = all.get(port) else {
                let what = lit("' - unable to find bridge port '");
                return Err(died(&[lit("bridge '"), bridge.name, what, port, lit("'")]));
            };
            if has_address(iface) {
                let what = lit(" - ip address can't be set on interface if bridged in ");
                return Err(died(&[lit("iface "), port, what, bridge.name]));
            }
            mtu((port, Some(iface)), (bridge.name, Some(bridge)))?;
            bridge_of.insert(key_of(port), *at);
        }
    }
    for at in ifaces.places() {
        let iface = ifaces.at(at);
        // The reference asks whether the bridge's name is true.
        let bridge = bridge_of.get(&*key_of(iface.name)).map(|at| ifaces.at(*at));
        let bridge = bridge.filter(|bridge| bridge.name.is_true());
        for key in PORT_OPTIONS.iter().filter(|key| iface.is_true(key)) {
            if bridge.is_none() {
                let what = lit(
                    ": bridge port specific options can be used only on interfaces attached to a bridge",
                );
                return Err(died(&[lit("iface "), iface.name, lit(" - "), lit(key), what]));
            }
        }
        let aware = bridge.and_then(|bridge| bridge.get("bridge_vlan_aware"));
        let aware = aware.and_then(Value::as_scalar).is_some_and(Scalar::is_true);
        if iface.is_true("bridge-access") && !aware {
            let what = lit(
                " - bridge-access option can be only used if interface is in a vlan aware bridge",
            );
            return Err(died(&[lit("iface "), iface.name, what]));
        }
    }
    Ok(())
}
