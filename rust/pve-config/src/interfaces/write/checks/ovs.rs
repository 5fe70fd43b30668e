//! Open vSwitch.

use pve_schema::{Error, PerlString, Scalar};

use super::super::super::names::key_of;
use super::super::super::space::split;
use super::super::ifaces::Ifaces;
use super::{Used, died, lit, mtu_between};

const PORTS: [&str; 3] = ["OVSPort", "OVSIntPort", "OVSBond"];

/// A port that nothing uses becomes a plain network card; one that something other than a bridge of Open vSwitch uses goes.
pub(super) fn drop_unused_ports(ifaces: &mut Ifaces<'_, '_>, used: &Used) {
    for at in ifaces.places() {
        let iface = ifaces.at(at);
        if !iface.is_of(&PORTS) {
            continue;
        }
        let user = used.get(&*key_of(iface.name));
        let user = user.filter(|user| user.as_perl().is_true());
        match user.and_then(|user| ifaces.get(user.as_perl())) {
            None => ifaces.at_mut(at).become_card(),
            Some(user) if !user.is_a("OVSBridge") => ifaces.delete(at),
            Some(_) => {}
        }
    }
}

/// The ports that a bridge names become its ports.
pub(super) fn bridge_ports(ifaces: &mut Ifaces<'_, '_>) -> Result<(), Error> {
    for at in ifaces.places() {
        let bridge = ifaces.at(at);
        if !bridge.is_a("OVSBridge") || !bridge.is_true("ovs_ports") {
            continue;
        }
        let name = bridge.name;
        let ports = bridge.text("ovs_ports").into_owned();
        for port in split(ports.as_perl()) {
            let Some(place) = ifaces.place(port) else {
                let what = lit("' - unable to find port '");
                return Err(died(&[lit("OVS bridge '"), name, what, port, lit("'")]));
            };
            let iface = ifaces.at_mut(place);
            iface.set("autostart", Scalar::Int(0));
            if iface.is_a("eth") {
                iface.set("type", Scalar::literal("OVSPort"));
            } else if !iface.is_of(&PORTS) {
                let what = lit("' is not defined as OVS port/bond");
                return Err(died(&[lit("interface '"), port, what]));
            }
            iface.set("ovs_bridge", Scalar::from(PerlString::from(name)));
            mtu_between(ifaces, name, port)?;
        }
    }
    Ok(())
}

/// A bond's slaves are network cards.
pub(super) fn bond_slaves(ifaces: &mut Ifaces<'_, '_>) -> Result<(), Error> {
    for at in ifaces.places() {
        let bond = ifaces.at(at);
        if !bond.is_a("OVSBond") || !bond.is_true("ovs_bonds") {
            continue;
        }
        let name = bond.name;
        let slaves = bond.text("ovs_bonds").into_owned();
        for slave in split(slaves.as_perl()) {
            let place = ifaces.place(slave);
            if let Some(place) = place {
                ifaces.at_mut(place).set("autostart", Scalar::Int(1));
            }
            let kind = place.map(|place| ifaces.at(place).kind().clone()).unwrap_or_default();
            if kind.as_perl() != lit("eth") {
                return Err(died(&[
                    lit("OVS bond '"),
                    name,
                    lit("' - wrong interface type on slave '"),
                    slave,
                    lit("' ('"),
                    kind.as_perl(),
                    lit("' != 'eth')"),
                ]));
            }
            mtu_between(ifaces, name, slave)?;
        }
    }
    Ok(())
}
