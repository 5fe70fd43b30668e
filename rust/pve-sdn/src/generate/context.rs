//! What all VNets of one generation share: the configuration, what the node has said, and what has been made so far.

use std::collections::BTreeMap;
use std::rc::Rc;

use pve_schema::{Error, Map, PerlStr, PerlString};

use super::data::{Objects, Section};
use super::fabric::Fabrics;
use super::interfaces::{Interfaces, Tunnel};
use super::machine::{Answer, Bridge, Machine, Route};
use super::stanza::{Name, Stanzas};
use super::subnets::Subnets;

/// The configuration, of which what cannot be read only matters to those who look into it.
pub(super) struct Config<'m> {
    pub(super) controllers: Result<Objects<'m>, Error>,
    pub(super) subnets: Result<Subnets<'m>, Error>,
    pub(super) fabrics: Fabrics<'m>,
}

impl<'m> Config<'m> {
    pub(super) fn of(running: &'m Map<'m>) -> Result<Config<'m>, Error> {
        let running = Section::of_map(running);
        Ok(Config {
            controllers: Objects::of(running, "controllers"),
            subnets: Subnets::of(running),
            fabrics: Fabrics::of(running)?,
        })
    }
}

/// A VNet with its zone.
#[derive(Clone, Copy)]
pub(super) struct Vnet<'m> {
    pub(super) id: PerlStr<'m>,
    pub(super) options: Section<'m>,
    pub(super) zone_id: PerlStr<'m>,
    pub(super) zone: Section<'m>,
}

impl<'m> Vnet<'m> {
    /// A name made of a prefix and the VNet's.
    pub(super) fn prefixed(&self, prefix: &'static str) -> PerlString<'static> {
        PerlString::concat(&[PerlStr::literal(prefix), self.id])
    }

    /// A name made of a prefix and the zone's.
    pub(super) fn zone_prefixed(&self, prefix: &'static str) -> PerlString<'static> {
        PerlString::concat(&[PerlStr::literal(prefix), self.zone_id])
    }
}

/// A generation under way.
pub(super) struct Context<'x> {
    machine: &'x mut dyn Machine,
    pub(super) node: PerlString<'static>,
    pub(super) stanzas: Stanzas,
    pub(super) warnings: Vec<PerlString<'static>>,
    /// What the reference writes to standard output.
    pub(super) printed: String,
    interfaces: Option<Rc<Interfaces>>,
    tunnels: BTreeMap<Name, Rc<Answer<Tunnel>>>,
    bridges: BTreeMap<Name, Rc<Bridge>>,
    routes: BTreeMap<Name, Rc<Answer<Route>>>,
}

impl<'x> Context<'x> {
    pub(super) fn new(machine: &'x mut dyn Machine) -> Context<'x> {
        Context {
            machine,
            node: PerlString::new(),
            stanzas: Stanzas::default(),
            warnings: Vec::new(),
            printed: String::new(),
            interfaces: None,
            tunnels: BTreeMap::new(),
            bridges: BTreeMap::new(),
            routes: BTreeMap::new(),
        }
    }

    /// Learns the node's name.
    pub(super) fn learn_node_name(&mut self) -> Result<(), Error> {
        self.node = self.machine.node_name()?;
        Ok(())
    }

    /// The node's own interfaces.
    pub(super) fn interfaces(&mut self) -> Result<Rc<Interfaces>, Error> {
        if let Some(known) = &self.interfaces {
            return Ok(Rc::clone(known));
        }
        let read = Rc::new(Interfaces::of(&self.machine.interfaces()?)?);
        self.interfaces = Some(Rc::clone(&read));
        Ok(read)
    }

    /// What the tunnels of a zone go over: looked for when its first VNet asks.
    pub(super) fn tunnel(
        &mut self,
        vnet: &Vnet<'_>,
        find: impl FnOnce(&mut Self) -> Result<Tunnel, Error>,
    ) -> Result<Rc<Answer<Tunnel>>, Error> {
        let zone = Name(vnet.zone_id.into_owned());
        let known = self.tunnels.get(&zone).map(Rc::clone);
        let answer = match known {
            Some(answer) => answer,
            None => {
                let before = std::mem::take(&mut self.warnings);
                let result = find(self);
                let warnings = std::mem::replace(&mut self.warnings, before);
                let answer = Rc::new(Answer { warnings, result });
                self.tunnels.insert(zone, Rc::clone(&answer));
                answer
            }
        };
        self.warnings.extend(answer.warnings.iter().cloned());
        match &answer.result {
            Ok(_) => Ok(answer),
            Err(error) => Err(error.clone()),
        }
    }

    /// A bridge.
    pub(super) fn bridge(&mut self, name: PerlStr<'_>) -> Rc<Bridge> {
        let machine = &mut self.machine;
        let known = self.bridges.entry(Name(name.into_owned()));
        Rc::clone(known.or_insert_with(|| Rc::new(machine.bridge(name))))
    }

    /// How the node reaches an address (`Zones::Plugin::get_local_route_ip`).
    pub(super) fn route(&mut self, target: PerlStr<'_>) -> Result<Route, Error> {
        let machine = &mut self.machine;
        let known = self.routes.entry(Name(target.into_owned()));
        let answer = Rc::clone(known.or_insert_with(|| Rc::new(machine.route(target))));
        self.answered(&answer)
    }

    /// What the node answered, with its warnings.
    pub(super) fn answered<T: Clone>(&mut self, answer: &Answer<T>) -> Result<T, Error> {
        self.warnings.extend(answer.warnings.iter().cloned());
        answer.result.clone()
    }
}
