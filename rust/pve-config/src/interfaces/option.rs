//! One option of a stanza.

use pve_schema::{Map, PerlStr, PerlString, Scalar, Value};

use super::config::true_value;
use super::space;

/// What the reference does with an option.
enum Kind {
    /// An address, with the key of each family.
    Address { inet: &'static str, inet6: &'static str },
    /// The value is kept as it is.
    Plain,
    /// A list of interfaces, sorted and without repetitions.
    Ports,
    /// `on` or `off`.
    SpanningTree,
    /// There or not.
    Flag,
    /// A bond's mode, by name.
    BondMode,
    /// May be repeated.
    Repeated,
}

/// The bond modes in the order of their numbers (the kernel's bonding documentation, `mode`).
pub(super) const BOND_MODES: [&str; 7] = [
    "balance-rr",
    "active-backup",
    "balance-xor",
    "broadcast",
    "802.3ad",
    "balance-tlb",
    "balance-alb",
];

/// The key and the kind of an option by the word in the file.
fn known(id: &[u8]) -> Option<(&'static str, Kind)> {
    let known = match id {
        b"address" => ("address", Kind::Address { inet: "address", inet6: "address6" }),
        b"netmask" => ("netmask", Kind::Address { inet: "netmask", inet6: "netmask6" }),
        b"broadcast" => ("broadcast", Kind::Address { inet: "broadcast", inet6: "broadcast6" }),
        b"gateway" => ("gateway", Kind::Address { inet: "gateway", inet6: "gateway6" }),
        b"mtu" | b"ovs_mtu" => ("mtu", Kind::Plain),
        b"ovs_type" => ("ovs_type", Kind::Plain),
        b"ovs_options" => ("ovs_options", Kind::Plain),
        b"ovs_bridge" => ("ovs_bridge", Kind::Plain),
        b"ovs_bonds" => ("ovs_bonds", Kind::Plain),
        b"ovs_ports" => ("ovs_ports", Kind::Plain),
        b"bridge_fd" | b"bridge-fd" => ("bridge_fd", Kind::Plain),
        b"bridge_vids" | b"bridge-vids" => ("bridge_vids", Kind::Plain),
        b"bridge-access" => ("bridge-access", Kind::Plain),
        b"bridge-learning" => ("bridge-learning", Kind::Plain),
        b"bridge-arp-nd-suppress" => ("bridge-arp-nd-suppress", Kind::Plain),
        b"bridge-unicast-flood" => ("bridge-unicast-flood", Kind::Plain),
        b"bridge-multicast-flood" => ("bridge-multicast-flood", Kind::Plain),
        b"bridge-disable-mac-learning" => ("bridge-disable-mac-learning", Kind::Plain),
        b"bond_miimon" | b"bond-miimon" => ("bond_miimon", Kind::Plain),
        b"bond_xmit_hash_policy" | b"bond-xmit-hash-policy" => {
            ("bond_xmit_hash_policy", Kind::Plain)
        }
        b"bond-primary" => ("bond-primary", Kind::Plain),
        b"link-type" => ("link-type", Kind::Plain),
        b"uplink-id" => ("uplink-id", Kind::Plain),
        b"vlan-protocol" => ("vlan-protocol", Kind::Plain),
        b"vlan-raw-device" => ("vlan-raw-device", Kind::Plain),
        b"vlan-id" => ("vlan-id", Kind::Plain),
        b"vxlan-id" => ("vxlan-id", Kind::Plain),
        b"vxlan-svcnodeip" => ("vxlan-svcnodeip", Kind::Plain),
        b"vxlan-physdev" => ("vxlan-physdev", Kind::Plain),
        b"vxlan-local-tunnelip" => ("vxlan-local-tunnelip", Kind::Plain),
        b"slaves" | b"bond-slaves" | b"bond_slaves" => ("slaves", Kind::Ports),
        b"bridge_ports" | b"bridge-ports" => ("bridge_ports", Kind::Ports),
        b"bridge_stp" | b"bridge-stp" => ("bridge_stp", Kind::SpanningTree),
        b"bridge_vlan_aware" | b"bridge-vlan-aware" => ("bridge_vlan_aware", Kind::Flag),
        b"bond_mode" | b"bond-mode" => ("bond_mode", Kind::BondMode),
        b"vxlan-remoteip" => ("vxlan-remoteip", Kind::Repeated),
        _ => return None,
    };
    Some(known)
}

/// Puts an option into an interface. `family` is that of the stanza, `None` in one without. Returns the key that has its
/// value if the option is one that the reference knows; any other one is kept as a line.
pub(super) fn apply<'a>(
    iface: &mut Map<'a>,
    family: Option<Family>,
    id: &[u8],
    value: &'a [u8],
) -> Option<&'static str> {
    let (key, kind) = known(id)?;
    let text = Scalar::bytes(value);
    match kind {
        Kind::Address { inet, inet6 } => {
            let is_inet6 = match family {
                Some(family) => family == Family::Inet6,
                None => key != "netmask" && memchr::memchr(b':', value).is_some(),
            };
            let key = if is_inet6 { inet6 } else { inet };
            set(iface, key, text);
            return Some(key);
        }
        Kind::Plain => set(iface, key, text),
        Kind::Ports => ports(iface, key, value),
        Kind::SpanningTree => {
            let on = value.eq_ignore_ascii_case(b"on") || value.eq_ignore_ascii_case(b"yes");
            set(iface, key, Scalar::literal(if on { "on" } else { "off" }));
        }
        Kind::Flag => set(iface, key, Scalar::Int(1)),
        Kind::BondMode => {
            let number = match value {
                [digit @ b'0'..=b'6'] => BOND_MODES.get(usize::from(digit - b'0')),
                _ => None,
            };
            set(iface, key, number.map_or(text, |mode| Scalar::literal(mode)));
        }
        Kind::Repeated => match iface.get_mut(key) {
            Some(Value::List(list)) => list.push(text.into()),
            _ => iface.set(key, vec![text.into()]),
        },
    }
    Some(key)
}

/// The family of a stanza.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Inet,
    Inet6,
}

impl Family {
    /// The word in the file.
    pub(super) fn word(self) -> &'static str {
        match self {
            Family::Inet => "inet",
            Family::Inet6 => "inet6",
        }
    }
}

/// Sets a key of an interface.
#[inline(always)]
pub(super) fn set<'a>(iface: &mut Map<'a>, key: &'static str, value: impl Into<Value<'a>>) {
    iface.set(key, value);
}

fn ports<'a>(iface: &mut Map<'a>, key: &'static str, value: &'a [u8]) {
    let words = space::split(PerlStr::Bytes(value));
    let (none, mut names): (Vec<_>, Vec<_>) = words.partition(|name| name.as_bytes() == b"none");
    if !none.is_empty() && key == "bridge_ports" {
        set(iface, "is_empty_bridge", Scalar::Int(1));
    }
    names.sort_unstable();
    names.dedup();
    let added = match names[..] {
        [one] => Scalar::from(one),
        _ => Scalar::from(joined(&names)),
    };
    match true_value(iface, key).map(Scalar::to_perl) {
        Some(before) if added.is_true() => {
            let added = added.to_perl();
            let both = [before.as_perl(), PerlStr::literal(" "), added.as_perl()];
            let both = PerlString::concat(&both);
            set(iface, key, Scalar::from(both));
        }
        Some(_) => {}
        None => set(iface, key, if added.is_true() { added } else { Scalar::literal("") }),
    }
}

/// Names with spaces between.
pub(super) fn joined(names: &[PerlStr<'_>]) -> PerlString<'static> {
    let space = PerlStr::literal(" ");
    let mut parts = Vec::with_capacity(2 * names.len());
    for (i, name) in names.iter().enumerate() {
        if i > 0 {
            parts.push(space);
        }
        parts.push(*name);
    }
    PerlString::concat(&parts)
}
