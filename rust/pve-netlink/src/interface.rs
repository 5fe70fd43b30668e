//! What one interface is, by name, without a netlink send: the questions that the reference asks `/sys/class/net`.
//!
//! netdevice(7) requests answer for the socket's own network namespace, where `/sys` shows the namespace that it was
//! mounted in.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use nix::errno::Errno;

use crate::error::Error;

/// The kernel's limit of an interface name with its terminating zero (`<linux/if.h>`).
pub const IFNAMSIZ: usize = libc::IFNAMSIZ;

/// What was found under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// Its index in its namespace.
    pub index: u32,
    /// Its MTU in bytes.
    pub mtu: u32,
    /// The driver that it names (`bridge`, `veth`, `openvswitch`), or empty where it names none.
    pub driver: String,
}

/// Whether the kernel accepts `name` for an interface: one to 15 bytes, no `/`, `:` or white space, not `.` or `..`
/// (`dev_valid_name`; white space as isspace(3) has it).
#[must_use]
pub fn valid_name(name: &str) -> bool {
    let forbidden = |byte: u8| matches!(byte, b'/' | b':' | b' ' | 0 | 9..=13);
    !name.is_empty()
        && name.len() < IFNAMSIZ
        && name != "."
        && name != ".."
        && !name.bytes().any(forbidden)
}

/// The interface of that name in the network namespace of `socket`, which is of any family, if there is one.
///
/// # Errors
/// [`Error::System`] with what `ioctl(2)` gives.
pub fn read(socket: BorrowedFd<'_>, name: &str) -> Result<Option<Interface>, Error> {
    if !valid_name(name) {
        return Ok(None);
    }
    let failed = |error: &io::Error| Error::system(format!("read interface '{name}'"), error);
    if !exists(socket, name).map_err(|error| failed(&error))? {
        return Ok(None);
    }

    let mut request = named(name);
    match ioctl(socket, libc::SIOCGIFINDEX, &mut request) {
        Err(error) if error.raw_os_error() == Some(Errno::ENODEV as i32) => return Ok(None),
        answer => answer.map_err(|error| failed(&error))?,
    }
    // SAFETY: SIOCGIFINDEX succeeded, so the kernel has filled in the index; all bit patterns are integers.
    let index = unsafe { request.ifr_ifru.ifru_ifindex };

    let mut request = named(name);
    ioctl(socket, libc::SIOCGIFMTU, &mut request).map_err(|error| failed(&error))?;
    // SAFETY: SIOCGIFMTU succeeded, so the kernel has filled in the MTU; all bit patterns are integers.
    let mtu = unsafe { request.ifr_ifru.ifru_mtu };

    let driver = match driver(socket, name) {
        Ok(driver) => driver,
        // A driver that does not say what it is, is none of those that matter here.
        Err(error) if error.raw_os_error() == Some(Errno::EOPNOTSUPP as i32) => String::new(),
        Err(error) => return Err(failed(&error)),
    };
    Ok(Some(Interface {
        name: name.into(),
        index: index.unsigned_abs(),
        mtu: mtu.unsigned_abs(),
        driver,
    }))
}

/// Whether there is an interface of that name. The requests of netdevice(7) make the kernel start `modprobe` for one that
/// is not there (`dev_load`), which takes milliseconds. `SO_BINDTODEVICE` (socket(7)) looks for it without that, and
/// means nothing to a netlink socket.
fn exists(socket: BorrowedFd<'_>, name: &str) -> io::Result<bool> {
    let length = name.len() as libc::socklen_t;
    // SAFETY: the kernel reads `length` bytes at the address of `name`, which are there.
    let answer = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_BINDTODEVICE,
            name.as_ptr().cast(),
            length,
        )
    };
    match io::Error::last_os_error() {
        _ if answer == 0 => Ok(true),
        error if error.raw_os_error() == Some(Errno::ENODEV as i32) => Ok(false),
        error => Err(error),
    }
}

/// `struct ethtool_drvinfo` of `<linux/ethtool.h>`, of which only the driver's name is used.
#[repr(C)]
struct DriverInfo {
    command: u32,
    driver: [u8; 32],
    rest: [u8; 160],
}

const ETHTOOL_GDRVINFO: u32 = 3;

fn driver(socket: BorrowedFd<'_>, name: &str) -> io::Result<String> {
    let mut info = DriverInfo { command: ETHTOOL_GDRVINFO, driver: [0; 32], rest: [0; 160] };
    let mut request = named(name);
    request.ifr_ifru.ifru_data = (&raw mut info).cast();
    ioctl(socket, libc::SIOCETHTOOL, &mut request)?;
    let text = info.driver.split(|byte| *byte == 0).next().unwrap_or_default();
    Ok(String::from_utf8_lossy(text).into_owned())
}

fn named(name: &str) -> libc::ifreq {
    // SAFETY: ifreq is plain C data, for which all zeros are a valid value.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    // The caller has checked the length, so the last byte stays zero.
    for (to, from) in request.ifr_name.iter_mut().zip(name.bytes()) {
        *to = from as libc::c_char;
    }
    request
}

fn ioctl(
    socket: BorrowedFd<'_>,
    command: libc::Ioctl,
    request: &mut libc::ifreq,
) -> io::Result<()> {
    // SAFETY: all commands used here take a struct ifreq, which lives until the call returns, and so does what its
    // ifru_data points to (a DriverInfo, whose size is that of the kernel's struct ethtool_drvinfo).
    let answer = unsafe { libc::ioctl(socket.as_raw_fd(), command, request) };
    if answer < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixDatagram;

    use super::*;

    #[test]
    fn the_loopback_interface_is_there() {
        let socket = UnixDatagram::unbound().unwrap();
        let lo = read(socket.as_fd(), "lo").unwrap().unwrap();
        assert_eq!((lo.name.as_str(), lo.index), ("lo", 1));
        assert!(lo.mtu > 0);
    }

    #[test]
    fn what_is_not_there_is_none() {
        let socket = UnixDatagram::unbound().unwrap();
        assert_eq!(read(socket.as_fd(), "no-such-if").unwrap(), None);
        assert_eq!(read(socket.as_fd(), "a-name-that-is-too-long").unwrap(), None);
    }

    #[test]
    fn names_follow_the_kernels_rule() {
        for good in ["eth0", "veth100i0", "a", "fifteen-bytes-x", "eth0.5"] {
            assert!(valid_name(good), "{good}");
        }
        for bad in ["", ".", "..", "a/b", "a b", "a:b", "a\tb", "sixteen-bytes-xx"] {
            assert!(!valid_name(bad), "{bad}");
        }
    }

    #[test]
    fn the_driver_structure_has_the_kernels_size() {
        assert_eq!(size_of::<DriverInfo>(), 196);
    }
}
