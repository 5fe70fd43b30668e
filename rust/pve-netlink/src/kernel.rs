//! The seam between a change and the kernel, where a test takes the kernel's place.

use std::path::Path;

use crate::error::Error;
use crate::interface::{self, Interface};
use crate::netns::NetNs;
use crate::tc::Clock;
use crate::wire::{RouteSocket, Wire};
use crate::{psched, sysctl};

/// What a change needs of the kernel. All of it acts in the network namespace of the calling thread, except
/// [`Kernel::wire_in`], which moves that thread.
pub trait Kernel: Sync {
    /// The interface of that name in the socket's namespace, if there is one.
    ///
    /// # Errors
    /// As [`interface::read`].
    fn interface(&self, wire: &dyn Wire, name: &str) -> Result<Option<Interface>, Error>;

    /// A socket to the kernel.
    ///
    /// # Errors
    /// As [`RouteSocket::open`].
    fn wire(&self) -> Result<Box<dyn Wire>, Error>;

    /// The namespace at `path`, which must not be the socket's own.
    ///
    /// # Errors
    /// As [`NetNs::open`], and [`Error::OwnNamespace`].
    fn netns(&self, wire: &dyn Wire, path: &Path) -> Result<NetNs, Error>;

    /// A socket to the kernel inside a namespace, in which the calling thread is from then on.
    ///
    /// # Errors
    /// As [`NetNs::enter`].
    fn wire_in(&self, netns: &NetNs) -> Result<Box<dyn Wire>, Error>;

    /// Whether the path of the namespace still leads to it.
    ///
    /// # Errors
    /// As [`NetNs::check_still_there`].
    fn check_still_there(&self, netns: &NetNs) -> Result<(), Error>;

    /// Keep IPv6 off an interface.
    ///
    /// # Errors
    /// As [`sysctl::disable_ipv6`].
    fn disable_ipv6(&self, name: &str) -> Result<(), Error>;

    /// Let IPv6 on an interface again.
    ///
    /// # Errors
    /// As [`sysctl::enable_ipv6`].
    fn enable_ipv6(&self, name: &str) -> Result<(), Error> {
        sysctl::enable_ipv6(name)
    }

    /// Whether IPv6 is kept off an interface; none where the kernel has no IPv6 or there is no such interface.
    ///
    /// # Errors
    /// As [`sysctl::is_ipv6_disabled`].
    fn is_ipv6_disabled(&self, name: &str) -> Result<Option<bool>, Error> {
        sysctl::is_ipv6_disabled(name)
    }

    /// The units of the packet scheduler, as [`psched::clock`].
    fn clock(&self) -> Clock {
        psched::clock()
    }
}

/// The kernel of this host.
#[derive(Debug, Clone, Copy, Default)]
pub struct Host;

impl Kernel for Host {
    fn interface(&self, wire: &dyn Wire, name: &str) -> Result<Option<Interface>, Error> {
        interface::read(wire.socket(), name)
    }

    fn wire(&self) -> Result<Box<dyn Wire>, Error> {
        Ok(Box::new(RouteSocket::open()?))
    }

    fn netns(&self, wire: &dyn Wire, path: &Path) -> Result<NetNs, Error> {
        let netns = NetNs::open(path)?;
        if netns.is_of(wire.socket())? {
            return Err(Error::OwnNamespace { path: path.into() });
        }
        Ok(netns)
    }

    fn wire_in(&self, netns: &NetNs) -> Result<Box<dyn Wire>, Error> {
        Ok(Box::new(netns.enter()?))
    }

    fn check_still_there(&self, netns: &NetNs) -> Result<(), Error> {
        netns.check_still_there()
    }

    fn disable_ipv6(&self, name: &str) -> Result<(), Error> {
        sysctl::disable_ipv6(name)
    }
}
