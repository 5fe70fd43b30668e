//! What is to be done, as data: made by a pure function, carried out by [`crate::apply`].

use std::fmt;
use std::net::IpAddr;

use crate::addr::Cidr;
use crate::link::VethPair;

/// One step of plugging a pair of links into a bridge and a namespace. All but the first act on the pair that the first
/// made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Make the pair, the host's end on the bridge, the other inside the namespace.
    AddVeth(VethPair),
    /// Keep IPv6 off the host's end; it must be done before that is up.
    DisableIpv6,
    /// Give the host's end the VLANs of a port without a tag, if its bridge filters VLANs.
    SetUntaggedPort,
    /// Bring the host's end up.
    SetHostUp,
    /// Bring the host's end down again.
    SetHostDown,
    /// Bring the other end up.
    SetPeerUp,
    /// Give the other end an address.
    AddAddress(Cidr),
    /// Reach an address on the other end's link.
    AddRoute(IpAddr),
    /// Make a gateway the namespace's default route, in place of one that is there.
    ReplaceDefault(IpAddr),
}

/// Where a step is carried out. Consecutive steps of one place go out in one send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The host's netlink socket.
    Host,
    /// A file below `/proc/sys`.
    Sysctl,
    /// The netlink socket inside the namespace.
    Namespace,
}

/// How a step is undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inverse {
    /// Delete the pair.
    DeleteVeth,
    /// Take the default route away and put back what it replaced.
    RestoreDefault(IpAddr),
    /// It goes when the pair goes.
    WithPair,
}

impl Step {
    /// Where it is carried out.
    #[must_use]
    pub fn place(&self) -> Place {
        match self {
            Self::AddVeth(_) | Self::SetUntaggedPort | Self::SetHostUp | Self::SetHostDown => {
                Place::Host
            }
            Self::DisableIpv6 => Place::Sysctl,
            Self::SetPeerUp | Self::AddAddress(_) | Self::AddRoute(_) | Self::ReplaceDefault(_) => {
                Place::Namespace
            }
        }
    }

    /// How it is undone.
    #[must_use]
    pub fn inverse(&self) -> Inverse {
        match self {
            Self::AddVeth(_) => Inverse::DeleteVeth,
            Self::ReplaceDefault(gateway) => Inverse::RestoreDefault(*gateway),
            _ => Inverse::WithPair,
        }
    }
}

/// Completes the sentence "unable to …".
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AddVeth(pair) => {
                write!(f, "add the veth pair '{}' and '{}'", pair.name, pair.peer_name)
            }
            Self::DisableIpv6 => write!(f, "disable IPv6 on the host's end"),
            Self::SetUntaggedPort => write!(f, "set the VLANs of the bridge port"),
            Self::SetHostUp => write!(f, "bring up the host's end"),
            Self::SetHostDown => write!(f, "bring down the host's end"),
            Self::SetPeerUp => write!(f, "bring up the container's end"),
            Self::AddAddress(cidr) => write!(f, "add the address {cidr} in the container"),
            Self::AddRoute(address) => {
                write!(f, "add the on-link route to {address} in the container")
            }
            Self::ReplaceDefault(gateway) => {
                write!(f, "make {gateway} the default gateway of the container")
            }
        }
    }
}

/// Steps in the order in which they are carried out. The first one makes the pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The pair that everything else is about.
    pub pair: VethPair,
    /// The steps after [`Step::AddVeth`].
    pub then: Vec<Step>,
}

impl Plan {
    /// All steps.
    pub fn steps(&self) -> impl Iterator<Item = Step> {
        std::iter::once(Step::AddVeth(self.pair.clone())).chain(self.then.iter().cloned())
    }
}
