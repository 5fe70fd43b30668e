//! Interfaces on others, the kernel's own: bonds, VXLANs, VLANs; and uplinks.

use std::borrow::Cow;
use std::collections::HashMap;

use pve_schema::{Error, PerlStr, PerlString, Scalar};

use super::super::super::names::{self, key_of};
use super::super::super::space::split;
use super::super::ifaces::{Iface, Ifaces};
use super::{died, lit, mtu_between};

/// Bonds have network cards or bonds as slaves.
pub(super) fn bonds(ifaces: &mut Ifaces<'_, '_>) -> Result<(), Error> {
    for at in ifaces.places() {
        let bond = ifaces.at(at);
        if !bond.is_a("bond") || !bond.is_true("slaves") {
            continue;
        }
        let name = bond.name;
        let slaves = bond.text("slaves").into_owned();
        let primary = bond.truth("bond-primary").map(PerlString::into_owned);
        let mut has_primary = false;
        for slave in split(slaves.as_perl()) {
            let place = ifaces.place(slave);
            if let Some(place) = place {
                ifaces.at_mut(place).set("autostart", Scalar::Int(1));
            }
            let kind = place.map(|place| ifaces.at(place).kind().clone()).unwrap_or_default();
            if kind.as_perl() != lit("eth") && kind.as_perl() != lit("bond") {
                return Err(died(&[
                    lit("bond '"),
                    name,
                    lit("' - wrong interface type on slave '"),
                    slave,
                    lit("' ('"),
                    kind.as_perl(),
                    lit("' != 'eth or bond')"),
                ]));
            }
            mtu_between(ifaces, name, slave)?;
            has_primary |= primary.as_ref().is_some_and(|primary| primary.as_perl() == slave);
        }
        if primary.is_some() && !has_primary {
            let what = lit("' - bond-primary interface is not a slave");
            return Err(Error::died_at_caller(&[lit("bond '"), name, what]));
        }
    }
    Ok(())
}

/// A value that two interfaces may not share: the names that have it.
#[derive(Default)]
struct Unique(HashMap<Cow<'static, [u8]>, PerlString<'static>>);

impl Unique {
    /// The interface that has `value` already, or nothing: then `name` has it.
    fn take(&mut self, value: PerlStr<'_>, name: PerlStr<'_>) -> Option<&PerlString<'static>> {
        let key = Cow::Owned(key_of(value).into_owned());
        if !self.0.get(&key).is_some_and(|other| other.as_perl().is_true()) {
            self.0.insert(key, name.into_owned());
            return None;
        }
        self.0.get(&key)
    }
}

/// VXLANs have numbers of their own and one kind of remote end.
pub(super) fn vxlans(ifaces: &Ifaces<'_, '_>) -> Result<(), Error> {
    let mut taken = Unique::default();
    for at in ifaces.places() {
        let iface = ifaces.at(at);
        let name = iface.name;
        if let Some(id) = iface.truth("vxlan-id").filter(|_| iface.is_a("vxlan")) {
            let id = id.as_perl();
            if let Some(other) = taken.take(id, name) {
                let (what, used) = (lit(" - duplicate vxlan-id "), lit(" already used in "));
                return Err(died(&[lit("iface "), name, what, id, used, other.as_perl()]));
            }
        }
        let ends = ["vxlan-svcnodeip", "vxlan-remoteip", "vxlan-local-tunnelip"];
        if ends.iter().filter(|key| iface.is_defined(key)).count() > 1 {
            let what = lit(
                " - vxlan-svcnodeip, vxlan-remoteip and vxlan-localtunnelip are mutually exclusive",
            );
            return Err(died(&[lit("iface "), name, what]));
        }
        if iface.is_defined("vxlan-svcnodeip") != iface.is_defined("vxlan-physdev") {
            let what = lit(" - vxlan-svcnodeip and vxlan-physdev must be define together");
            return Err(died(&[lit("iface "), name, what]));
        }
    }
    Ok(())
}

/// VLANs have a parent that can carry them. What their names say is not written as an option.
pub(super) fn vlans(ifaces: &mut Ifaces<'_, '_>, ifupdown2: bool) -> Result<(), Error> {
    for at in ifaces.places() {
        if !ifaces.at(at).is_a("vlan") {
            continue;
        }
        let (parent, id) = parent_and_id(ifaces.at_mut(at), ifupdown2)?;
        let (name, parent) = (ifaces.at(at).name, parent.as_perl());
        if Scalar::from(id.as_perl()).to_number().as_f64() > 4094.0 {
            let (what, end) = (lit("' - vlan-id "), lit(" should be <= 4094"));
            return Err(died(&[lit("vlan '"), name, what, id.as_perl(), end]));
        }
        let Some(below) = ifaces.get(parent) else {
            let what = lit("' - unable to find parent '");
            return Err(died(&[lit("vlan '"), name, what, parent, lit("'")]));
        };
        if !below.is_of(&["eth", "bridge", "bond", "vlan"]) {
            let kind = below.kind();
            return Err(died(&[
                lit("vlan '"),
                name,
                lit("' - wrong interface type on parent '"),
                parent,
                lit("' ('"),
                kind.as_perl(),
                lit("' != 'eth|bond|bridge|vlan' )"),
            ]));
        }
        mtu_between(ifaces, parent, name)?;
    }
    Ok(())
}

fn parent_and_id(
    vlan: &mut Iface<'_, '_>,
    ifupdown2: bool,
) -> Result<(PerlString<'static>, PerlString<'static>), Error> {
    let delete_if_true = |vlan: &mut Iface<'_, '_>, key| {
        if vlan.is_true(key) {
            vlan.delete(key);
        }
    };
    if let Some((parent, id)) = names::vlan(vlan.name) {
        delete_if_true(vlan, "vlan-raw-device");
        delete_if_true(vlan, "vlan-id");
        return Ok((parent.into_owned(), id.into_owned()));
    }
    let Some(parent) = vlan.truth("vlan-raw-device").map(PerlString::into_owned) else {
        return Err(Error::died_at_caller(&[lit("missing vlan-raw-device option")]));
    };
    if let Some(id) = names::vlan_number(vlan.name) {
        delete_if_true(vlan, "vlan-id");
        return Ok((parent, id.into_owned()));
    }
    if !ifupdown2 {
        return Err(Error::died_at_caller(&[lit("custom vlan interface name need ifupdown2")]));
    }
    match vlan.truth("vlan-id").map(PerlString::into_owned) {
        Some(id) => Ok((parent, id)),
        None => Err(Error::died_at_caller(&[lit("missing vlan-id option")])),
    }
}

/// Uplinks have numbers of their own, and are network cards or bonds.
pub(super) fn uplinks(ifaces: &Ifaces<'_, '_>) -> Result<(), Error> {
    let mut taken = Unique::default();
    for at in ifaces.places() {
        let iface = ifaces.at(at);
        let Some(id) = iface.truth("uplink-id") else { continue };
        let (name, id) = (iface.name, id.as_perl());
        if !iface.is_of(&["eth", "bond"]) {
            let what = lit(" is only allowed on physical and linux bond interfaces");
            return Err(died(&[lit("iface '"), name, lit("' - uplink-id "), id, what]));
        }
        if let Some(other) = taken.take(id, name) {
            return Err(died(&[
                lit("iface '"),
                name,
                lit("' - uplink-id "),
                id,
                lit(" is already assigned on '"),
                other.as_perl(),
                lit("'"),
            ]));
        }
    }
    Ok(())
}
