//! What operations on addresses need of the host.

use crate::Error;
use crate::api::{Request, Response};

/// The caller does not want to wait any longer, for example because a Perl signal handler died.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interrupted;

/// A lock; dropping it gives it back.
pub trait Held {}

/// A host: the cluster's files, servers, and the node's DHCP servers.
pub trait Host {
    /// The content of a file below /etc/pve; `None` where it does not exist.
    ///
    /// # Errors
    /// It cannot be read.
    fn read(&mut self, file: &str) -> Result<Option<Vec<u8>>, Error>;

    /// Replaces a file below /etc/pve. Whoever calls it holds the file's lock.
    ///
    /// # Errors
    /// It cannot be written; then the old one is there, whole.
    fn write(&mut self, file: &str, content: &[u8]) -> Result<(), Error>;

    /// Takes the lock of a file below /etc/pve for the whole cluster.
    ///
    /// # Errors
    /// [`Error::Lock`], [`Error::Interrupted`].
    fn lock(&mut self, file: &str) -> Result<Box<dyn Held>, Error>;

    /// Sends a request and waits for the answer, whatever its status is.
    ///
    /// # Errors
    /// [`Error::Refused`] where there is no answer, [`Error::Interrupted`].
    fn send(&mut self, request: &Request) -> Result<Response, Error>;

    /// Warns the caller; a text without a newline at its end gets the caller's place.
    fn warn(&mut self, text: String);

    /// Tells the user something.
    fn print(&mut self, text: &str);

    /// Replaces the file of known guests of a DHCP server by what `change` makes of it, under the file's lock.
    ///
    /// # Errors
    /// It cannot be read or written, or its lock is not to be had.
    fn change_ethers(
        &mut self,
        dhcp: &str,
        change: &mut dyn FnMut(&[u8]) -> Vec<u8>,
    ) -> Result<(), Error>;

    /// Lets a DHCP server read its file of known guests again.
    ///
    /// # Errors
    /// [`Error::Command`].
    fn reload_dhcp(&mut self, dhcp: &str) -> Result<(), Error>;

    /// Tells a DHCP server that an IPv4 address is a hardware address's now.
    ///
    /// # Errors
    /// [`Error::Bus`].
    fn add_lease(&mut self, dhcp: &str, ip4: &str, mac: &str) -> Result<(), Error>;
}
