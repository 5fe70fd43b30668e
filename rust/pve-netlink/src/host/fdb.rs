//! A guest's address is led to its interface (the reference: `PVE::Network::add_bridge_fdb` and `del_bridge_fdb`).

use super::names::GuestNames;
use super::plug::parse_mac;
use super::{Call, Died, host_link, words};
use crate::plan::{Change, Step};

/// `add_bridge_fdb`: lead an address to an interface whose bridge does not learn, and to its firewall bridge.
///
/// # Errors
/// [`Died`], with everything as it was.
pub fn add_bridge_fdb(call: &mut Call<'_>, interface: &str, mac: &str) -> Result<(), Died> {
    change(call, interface, mac, true)
}

/// `del_bridge_fdb`: no longer lead it there.
///
/// # Errors
/// [`Died`], with everything as it was.
pub fn del_bridge_fdb(call: &mut Call<'_>, interface: &str, mac: &str) -> Result<(), Died> {
    change(call, interface, mac, false)
}

fn change(call: &mut Call<'_>, interface: &str, mac: &str, add: bool) -> Result<(), Died> {
    call.change(|call, tx| {
        let names = GuestNames::of(interface);
        let mut asked = vec![interface.to_owned()];
        asked.extend(names.iter().map(|names| names.peer.to_string()));
        let mut found = call.look(tx, &asked)?.into_iter();
        let (own, peer) = (found.next().flatten(), found.next().flatten());
        let learns = own.and_then(|own| own.port).and_then(|port| port.learning);
        let (Some(false), Some(_)) = (learns, &names) else { return Ok(()) };
        let verb = if add { "append" } else { "del" };
        let Some(address) = parse_mac(mac) else {
            call.warn(format!("Invalid mac address {mac}\n"));
            return Err(Died::Text(words::fdb(verb, mac, interface)));
        };
        let there = |call: &mut Call<'_>, tx: &mut _, index| call.fdb(tx, index);
        let mut steps = Vec::new();
        let ports = [Some(interface.to_owned()), peer.map(|peer| peer.name)];
        for port in ports.into_iter().flatten() {
            let link = host_link(&port);
            let index = tx.index(&link).unwrap_or(0);
            let has = there(call, tx, index)?.contains(&address);
            let (step, back) = if add {
                (Change::AddFdb(address), Change::DeleteFdb(address))
            } else {
                (Change::DeleteFdb(address), Change::AddFdb(address))
            };
            let step = Step::new(&link, step);
            // What the change does not alter is not undone either.
            steps.push(if has == add { step } else { step.undone_by(back) });
        }
        call.carry_out_with(tx, &steps, Some(mac))
    })
}
