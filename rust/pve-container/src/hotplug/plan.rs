//! What plugging in one interface takes, worked out before anything is touched.

use std::net::IpAddr;

use pve_netlink::addr::Cidr;
use pve_netlink::interface::Interface;
use pve_netlink::link::VethPair;
use pve_netlink::plan::{Plan, Step};

use super::error::Error;
use super::names;
use super::nic::ContainerNic;

/// One queue for each direction: more makes the kernel wait for all processors when the pair is made.
const QUEUES: u32 = 1;

const WITH_PERL: &str = "use PVE::LXC's own hotplug for this interface";

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

    let pair = VethPair {
        name,
        // Always the bridge's: a smaller one would make the kernel lower the bridge's own.
        mtu: bridge.mtu,
        master: (!nic.link_down).then_some(bridge.index),
        peer_name: nic.name.clone(),
        peer_mtu,
        peer_address: nic.hwaddr,
        queues: QUEUES,
    };
    let mut then = vec![Step::DisableIpv6];
    if nic.link_down {
        // Once up, as after the reference, so that the link shows the same queueing discipline and state.
        then.extend([Step::SetHostUp, Step::SetHostDown]);
    } else {
        then.extend([Step::SetUntaggedPort, Step::SetHostUp]);
    }
    then.push(Step::SetPeerUp);
    then.extend(configure(nic.ip, nic.gw.map(IpAddr::V4)));
    then.extend(configure(nic.ip6, nic.gw6.map(IpAddr::V6)));
    Ok(Plan { pair, then })
}

/// The name of the bridge that the interface is to be on.
pub(super) fn bridge_name(nic: &ContainerNic) -> Result<&str, Error> {
    nic.bridge.as_deref().ok_or(Error::Missing { key: "bridge", why: "the bridge to plug into" })
}

/// Refuse what would otherwise be silently left out.
pub(super) fn supported(nic: &ContainerNic) -> Result<(), Error> {
    let refuse = |key, what: String| Err(Error::Unsupported { key, what, instead: WITH_PERL });
    if let Some(kind) = &nic.other_type {
        return refuse("type", format!("an interface of type '{kind}'"));
    }
    if nic.firewall {
        return refuse("firewall", "an interface behind a firewall bridge".into());
    }
    if let Some(tag) = &nic.tag {
        return refuse("tag", format!("an interface in VLAN {tag}"));
    }
    if let Some(trunks) = &nic.trunks {
        return refuse("trunks", format!("a trunk of the VLANs {trunks}"));
    }
    if let Some(rate) = &nic.rate {
        return refuse("rate", format!("an interface limited to {rate} MB/s"));
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

/// Address, then the way to a gateway outside its network, then the gateway, as the reference does it.
fn configure(cidr: Option<Cidr>, gateway: Option<IpAddr>) -> Vec<Step> {
    let mut steps: Vec<_> = cidr.map(Step::AddAddress).into_iter().collect();
    if let Some(gateway) = gateway {
        let outside = cidr.is_some_and(|cidr| !cidr.contains(gateway));
        steps.extend(outside.then_some(Step::AddRoute(gateway)));
        steps.push(Step::ReplaceDefault(gateway));
    }
    steps
}
