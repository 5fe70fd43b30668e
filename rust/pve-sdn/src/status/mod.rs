//! How zones and VNets are on this node (`PVE::Network::SDN::Zones::status` and the plugins' `status`).
//!
//! The reference asks `ifquery --check`, which compares every stanza of ifupdown2's files with the kernel. Here the same
//! comparison ([`check`]) is made for the interfaces that the plugins look at, of the kernel's own tables ([`State`]).

pub mod check;
pub mod stanzas;
mod state;

use std::collections::BTreeMap;

use pve_schema::{Error, Map, PerlStr, PerlString, Scalar, Value};

use crate::generate::Name;
use crate::generate::data::{Objects, Section, text};
use crate::zone::Kind;

pub use state::{Address, State};

/// What ifupdown2 says of an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// It is as its stanza says.
    Pass,
    /// It is not, or not there.
    Fail,
}

/// What the rules ask about the node.
pub trait Node {
    /// The node's name.
    ///
    /// # Errors
    /// It is not known.
    fn name(&mut self) -> Result<PerlString<'static>, Error>;

    /// The version of what was generated last: the number in the first line of `interfaces.d/sdn`.
    fn local_version(&mut self) -> Option<u64>;

    /// What ifupdown2 would say of an interface, if it brings that up at boot.
    ///
    /// # Errors
    /// The kernel does not tell.
    fn check(&mut self, interface: &str) -> Result<Option<Check>, Error>;

    /// Whether there is an interface of that name.
    ///
    /// # Errors
    /// The kernel does not tell.
    fn exists(&mut self, interface: &str) -> Result<bool, Error>;

    /// Whether an interface is a bridge that filters VLANs.
    ///
    /// # Errors
    /// The kernel does not tell.
    fn is_vlan_aware(&mut self, interface: &str) -> Result<bool, Error>;

    /// Whether an interface is a bridge of Open vSwitch (`PVE::Network::is_ovs_bridge`).
    ///
    /// # Errors
    /// What the reference dies with.
    fn is_ovs(&mut self, interface: &str) -> Result<bool, Error>;
}

/// How a zone is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// `available`, `pending` or `error`.
    pub status: &'static str,
    /// Its type, if it has one.
    pub kind: Option<PerlString<'static>>,
}

/// How a VNet is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vnet {
    /// Its zone, if that exists.
    pub zone: Option<PerlString<'static>>,
    /// `available`, `pending` or `error`.
    pub status: &'static str,
    /// Why, if it is not available.
    pub message: Option<PerlString<'static>>,
}

/// How all of them are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// The zones of this node.
    pub zones: BTreeMap<Name, Zone>,
    /// Their VNets.
    pub vnets: BTreeMap<Name, Vnet>,
    /// What is wrong with what was generated, without a newline: it is missing or too old.
    pub stale: Option<&'static str>,
}

impl Status {
    /// Both as Perl data: what is not there is left out.
    #[must_use]
    pub fn to_maps(&self) -> (Map<'static>, Map<'static>) {
        let word = |word: &'static str| Scalar::literal(word);
        let (mut zones, mut vnets) = (Map::new(), Map::new());
        for (id, Zone { status, kind }) in &self.zones {
            let mut zone = Map::with_capacity(2);
            zone.push(PerlString::literal("status"), word(status));
            let kind = kind.clone().map_or(Scalar::Undef, Scalar::from);
            zone.push(PerlString::literal("zone-type"), kind);
            zones.push(id.0.clone(), zone);
        }
        for (id, found) in &self.vnets {
            let mut vnet = Map::with_capacity(3);
            if let Some(zone) = &found.zone {
                vnet.push(PerlString::literal("zone"), Scalar::from(zone.clone()));
            }
            vnet.push(PerlString::literal("status"), word(found.status));
            if let Some(message) = &found.message {
                vnet.push(PerlString::literal("statusmsg"), Scalar::from(message.clone()));
            }
            vnets.push(id.0.clone(), vnet);
        }
        (zones, vnets)
    }
}

fn stale(local: Option<u64>, version: f64) -> Option<&'static str> {
    match local {
        None | Some(0) => {
            Some("local sdn network configuration is not yet generated, please reload")
        }
        Some(local) if (local as f64) < version => {
            Some("local sdn network configuration is too old, please reload")
        }
        Some(_) => None,
    }
}

/// How the zones and VNets in effect are; `None` where nothing has been applied yet.
///
/// # Errors
/// A zone is of no known type; what [`Node`] gives.
pub fn status(running: &Map<'_>, node: &mut dyn Node) -> Result<Option<Status>, Error> {
    let running = Section::of_map(running);
    let Some(version) = running.get("version").and_then(Value::as_scalar) else { return Ok(None) };
    if !version.is_true() {
        return Ok(None);
    }
    let stale = stale(node.local_version(), version.to_number().as_f64());
    let name = node.name()?;
    let mut status = Status { stale, ..Status::default() };
    let zones = Objects::of(running, "zones")?;
    for (id, zone) in zones.iter() {
        let zone = Section::of(Some(zone))?;
        if zone.is_of_node(name.as_perl())? {
            let kind = zone.get("type").filter(|kind| kind.is_defined());
            let kind = kind.map(|kind| text(PerlStr::literal("type"), Some(kind))).transpose()?;
            let kind = kind.map(PerlString::into_owned);
            let word = if stale.is_some() { "pending" } else { "available" };
            status.zones.insert(Name(id.into_owned()), Zone { status: word, kind });
        }
    }
    for (id, vnet) in Objects::of(running, "vnets")?.iter() {
        let vnet = Section::of(Some(vnet))?;
        if vnet.get("zone").is_none_or(|zone| !zone.is_defined()) {
            continue;
        }
        let zone_id = vnet.text("zone")?;
        let zone = zones.get(zone_id.as_perl()).filter(|zone| zone.is_defined());
        let Some(zone) = zone else {
            let words = [PerlStr::literal("unknown zone '"), zone_id.as_perl()];
            let message = [&words[..], &[PerlStr::literal("' configured")]].concat();
            let message = Some(PerlString::concat(&message));
            let found = Vnet { zone: None, status: "error", message };
            status.vnets.insert(Name(id.into_owned()), found);
            continue;
        };
        let zone = Section::of(Some(zone))?;
        if !zone.is_of_node(name.as_perl())? {
            continue;
        }
        let (word, message) = match stale {
            Some(why) => ("pending", Some(PerlString::literal(why))),
            None => match of_vnet(node, (zone_id.as_perl(), zone), id, vnet)? {
                errors if errors.is_empty() => ("available", None),
                errors => {
                    let of = Name(zone_id.clone().into_owned());
                    status.zones.entry(of).and_modify(|zone| zone.status = "error");
                    ("error", Some(PerlString::from(errors.join(",")).into_owned()))
                }
            },
        };
        let zone = Some(zone_id.into_owned());
        status.vnets.insert(Name(id.into_owned()), Vnet { zone, status: word, message });
    }
    Ok(Some(status))
}

/// What is wrong with a VNet's interfaces (the plugins' `status`).
fn of_vnet(
    node: &mut dyn Node,
    (zone_id, zone): (PerlStr<'_>, Section<'_>),
    id: PerlStr<'_>,
    vnet: Section<'_>,
) -> Result<Vec<String>, Error> {
    let kind = zone.zone_kind()?;
    let (id, zone_id) = (id.to_string(), zone_id.to_string());
    let mut interfaces = Vec::new();
    if matches!(kind, Kind::Vlan | Kind::Qinq | Kind::Faucet) {
        let bridge = zone.text("bridge")?.to_string();
        // The reference looks for a folder of that name, and there is one without a name.
        if !bridge.is_empty() && !node.exists(&bridge)? {
            return Ok(vec![format!("missing {bridge}")]);
        }
        let is_vlan_aware = node.is_vlan_aware(&bridge)?;
        interfaces.extend([id.clone(), bridge.clone()]);
        if kind == Kind::Qinq {
            interfaces.extend(["z_", "ln_", "pr_"].map(|prefix| format!("{prefix}{zone_id}")));
            if !is_vlan_aware {
                interfaces.push(format!("sv_{zone_id}"));
            }
        } else if node.is_ovs(&bridge)? {
            interfaces.push(format!("ln_{id}"));
        } else if !is_vlan_aware {
            interfaces.push(format!("{bridge}v{}", vnet.text("tag")?));
            interfaces.extend(["ln_", "pr_"].map(|prefix| format!("{prefix}{id}")));
        }
    }
    if node.check(&id)?.is_none() {
        let why = "vnet is not generated. Please check the 'reload network' task log.";
        return Ok(vec![why.to_owned()]);
    }
    let mut errors = Vec::new();
    for interface in interfaces {
        match node.check(&interface)? {
            Some(Check::Pass) => {}
            Some(Check::Fail) => errors.push(format!("error {interface}")),
            None => errors.push(format!("missing {interface}")),
        }
    }
    Ok(errors)
}
