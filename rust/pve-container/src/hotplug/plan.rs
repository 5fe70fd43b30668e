//! What plugging in one interface takes, worked out before anything is touched.

use std::net::IpAddr;

use pve_netlink::addr::Cidr;
use pve_netlink::bridge::Settings;
use pve_netlink::host::firewall::{self, copy_settings};
use pve_netlink::host::names::GuestNames;
use pve_netlink::host::plug::vlan_range;
use pve_netlink::host::port::{self, Bridge, PortVlans};
use pve_netlink::host::rate;
use pve_netlink::interface::Interface;
use pve_netlink::link::{LinkSettings, Mac, VethPair};
use pve_netlink::plan::{Change, Inverse, Link, Name, Step};
use pve_netlink::tc::Rate;

use super::before;
use super::error::Error;
use super::names;
use super::nic::ContainerNic;

/// One queue for each direction: more makes the kernel wait for all processors when the pair is made.
pub(super) const QUEUES: u32 = 1;

const WITH_PERL: &str = "use PVE::LXC's own hotplug for this interface";

/// What is to be done for one interface. Whether its bridge filters VLANs is only known once the links are made: the
/// answer comes with theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The interface's two ends.
    pub pair: VethPair,
    /// The bridge that it is to be on.
    pub bridge: Interface,
    /// The names of its firewall bridge, if there is to be one.
    pub firewall: Option<GuestNames>,
    /// The VLAN of frames without a tag.
    pub tag: Option<u16>,
    /// The VLANs that it is to be in, where the bridge filters them.
    pub vlans: PortVlans,
    pub(super) link_down: bool,
    pub(super) rate: Option<Rate>,
    /// The address that is led to it, where the bridge is not to learn.
    fdb: Option<Option<Mac>>,
    inside: Vec<Step>,
}

/// What the node's own files say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeSetup {
    /// Whether the bridge learns addresses from its ports (`/etc/network/interfaces`).
    pub learning: bool,
    /// Whether the firewall wants a bridge of its own before each interface, as the one on iptables does (the reference:
    /// `PVE::Firewall::Helpers::needs_fwbr`).
    pub firewall_bridges: bool,
}

/// The steps that plug in `nic` as `net<netid>` of container `vmid`, on the bridge that was found under the name of
/// `nic.bridge`, if any.
///
/// # Errors
/// All that can be told from the values alone: [`Error::BadValue`], [`Error::Missing`], [`Error::Unsupported`],
/// [`Error::NoBridge`], [`Error::NotABridge`].
pub fn plan(
    vmid: u32,
    netid: u32,
    nic: &ContainerNic,
    bridge: Option<&Interface>,
    node: NodeSetup,
) -> Result<Plan, Error> {
    let name = names::host_end(vmid, netid)?;
    supported(nic)?;
    let wanted = bridge_name(nic)?;
    let bridge = bridge.ok_or_else(|| Error::NoBridge { bridge: wanted.into() })?;
    check_bridge(bridge)?;
    let peer_mtu = nic.mtu.unwrap_or(bridge.mtu);
    if peer_mtu > bridge.mtu {
        // The words of the reference, which refuses to start such a container.
        let why = format!("MTU size '{peer_mtu}' is bigger than bridge MTU '{}'", bridge.mtu);
        return Err(Error::bad("mtu", peer_mtu, why));
    }
    let vlans = vlans(nic)?;
    let firewall = nic.firewall && node.firewall_bridges && !nic.link_down;
    let firewall = if firewall { GuestNames::of(&name) } else { None };
    // One that is for a VLAN may turn out to belong on another bridge.
    let at_once = !nic.link_down && firewall.is_none() && vlans == PortVlans::default();
    let peer = Link::Inside(nic.name.as_str().into());
    let up = LinkSettings { mtu: Some(peer_mtu), address: nic.hwaddr, ..LinkSettings::default() };
    let mut inside = vec![Step::new(&peer, Change::BringUp(up))];
    inside.extend(configure(&peer, nic.ip, nic.gw.map(IpAddr::V4)));
    inside.extend(configure(&peer, nic.ip6, nic.gw6.map(IpAddr::V6)));
    Ok(Plan {
        pair: VethPair {
            name,
            // Always the bridge's: a smaller one would make the kernel lower the bridge's own.
            mtu: bridge.mtu,
            master: at_once.then_some(bridge.index),
            peer_name: nic.name.clone(),
            peer_mtu,
            peer_address: nic.hwaddr,
            queues: QUEUES,
            ..VethPair::default()
        },
        bridge: bridge.clone(),
        firewall,
        tag: vlans.tag,
        vlans,
        link_down: nic.link_down,
        rate: rate_of(nic)?,
        fdb: (!node.learning).then_some(nic.hwaddr),
        inside,
    })
}

impl Plan {
    /// The names of the host's links that are made, in the order in which they become ports.
    pub(crate) fn links(&self) -> Vec<Name> {
        match self.firewall {
            Some(_) => before::names(&self.pair.name),
            None => vec![self.pair.name.as_str().into()],
        }
    }

    fn host_end(&self) -> Link {
        Link::Host(self.pair.name.as_str().into())
    }

    /// The first steps: links are made, the bridge is read.
    #[must_use]
    pub fn make(&self) -> Vec<Step> {
        let add = Change::AddVeth { pair: Box::new(self.pair.clone()), inside: true };
        let mut steps = vec![Step::new(&self.host_end(), add).undone_by(Change::Delete)];
        if let Some(names) = &self.firewall {
            steps.extend(firewall::make(names, self.bridge.mtu));
        }
        if !self.link_down {
            let bridge = Link::Host(self.bridge.name.as_str().into());
            steps.push(Step::new(&bridge, Change::Look("bridge")));
        }
        steps
    }

    /// The steps on the host that follow: the host's end becomes a port of `bridge`, whose settings the firewall bridge
    /// takes over.
    #[must_use]
    pub fn connect(&self, bridge: &Bridge, settings: Option<&Settings>) -> Vec<Step> {
        let link = self.host_end();
        let interface = port::Interface::made(link.name());
        let up = |settings| Step::new(&link, Change::Set(settings));
        let mut steps: Vec<_> = interface.disable_ipv6().into_iter().collect();
        if self.link_down {
            // Once up, as after the reference, so that the link shows the same queueing discipline and state.
            steps.extend([up(LinkSettings::UP), up(LinkSettings::DOWN)]);
            return steps;
        }
        let no_learning = self.fdb.is_some();
        if let Some(names) = &self.firewall {
            let settings = copy_settings(&names.bridge, settings, None);
            let vlans = &self.vlans;
            steps =
                firewall::connect(names, &interface, bridge, vlans, settings, no_learning, false);
        } else if self.pair.master.is_none() {
            steps.extend(interface.enslave(bridge, &self.vlans));
        } else if bridge.vlan_filtering {
            steps.extend(interface.set_vlans(&self.vlans));
        }
        if let Some(mac) = self.fdb {
            steps.push(interface.stop_learning());
            if let Some(mac) = mac {
                steps.push(interface.add_fdb(mac, None));
                let peer = self.firewall.as_ref().map(|names| port::Interface::made(&names.peer));
                steps.extend(peer.map(|peer| peer.add_fdb(mac, None)));
            }
        }
        steps.extend(rate::set(&link, None, self.rate));
        steps.push(up(LinkSettings::UP));
        steps
    }

    /// The last steps, inside the container.
    #[must_use]
    pub fn inside(&self) -> &[Step] {
        &self.inside
    }
}

/// The name of the bridge that the interface is to be on.
pub(crate) fn bridge_name(nic: &ContainerNic) -> Result<&str, Error> {
    nic.bridge.as_deref().ok_or(Error::Missing { key: "bridge", why: "the bridge to plug into" })
}

/// Refuse what would otherwise be silently left out.
///
/// # Errors
/// [`Error::Unsupported`]
pub fn supported(nic: &ContainerNic) -> Result<(), Error> {
    let refuse = |key, what: String| Err(Error::Unsupported { key, what, instead: WITH_PERL });
    if let Some(kind) = &nic.other_type {
        return refuse("type", format!("an interface of type '{kind}'"));
    }
    if nic.host_dhcp {
        return refuse("host-managed", "an interface with a DHCP client on the host".into());
    }
    Ok(())
}

fn check_bridge(bridge: &Interface) -> Result<(), Error> {
    match bridge.driver.as_str() {
        "bridge" => Ok(()),
        "openvswitch" => Err(Error::Unsupported {
            key: "bridge",
            what: format!("a port of the Open vSwitch bridge '{}'", bridge.name),
            instead: WITH_PERL,
        }),
        other => Err(Error::NotABridge { bridge: bridge.name.clone(), driver: other.to_string() }),
    }
}

fn vlans(nic: &ContainerNic) -> Result<PortVlans, Error> {
    let mut vlans = PortVlans::default();
    if let Some(tag) = &nic.tag {
        let number = tag.parse().ok().filter(|number| (1..=4094).contains(number));
        let why = "a VLAN's id is from 1 to 4094";
        vlans.tag = Some(number.ok_or_else(|| Error::bad("tag", tag, why))?);
    }
    for trunk in nic.trunks.iter().flat_map(|trunks| trunks.split(';')) {
        let range = vlan_range(trunk).ok().filter(|range| range.first > 0 && range.last < 4095);
        let why = "VLANs are ids from 1 to 4094 and ranges of them, separated by semicolons";
        vlans.trunks.push(range.ok_or_else(|| Error::bad("trunks", trunk, why))?);
    }
    Ok(vlans)
}

/// The limit in bytes a second, of one in MB a second (the reference: `PVE::Network::tap_rate_limit`).
fn rate_of(nic: &ContainerNic) -> Result<Option<Rate>, Error> {
    let Some(text) = &nic.rate else { return Ok(None) };
    let number = text.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0);
    let number = number.ok_or_else(|| Error::bad("rate", text, "a number of MB/s is needed"))?;
    Ok(Rate::new((number * 1024.0 * 1024.0) as u64))
}

/// Address, then the way to a gateway outside its network, then the gateway, as the reference does it.
fn configure(link: &Link, cidr: Option<Cidr>, gateway: Option<IpAddr>) -> Vec<Step> {
    let add = |cidr| Step::new(link, Change::AddAddress(cidr));
    let mut steps: Vec<_> = cidr.map(add).into_iter().collect();
    if let Some(gateway) = gateway {
        let outside = cidr.is_some_and(|cidr| !cidr.contains(gateway));
        steps.extend(outside.then(|| Step::new(link, Change::AddRoute(gateway))));
        let mut replace = Step::new(link, Change::ReplaceDefault(gateway));
        replace.inverse = Inverse::RestoreDefault;
        steps.push(replace);
    }
    steps
}
