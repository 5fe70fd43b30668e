//! What generation must know of the node.

use pve_schema::{Error, Map, PerlStr, PerlString};

/// An answer, with what the reference warns of or its commands write to standard error each time that it asks. A warning
/// without a newline at its end gets the caller's place.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer<T> {
    /// The warnings.
    pub warnings: Vec<PerlString<'static>>,
    /// What it is, or what the reference dies with.
    pub result: Result<T, Error>,
}

impl<T> From<Result<T, Error>> for Answer<T> {
    fn from(result: Result<T, Error>) -> Answer<T> {
        Answer { warnings: Vec::new(), result }
    }
}

/// A bridge of the node, or what has its name.
#[derive(Clone, Debug, PartialEq)]
pub struct Bridge {
    /// Whether there is an interface of that name.
    pub exists: bool,
    /// Whether it filters VLANs (`Zones::Plugin::is_vlanaware`).
    pub is_vlan_aware: bool,
    /// Whether it is one of Open vSwitch (`PVE::Network::is_ovs_bridge`).
    pub is_ovs: Answer<bool>,
    /// Its ports that lead out of the node (`PVE::IPRoute2::get_physical_bridge_ports`).
    pub ports: Answer<Vec<PerlString<'static>>>,
}

/// How the node reaches an address (`ip route get`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Route {
    /// The source address.
    pub source: Option<PerlString<'static>>,
    /// The outgoing interface.
    pub interface: Option<PerlString<'static>>,
}

/// The node. Each question is asked at most once for the same thing.
pub trait Machine {
    /// The node's name (`PVE::INotify::nodename`).
    ///
    /// # Errors
    /// It is not known.
    fn node_name(&mut self) -> Result<PerlString<'static>, Error>;

    /// The network configuration as `PVE::INotify::read_file('interfaces')` gives it.
    ///
    /// # Errors
    /// It cannot be read.
    fn interfaces(&mut self) -> Result<Map<'static>, Error>;

    /// A bridge.
    fn bridge(&mut self, name: PerlStr<'_>) -> Bridge;

    /// How the node reaches an address.
    fn route(&mut self, target: PerlStr<'_>) -> Answer<Route>;
}
