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

    /// Has the node's manager of services do something with one of them, as systemctl(1).
    ///
    /// # Errors
    /// [`Error::Command`].
    fn systemctl(&mut self, action: &str, unit: &str) -> Result<(), Error>;

    /// Whether dnsmasq and its service are installed.
    fn has_dnsmasq(&self) -> bool;

    /// Replaces one of the node's own files, given without the slash at its start.
    ///
    /// # Errors
    /// It cannot be written; then the old one is there, whole.
    fn write_node_file(&mut self, path: &str, content: &str) -> Result<(), Error>;

    /// Makes the folder of a DHCP server, if it is missing. That it cannot be made, writing into it tells.
    fn make_dhcp_folder(&mut self, dhcp: &str);

    /// Removes the settings of all VNets from the folder of a DHCP server.
    fn remove_vnet_settings(&mut self, dhcp: &str);

    /// Tells the user of something that is wrong, on standard error.
    fn complain(&mut self, text: &str);

    /// Tells a DHCP server that an IPv4 address is a hardware address's now.
    ///
    /// # Errors
    /// [`Error::Bus`].
    fn add_lease(&mut self, dhcp: &str, ip4: &str, mac: &str) -> Result<(), Error>;
}
