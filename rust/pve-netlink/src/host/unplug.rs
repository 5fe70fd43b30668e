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
    call.change(|call, tx| call.unplug(tx, interface, Refused::Fails))
}

/// `veth_delete`: delete an interface, if it is there, and then what stood between it and its bridge. As in the reference,
/// only the interface itself matters.
///
/// # Errors
/// [`Died`]: it is there still.
pub fn veth_delete(call: &mut Call<'_>, interface: &str) -> Result<(), Died> {
    call.change(|call, tx| {
        if call.look(tx, &[interface])?.pop().flatten().is_none() {
            return Ok(());
        }
        call.carry_out(tx, &[Step::new(&host_link(interface), Change::Delete)])
    })?;
    match call.change(|call, tx| call.unplug(tx, interface, Refused::IsSaid)) {
        Err(Died::Interrupted) => Err(Died::Interrupted),
        _ => Ok(()),
    }
}

impl Call<'_> {
    fn unplug(
        &mut self,
        tx: &mut Transaction<'_>,
        interface: &str,
        refused: Refused,
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
        if let Some(own) = own.as_ref().filter(|own| own.bridge.is_some()) {
            let step = Step::new(&own.link(), Change::SetMaster(None));
            steps.push(step.undone_by_all(own.membership()));
        }
        steps.extend(firewall::remove(&remains, own.as_ref()));
        let steps: Vec<_> = steps.into_iter().map(|step| step.refused(refused)).collect();
        self.carry_out(tx, &steps)?;
        if let (Some(_), Some(names)) = (ovs_port, &names) {
            self.ovs(&["del-port".into(), names.ovs_port.to_string()]).map_err(Died::Text)?;
        }
        self.leave_ovs(interface);
        Ok(())
    }
}
