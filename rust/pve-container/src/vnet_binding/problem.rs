//! What a binding no longer agrees with.

use std::fmt;

use super::binding::Binding;
use super::error::BindingError;
use super::node::{Configured, Node, Port, Vnet};

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The VNet is no longer there.
    NoVnet,
    /// The VNet is configured, but no longer in effect.
    NotInEffect,
    /// The VNet's zone no longer allows it on this node.
    NotAllowed(String),
    /// The container is no longer on this node.
    NoContainer,
    /// The container no longer has the interface.
    NoInterface,
    /// The interface is configured on another bridge or VNet, or on none.
    OtherBridgeConfigured(Option<String>),
    /// The interface is plugged into another bridge, or into none.
    OtherBridgePlugged(Option<String>),
}

impl Kind {
    /// The word for it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::NoVnet => "no-vnet",
            Self::NotInEffect => "not-in-effect",
            Self::NotAllowed(_) => "not-allowed",
            Self::NoContainer => "no-container",
            Self::NoInterface => "no-interface",
            Self::OtherBridgeConfigured(_) => "other-bridge-configured",
            Self::OtherBridgePlugged(_) => "other-bridge-plugged",
        }
    }

    /// Whether what is bound is gone, so that the binding means nothing any more.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::NoVnet | Self::NoContainer | Self::NoInterface)
    }
}

/// A binding that no longer agrees with the node.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// The binding.
    pub binding: Binding,
    /// What is wrong.
    pub kind: Kind,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Binding { vnet, vmid, iface, .. } = &self.binding;
        write!(f, "interface '{iface}' of container {vmid} is bound to VNet '{vnet}', ")?;
        let on = |bridge: &Option<String>| match bridge {
            Some(bridge) => format!("on '{bridge}'"),
            None => "on no bridge".to_owned(),
        };
        match &self.kind {
            Kind::NoVnet => write!(f, "which does not exist"),
            Kind::NotInEffect => write!(f, "which is not in effect"),
            Kind::NotAllowed(why) => write!(f, "which is not allowed here: {why}"),
            Kind::NoContainer => write!(f, "but that container is not on this node"),
            Kind::NoInterface => write!(f, "but the container has no such interface"),
            Kind::OtherBridgeConfigured(bridge) => write!(f, "but configured {}", on(bridge)),
            Kind::OtherBridgePlugged(bridge) => write!(f, "but plugged in {}", on(bridge)),
        }
    }
}

/// The first thing that is wrong with a binding, if anything is.
///
/// # Errors
/// What the node cannot tell.
pub fn problem(binding: &Binding, node: &dyn Node) -> Result<Option<Kind>, BindingError> {
    match node.vnet(&binding.vnet)? {
        Vnet::None => return Ok(Some(Kind::NoVnet)),
        Vnet::Pending => return Ok(Some(Kind::NotInEffect)),
        Vnet::NotAllowed(why) => return Ok(Some(Kind::NotAllowed(why))),
        Vnet::Allowed => {}
    }
    let (netid, bridge) = match node.configured(binding.vmid, &binding.iface)? {
        Configured::NoContainer => return Ok(Some(Kind::NoContainer)),
        Configured::NoInterface => return Ok(Some(Kind::NoInterface)),
        Configured::Interface { netid, bridge } => (netid, bridge),
    };
    let is_vnet = |bridge: &Option<String>| bridge.as_ref() == Some(&binding.vnet);
    if !is_vnet(&bridge) {
        return Ok(Some(Kind::OtherBridgeConfigured(bridge)));
    }
    match node.port(binding.vmid, netid)? {
        Port::On(bridge) if !is_vnet(&bridge) => Ok(Some(Kind::OtherBridgePlugged(bridge))),
        _ => Ok(None),
    }
}
