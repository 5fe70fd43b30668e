//! Kernel settings of one interface under `/proc/sys/net`, which shows the calling thread's network namespace.

use std::fs::{self, File};
use std::io::{self, Write};

use crate::error::Error;

/// Keep the kernel from giving `name` IPv6 addresses, as on every port of a bridge. Without IPv6 in the kernel there is
/// nothing to do (the reference: `PVE::Network::disable_ipv6`).
///
/// # Errors
/// [`Error::System`] with what writing the file gives.
pub fn disable_ipv6(name: &str) -> Result<(), Error> {
    write_ipv6(name, b"1\n", "disable")
}

/// Let the kernel give `name` IPv6 addresses.
///
/// # Errors
/// As [`disable_ipv6`].
pub fn enable_ipv6(name: &str) -> Result<(), Error> {
    write_ipv6(name, b"0\n", "enable")
}

fn ipv6_file(name: &str) -> String {
    format!("/proc/sys/net/ipv6/conf/{name}/disable_ipv6")
}

fn write_ipv6(name: &str, value: &[u8], what: &str) -> Result<(), Error> {
    let file = File::options().write(true).open(ipv6_file(name));
    match file.and_then(|mut file| file.write_all(value)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        written => {
            written.map_err(|error| Error::system(format!("{what} IPv6 on '{name}'"), &error))
        }
    }
}

/// Whether IPv6 is kept off `name`; none without IPv6 in the kernel, or without such an interface.
///
/// # Errors
/// [`Error::System`] with what reading the file gives.
pub fn is_ipv6_disabled(name: &str) -> Result<Option<bool>, Error> {
    match fs::read(ipv6_file(name)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::system(format!("read whether IPv6 is on '{name}'"), &error)),
        Ok(content) => Ok(Some(!content.starts_with(b"0"))),
    }
}
