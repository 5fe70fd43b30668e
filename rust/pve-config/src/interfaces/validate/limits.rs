//! Names and numbers that the kernel or ifupdown2 refuses.

use std::collections::HashMap;

use pve_schema::{PerlString, Scalar};

use super::super::option::BOND_MODES;
use super::super::write::ifaces::Iface;
use super::{Check, lower};

/// The longest name, in bytes (the kernel's `IFNAMSIZ` without the final NUL).
const NAME_MAX: usize = 15;

/// Limits of the MTU: the least that IPv4 works with (RFC 791), and the most that the kernel takes for any link.
const MTU: (f64, f64) = (68.0, 65_535.0);

/// The least MTU that IPv6 works with (RFC 8200, section 5).
const INET6_MTU: f64 = 1280.0;

/// The numbers of VLANs (IEEE 802.1Q; 0 is for priorities, 4095 is reserved).
const VLAN: (f64, f64) = (1.0, 4094.0);

/// The numbers of VXLANs (RFC 7348: 24 bits).
const VXLAN: (f64, f64) = (1.0, 16_777_215.0);

/// Types of interfaces that ifupdown2 makes: others may go by an alternative name, which may be longer.
const MADE: [&str; 6] = ["bridge", "bond", "vlan", "vxlan", "dummy", "OVSBridge"];

pub(super) fn check(check: &mut Check<'_, '_, '_>) {
    let mut vlans = HashMap::new();
    let mut vxlans = HashMap::new();
    for iface in check.all() {
        name(check, iface);
        mtu(check, iface);
        if let Some((parent, id)) = lower::vlan(iface) {
            let number = number(&id);
            if number.is_none_or(|id| !(VLAN.0..=VLAN.1).contains(&id)) {
                let message = format!("VLAN {} is not between 1 and 4094", shown(&id));
                check.found(iface.name, Some("vlan-id"), message);
            } else {
                let protocol = iface.text("vlan-protocol").to_string();
                let key = (parent.to_string(), number.map(f64::to_bits), protocol);
                if let Some(other) = vlans.get(&key) {
                    let message = format!("VLAN {id} on '{parent}' is also that of '{other}'");
                    check.found(iface.name, None, message);
                } else {
                    vlans.insert(key, iface.name);
                }
            }
        }
        if let Some(id) = iface.truth("vxlan-id").filter(|_| iface.is_a("vxlan")) {
            let number = number(&id);
            if number.is_none_or(|id| !(VXLAN.0..=VXLAN.1).contains(&id)) {
                let message = format!("VXLAN {id} is not between 1 and 16777215");
                check.found(iface.name, Some("vxlan-id"), message);
            } else if let Some(other) = vxlans.insert(number.map(f64::to_bits), iface.name) {
                let message = format!("VXLAN {id} is also that of '{other}'");
                check.found(iface.name, Some("vxlan-id"), message);
            }
        }
        bond_mode(check, iface);
    }
}

/// The number that a text of digits alone stands for.
fn number(text: &PerlString<'_>) -> Option<f64> {
    let digits = text.as_bytes();
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    is_number.then(|| Scalar::from(text.as_perl()).to_number().as_f64())
}

fn shown(text: &PerlString<'_>) -> String {
    if text.as_perl().is_empty() { "without a number".to_owned() } else { format!("{text}") }
}

fn name(check: &mut Check<'_, '_, '_>, iface: &Iface<'_, '_>) {
    let name = iface.name;
    if !iface.is_of(&MADE) {
        return;
    }
    let message = if name.as_bytes().len() > NAME_MAX {
        format!("name '{name}' is longer than {NAME_MAX} bytes")
    } else if name.as_bytes().contains(&b'/') || matches!(name.as_bytes(), b"." | b"..") {
        format!("'{name}' is no name of an interface")
    } else {
        return;
    };
    check.found(name, None, message);
}

fn mtu(check: &mut Check<'_, '_, '_>, iface: &Iface<'_, '_>) {
    let Some(text) = iface.truth("mtu") else { return };
    let message = match number(&text) {
        Some(mtu) if (MTU.0..=MTU.1).contains(&mtu) => {
            if mtu >= INET6_MTU || !iface.is_true("address6") {
                return;
            }
            format!("MTU {mtu} is too small for IPv6, which needs {INET6_MTU}")
        }
        _ => format!("MTU '{text}' is no number between {} and {}", MTU.0, MTU.1),
    };
    check.found(iface.name, Some("mtu"), message);
}

fn bond_mode(check: &mut Check<'_, '_, '_>, iface: &Iface<'_, '_>) {
    let Some(mode) = iface.truth("bond_mode").filter(|_| iface.is_a("bond")) else { return };
    if !BOND_MODES.iter().any(|known| known.as_bytes() == mode.as_bytes()) {
        check.found(iface.name, Some("bond_mode"), format!("bond mode '{mode}' is not known"));
    }
}
