//! Kernel settings of one interface under `/proc/sys/net`, which shows the calling thread's network namespace.

use std::fs;
use std::io;

use crate::error::Error;

/// Keep the kernel from giving `name` IPv6 addresses, as on every port of a bridge. Without IPv6 in the kernel there is
/// nothing to do (the reference: `PVE::Network::disable_ipv6`).
///
/// # Errors
/// [`Error::System`] with what writing the file gives.
pub fn disable_ipv6(name: &str) -> Result<(), Error> {
    let path = format!("/proc/sys/net/ipv6/conf/{name}/disable_ipv6");
    match fs::write(&path, "1\n") {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        written => {
            written.map_err(|error| Error::system(format!("disable IPv6 on '{name}'"), &error))
        }
    }
}
