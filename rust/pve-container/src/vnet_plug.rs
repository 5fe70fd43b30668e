//! Interfaces of guests are made and plugged into a bridge or a VNet (the reference: `PVE::Network::SDN::Zones`).

use pve_netlink::Kernel;
use pve_netlink::host::plug::{self, Plug, is_true};
use pve_netlink::host::{Call, Died, fdb, veth};
use pve_netlink::transaction::Transaction;
use pve_netlink::wait::Cancel;
use pve_sdn::zone::{self, Bridge, Node};

use crate::net_plug::Place;
use crate::vnets::{Vnets, died};

/// `tap_create`: bring a VM's interface up with the MTU of its bridge.
///
/// # Errors
/// [`Died`]: the VNet's zone is of no known type; and as [`veth::tap_create`].
pub fn tap_create(
    call: &mut Call<'_>,
    vnets: &Vnets,
    interface: &str,
    bridge: Option<&str>,
) -> Result<(), Died> {
    vnets.bridge(bridge.unwrap_or_default()).create().map_err(died)?;
    veth::tap_create(call, interface, bridge)
}

/// `veth_create`: make the two ends of a container's interface with the MTU of its bridge, `mac` on the second one.
///
/// # Errors
/// [`Died`]: the VNet's zone is of no known type; and as [`veth::veth_create`].
pub fn veth_create(
    call: &mut Call<'_>,
    vnets: &Vnets,
    (name, peer): (&str, &str),
    bridge: Option<&str>,
    mac: Option<&str>,
) -> Result<(), Died> {
    vnets.bridge(bridge.unwrap_or_default()).create().map_err(died)?;
    veth::veth_create(call, name, peer, bridge, mac)
}

/// `tap_plug`: make an interface a port of its bridge. What a VNet's zone decides, it decides: whether the bridge learns
/// addresses from it, and whether it is kept apart from other ports.
///
/// # Errors
/// [`Died`]: the VNet is not allowed on this node, or has no VLANs of its own; and as [`plug::tap_plug`].
pub fn tap_plug(
    call: &mut Call<'_>,
    place: Place<'_>,
    interface: &str,
    bridge: &str,
    plug: Plug,
) -> Result<(), Died> {
    let plug = with_rules(place, &place.vnets.bridge(bridge), plug)?;
    plug::tap_plug(call, interface, bridge, &plug)
}

/// `add_bridge_fdb`: lead an address to an interface, where its bridge is not to learn.
///
/// # Errors
/// [`Died`]: the VNet's zone is of no known type; and as [`fdb::add_bridge_fdb`].
pub fn add_bridge_fdb(
    call: &mut Call<'_>,
    vnets: &Vnets,
    interface: &str,
    mac: &str,
    bridge: &str,
) -> Result<(), Died> {
    match vnets.bridge(bridge).keeps_addresses().map_err(died)? {
        true => fdb::add_bridge_fdb(call, interface, mac),
        false => Ok(()),
    }
}

/// `del_bridge_fdb`: no longer lead it there.
///
/// # Errors
/// As [`add_bridge_fdb`].
pub fn del_bridge_fdb(
    call: &mut Call<'_>,
    vnets: &Vnets,
    interface: &str,
    mac: &str,
    bridge: &str,
) -> Result<(), Died> {
    match vnets.bridge(bridge).keeps_addresses().map_err(died)? {
        true => fdb::del_bridge_fdb(call, interface, mac),
        false => Ok(()),
    }
}

/// The plug with what a VNet's zone decides.
fn with_rules(place: Place<'_>, bridge: &Bridge<'_>, plug: Plug) -> Result<Plug, Died> {
    let Bridge::Vnet { .. } = bridge else { return Ok(plug) };
    let wanted = zone::Plug {
        // Only whether there is one matters here; the reference checks its value later.
        tag: plug.tag.as_deref().filter(|tag| is_true(tag)).map(|_| 1),
        trunks: plug.trunks.as_deref().unwrap_or_default(),
    };
    let plan = bridge.plug(wanted, &Here(place)).map_err(died)?;
    // Where the zone says nothing, /etc/network/interfaces does.
    let learning = (!plan.learning).then_some(false);
    let isolated = plan.isolation;
    Ok(Plug { learning, isolated, ..plug })
}

struct Here<'p>(Place<'p>);

impl Node for Here<'_> {
    fn name(&self) -> &str {
        self.0.vnets.node()
    }

    fn filters_vlans(&self, bridge: &str) -> bool {
        filters_vlans(self.0.kernel, bridge)
    }

    /// Only asked for what is no VNet.
    fn learning_is_disabled(&self, _bridge: &str) -> bool {
        false
    }
}

fn filters_vlans(kernel: &dyn Kernel, bridge: &str) -> bool {
    let cancel = Cancel::new();
    let shown = kernel
        .wire()
        .and_then(|wire| Transaction::begin(kernel, wire, &cancel, None).look(&[bridge]));
    shown.is_ok_and(|mut shown| shown.pop().flatten().is_some_and(|link| link.vlan_filtering))
}
