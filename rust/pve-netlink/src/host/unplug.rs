//! A guest's interface is taken out of its bridge (the reference: `PVE::Network::tap_unplug`).

use super::firewall;
use super::names::GuestNames;
use super::{Call, Died, host_link};
use crate::plan::{Change, Refused, Step};
use crate::transaction::Transaction;

/// `tap_unplug`: take an interface out of its bridge, remove its firewall bridge, and have Open vSwitch forget it.
///
/// # Errors
/// [`Died`], with everything as it was, except for what Open vSwitch was told.
pub fn tap_unplug(call: &mut Call<'_>, interface: &str) -> Result<(), Died> {
    call.change(|call, tx| call.unplug(tx, interface, false))
}

/// `veth_delete`: delete an interface with all that stands between it and its bridge.
///
/// # Errors
/// As [`tap_unplug`].
pub fn veth_delete(call: &mut Call<'_>, interface: &str) -> Result<(), Died> {
    call.change(|call, tx| call.unplug(tx, interface, true))
}

impl Call<'_> {
    fn unplug(
        &mut self,
        tx: &mut Transaction<'_>,
        interface: &str,
        delete: bool,
    ) -> Result<(), Died> {
        let names = GuestNames::of(interface);
        let mut asked = vec![interface.to_owned()];
        if let Some(names) = &names {
            asked.extend([&names.bridge, &names.link, &names.peer].map(ToString::to_string));
            asked.push(names.ovs_port.to_string());
        }
        let mut found = self.look(tx, &asked)?.into_iter();
        let mut next = || found.next().flatten();
        let own = next();
        let (fwbr, link, peer, ovs_port) = (next(), next(), next(), next());
        let bridges: Vec<_> = fwbr.as_ref().into_iter().collect();
        let own = match own {
            Some(shown) => Some(self.before(tx, shown, &bridges, false)?),
            None => None,
        };
        let remains = firewall::read(tx, fwbr.clone(), link, peer, &bridges)?;
        let mut steps = Vec::new();
        // The bridge is left first, as in the reference, unless it goes with the interface.
        if let Some(own) = own.as_ref().filter(|own| own.bridge.is_some() && !delete) {
            let step = Step::new(&own.link(), Change::SetMaster(None));
            steps.push(step.undone_by_all(own.membership()));
        }
        let mut rest = firewall::remove(&remains, None);
        if delete {
            // As in the reference, only the interface itself matters. It comes first, and nothing after it can fail.
            rest = rest.into_iter().map(|step| step.refused(Refused::IsSaid)).collect();
            if own.is_some() {
                steps.push(Step::new(&host_link(interface), Change::Delete));
            }
        }
        steps.extend(rest);
        self.carry_out(tx, &steps)?;
        if let (Some(_), Some(names)) = (ovs_port, &names) {
            let deleted = self.ovs(&["del-port".into(), names.ovs_port.to_string()]);
            if !delete {
                deleted.map_err(Died::Text)?;
            }
        }
        self.leave_ovs(interface);
        Ok(())
    }
}
