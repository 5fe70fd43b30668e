//! Fabrics: the networks between nodes that tunnels go over, and the stanzas of this node's interfaces in them.
//!
//! The reference leaves them to a library in Rust of its own (`PVE::RS::SDN::Fabrics`), whose checks have been passed by
//! what is in effect and are not made again.

use std::net::{Ipv4Addr, Ipv6Addr};

use pve_schema::{Error, PerlStr, PerlString, Value};

use super::data::{Objects, Section};
use super::interfaces::LocalEnd;

/// The fabrics in effect.
#[derive(Default)]
pub(super) struct Fabrics<'m>(Objects<'m>);

/// A fabric as what tunnels go over.
pub(super) struct Underlay<'m> {
    /// The fabric's id.
    pub(super) id: PerlStr<'m>,
    /// The IPv4 addresses of all its nodes, in the order of the nodes' names.
    pub(super) peers: Vec<PerlString<'static>>,
    /// This node's.
    pub(super) address: Option<PerlString<'static>>,
}

impl Underlay<'_> {
    /// The end of tunnels that `node`, this one, has in the fabric.
    ///
    /// # Errors
    /// It has no address there, but needs one for `zone`.
    pub(super) fn local_end(
        &self,
        node: PerlStr<'_>,
        zone: &[PerlStr<'_>],
    ) -> Result<LocalEnd, Error> {
        if let Some(address) = self.address.clone() {
            return Ok(LocalEnd { address: Some(address), interface: None });
        }
        let before = [
            PerlStr::literal("Node "),
            node,
            PerlStr::literal(" requires an IP in the fabric "),
            self.id,
            PerlStr::literal(" to configure the "),
        ];
        Err(Error::died_at_caller(&[&before[..], zone].concat()))
    }
}

/// An interface of this node in a fabric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FabricInterface {
    /// Its name.
    pub name: PerlString<'static>,
    /// Whether its address is one of IPv6.
    pub v6: bool,
    /// Its address and the width of its network.
    pub address: String,
    /// Whether it is made for the address alone.
    pub is_dummy: bool,
}

impl FabricInterface {
    /// The stanza's lines below `iface`.
    pub fn lines(&self) -> Vec<PerlString<'static>> {
        let address = PerlString::from(format!("address {}", self.address));
        let kind = self.is_dummy.then_some(PerlString::literal("link-type dummy"));
        [Some(address), kind, Some(PerlString::literal("ip-forward 1"))]
            .into_iter()
            .flatten()
            .collect()
    }

    /// Appends the stanza to the file's text.
    pub(super) fn write(&self, text: &mut PerlString<'static>) {
        let family = if self.v6 { " inet6 static\n" } else { " inet static\n" };
        let name = self.name.as_perl();
        text.extend(&[PerlStr::literal("\nauto "), name, PerlStr::literal("\niface "), name]);
        text.push_literal(family);
        for line in self.lines() {
            text.extend(&[PerlStr::literal("\t"), line.as_perl(), PerlStr::literal("\n")]);
        }
    }
}

fn is_fabric(value: &Value<'_>) -> bool {
    kind(value).is_some_and(|kind| kind.ends_with("_fabric"))
}

fn kind(value: &Value<'_>) -> Option<String> {
    Some(value.as_map()?.get("type")?.as_scalar()?.to_perl().to_string())
}

/// An address in its canonical form.
fn address<A: std::str::FromStr + ToString>(
    section: Section<'_>,
    key: &'static str,
) -> Result<Option<String>, Error> {
    let text = section.text(key)?.to_string();
    Ok(text.parse::<A>().ok().map(|address| address.to_string()))
}

impl<'m> Fabrics<'m> {
    pub(super) fn of(running: Section<'m>) -> Result<Fabrics<'m>, Error> {
        Objects::of(running, "fabrics").map(Fabrics)
    }

    /// The nodes of a fabric by name.
    fn nodes(&self, fabric: PerlStr<'_>) -> impl Iterator<Item = (PerlStr<'m>, Section<'m>)> {
        let prefix = PerlString::concat(&[fabric, PerlStr::literal("_")]);
        let length = prefix.as_bytes().len();
        self.0.iter().filter_map(move |(id, value)| {
            let is_node = !is_fabric(value) && id.as_bytes().starts_with(prefix.as_bytes());
            let section = is_node.then(|| Section::of(Some(value)).ok()).flatten()?;
            Some((id.tail(length), section))
        })
    }

    /// A fabric as what the tunnels of this node go over.
    ///
    /// # Errors
    /// There is no such fabric, or this node is not in it; after `what`.
    pub(super) fn underlay(
        &self,
        id: &PerlString<'_>,
        node: &PerlString<'_>,
        what: &[PerlStr<'_>],
    ) -> Result<Underlay<'m>, Error> {
        let failed = |why: &[PerlStr<'_>]| {
            let parts = [what, &[PerlStr::literal(": ")], why, &[PerlStr::literal("\n")]];
            Error::died(&parts.concat())
        };
        let found = self.0.iter().find(|(known, value)| *known == id.as_perl() && is_fabric(value));
        let Some((known, _)) = found else {
            let quote = PerlStr::literal("fabric '");
            let rest = PerlStr::literal("' does not exist in configuration");
            return Err(failed(&[quote, id.as_perl(), rest]));
        };
        let (mut peers, mut own) = (Vec::new(), None);
        for (name, section) in self.nodes(known) {
            let address = address::<Ipv4Addr>(section, "ip")?.map(PerlString::from);
            if name == node.as_perl() {
                own = Some(address.clone());
            }
            peers.extend(address);
        }
        match own {
            Some(address) => Ok(Underlay { id: known, peers, address }),
            None => Err(failed(&[
                PerlStr::literal("node '"),
                node.as_perl(),
                PerlStr::literal("' does not exist in fabric '"),
                known,
                PerlStr::literal("'"),
            ])),
        }
    }

    /// This node's interfaces in all fabrics (`get_interfaces_etc_network_config`).
    pub(super) fn interfaces(&self, node: PerlStr<'_>) -> Result<Vec<FabricInterface>, Error> {
        let mut all = Vec::new();
        for (id, value) in self.0.iter().filter(|(_, value)| is_fabric(value)) {
            let of = self.nodes(id).find(|(name, _)| *name == node);
            let (Some((_, section)), Some(kind)) = (of, kind(value)) else { continue };
            add_interfaces(id, &kind, section, &mut all)?;
        }
        Ok(all)
    }
}

fn add_interfaces(
    fabric: PerlStr<'_>,
    kind: &str,
    node: Section<'_>,
    all: &mut Vec<FabricInterface>,
) -> Result<(), Error> {
    let ip = address::<Ipv4Addr>(node, "ip")?.map(|ip| (format!("{ip}/32"), false));
    let ip6 = address::<Ipv6Addr>(node, "ip6")?.map(|ip| (format!("{ip}/128"), true));
    let dummy = PerlString::concat(&[PerlStr::literal("dummy_"), fabric]);
    for (address, v6) in [&ip, &ip6].into_iter().flatten().cloned() {
        all.push(FabricInterface { name: dummy.clone(), v6, address, is_dummy: true });
    }
    let takes_v6 = kind == "openfabric_fabric";
    if !takes_v6 && kind != "ospf_fabric" {
        return Ok(());
    }
    let interfaces = node.get("interfaces").and_then(Value::as_list).unwrap_or_default();
    for interface in interfaces {
        let text = super::data::text(PerlStr::literal("interfaces"), Some(interface))?;
        let text = text.to_string();
        let property = |key: &str| {
            let mut parts = text.split(',').filter_map(|part| part.split_once('='));
            parts.find(|(name, _)| name.trim() == key).map(|(_, value)| value.trim().to_owned())
        };
        let Some(name) = property("name") else { continue };
        let own = property("ip").map(|ip| (ip, false));
        let own6 = property("ip6").filter(|_| takes_v6).map(|ip| (ip, true));
        // An interface without an address has the node's, for the kernel to have a source address.
        let node_address =
            if own.is_none() && own6.is_none() { ip.clone().or(ip6.clone()) } else { None };
        for (address, v6) in [own, own6, node_address].into_iter().flatten() {
            let name = PerlString::from(name.clone());
            all.push(FabricInterface { name, v6, address, is_dummy: false });
        }
    }
    Ok(())
}
