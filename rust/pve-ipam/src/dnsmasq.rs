//! The node's dnsmasq servers, one a zone: files, services, leases (`PVE::Network::SDN::Dhcp::Dnsmasq`).

use std::borrow::Cow;
use std::fs::{self, File, OpenOptions, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use pve_container::atomic_write::atomic_write;
use pve_container::lock::{self, ConfigLock, LockMode};
use pve_files::error::FileError;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::bus::{self, Body, Method};
use crate::{Error, Interrupted};

/// How long the reference waits for the lock.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// How long systemd gives a service to start, stop or reload, unless told otherwise.
const SERVICE_TIMEOUT: Duration = Duration::from_secs(90);

/// The lock of those who write the servers' files.
const WRITERS_LOCK: &str = "var/lock/pve-network-rust-dhcp.lck";

/// Longest time between two calls of the caller's check.
const SLICE: Duration = Duration::from_millis(50);

type Interrupt<'a> = &'a mut dyn FnMut() -> Result<(), Interrupted>;

/// Replaces a file of known guests by what `change` makes of it. The lock is the reference's, on the file itself.
pub(crate) fn change_ethers(
    path: &Path,
    change: &mut dyn FnMut(&[u8]) -> Vec<u8>,
    interrupt: Interrupt<'_>,
) -> Result<(), Error> {
    let lock = lock_ethers(path, interrupt)?;
    let opened = |source| Error::Ethers { path: path.to_owned(), source };
    let content = fs::read(path).map_err(opened)?;
    // dnsmasq is another user, and the new file keeps the old one's mode.
    fs::set_permissions(path, Permissions::from_mode(0o644)).map_err(opened)?;
    atomic_write(path, &change(&content), 0o644)?;
    drop(lock);
    Ok(())
}

/// Takes the lock on the file that is at `path` when it is taken: whoever held it before may have replaced the file.
fn lock_ethers(path: &Path, interrupt: Interrupt<'_>) -> Result<File, Error> {
    let refused = |source| FileError::LockOpen { path: path.to_owned(), source };
    let start = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        let file = OpenOptions::new().append(true).create(true).open(path).map_err(refused)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) if is_at(&file, path) => return Ok(file),
            Ok(()) => continue,
            Err(Errno::WOULDBLOCK | Errno::INTR) => {}
            Err(errno) => {
                let path = path.to_owned();
                return Err(FileError::LockAcquire { path, source: errno.into() }.into());
            }
        }
        if start.elapsed() >= LOCK_TIMEOUT {
            return Err(FileError::LockTimeout { path: path.to_owned() }.into());
        }
        thread::sleep(pause);
        pause = (pause * 2).min(SLICE);
        interrupt().map_err(|Interrupted| Error::Interrupted)?;
    }
}

fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::metadata(path)) {
        (Ok(held), Ok(there)) => (held.dev(), held.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

/// Replaces a file of the node's servers, below `root`. Two processes that write the same one do it one after the other.
pub(crate) fn write_file(
    root: &Path,
    path: &str,
    content: &str,
    interrupt: Interrupt<'_>,
) -> Result<(), Error> {
    let mut interrupt = || interrupt().map_err(|Interrupted| lock::Interrupted);
    let path = root.join(path);
    let file = root.join(WRITERS_LOCK);
    let locked = ConfigLock::acquire(&file, LockMode::Exclusive, LOCK_TIMEOUT, &mut interrupt);
    let lock = match locked {
        Err(FileError::Interrupted { .. }) => return Err(Error::Interrupted),
        other => other?,
    };
    atomic_write(&path, content.as_bytes(), 0o644)?;
    drop(lock);
    Ok(())
}

/// Has systemd do something with a service.
pub(crate) fn systemctl(action: &str, unit: &str, interrupt: Interrupt<'_>) -> Result<(), Error> {
    run(&["systemctl", action, unit], SERVICE_TIMEOUT, interrupt)
}

fn run(command: &[&str], timeout: Duration, interrupt: Interrupt<'_>) -> Result<(), Error> {
    let words: Vec<_> = command.iter().map(|word| quoted(word)).collect();
    let failed = |why: String| Error::Command { command: words.join(" "), why };
    let Some((program, arguments)) = command.split_first() else { return Ok(()) };
    let child = Command::new(program).args(arguments).spawn();
    let mut child = child.map_err(|error| failed(format!("failed to execute: {error}")))?;
    let deadline = Instant::now() + timeout;
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) => {}
            // A Perl signal handler has waited for it; how it ended is not known.
            Err(_) => return Ok(()),
        }
        thread::sleep(Duration::from_millis(5));
        if interrupt().is_err() {
            stop(&mut child);
            return Err(Error::Interrupted);
        }
        if Instant::now() >= deadline {
            stop(&mut child);
            return Err(failed("got timeout".to_owned()));
        }
    };
    describe_failure(status).map_or(Ok(()), |why| Err(failed(why)))
}

/// A word as the reference's errors quote it: as the shell would need it.
fn quoted(word: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_!%+,-./:@^".contains(c);
    if word.chars().all(is_plain) { word.into() } else { format!("'{word}'").into() }
}

fn stop(child: &mut Child) {
    // It may have ended by itself.
    let _ = child.kill();
    let _ = child.wait();
}

fn describe_failure(status: ExitStatus) -> Option<String> {
    match (status.code(), status.signal()) {
        (Some(0), _) => None,
        (Some(code), _) => Some(format!("exit code {code}")),
        (None, signal) => Some(format!("got signal {}", signal.unwrap_or_default())),
    }
}

/// Tells a zone's server, on the bus whose socket is at `socket`, that an address is a hardware address's now: it may
/// have a lease of one that has lost it.
pub(crate) fn add_lease(
    socket: &Path,
    dhcp: &str,
    ip4: &str,
    mac: &str,
    interrupt: Interrupt<'_>,
) -> Result<(), Error> {
    let name = format!("uk.org.thekelleys.dnsmasq.{dhcp}");
    let method = Method {
        destination: &name,
        path: "/uk/org/thekelleys/dnsmasq",
        interface: &name,
        member: "AddDhcpLease",
    };
    let body = Body::default()
        .string(ip4)
        .string(mac)
        // No name, no client id, no end, no identity association, not temporary.
        .byte_array(b"*")
        .byte_array(b"")
        .number(0)
        .number(0)
        .boolean(false);
    bus::call(socket, &method, &body, interrupt)
}
