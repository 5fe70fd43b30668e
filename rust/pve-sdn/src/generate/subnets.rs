//! The subnets of VNets, as far as they show in a VNet's stanza.

use std::borrow::Cow;
use std::collections::HashMap;

use pve_schema::{Error, PerlNumber, PerlStr, PerlString, Value};

use super::context::{Config, Context};
use super::data::{Section, text};
use super::ip_version::is_ipv6;
use super::stanza::Options;

/// A subnet with what its id `ZONE-NETWORK-MASK` says.
struct Subnet<'m> {
    section: Section<'m>,
    network: PerlStr<'m>,
    mask: PerlStr<'m>,
}

/// All subnets by their VNets.
#[derive(Default)]
pub(super) struct Subnets<'m>(HashMap<Cow<'m, [u8]>, Vec<(PerlStr<'m>, Subnet<'m>)>>);

/// The same for strings that Perl holds for equal: the characters in UTF-8.
fn characters<'s>(text: PerlStr<'s>) -> Cow<'s, [u8]> {
    match text {
        PerlStr::Bytes(bytes) if !bytes.is_ascii() => {
            Cow::Owned(text.chars().collect::<String>().into_bytes())
        }
        other => Cow::Borrowed(other.as_bytes()),
    }
}

/// [`characters`] of a name that is not needed any more.
fn into_characters(name: PerlString<'_>) -> Cow<'_, [u8]> {
    match name {
        PerlString::Bytes(bytes) if bytes.is_ascii() => bytes,
        other => Cow::Owned(characters(other.as_perl()).into_owned()),
    }
}

/// A subnet and its VNet, if it has one.
fn subnet<'m>(
    id: PerlStr<'m>,
    value: &'m Value<'m>,
) -> Result<Option<(PerlString<'m>, Subnet<'m>)>, Error> {
    if !id.is_true() {
        return Err(Error::died(&[PerlStr::literal("no sdn subnet ID specified\n")]));
    }
    if !value.is_true() {
        let (before, after) = (PerlStr::literal("sdn subnet '"), "' does not exist\n");
        return Err(Error::died(&[before, id, PerlStr::literal(after)]));
    }
    let section = Section::of(Some(value))?;
    let Some(vnet) = section.true_text("vnet")? else { return Ok(None) };
    let mut parts = id.split(b'-').skip(1);
    let mut part = || parts.next().unwrap_or(PerlStr::Bytes(b""));
    Ok(Some((vnet, Subnet { section, network: part(), mask: part() })))
}

impl<'m> Subnets<'m> {
    /// # Errors
    /// A subnet has no section, and no VNet can be told which are its own (`Vnets::get_subnets`).
    pub(super) fn of(config: Section<'m>) -> Result<Subnets<'m>, Error> {
        let ids = config.section("subnets")?.section("ids")?;
        let mut by_vnet: HashMap<Cow<'m, [u8]>, Vec<(PerlStr<'m>, Subnet<'m>)>> =
            HashMap::with_capacity(ids.len());
        let mut first: Option<(PerlStr<'m>, Error)> = None;
        for (id, value) in ids.iter() {
            match subnet(id, value) {
                Ok(None) => {}
                Ok(Some((vnet, subnet))) => {
                    // Most VNets have one.
                    let of = by_vnet.entry(into_characters(vnet));
                    of.or_insert_with(|| Vec::with_capacity(1)).push((id, subnet));
                }
                Err(error) if first.as_ref().is_none_or(|(known, _)| id < *known) => {
                    first = Some((id, error));
                }
                Err(_) => {}
            }
        }
        if let Some((_, error)) = first {
            return Err(error);
        }
        by_vnet.values_mut().for_each(|of| of.sort_by_key(|(id, _)| *id));
        Ok(Subnets(by_vnet))
    }

    /// Those of a VNet, in the order of their ids; all of them for a name that Perl holds for false, as in the reference.
    fn of_vnet(&self, vnet: PerlStr<'_>) -> Vec<&Subnet<'m>> {
        if vnet.is_true() {
            let of = self.0.get(characters(vnet).as_ref()).map(Vec::as_slice);
            return of.unwrap_or_default().iter().map(|(_, subnet)| subnet).collect();
        }
        let mut all: Vec<_> = self.0.values().flatten().collect();
        all.sort_by_key(|(id, _)| *id);
        all.into_iter().map(|(_, subnet)| subnet).collect()
    }
}

/// What a VNet's subnets mean for its bridge.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Families {
    /// There is a subnet whose gateway is no IPv6 address.
    pub(super) v4: bool,
    /// There is one whose gateway is an IPv6 address.
    pub(super) v6: bool,
    /// There is an IPv4 gateway.
    pub(super) forward_v4: bool,
    /// There is an IPv6 gateway.
    pub(super) forward_v6: bool,
}

impl Families {
    /// Whether the node forwards for the VNet.
    pub(super) fn forwarding(self, options: &mut Options) {
        if self.forward_v4 {
            options.line("ip-forward on");
        }
        if self.forward_v6 {
            options.line("ip6-forward on");
        }
    }
}

/// What a zone's type does with subnets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// A subnet of a single address is routed to the bridge.
    pub(super) routes_single_addresses: bool,
    /// This node translates addresses for those that want it.
    pub(super) translates: bool,
}

/// Adds the gateways of a VNet's subnets, and the rules of those whose addresses are translated.
pub(super) fn add(
    config: &Config<'_>,
    context: &mut Context<'_>,
    vnet: PerlStr<'_>,
    rules: Rules,
    options: &mut Options,
) -> Result<Families, Error> {
    let subnets = config.subnets.as_ref().map_err(Clone::clone)?;
    let mut families = Families::default();
    let mut gateways: Vec<PerlString<'_>> = Vec::new();
    for subnet in subnets.of_vnet(vnet) {
        let gateway = text(PerlStr::literal("gateway"), subnet.section.get("gateway"))?;
        let has_gateway = gateway.as_perl().is_true();
        if has_gateway && !gateways.contains(&gateway) {
            let slash = PerlStr::literal("/");
            options.parts(&[PerlStr::literal("address "), gateway.as_perl(), slash, subnet.mask]);
        }
        let v6 = is_ipv6(gateway.as_bytes());
        if has_gateway {
            gateways.push(gateway);
        }
        families.v4 |= !v6;
        families.v6 |= v6;
        families.forward_v4 |= !v6 && has_gateway;
        families.forward_v6 |= v6 && has_gateway;
        let mask = PerlNumber::from_prefix(subnet.mask.as_bytes());
        if rules.routes_single_addresses && !v6 && mask.equals(PerlNumber::Int(32)) {
            options.parts(&[
                PerlStr::literal("up ip route add "),
                subnet.network,
                PerlStr::literal("/"),
                subnet.mask,
                PerlStr::literal(" dev "),
                vnet,
            ]);
        }
        if subnet.section.is_true("snat") {
            translate(context, subnet, v6, rules.translates, options)?;
        }
    }
    Ok(families)
}

/// The rules of a subnet whose addresses become the node's own; the conntrack zone keeps what guests behind firewall
/// bridges send apart.
fn translate(
    context: &mut Context<'_>,
    subnet: &Subnet<'_>,
    v6: bool,
    translates: bool,
    options: &mut Options,
) -> Result<(), Error> {
    let (iptables, target) = if v6 {
        (PerlStr::literal("ip6tables"), "2001:4860:4860::8888")
    } else {
        (PerlStr::literal("iptables"), "8.8.8.8")
    };
    let route = context.route(PerlStr::literal(target))?;
    let is_true = |text: &&PerlString<'static>| text.as_perl().is_true();
    let source = route.source.as_ref().filter(is_true);
    let interface = route.interface.as_ref().filter(is_true);
    let (Some(source), Some(interface), true) = (source, interface, translates) else {
        return Ok(());
    };
    for (when, action) in [("post-up ", " -t nat -A "), ("post-down ", " -t nat -D ")] {
        options.parts(&[
            PerlStr::literal(when),
            iptables,
            PerlStr::literal(action),
            PerlStr::literal("POSTROUTING -s '"),
            subnet.network,
            PerlStr::literal("/"),
            subnet.mask,
            PerlStr::literal("' -o "),
            interface.as_perl(),
            PerlStr::literal(" -j SNAT --to-source "),
            source.as_perl(),
        ]);
    }
    for (when, action) in [("post-up ", " -t raw -I "), ("post-down ", " -t raw -D ")] {
        options.parts(&[
            PerlStr::literal(when),
            iptables,
            PerlStr::literal(action),
            PerlStr::literal("PREROUTING -i fwbr+ -j CT --zone 1"),
        ]);
    }
    Ok(())
}
