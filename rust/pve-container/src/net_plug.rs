//! The host's end of a container's interface is plugged into its bridge or VNet (the reference: `PVE::LXC::net_tap_plug`).

use std::path::Path;

use pve_netlink::Kernel;
use pve_netlink::host::link_set::link_set;
use pve_netlink::host::plug::{Plug, is_true, tap_plug};
use pve_netlink::host::{Call, Died, fdb, query};
use pve_netlink::tc::Rate;
use pve_sdn::zone::{self, Bridge, Node};

use crate::firewall::needs_bridges;
use crate::vnets::{Vnets, died};

/// An interface as `netN` of the container's configuration has it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Net {
    /// `name`: inside the container.
    pub name: String,
    /// `bridge`
    pub bridge: Option<String>,
    /// `tag`
    pub tag: Option<String>,
    /// `trunks`
    pub trunks: Option<String>,
    /// `rate`
    pub rate: Option<Rate>,
    /// `hwaddr`
    pub hwaddr: Option<String>,
    /// `firewall`
    pub firewall: bool,
    /// `link_down`
    pub link_down: bool,
}

/// Where the node's files are, what is asked of the kernel, and its VNets.
#[derive(Clone, Copy)]
pub struct Place<'p> {
    /// The kernel.
    pub kernel: &'p dyn Kernel,
    /// The folder that all files are below.
    pub root: &'p Path,
    /// The VNets in effect.
    pub vnets: &'p Vnets,
}

/// `net_tap_plug`: an interface becomes a port of its bridge, and is up; with `link_down` it only goes down.
///
/// # Errors
/// [`Died`], with everything as it was, except for what Open vSwitch had of the interface.
pub fn net_tap_plug(
    call: &mut Call<'_>,
    place: Place<'_>,
    interface: &str,
    net: &Net,
) -> Result<(), Died> {
    if net.link_down {
        return link_set(call, interface, false);
    }
    let name = net.bridge.as_deref().unwrap_or_default();
    let firewall = net.firewall && needs_fwbr(call, place, name)?;
    let bridge = place.vnets.bridge(name);
    let plug = Plug {
        tag: net.tag.clone(),
        firewall,
        trunks: net.trunks.clone(),
        rate: net.rate,
        ..rules(place, &bridge, net)?
    };
    call.together(|call| {
        tap_plug(call, interface, name, &plug)?;
        if bridge.keeps_addresses().map_err(died)? {
            fdb::add_bridge_fdb(call, interface, net.hwaddr.as_deref().unwrap_or_default())?;
        }
        link_set(call, interface, true)
    })
}

fn needs_fwbr(call: &mut Call<'_>, place: Place<'_>, bridge: &str) -> Result<bool, Died> {
    if needs_bridges(place.root) {
        return Ok(true);
    }
    query::is_ovs_bridge(call, bridge)
}

/// What a VNet's zone decides.
fn rules(place: Place<'_>, bridge: &Bridge<'_>, net: &Net) -> Result<Plug, Died> {
    let Bridge::Vnet { .. } = bridge else { return Ok(Plug::default()) };
    let wanted = zone::Plug {
        tag: net.tag.as_deref().filter(|tag| is_true(tag)).map(|_| 1),
        trunks: net.trunks.as_deref().unwrap_or_default(),
    };
    let plan = bridge.plug(wanted, &Here(place)).map_err(died)?;
    // Where the zone says nothing, /etc/network/interfaces does.
    let learning = (!plan.learning).then_some(false);
    Ok(Plug { learning, isolated: plan.isolation, ..Plug::default() })
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
    use pve_netlink::transaction::Transaction;
    use pve_netlink::wait::Cancel;

    let cancel = Cancel::new();
    let shown = kernel
        .wire()
        .and_then(|wire| Transaction::begin(kernel, wire, &cancel, None).look(&[bridge]));
    shown.is_ok_and(|mut shown| shown.pop().flatten().is_some_and(|link| link.vlan_filtering))
}
