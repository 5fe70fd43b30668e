//! The host's end of a container's interface is plugged into its bridge or VNet (the reference: `PVE::LXC::net_tap_plug`).

use std::path::Path;

use pve_netlink::Kernel;
use pve_netlink::host::link_set::link_set;
use pve_netlink::host::plug::Plug;
use pve_netlink::host::{Call, Died, query};
use pve_netlink::tc::Rate;

use crate::firewall::needs_bridges;
use crate::vnet_plug::{add_bridge_fdb, tap_plug};
use crate::vnets::Vnets;

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
    let plug = Plug {
        tag: net.tag.clone(),
        firewall,
        trunks: net.trunks.clone(),
        rate: net.rate,
        ..Plug::default()
    };
    call.together(|call| {
        tap_plug(call, place, interface, name, plug)?;
        let mac = net.hwaddr.as_deref().unwrap_or_default();
        add_bridge_fdb(call, place.vnets, interface, mac, name)?;
        link_set(call, interface, true)
    })
}

fn needs_fwbr(call: &mut Call<'_>, place: Place<'_>, bridge: &str) -> Result<bool, Died> {
    if needs_bridges(place.root) {
        return Ok(true);
    }
    query::is_ovs_bridge(call, bridge)
}
