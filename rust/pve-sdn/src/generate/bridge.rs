//! The bridge below a VLAN or QinQ zone.

use std::rc::Rc;

use pve_schema::{Error, PerlStr, PerlString};

use super::context::{Context, Vnet};
use super::machine::Bridge;
use super::stanza::Options;

/// What the zone's bridge is.
pub(super) enum Lower {
    /// One of Open vSwitch.
    Ovs,
    /// One that filters VLANs.
    VlanAware,
    /// Any other.
    Plain(Rc<Bridge>),
}

/// # Errors
/// There is no such bridge, or Open vSwitch does not say whether it is its own.
pub(super) fn look(context: &mut Context<'_>, name: PerlStr<'_>) -> Result<Lower, Error> {
    let bridge = context.bridge(name);
    if !bridge.exists {
        return Err(Error::died_at_caller(&[PerlStr::literal("can't find bridge "), name]));
    }
    if context.answered(&bridge.is_ovs)? {
        return Ok(Lower::Ovs);
    }
    Ok(if bridge.is_vlan_aware { Lower::VlanAware } else { Lower::Plain(bridge) })
}

/// The bridge of a VNet that has no addresses of its own.
pub(super) fn vnet_bridge(
    vnet: &Vnet<'_>,
    port: PerlStr<'_>,
    mtu: Option<&PerlString<'_>>,
) -> Result<Options, Error> {
    let mut options = Options::default();
    options.parts(&[PerlStr::literal("bridge_ports "), port]);
    options.plain_bridge(vnet.options.is_true("vlanaware"));
    options.maybe("mtu ", mtu);
    options.maybe("alias ", vnet.options.true_text("alias")?.as_ref());
    Ok(options)
}
