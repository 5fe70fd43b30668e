//! What the reference checks and settles before it writes.

mod bridges;
mod ovs;
mod upper;

use std::borrow::Cow;
use std::collections::HashMap;

use pve_schema::{Error, PerlStr, PerlString, Scalar, Value};

use super::super::names::key_of;
use super::super::space::split_list;
use super::ifaces::{Iface, Ifaces};

/// All checks, in the reference's order.
pub(super) fn all(ifaces: &mut Ifaces<'_, '_>, ifupdown2: bool) -> Result<(), Error> {
    let used = used_ports(ifaces)?;
    ovs::drop_unused_ports(ifaces, &used);
    ovs::bridge_ports(ifaces)?;
    ovs::bond_slaves(ifaces)?;
    upper::bonds(ifaces)?;
    upper::vxlans(ifaces)?;
    upper::vlans(ifaces, ifupdown2)?;
    upper::uplinks(ifaces)?;
    bridges::check(ifaces)
}

/// Dies with these parts and a newline.
fn died(parts: &[PerlStr<'_>]) -> Error {
    let parts: Vec<PerlStr<'_>> = parts.iter().copied().chain([PerlStr::literal("\n")]).collect();
    Error::died(&parts)
}

/// A string of the program's own.
const fn lit(text: &'static str) -> PerlStr<'static> {
    PerlStr::literal(text)
}

/// The interface that uses each port.
type Used = HashMap<Cow<'static, [u8]>, PerlString<'static>>;

/// Settles addresses, and finds who uses which port.
fn used_ports(ifaces: &mut Ifaces<'_, '_>) -> Result<Used, Error> {
    let mut used = Used::new();
    for at in ifaces.places() {
        let iface = ifaces.at_mut(at);
        for (cidr, address) in [("cidr", "address"), ("cidr6", "address6")] {
            let from = iface.get(cidr).cloned();
            iface.delete(cidr);
            if iface.is_defined(address) {
                continue;
            }
            let value = from.unwrap_or(Value::UNDEF);
            if value.is_defined() || iface.get(address).is_none() {
                iface.set(address, value);
            }
        }
        let name = iface.name;
        let keys = ["bridge_ports", "ovs_ports", "slaves", "ovs_bonds"];
        let lists = keys.iter().filter_map(|key| iface.truth(key));
        let ports = lists.fold(PerlString::new(), |mut ports, list| {
            ports.push_literal(" ");
            ports.push(list.as_perl());
            ports
        });
        for port in split_list(ports.as_perl()) {
            let key = Cow::Owned(key_of(port).into_owned());
            if let Some(other) = used.get(&key) {
                if other.as_perl().is_true() && other.as_perl() != name {
                    let (used, end) = (lit("' is already used on interface '"), lit("'"));
                    return Err(died(&[lit("port '"), port, used, other.as_perl(), end]));
                }
            }
            used.insert(key, name.into_owned());
        }
    }
    Ok(used)
}

/// `$check_mtu`: the child's MTU may not be above the parent's, which is 1500 where it is not set.
fn mtu(
    parent: (PerlStr<'_>, Option<&Iface<'_, '_>>),
    child: (PerlStr<'_>, Option<&Iface<'_, '_>>),
) -> Result<(), Error> {
    for ((name, _), what) in [(parent, "parent"), (child, "child")] {
        if !name.is_true() {
            return Err(died(&[lit("check mtu - missing "), lit(what), lit(" interface")]));
        }
    }
    let mtu_of = |iface: Option<&Iface<'_, '_>>| {
        iface.and_then(|iface| iface.truth("mtu").map(PerlString::into_owned))
    };
    let Some(child_mtu) = mtu_of(child.1) else { return Ok(()) };
    let parent_mtu = match mtu_of(parent.1) {
        Some(mtu) => mtu,
        None if parent.1.is_some_and(|parent| parent.is_a("bond")) => return Ok(()),
        None => PerlString::literal("1500"),
    };
    let number =
        |text: &PerlString<'_>| Scalar::from(text.clone().into_owned()).to_number().as_f64();
    if number(&parent_mtu) < number(&child_mtu) {
        return Err(died(&[
            lit("interface '"),
            parent.0,
            lit("' - mtu "),
            parent_mtu.as_perl(),
            lit(" is lower than '"),
            child.0,
            lit("' - mtu "),
            child_mtu.as_perl(),
        ]));
    }
    Ok(())
}

/// `$check_mtu` of two of the configuration's interfaces.
fn mtu_between(
    ifaces: &Ifaces<'_, '_>,
    parent: PerlStr<'_>,
    child: PerlStr<'_>,
) -> Result<(), Error> {
    mtu((parent, ifaces.get(parent)), (child, ifaces.get(child)))
}
