//! What is to be done, as data: made by pure functions from the state that was read, carried out by
//! [`crate::transaction`].

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use crate::addr::Cidr;
use crate::bridge::{PortFlags, Setting, Vlans};
use crate::link::{LinkSettings, Mac, VethPair};
use crate::request::Raw;
use crate::tc::{Part, Rate};

/// An interface's name.
pub type Name = Arc<str>;

/// The interface that a step is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// One of the host's.
    Host(Name),
    /// One inside the container's namespace.
    Inside(Name),
}

impl Link {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &Name {
        match self {
            Self::Host(name) | Self::Inside(name) => name,
        }
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(name) => write!(f, "'{name}'"),
            Self::Inside(name) => write!(f, "'{name}' in the container"),
        }
    }
}

/// One change of an interface: one message to the kernel, and what reads it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Make a pair of links. The other end is inside the container's namespace, if the transaction has one and `inside`
    /// says so.
    AddVeth {
        /// The pair.
        pair: Box<VethPair>,
        /// Whether the other end is the container's.
        inside: bool,
    },
    /// Make a bridge.
    AddBridge(Option<Again>),
    /// Make a link for the frames of one VLAN of another link.
    AddVlan {
        /// The other link.
        parent: Name,
        /// The VLAN's id.
        id: u16,
    },
    /// Make a link of a kind without settings.
    AddKind(String),
    /// Delete the link.
    Delete,
    /// Read a link that must be of this kind.
    Look(&'static str),
    /// Set what is given.
    Set(LinkSettings),
    /// Bring it up. Whatever else is given must be so already.
    BringUp(LinkSettings),
    /// Make it a port of a bridge, or of none.
    SetMaster(Option<Name>),
    /// Keep the kernel from giving it IPv6 addresses, or let it.
    DisableIpv6(bool),
    /// Take VLANs away from a port.
    DeleteVlans(Vlans),
    /// Give a port VLANs.
    AddVlans(Vec<Vlans>),
    /// Set switches of a port.
    SetPortFlags(PortFlags),
    /// Lead an address to a port.
    AddFdb(Mac),
    /// No longer lead an address to a port.
    DeleteFdb(Mac),
    /// Set something of a bridge.
    SetBridge(Setting, u32),
    /// Remove a part of the traffic control.
    DeleteTraffic(Part),
    /// Make the queueing discipline of what is sent.
    AddHtb,
    /// Make the one of what comes in.
    AddIngress,
    /// Limit what is sent; whether a class is there to be changed.
    SetClass(Rate, bool),
    /// Limit what comes in; whether a filter is there to be changed.
    SetPolice(Rate, bool),
    /// Put a part of the traffic control back as the kernel showed it.
    RestoreTraffic(Raw),
    /// Give it an address.
    AddAddress(Cidr),
    /// Reach an address on the link itself.
    AddRoute(IpAddr),
    /// Make a gateway the namespace's default route, in place of one that is there.
    ReplaceDefault(IpAddr),
}

/// What a bridge had that is made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Again {
    /// Its index.
    pub index: u32,
    /// Its hardware address, unless it is that of a port.
    pub address: Option<Mac>,
}

/// Where a step is carried out. Consecutive steps of one place go out in one send, as far as they need no index of a link
/// that one of them makes.
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inverse {
    /// There is nothing to undo: it changes nothing, or what it changes goes with a link that another step made.
    None,
    /// These changes.
    Changes(Vec<(Link, Change)>),
    /// Take the default route away and put back what it replaced, which is read when it is.
    RestoreDefault,
}

/// What it means when the kernel refuses a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The plan has failed.
    Fails,
    /// A remark.
    IsSaid,
    /// Nothing.
    IsFine,
}

/// One step of a plan: an interface, what is done to it, and how that is undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The interface.
    pub link: Link,
    /// What is done to it.
    pub change: Change,
    /// How it is undone.
    pub inverse: Inverse,
    /// What a refusal means.
    pub refused: Refused,
}

impl Step {
    /// A step that goes when the link goes.
    #[must_use]
    pub fn new(link: &Link, change: Change) -> Self {
        Self { link: link.clone(), change, inverse: Inverse::None, refused: Refused::Fails }
    }

    /// The same, undone by a change of the same link.
    #[must_use]
    pub fn undone_by(mut self, change: Change) -> Self {
        self.inverse = Inverse::Changes(vec![(self.link.clone(), change)]);
        self
    }

    /// The same, undone by several changes, in their order.
    #[must_use]
    pub fn undone_by_all(mut self, changes: Vec<(Link, Change)>) -> Self {
        self.inverse = Inverse::Changes(changes);
        self
    }

    /// The same with another meaning of a refusal.
    #[must_use]
    pub fn refused(mut self, refused: Refused) -> Self {
        self.refused = refused;
        self
    }

    /// Where it is carried out.
    #[must_use]
    pub fn place(&self) -> Place {
        match (&self.change, &self.link) {
            (Change::DisableIpv6(_), _) => Place::Sysctl,
            (_, Link::Host(_)) => Place::Host,
            (_, Link::Inside(_)) => Place::Namespace,
        }
    }
}

impl Change {
    /// Whether it makes the link.
    #[must_use]
    pub fn makes(&self) -> bool {
        matches!(
            self,
            Self::AddVeth { .. } | Self::AddBridge(_) | Self::AddVlan { .. } | Self::AddKind(_)
        )
    }

    /// Whether it is about what a link has as a port of a bridge.
    #[must_use]
    pub fn is_of_port(&self) -> bool {
        matches!(
            self,
            Self::DeleteVlans(_)
                | Self::AddVlans(_)
                | Self::SetPortFlags(_)
                | Self::AddFdb(_)
                | Self::DeleteFdb(_)
        )
    }

    /// Whether the kernel may have done a part of it when it refuses it: a port is out of its bridge before another takes it
    /// in (`do_set_master`), and settings are made one after the other (`do_setlink`).
    #[must_use]
    pub fn has_parts(&self) -> bool {
        match self {
            Self::SetMaster(master) => master.is_some(),
            Self::Set(settings) => settings.count() > 1,
            _ => false,
        }
    }
}

/// Completes the sentence "unable to …".
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        said(&self.link, &self.change, f)
    }
}

/// [`Step`]'s words for a change that is no step.
pub(crate) struct Said<'a>(pub &'a Link, pub &'a Change);

impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        said(self.0, self.1, f)
    }
}

fn said(link: &Link, change: &Change, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match change {
        Change::AddVeth { pair, .. } => {
            write!(f, "add the veth pair '{}' and '{}'", pair.name, pair.peer_name)
        }
        Change::AddBridge(_) => write!(f, "add the bridge {link}"),
        Change::AddVlan { parent, id } => {
            write!(f, "add the link {link} for VLAN {id} of '{parent}'")
        }
        Change::AddKind(kind) => write!(f, "add the link {link} of type '{kind}'"),
        Change::Delete => write!(f, "delete the link {link}"),
        Change::Look(_) => write!(f, "look at {link}"),
        Change::BringUp(_) => write!(f, "bring up {link}"),
        Change::Set(settings) => match settings {
            LinkSettings { up: Some(true), .. } => write!(f, "bring up {link}"),
            LinkSettings { up: Some(false), .. } => write!(f, "bring down {link}"),
            LinkSettings { mtu: Some(mtu), .. } => write!(f, "set the MTU of {link} to {mtu}"),
            _ => write!(f, "set up {link}"),
        },
        Change::SetMaster(Some(bridge)) => write!(f, "make {link} a port of '{bridge}'"),
        Change::SetMaster(None) => write!(f, "take {link} out of its bridge"),
        Change::DisableIpv6(true) => write!(f, "disable IPv6 on {link}"),
        Change::DisableIpv6(false) => write!(f, "enable IPv6 on {link}"),
        Change::DeleteVlans(_) => write!(f, "remove the VLANs of the port {link}"),
        Change::AddVlans(_) => write!(f, "set the VLANs of the port {link}"),
        Change::SetPortFlags(PortFlags { isolated: Some(_), .. }) => {
            write!(f, "set the isolation of the port {link}")
        }
        Change::SetPortFlags(_) => write!(f, "set the learning of the port {link}"),
        Change::AddFdb(mac) => write!(f, "lead {} to the port {link}", Colons(mac)),
        Change::DeleteFdb(mac) => write!(f, "no longer lead {} to the port {link}", Colons(mac)),
        Change::SetBridge(setting, value) => {
            write!(f, "set {} of the bridge {link} to {value}", setting.name())
        }
        Change::DeleteTraffic(_) => write!(f, "remove the rate limit of {link}"),
        Change::AddHtb | Change::AddIngress | Change::SetClass(..) | Change::SetPolice(..) => {
            write!(f, "limit the rate of {link}")
        }
        Change::RestoreTraffic(_) => write!(f, "put back the traffic control of {link}"),
        Change::AddAddress(cidr) => write!(f, "add the address {cidr} in the container"),
        Change::AddRoute(address) => {
            write!(f, "add the on-link route to {address} in the container")
        }
        Change::ReplaceDefault(gateway) => {
            write!(f, "make {gateway} the default gateway of the container")
        }
    }
}

/// A hardware address as `ip` shows it.
#[derive(PartialEq)]
pub(crate) struct Colons<'a>(pub &'a [u8]);

impl fmt::Display for Colons<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            let colon = if index == 0 { "" } else { ":" };
            write!(f, "{colon}{byte:02x}")?;
        }
        Ok(())
    }
}
