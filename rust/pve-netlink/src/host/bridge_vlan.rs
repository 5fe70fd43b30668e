//! The bridge of one VLAN, `<bridge>v<tag>`, which stands for that VLAN of a bridge that does not filter them: its port is
//! `<port>.<tag>` of each physical port (the reference: `PVE::Network::activate_bridge_vlan`).

use std::any::Any;

use super::before::Before;
use super::port::{Bridge, Interface, PortVlans};
use super::{Call, Died, names, words};
use crate::bridge::LAST_VLAN;
use crate::link::{LinkSettings, Shown, show_all};
use crate::physical_ports::physical_ports;
use crate::plan::{Change, Link, Name, Step};
use crate::transaction::Transaction;

/// The bridge of a VLAN, and the lock that is to be held until all that depends on it is done or undone: who comes later
/// must not find a bridge that is about to be undone.
pub struct VlanBridge {
    /// The bridge.
    pub bridge: Bridge,
    /// What it was before, if it was there.
    pub there: Option<Shown>,
    /// See [`super::NetworkLock`].
    pub lock: Box<dyn Any>,
}

/// A tag as the reference takes it: Perl's integer of whatever it was given.
///
/// # Errors
/// The reference's text.
pub fn tag(call: &mut Call<'_>, text: &str) -> Result<u16, Died> {
    let number = call.perl_number(text, "int");
    let strange = || Died::Text(format!("got strange vlan tag '{text}'\n"));
    let whole = number.trunc();
    if (1.0..=f64::from(LAST_VLAN)).contains(&whole) { Ok(whole as u16) } else { Err(strange()) }
}

impl Call<'_> {
    /// Make it, or what is missing of it.
    ///
    /// # Errors
    /// [`Died`]
    pub fn vlan_bridge(
        &mut self,
        tx: &mut Transaction<'_>,
        bridge: &Shown,
        tag: u16,
    ) -> Result<VlanBridge, Died> {
        let ports = self.physical_ports(tx, bridge)?;
        if ports.is_empty() {
            let name = &bridge.name;
            return Err(Died::Text(format!("no physical interface on bridge '{name}'\n")));
        }
        let lock = self.lock()?;
        let name = format!("{}v{tag}", bridge.name);
        let own: Name = name.as_str().into();
        let there = self.look(tx, &[&name])?.pop().flatten();
        let before = match there.clone() {
            Some(shown) => Some(self.before(tx, shown, &[], false)?),
            None => {
                if let Err(why) = names::check(&name) {
                    return Err(Died::Text(format!(
                        "failed to create interface '{name}' - {why}\n"
                    )));
                }
                None
            }
        };
        let interface = match &before {
            Some(before) => Interface::there(before),
            None => Interface::made(&own),
        };
        let mut steps = Vec::new();
        if before.is_none() {
            let add = Step::new(&interface.link(), Change::AddBridge(None));
            steps.push(add.undone_by(Change::Delete));
        }
        steps.push(interface.set_mtu(bridge.mtu));
        self.carry_out(tx, &steps)?;

        // What the kernel made of the MTU is what the ports get.
        let now = self.look(tx, &[&name])?.pop().flatten();
        let vlan_filtering = now.as_ref().is_some_and(|shown| shown.vlan_filtering);
        let mtu = now.map_or(bridge.mtu, |shown| shown.mtu);
        let target = Bridge { name: own, mtu, vlan_filtering };
        for port in &ports {
            self.vlan_port(tx, &target, port, tag)?;
        }
        let mut steps: Vec<_> = interface.disable_ipv6().into_iter().collect();
        steps.push(up(&interface.link(), before.as_ref()));
        self.carry_out(tx, &steps)?;
        Ok(VlanBridge { bridge: target, there, lock })
    }

    /// Make the link for a VLAN of one physical port a port of the VLAN's bridge.
    pub(super) fn vlan_port(
        &mut self,
        tx: &mut Transaction<'_>,
        bridge: &Bridge,
        parent: &str,
        tag: u16,
    ) -> Result<(), Died> {
        let name = format!("{parent}.{tag}");
        let own: Name = name.as_str().into();
        let found = self.look(tx, &[&name])?.pop().flatten();
        let before = match found {
            Some(shown) => Some(self.before(tx, shown, &[], false)?),
            None => None,
        };
        let interface = match &before {
            Some(before) => Interface::there(before),
            None => Interface::made(&own),
        };
        let mut steps = Vec::new();
        if before.is_none() {
            if let Err(why) = names::check(&name) {
                let text = format!("can't add vlan tag {tag} to interface {parent} - {why}\n\n");
                return Err(Died::Text(text));
            }
            if self.look(tx, &[parent])?.pop().flatten().is_none() {
                let id = tag.to_string();
                let words =
                    ["/sbin/ip", "link", "add", "link", parent, "name", &name, "type", "vlan"];
                let words: Vec<_> = words.into_iter().chain(["id", &id]).collect();
                let what = words::failed(&words, 1);
                let text = format!("can't add vlan tag {tag} to interface {parent} - {what}\n");
                return Err(self.not_found(parent, text));
            }
            let add = Change::AddVlan { parent: parent.into(), id: tag };
            steps.push(Step::new(&interface.link(), add).undone_by(Change::Delete));
            steps.extend(interface.disable_ipv6());
        }
        steps.push(up(&interface.link(), before.as_ref()));
        if let Some(Before { bridge: Some(other), .. }) = &before {
            self.carry_out(tx, &steps)?;
            if *other == bridge.name {
                return Ok(());
            }
            return Err(Died::Text(format!("interface {name} already exist in bridge {other}\n")));
        }
        steps.push(interface.set_mtu(bridge.mtu));
        if before.is_some() {
            steps.extend(interface.disable_ipv6());
        }
        steps.extend(interface.enslave(bridge, &PortVlans::default()));
        self.carry_out(tx, &steps)
    }

    fn physical_ports(
        &mut self,
        tx: &mut Transaction<'_>,
        bridge: &Shown,
    ) -> Result<Vec<String>, Died> {
        if bridge.kind != "bridge" {
            self.warn("passed link that isn't a bridge to get_physical_bridge_ports");
            return Ok(Vec::new());
        }
        let answers = tx.read(vec![show_all()])?;
        let mut ports = Vec::new();
        for answer in answers {
            answer.check("list the host's links", |_| String::new())?;
            ports.extend(physical_ports(&answer, bridge.index));
        }
        Ok(ports)
    }

    fn lock(&mut self) -> Result<Box<dyn Any>, Died> {
        let cancel = self.cancel;
        let taken = self.surroundings.lock.take(&mut || cancel.check().is_ok());
        cancel.check()?;
        taken.map_err(Died::Text)
    }
}

/// Bring a link up, without an MTU.
fn up(link: &Link, before: Option<&Before>) -> Step {
    let step = Step::new(link, Change::Set(LinkSettings::UP));
    match before {
        Some(before) if !before.shown.up => step.undone_by(Change::Set(LinkSettings::DOWN)),
        _ => step,
    }
}

/// `activate_bridge_vlan`: the name of the bridge for a VLAN of a bridge, which is made if it is not there; without a
/// tag, the bridge itself.
///
/// # Errors
/// [`Died`], with nothing left of what was made.
pub fn activate_bridge_vlan(
    call: &mut Call<'_>,
    bridge: &str,
    tag_text: Option<&str>,
) -> Result<String, Died> {
    call.change(|call, tx| {
        let Some(shown) = call.look(tx, &[bridge])?.pop().flatten() else {
            return Err(Died::Text(format!("bridge '{bridge}' is not active\n")));
        };
        let Some(tag_text) = tag_text else { return Ok(bridge.to_owned()) };
        let tag = tag(call, tag_text)?;
        let made = call.vlan_bridge(tx, &shown, tag)?;
        tx.keep(made.lock);
        Ok(made.bridge.name.to_string())
    })
}

/// `activate_bridge_vlan_slave`: the link for a VLAN of an interface, made if it is not there, as a port of a bridge.
///
/// # Errors
/// [`Died`], with nothing left of what was made.
pub fn activate_bridge_vlan_slave(
    call: &mut Call<'_>,
    bridge: &str,
    interface: &str,
    tag_text: &str,
) -> Result<(), Died> {
    call.change(|call, tx| {
        let found = call.look(tx, &[bridge])?.pop().flatten();
        let tag = call.perl_number(tag_text, "int") as u16;
        let target = match &found {
            Some(shown) => {
                Bridge { name: bridge.into(), mtu: shown.mtu, vlan_filtering: shown.vlan_filtering }
            }
            None => return Err(Died::Text(format!("bridge '{bridge}' does not exist\n"))),
        };
        call.vlan_port(tx, &target, interface, tag)
    })
}
