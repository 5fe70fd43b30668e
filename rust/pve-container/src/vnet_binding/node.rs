//! What a binding is held against on this node.

use pve_config::lxc::container::{Dialect, Options, parse_container_config};
use pve_config::sdn::{File, vnet_names};
use pve_schema::Environment;
use pve_sdn::zone::{self, Bridge, Plug};

use super::error::BindingError;
use super::links;
use crate::paths::Paths;
use crate::read_file::{CONFIG_LIMIT, read_file};
use crate::vnets::Vnets;

/// What this node has under a VNet's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Vnet {
    /// Nothing.
    None,
    /// One that is configured, and not in effect yet.
    Pending,
    /// One that interfaces of this node may not be in, and why.
    NotAllowed(String),
    /// One that interfaces of this node may be in.
    Allowed,
}

/// An interface in a container's configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Configured {
    /// The container has no configuration on this node.
    NoContainer,
    /// It has no such interface.
    NoInterface,
    /// It has it, as `net<netid>` on this bridge.
    Interface {
        /// The N of `netN`.
        netid: u16,
        /// The bridge or VNet.
        bridge: Option<String>,
    },
}

/// The host's end of an interface, in the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Port {
    /// It is not there: the container is stopped, or the interface is not plugged in.
    None,
    /// It is a port of this bridge, or of none.
    On(Option<String>),
}

/// What a binding is held against. A test takes the node's place.
pub trait Node {
    /// The node's name.
    fn name(&self) -> &str;

    /// What there is under a VNet's name.
    ///
    /// # Errors
    /// [`BindingError::File`].
    fn vnet(&self, vnet: &str) -> Result<Vnet, BindingError>;

    /// An interface of a container, by its key in the configuration or its name in the container.
    ///
    /// # Errors
    /// [`BindingError::File`].
    fn configured(&self, vmid: u32, iface: &str) -> Result<Configured, BindingError>;

    /// The host's end of `net<netid>` of a container.
    ///
    /// # Errors
    /// [`BindingError::Netlink`].
    fn port(&self, vmid: u32, netid: u16) -> Result<Port, BindingError>;
}

/// This node.
#[derive(Clone, Debug)]
pub struct ThisNode {
    paths: Paths,
}

impl ThisNode {
    /// The node at `paths`, and the kernel's links in the calling thread's network namespace.
    #[must_use]
    pub fn new(paths: Paths) -> Self {
        Self { paths }
    }

    fn cluster_file(&self, name: &str) -> Result<Option<Vec<u8>>, BindingError> {
        let content = read_file(&self.paths.cluster(name), CONFIG_LIMIT)?;
        Ok(content.map(|content| content.bytes))
    }
}

impl Node for ThisNode {
    fn name(&self) -> &str {
        self.paths.node()
    }

    fn vnet(&self, vnet: &str) -> Result<Vnet, BindingError> {
        // What is wrong with the zones' file is told to those who plug into them.
        let vnets = Vnets::read(self.paths.root(), vnet, &mut |_| {})?;
        let found = vnets.bridge(vnet);
        if let Bridge::Vnet { .. } = found {
            return Ok(match found.plug(Plug::default(), &Rules { node: self.name() }) {
                Ok(_) => Vnet::Allowed,
                Err(why) => Vnet::NotAllowed(why.to_string()),
            });
        }
        let configured = self.cluster_file(File::Vnets.layout().name)?.unwrap_or_default();
        let is_configured = vnet_names(&configured).iter().any(|name| name == vnet);
        Ok(if is_configured { Vnet::Pending } else { Vnet::None })
    }

    fn configured(&self, vmid: u32, iface: &str) -> Result<Configured, BindingError> {
        let path = self.paths.config(vmid, None)?;
        let Some(content) = read_file(&path, CONFIG_LIMIT)? else {
            return Ok(Configured::NoContainer);
        };
        let vnets = vnet_names(&self.cluster_file(File::Vnets.layout().name)?.unwrap_or_default());
        let options = Options {
            dialect: Dialect::Relaxed,
            is_vnet: &|name| vnets.iter().any(|vnet| vnet.as_bytes() == name),
            environment: Environment::empty(),
        };
        // A configuration that cannot be read has no interfaces that could be bound.
        let Ok(container) = parse_container_config(vmid, &content.bytes, &options).container else {
            return Ok(Configured::NoInterface);
        };
        let found = container.current.net.iter().find(|(index, network)| {
            iface == format!("net{index}") || network.name.as_bytes() == iface.as_bytes()
        });
        Ok(found.map_or(Configured::NoInterface, |(index, network)| Configured::Interface {
            netid: index.0,
            bridge: network.bridge.as_ref().map(|bridge| bridge.to_string()),
        }))
    }

    fn port(&self, vmid: u32, netid: u16) -> Result<Port, BindingError> {
        Ok(links::port(vmid, netid)?)
    }
}

/// Whether a node may use a zone; the other rules do not matter to a binding.
struct Rules<'a> {
    node: &'a str,
}

impl zone::Node for Rules<'_> {
    fn name(&self) -> &str {
        self.node
    }
    fn filters_vlans(&self, _: &str) -> bool {
        true
    }
    fn learning_is_disabled(&self, _: &str) -> bool {
        false
    }
}

/// Whether `name` can be an interface of a container: a key `netN`, or what the kernel takes for a link's name.
pub(super) fn is_interface(name: &str) -> bool {
    pve_netlink::interface::valid_name(name)
}
