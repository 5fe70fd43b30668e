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
    /// The bridge that it is still a port of when it comes to these steps.
    pub in_bridge: bool,
}

impl<'a> Interface<'a> {
    /// One that the same plan makes.
    #[must_use]
    pub fn made(name: &Name) -> Self {
        Self { name: name.clone(), before: None, in_bridge: false }
    }

    /// One that is there. `left`: the same plan deletes the bridge that it is a port of.
    #[must_use]
    pub fn there(before: &'a Before, left: bool) -> Self {
        let in_bridge = before.bridge.is_some() && !left;
        Self { name: before.name.clone(), before: Some(before), in_bridge }
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
            Some(before) if self.in_bridge => step.undone_by_all(before.membership()),
            Some(_) => step.undone_by(Change::SetMaster(None)),
            None => step,
        }];
        if bridge.vlan_filtering {
            steps.extend(vlan_steps(&link, vlans));
        }
        steps
    }
}

/// The VLANs of a port, whatever it had. They go when it is no port any more, and come back with what that undoes.
#[must_use]
pub fn vlan_steps(link: &Link, vlans: &PortVlans) -> Vec<Step> {
    let add = |vlans: Vlans| Step::new(link, Change::AddVlans(vec![vlans]));
    let mut steps = vec![Step::new(link, Change::DeleteVlans(Vlans::ALL))];
    if !vlans.trunks.is_empty() {
        steps.extend(vlans.trunks.iter().copied().map(add));
    } else if vlans.tag.is_none() {
        steps.push(add(Vlans::REST));
    }
    steps.push(add(Vlans::own(vlans.tag.unwrap_or(1))));
    steps
}

/// Make the bridge learn nothing from a port, and send it only what is led to it.
#[must_use]
pub fn no_learning(link: &Link) -> Step {
    Step::new(link, Change::SetPortFlags(PortFlags::NO_LEARNING))
}

/// Keep a port apart from its like.
#[must_use]
pub fn isolate(link: &Link) -> Step {
    Step::new(link, Change::SetPortFlags(PortFlags::ISOLATED))
}

/// Lead an address to a port that it was not led to.
#[must_use]
pub fn add_fdb(link: &Link, mac: Mac) -> Step {
    Step::new(link, Change::AddFdb(mac)).undone_by(Change::DeleteFdb(mac))
}
