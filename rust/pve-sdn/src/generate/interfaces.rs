//! The node's own interfaces, as far as tunnels ask for them, and which of them leads to the peers.

use std::collections::BTreeMap;

use pve_schema::{Error, Map, PerlNumber, PerlStr, PerlString, Value};

use super::context::Context;
use super::data::{Section, text};
use super::stanza::Name;

/// Addresses of interfaces, from `/etc/network/interfaces`.
pub(super) struct Interfaces {
    addresses: BTreeMap<Name, PerlString<'static>>,
    by_address: BTreeMap<Name, Name>,
    /// `mtu` of what stands at the top of the structure by that name. The reference looks there instead of among the
    /// interfaces, so that it normally finds none.
    mtus: BTreeMap<Name, Result<Option<PerlNumber>, Error>>,
}

fn mtu(value: &Value<'_>) -> Result<Option<PerlNumber>, Error> {
    let mtu = Section::of(Some(value))?.get("mtu");
    let scalar = mtu.and_then(Value::as_scalar).filter(|mtu| mtu.is_true());
    Ok(scalar.map(pve_schema::Scalar::to_number))
}

impl Interfaces {
    pub(super) fn of(config: &Map<'static>) -> Result<Interfaces, Error> {
        let (mut addresses, mut by_address) = (BTreeMap::new(), BTreeMap::new());
        let mut mtus = BTreeMap::new();
        for (name, value) in config.iter() {
            let name = Name(name.into_owned());
            mtus.insert(name, mtu(value));
        }
        for (name, iface) in Section::of(config.get("ifaces"))?.iter() {
            let address = Section::of(Some(iface))?.get("address");
            let address = text(PerlStr::literal("address"), address)?.into_owned();
            if address.as_perl().is_true() {
                let name = Name(name.into_owned());
                addresses.insert(name, address);
            }
        }
        // Of several interfaces with an address, the first by name has it.
        for (name, address) in addresses.iter().rev() {
            by_address.insert(Name(address.clone()), name.clone());
        }
        Ok(Interfaces { addresses, by_address, mtus })
    }

    fn address(&self, name: PerlStr<'_>) -> Option<&PerlString<'static>> {
        self.addresses.get(&Name(name.into_owned()))
    }

    fn with_address(&self, address: PerlStr<'_>) -> Option<&Name> {
        self.by_address.get(&Name(address.into_owned()))
    }

    /// The MTU of a tunnel over an interface: 50 bytes less than the interface's own, or 1450.
    pub(super) fn tunnel_mtu(&self, interface: PerlStr<'_>) -> Result<PerlNumber, Error> {
        let known = self.mtus.get(&Name(interface.into_owned()));
        let mtu = known.map_or(Ok(None), Clone::clone)?;
        Ok(mtu.map_or(PerlNumber::Int(1450), |mtu| plus(mtu, -50)))
    }
}

/// Perl's `+` with a small integer.
pub(super) fn plus(number: PerlNumber, summand: i64) -> PerlNumber {
    if let PerlNumber::Int(value) = number {
        if let Some(sum) = value.checked_add(summand) {
            return PerlNumber::Int(sum);
        }
    }
    PerlNumber::Num(number.as_f64() + summand as f64)
}

/// What `PVE::Tools::split_list` makes of a list: at NUL, or at commas, semicolons and white space.
pub(super) fn split_list(list: &PerlString<'_>) -> Vec<PerlString<'static>> {
    let list = list.as_perl();
    let has_nul = list.as_bytes().contains(&0);
    let is_separator = |char: char| {
        if has_nul {
            return char == '\0';
        }
        // The reference's module asks for Unicode's rules, whatever kind of string it is.
        matches!(char, ',' | ';') || char.is_whitespace()
    };
    let text: String = list.chars().collect();
    let parts = text.split(is_separator);
    let mut parts: Vec<&str> =
        if has_nul { parts.collect() } else { parts.filter(|part| !part.is_empty()).collect() };
    while parts.last().is_some_and(|part| part.is_empty()) {
        parts.pop();
    }
    parts.into_iter().map(|part| PerlString::from(part).into_owned()).collect()
}

/// What the tunnels of a zone go over.
#[derive(Clone, Debug)]
pub(super) struct Tunnel {
    /// The other ends.
    pub(super) peers: Vec<PerlString<'static>>,
    /// The node's own end.
    pub(super) end: LocalEnd,
    /// The MTU inside, if it is to be set.
    pub(super) mtu: Option<PerlString<'static>>,
}

/// The node's end of a tunnel.
#[derive(Clone, Debug, Default)]
pub(super) struct LocalEnd {
    pub(super) address: Option<PerlString<'static>>,
    pub(super) interface: Option<PerlString<'static>>,
}

impl LocalEnd {
    /// The address, if Perl holds it for true.
    pub(super) fn true_address(&self) -> Option<&PerlString<'static>> {
        self.address.as_ref().filter(|address| address.as_perl().is_true())
    }
}

/// Which address and interface of the node the peers know it by (`Zones::Plugin::find_local_ip_interface_peers`): those of
/// the wanted interface, if it has an address; else the interface with the address of a peer; else the way to the first.
pub(super) fn local_end(
    context: &mut Context<'_>,
    peers: &[PerlString<'_>],
    wanted: Option<&PerlString<'_>>,
) -> Result<LocalEnd, Error> {
    let interfaces = context.interfaces()?;
    let end = |address: &PerlString<'static>, interface: PerlStr<'_>| LocalEnd {
        address: Some(address.clone()),
        interface: Some(interface.into_owned()),
    };
    if let Some(wanted) = wanted {
        if let Some(address) = interfaces.address(wanted.as_perl()) {
            return Ok(end(address, wanted.as_perl()));
        }
    }
    for peer in peers {
        if let Some(interface) = interfaces.with_address(peer.as_perl()) {
            return Ok(end(&peer.clone().into_owned(), interface.0.as_perl()));
        }
    }
    let Some(first) = peers.first() else { return Ok(LocalEnd::default()) };
    let route = context.route(first.as_perl())?;
    Ok(LocalEnd { address: route.source, interface: route.interface })
}

/// The MTU of a tunnel: the zone's own, or what the interface below leaves.
pub(super) fn tunnel_mtu(
    context: &mut Context<'_>,
    zone: Section<'_>,
    end: &LocalEnd,
) -> Result<Option<PerlString<'static>>, Error> {
    if let Some(own) = zone.true_text("mtu")? {
        return Ok(Some(own.into_owned()));
    }
    let mtu = match end.interface.as_ref().filter(|name| name.as_perl().is_true()) {
        Some(interface) => context.interfaces()?.tunnel_mtu(interface.as_perl())?,
        None => PerlNumber::Int(1450),
    };
    let mtu = PerlString::Bytes(mtu.to_text().into_owned().into_bytes().into());
    Ok(Some(mtu).filter(|mtu| mtu.as_perl().is_true()))
}
