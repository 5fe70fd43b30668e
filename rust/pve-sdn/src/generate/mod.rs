//! What `interfaces.d/sdn` says for a configuration in effect (`PVE::Network::SDN::generate_raw_etc_network_config`).
//!
//! The configuration is Perl data, what else counts comes from a [`Machine`]. A VNet that cannot be made is left out with a
//! warning; what was made for it before stays, as in the reference. The work grows with the number of VNets alone: each
//! question about the node is asked once, and the subnets are put to their VNets once.

mod bridge;
mod context;
pub(crate) mod data;
mod evpn;
mod fabric;
mod faucet;
mod interfaces;
mod ip_version;
mod machine;
mod qinq;
mod simple;
mod stanza;
mod subnets;
mod vlan;
mod vxlan;

use pve_schema::{Error, Map, PerlStr, PerlString, Value};

use crate::zone::Kind;
use context::{Config, Context, Vnet};
use data::{Objects, Section, text};

pub use fabric::FabricInterface;
pub use machine::{Answer, Bridge, Machine, Route};
pub use stanza::{Name, Options, Stanzas};

/// The content of the file, before it is text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The version of the configuration; none where it has neither zones nor VNets.
    pub version: Option<PerlString<'static>>,
    /// The interfaces of zones and VNets.
    pub stanzas: Stanzas,
    /// The interfaces of fabrics.
    pub fabrics: Vec<FabricInterface>,
}

impl Plan {
    /// The text of the file.
    #[must_use]
    pub fn text(&self) -> PerlString<'static> {
        let mut text = PerlString::Bytes(Vec::new().into());
        if let Some(version) = &self.version {
            text.extend(&[
                PerlStr::literal("#version:"),
                version.as_perl(),
                PerlStr::literal("\n"),
            ]);
            self.stanzas.write(&mut text);
        }
        self.fabrics.iter().for_each(|interface| interface.write(&mut text));
        text
    }
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Generated {
    /// The plan, or what the reference dies with.
    pub plan: Result<Plan, Error>,
    /// What there is to warn of; where a text does not end in a newline, Perl adds the place.
    pub warnings: Vec<PerlString<'static>>,
    /// What the reference writes to standard output.
    pub printed: String,
}

/// Makes the content of the file for a configuration in effect.
#[must_use]
pub fn generate(running: &Map<'_>, machine: &mut dyn Machine) -> Generated {
    let mut context = Context::new(machine);
    let plan = plan(running, &mut context);
    Generated { plan, warnings: context.warnings, printed: context.printed }
}

fn plan<'m>(running: &'m Map<'m>, context: &mut Context<'_>) -> Result<Plan, Error> {
    let config = Config::of(running)?;
    let has = |kind: &str| running.get(kind).is_some_and(Value::is_true);
    let mut version = None;
    context.learn_node_name()?;
    if has("vnets") || has("zones") {
        zones(running, &config, context)?;
        version = Some(text(PerlStr::literal("version"), running.get("version"))?.into_owned());
    }
    let fabrics = config.fabrics.interfaces(context.node.as_perl())?;
    Ok(Plan { version, stanzas: std::mem::take(&mut context.stanzas), fabrics })
}

/// `PVE::Network::SDN::Zones::generate_etc_network_config`
fn zones<'m>(
    running: &'m Map<'m>,
    config: &Config<'m>,
    context: &mut Context<'_>,
) -> Result<(), Error> {
    let running = Section::of_map(running);
    let vnets = Objects::of(running, "vnets")?;
    if vnets.iter().next().is_none() {
        return Ok(());
    }
    let zones = Objects::of(running, "zones")?;
    for (id, value) in vnets.iter() {
        let options = Section::of(Some(value))?;
        let cannot = [PerlStr::literal("can't generate vnet '"), id];
        let Some(zone_id) = options.true_text("zone")? else {
            let rest = PerlStr::literal("': no zone assigned!\n");
            context.warnings.push(PerlString::concat(&[&cannot[..], &[rest]].concat()));
            continue;
        };
        let zone = zones.get(zone_id.as_perl()).filter(|zone| zone.is_defined());
        let Some(zone) = zone else {
            let middle = [PerlStr::literal("': zone "), zone_id.as_perl()];
            let rest = [PerlStr::literal(" don't exist\n")];
            context
                .warnings
                .push(PerlString::concat(&[&cannot[..], &middle[..], &rest[..]].concat()));
            continue;
        };
        let zone = Section::of(Some(zone))?;
        if !zone.is_of_node(context.node.as_perl())? {
            continue;
        }
        let controller = match zone.true_text("controller")? {
            Some(id) => {
                let controllers = config.controllers.as_ref().map_err(Clone::clone)?;
                controllers.get(id.as_perl())
            }
            None => None,
        };
        let kind = zone.zone_kind()?;
        let vnet = Vnet { id, options, zone_id: zone_id.as_perl(), zone };
        if let Err(error) = one_vnet(config, context, kind, &vnet, controller) {
            context.warnings.push(warning(&vnet, &error));
        }
    }
    Ok(())
}

fn one_vnet<'m>(
    config: &Config<'m>,
    context: &mut Context<'_>,
    kind: Kind,
    vnet: &Vnet<'m>,
    controller: Option<&'m Value<'m>>,
) -> Result<(), Error> {
    match kind {
        Kind::Simple => simple::generate(config, context, vnet),
        Kind::Vlan => vlan::generate(context, vnet),
        Kind::Qinq => qinq::generate(context, vnet),
        Kind::Vxlan => vxlan::generate(config, context, vnet),
        Kind::Evpn => evpn::generate(config, context, vnet, controller),
        Kind::Faucet => {
            faucet::generate(context, vnet);
            Ok(())
        }
    }
}

/// What the reference says of a VNet that could not be made.
fn warning(vnet: &Vnet<'_>, error: &Error) -> PerlString<'static> {
    let (text, at_caller) = match error {
        Error::Died { text, at_caller } => (text.clone(), *at_caller),
        Error::Format(error) => (error.to_perl(), false),
    };
    let has_place = at_caller && !text.as_bytes().ends_with(b"\n");
    PerlString::concat(&[
        PerlStr::literal("zone "),
        vnet.zone_id,
        PerlStr::literal(" : vnet "),
        vnet.id,
        PerlStr::literal(" : "),
        text.as_perl(),
        // The place, which the reference tells, is left out.
        PerlStr::literal(if has_place { ".\n\n" } else { "\n" }),
    ])
}
