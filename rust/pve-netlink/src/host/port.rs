//! The steps by which an interface becomes a port of a bridge (the reference: `PVE::Network`, `$bridge_add_interface`).

use super::before::Before;
use crate::bridge::{PortFlags, Vlans};
use crate::link::{LinkSettings, Mac};
use crate::plan::{Change, Link, Name, Refused, Step};

/// A bridge that a port is to be of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bridge {
    /// Its name.
    pub name: Name,
    /// Its MTU in bytes.
    pub mtu: u32,
    /// Whether it filters VLANs.
    pub vlan_filtering: bool,
}

/// The VLANs that a port is to be in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PortVlans {
    /// That of frames without a tag; VLAN 1 for none.
    pub tag: Option<u16>,
    /// Those of frames with a tag; for none, all if there is no `tag` either.
    pub trunks: Vec<Vlans>,
}

/// The interface that is to become a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface<'a> {
    /// Its name.
    pub name: Name,
    /// What it was before; none if the same plan makes it.
    pub before: Option<&'a Before>,
}

impl<'a> Interface<'a> {
    /// One that the same plan makes.
    #[must_use]
    pub fn made(name: &Name) -> Self {
        Self { name: name.clone(), before: None }
    }

    /// One that is there.
    #[must_use]
    pub fn there(before: &'a Before) -> Self {
        Self { name: before.name.clone(), before: Some(before) }
    }

    /// As a step names it.
    #[must_use]
    pub fn link(&self) -> Link {
        Link::Host(self.name.clone())
    }

    /// Keep IPv6 off it.
    #[must_use]
    pub fn disable_ipv6(&self) -> Option<Step> {
        let step = Step::new(&self.link(), Change::DisableIpv6(true));
        match self.before {
            None => Some(step),
            Some(Before { ipv6_disabled: Some(false), .. }) => {
                Some(step.undone_by(Change::DisableIpv6(false)))
            }
            Some(_) => None,
        }
    }

    /// Give it the bridge's MTU, as far as it takes that.
    #[must_use]
    pub fn set_mtu(&self, mtu: u32) -> Step {
        let step = Step::new(&self.link(), Change::Set(LinkSettings::mtu(mtu)));
        let step = step.refused(Refused::IsSaid);
        match self.before {
            Some(before) => step.undone_by(Change::Set(LinkSettings::mtu(before.shown.mtu))),
            None => step,
        }
    }

    /// Make it a port, with the VLANs that it is to have.
    #[must_use]
    pub fn enslave(&self, bridge: &Bridge, vlans: &PortVlans) -> Vec<Step> {
        let link = self.link();
        let step = Step::new(&link, Change::SetMaster(Some(bridge.name.clone())));
        let mut steps = vec![match self.before {
            Some(before) => step.undone_by_all(before.membership()),
            None => step,
        }];
        if bridge.vlan_filtering {
            steps.extend(self.set_vlans(vlans));
        }
        steps
    }

    /// What it was in the bridge that it is a port of. The kernel goes on after a step that it refuses: what follows on one
    /// that makes it a port of another bridge may be done to it there, even if that was to be deleted.
    fn was_port(&self) -> Option<&'a Before> {
        self.before.filter(|before| before.bridge.is_some())
    }

    /// Give the port its VLANs, whatever it had.
    #[must_use]
    pub fn set_vlans(&self, vlans: &PortVlans) -> Vec<Step> {
        let link = self.link();
        let add = |vlans: Vlans| Step::new(&link, Change::AddVlans(vec![vlans]));
        let delete = Step::new(&link, Change::DeleteVlans(Vlans::ALL));
        let mut steps = vec![match self.was_port() {
            Some(before) => delete.undone_by_all(before.vlans()),
            None => delete,
        }];
        if !vlans.trunks.is_empty() {
            steps.extend(vlans.trunks.iter().copied().map(add));
        } else if vlans.tag.is_none() {
            steps.push(add(Vlans::REST));
        }
        steps.push(add(Vlans::own(vlans.tag.unwrap_or(1))));
        steps
    }

    fn set_flags(&self, flags: PortFlags) -> Step {
        let step = Step::new(&self.link(), Change::SetPortFlags(flags));
        match self.was_port().and_then(|before| before.shown.port) {
            Some(before) => step.undone_by(Change::SetPortFlags(before)),
            None => step,
        }
    }

    /// Make the bridge learn nothing from the port, and send it only what is led to it.
    #[must_use]
    pub fn stop_learning(&self) -> Step {
        self.set_flags(PortFlags::NO_LEARNING)
    }

    /// Keep the port apart from its like.
    #[must_use]
    pub fn isolate(&self) -> Step {
        self.set_flags(PortFlags::ISOLATED)
    }

    /// Lead an address to the port, away from another of the same bridge.
    #[must_use]
    pub fn add_fdb(&self, mac: Mac, other: Option<Link>) -> Step {
        let step = Step::new(&self.link(), Change::AddFdb(mac));
        if self.was_port().is_some_and(|before| before.fdb.contains(&mac)) {
            return step;
        }
        let mut back = vec![(self.link(), Change::DeleteFdb(mac))];
        back.extend(other.map(|other| (other, Change::AddFdb(mac))));
        step.undone_by_all(back)
    }
}
