//! A guest's interface is made ready (the reference: `PVE::Network::veth_create` and `tap_create`).

use super::before::Before;
use super::plug::parse_mac;
use super::port::Interface;
use super::{Call, Died, host_link, names, words};
use crate::link::{LinkSettings, Shown, VethPair};
use crate::plan::{Change, Step};
use crate::transaction::Transaction;

/// One queue for each direction: more makes the kernel wait for all processors when the pair is made.
const QUEUES: u32 = 1;

/// `veth_create`: make a pair of links with the MTU of a bridge, both of the host and up; where the first one is there
/// already, bring both up.
///
/// # Errors
/// [`Died`], with everything as it was.
pub fn veth_create(
    call: &mut Call<'_>,
    name: &str,
    peer: &str,
    bridge: Option<&str>,
    mac: Option<&str>,
) -> Result<(), Died> {
    let bridge = bridge_setting(bridge)?;
    call.change(|call, tx| {
        let mut found = call.look(tx, &[bridge, name, peer])?.into_iter();
        let mut next = || found.next().flatten();
        let mtu = mtu(bridge, next())?;
        let (own, other) = (next(), next());
        let mut steps = Vec::new();
        let there = own.is_some();
        if !there {
            steps.push(call.add_veth(name, peer, mtu, mac)?);
        }
        let up = LinkSettings { mtu: Some(mtu), ..LinkSettings::UP };
        let mut ends = Vec::new();
        for (end, shown) in [(name, own), (peer, other)] {
            if there && shown.is_none() {
                return Err(call.not_found(end, words::activate(end, &up, 1)));
            }
            // What was there under the other's name is not what the pair was made of.
            let shown = shown.filter(|_| there);
            ends.push(match shown {
                Some(shown) => Some(call.before(tx, shown, &[], false)?),
                None => None,
            });
        }
        let interfaces: Vec<_> = [name, peer]
            .into_iter()
            .zip(&ends)
            .map(|(end, before)| of(end, before.as_ref()))
            .collect();
        steps.extend(interfaces.iter().filter_map(Interface::disable_ipv6));
        steps.extend(interfaces.iter().map(|end| activate(end, &up)));
        call.carry_out_with(tx, &steps, mac)
    })
}

fn of<'b>(name: &str, before: Option<&'b Before>) -> Interface<'b> {
    match before {
        Some(before) => Interface::there(before),
        None => Interface::made(&name.into()),
    }
}

fn activate(interface: &Interface<'_>, settings: &LinkSettings) -> Step {
    let step = Step::new(&interface.link(), Change::Set(settings.clone()));
    match interface.before {
        Some(before) => step.undone_by(Change::Set(settings.as_shown(&before.shown))),
        None => step,
    }
}

impl Call<'_> {
    fn add_veth(
        &mut self,
        name: &str,
        peer: &str,
        mtu: u32,
        mac: Option<&str>,
    ) -> Result<Step, Died> {
        let text = |why: String| Died::Text(format!("can't create interface {name} - {why}\n"));
        names::check(name).map_err(|why| text(format!("{why}\n")))?;
        let number = mtu.to_string();
        let command = |code| words::add_veth(name, &number, peer, &number, mac, code);
        if names::check(peer).is_err() {
            self.warn(format!(
                "Error: argument \"{peer}\" is wrong: \"name\" not a valid ifname\n"
            ));
            return Err(text(command(255)));
        }
        let address = match mac {
            None => None,
            Some(mac) => match parse_mac(mac) {
                Some(address) => Some(address),
                None => {
                    self.warn(format!("\"{mac}\" is invalid lladdr.\n"));
                    return Err(text(command(1)));
                }
            },
        };
        let pair = VethPair {
            name: name.into(),
            mtu,
            peer_name: peer.into(),
            peer_mtu: mtu,
            peer_address: address,
            queues: QUEUES,
            ..VethPair::default()
        };
        let add = Change::AddVeth { pair: Box::new(pair), inside: false };
        Ok(Step::new(&host_link(name), add).undone_by(Change::Delete))
    }
}

/// `tap_create`: bring a VM's interface up with the MTU of a bridge, taking in frames for others.
///
/// # Errors
/// [`Died`], with everything as it was.
pub fn tap_create(call: &mut Call<'_>, name: &str, bridge: Option<&str>) -> Result<(), Died> {
    let bridge = bridge_setting(bridge)?;
    call.change(|call, tx| {
        let mut found = call.look(tx, &[bridge, name])?.into_iter();
        let mut next = || found.next().flatten();
        let mtu = mtu(bridge, next())?;
        let Some(shown) = next() else {
            return Err(call.not_found(name, "interface activation failed\n".into()));
        };
        call.activate_tap(tx, shown, mtu).map_err(|died| match died {
            Died::Text(_) => Died::Text("interface activation failed\n".into()),
            other => other,
        })
    })
}

impl Call<'_> {
    fn activate_tap(
        &mut self,
        tx: &mut Transaction<'_>,
        shown: Shown,
        mtu: u32,
    ) -> Result<(), Died> {
        let before = self.before(tx, shown, &[], false)?;
        let interface = Interface::there(&before);
        let settings = LinkSettings { mtu: Some(mtu), promiscuous: Some(true), ..LinkSettings::UP };
        let mut steps: Vec<_> = interface.disable_ipv6().into_iter().collect();
        steps.push(activate(&interface, &settings));
        self.carry_out(tx, &steps)
    }
}

fn bridge_setting(bridge: Option<&str>) -> Result<&str, Died> {
    bridge
        .filter(|bridge| super::plug::is_true(bridge))
        .ok_or_else(|| Died::Text("unable to get bridge setting\n".into()))
}

fn mtu(bridge: &str, shown: Option<Shown>) -> Result<u32, Died> {
    match shown {
        Some(shown) if shown.mtu > 0 => Ok(shown.mtu),
        _ => Err(Died::Text(format!("bridge '{bridge}' does not exist\n"))),
    }
}
