//! Kernel settings of one interface under `/proc/sys/net`, which shows the calling thread's network namespace.

use std::fs::File;
use std::io::{self, Write};

use crate::error::Error;

/// Keep the kernel from giving `name` IPv6 addresses, as on every port of a bridge. Without IPv6 in the kernel there is
/// nothing to do (the reference: `PVE::Network::disable_ipv6`).
///
/// # Errors
/// [`Error::System`] with what writing the file gives.
pub fn disable_ipv6(name: &str) -> Result<(), Error> {
    let path = format!("/proc/sys/net/ipv6/conf/{name}/disable_ipv6");
    let file = File::options().write(true).open(&path);
    match file.and_then(|mut file| file.write_all(b"1\n")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        written => {
            written.map_err(|error| Error::system(format!("disable IPv6 on '{name}'"), &error))
        }
    }
}
