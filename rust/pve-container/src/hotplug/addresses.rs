//! The addresses and gateways of a plugged-in interface change, in the reference's order (`PVE::LXC::update_ipconfig`):
//! the new address is added, the default route replaced, the old address deleted.
//!
//! Unlike there, what fails is an error: the caller makes everything what it was.

use std::net::IpAddr;

use pve_netlink::addr::{self, Cidr};
use pve_netlink::link::{self, LinkSettings};
use pve_netlink::request::{Channel, Outcome, Request};
use pve_netlink::route;
use pve_netlink::snapshot::Inside;
use pve_netlink::snapshot::inside::promote_secondaries;
use pve_netlink::wait::Cancel;
use pve_netlink::{Errno, Error};

use super::nic::ContainerNic;

/// One change in the container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    SetMtu(u32),
    AddAddress(Cidr),
    AddRoute(IpAddr),
    ReplaceDefault(IpAddr),
    DeleteDefault(IpAddr),
    DeleteRoute(IpAddr),
    DeleteAddress(Cidr),
}

/// What there is, what is to be, and what is to go, of one version of IP.
struct Family {
    present: Vec<Cidr>,
    present_gateways: Vec<IpAddr>,
    new: Option<Cidr>,
    new_gateway: Option<IpAddr>,
    old: Vec<Cidr>,
    old_gateway: Option<IpAddr>,
}

/// The changes that `nic` takes. What is to go is what `old` says; where it is not known, all addresses that were given to
/// the interface, and its default route, make way for new ones.
pub(super) fn plan(
    present: &Inside,
    nic: &ContainerNic,
    mtu: u32,
    old: Option<&ContainerNic>,
) -> Vec<Step> {
    let mut steps = Vec::new();
    if present.link.mtu != mtu {
        steps.push(Step::SetMtu(mtu));
    }
    let of = |nic: &ContainerNic, ipv4: bool| {
        if ipv4 { (nic.ip, nic.gw.map(IpAddr::V4)) } else { (nic.ip6, nic.gw6.map(IpAddr::V6)) }
    };
    for ipv4 in [true, false] {
        let mut addresses = present.addresses();
        addresses.retain(|cidr| cidr.address.is_ipv4() == ipv4);
        let mut gateways = present.gateways();
        gateways.retain(|gateway| gateway.is_ipv4() == ipv4);
        let (new, new_gateway) = of(nic, ipv4);
        let (old, old_gateway) = match old.map(|old| of(old, ipv4)) {
            Some((address, gateway)) => (address.into_iter().collect(), gateway),
            None if new.is_some() => (addresses.clone(), gateways.first().copied()),
            None => (Vec::new(), None),
        };
        let family = Family {
            present: addresses,
            present_gateways: gateways,
            new,
            new_gateway,
            old,
            old_gateway,
        };
        family.plan(&mut steps);
    }
    steps
}

impl Family {
    fn plan(self, steps: &mut Vec<Step>) {
        let start = steps.len();
        let missing = self.new.filter(|new| !self.present.contains(new));
        steps.extend(missing.map(Step::AddAddress));
        let gone: Vec<_> = self.old.iter().filter(|old| Some(**old) != self.new).copied().collect();
        let kept = |gateway: IpAddr| self.present_gateways.contains(&gateway);
        match self.new_gateway {
            Some(gateway) if !kept(gateway) || steps.len() > start || !gone.is_empty() => {
                let outside = self.new.is_some_and(|new| !new.contains(gateway));
                steps.extend(outside.then_some(Step::AddRoute(gateway)));
                steps.push(Step::ReplaceDefault(gateway));
            }
            Some(_) => {}
            None => steps.extend(self.old_gateway.map(Step::DeleteDefault)),
        }
        if let Some(gateway) = self.old_gateway.filter(|old| Some(*old) != self.new_gateway) {
            let outside = !self.old.is_empty() && !self.old.iter().any(|old| old.contains(gateway));
            steps.extend(outside.then_some(Step::DeleteRoute(gateway)));
        }
        steps.extend(gone.into_iter().map(Step::DeleteAddress));
    }
}

impl Step {
    fn requests(self, index: u32) -> Vec<Request> {
        match self {
            Self::SetMtu(mtu) => vec![link::set(index, &LinkSettings::mtu(mtu))],
            Self::AddAddress(cidr) => addr::add(index, cidr),
            Self::AddRoute(to) => vec![route::add_on_link(index, to)],
            Self::ReplaceDefault(gateway) => vec![route::replace_default(index, gateway)],
            Self::DeleteDefault(gateway) => vec![route::delete_default(index, gateway)],
            Self::DeleteRoute(to) => vec![route::delete_on_link(index, to)],
            Self::DeleteAddress(cidr) => vec![addr::delete(index, cidr)],
        }
    }

    /// What the kernel says where there is nothing to do: the container may have done it itself.
    fn is_done(self, errno: Errno) -> bool {
        match self {
            Self::AddRoute(_) => errno == Errno::EEXIST,
            Self::DeleteDefault(_) | Self::DeleteRoute(_) => {
                matches!(errno, Errno::ESRCH | Errno::ENOENT)
            }
            Self::DeleteAddress(_) => errno == Errno::EADDRNOTAVAIL,
            Self::SetMtu(_) | Self::AddAddress(_) | Self::ReplaceDefault(_) => false,
        }
    }

    fn tried(self) -> String {
        match self {
            Self::SetMtu(mtu) => format!("set the MTU in the container to {mtu}"),
            Self::AddAddress(cidr) => format!("add the address {cidr} in the container"),
            Self::AddRoute(to) => format!("add the on-link route to {to} in the container"),
            Self::ReplaceDefault(gateway) => {
                format!("make {gateway} the default gateway of the container")
            }
            Self::DeleteDefault(gateway) => {
                format!("delete the default route via {gateway} in the container")
            }
            Self::DeleteRoute(to) => format!("delete the on-link route to {to} in the container"),
            Self::DeleteAddress(cidr) => format!("delete the address {cidr} in the container"),
        }
    }
}

/// Carry the changes out, one after the other, and read back what came of them. The calling thread must be in the
/// container's network namespace.
pub(super) fn carry_out(
    channel: &mut Channel,
    present: &Inside,
    steps: &[Step],
    cancel: &Cancel,
) -> Result<(), Error> {
    let index = present.link.index;
    // Without this a new address of the same network would go together with the old one.
    let deletes = |step: &Step| matches!(step, Step::DeleteAddress(cidr) if cidr.address.is_ipv4());
    let promote = present.promote_secondaries.filter(|_| steps.iter().any(deletes));
    if promote.is_some() {
        promote_secondaries(&present.link.name, 1)?;
    }
    for step in steps {
        cancel.check()?;
        for answer in channel.exchange(step.requests(index))? {
            match &answer.outcome {
                Outcome::Refused { errno, .. } if step.is_done(*errno) => {}
                _ => answer.check(&step.tried(), |_| String::new())?,
            }
        }
    }
    if let Some(value) = promote {
        promote_secondaries(&present.link.name, value)?;
    }
    check(channel, index, steps)
}

fn check(channel: &mut Channel, index: u32, steps: &[Step]) -> Result<(), Error> {
    if steps.is_empty() {
        return Ok(());
    }
    let now = Inside::read(channel, index)?;
    let (addresses, gateways, mtu) = now
        .map_or((Vec::new(), Vec::new(), 0), |now| (now.addresses(), now.gateways(), now.link.mtu));
    for step in steps {
        let is_so = match step {
            Step::SetMtu(wanted) => mtu == *wanted,
            Step::AddAddress(cidr) => addresses.contains(cidr),
            Step::DeleteAddress(cidr) => !addresses.contains(cidr),
            Step::ReplaceDefault(gateway) => gateways.contains(gateway),
            Step::DeleteDefault(gateway) => !gateways.contains(gateway),
            Step::AddRoute(_) | Step::DeleteRoute(_) => true,
        };
        if !is_so {
            return Err(Error::NotAsWanted {
                tried: step.tried(),
                wanted: "that".into(),
                found: "something else".into(),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn family(present: &[&str], gateways: &[&str]) -> Family {
        let cidr = |text: &&str| {
            let (address, prefix) = text.split_once('/').unwrap();
            Cidr { address: address.parse().unwrap(), prefix: prefix.parse().unwrap() }
        };
        Family {
            present: present.iter().map(cidr).collect(),
            present_gateways: gateways.iter().map(|text| text.parse().unwrap()).collect(),
            new: None,
            new_gateway: None,
            old: present.iter().map(cidr).collect(),
            old_gateway: gateways.first().map(|text| text.parse().unwrap()),
        }
    }

    fn planned(family: Family) -> Vec<String> {
        let mut steps = Vec::new();
        family.plan(&mut steps);
        steps.into_iter().map(Step::tried).collect()
    }

    fn cidr(text: &str) -> Option<Cidr> {
        let (address, prefix) = text.split_once('/')?;
        Some(Cidr { address: address.parse().ok()?, prefix: prefix.parse().ok()? })
    }

    #[test]
    fn new_address_then_gateway_then_old_address() {
        let family = Family {
            new: cidr("10.0.1.2/24"),
            new_gateway: "10.0.2.1".parse().ok(),
            ..family(&["10.0.0.2/24"], &["10.9.0.1"])
        };
        let wanted = [
            "add the address 10.0.1.2/24 in the container",
            "add the on-link route to 10.0.2.1 in the container",
            "make 10.0.2.1 the default gateway of the container",
            "delete the on-link route to 10.9.0.1 in the container",
            "delete the address 10.0.0.2/24 in the container",
        ];
        assert_eq!(planned(family), wanted);
    }

    #[test]
    fn what_is_so_already_takes_nothing() {
        let family = Family {
            new: cidr("10.0.0.2/24"),
            new_gateway: "10.0.0.1".parse().ok(),
            ..family(&["10.0.0.2/24"], &["10.0.0.1"])
        };
        assert_eq!(planned(family), [""; 0]);
    }

    #[test]
    fn no_gateway_any_more() {
        let family = Family { new: cidr("10.0.0.2/24"), ..family(&["10.0.0.2/24"], &["10.0.0.1"]) };
        assert_eq!(planned(family), ["delete the default route via 10.0.0.1 in the container"]);
    }
}
