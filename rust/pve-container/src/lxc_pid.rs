//! The process id of a running container's first process, from the socket on which LXC takes commands for it
//! (the reference: `PVE::LXC::find_lxc_pid`, which starts `lxc-info` for it; that asks the same socket).
//!
//! The protocol is that of LXC 2 to 7 (`src/lxc/commands.c`): a request of a number, a length and a pointer; an answer
//! of the same form, in which the process id takes the pointer's place.

use std::ffi::{OsStr, OsString};
use std::io::{self, IoSlice, Read};
use std::os::fd::AsRawFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::sys::socket::{ControlMessage, MsgFlags, UnixCredentials, sendmsg};
use pve_netlink::wait::{Interrupted, Poll, SLICE};

const LXC_CMD_GET_INIT_PID: u32 = 4;
/// A request or an answer: two `int` and a pointer.
const MESSAGE: usize = 2 * size_of::<i32>() + size_of::<usize>();
/// The room for an abstract socket's name that LXC counts on: longer ones are replaced by their hash.
const NAME: usize = 106;
/// How long LXC may take to answer.
pub const DEADLINE: Duration = Duration::from_secs(10);

/// Why a container's process id is not known. The first two have the reference's words.
#[derive(Debug, thiserror::Error)]
pub enum PidError {
    /// There is no such container.
    #[error("command 'lxc-info -n {name} -p' failed: exit code 1")]
    NoContainer {
        /// The container's name: its VMID.
        name: String,
    },
    /// There is one, but it is not running.
    #[error("unable to get PID for CT {name} (not running?)")]
    NotRunning {
        /// The container's name: its VMID.
        name: String,
    },
    /// LXC could not be asked.
    #[error("unable to ask LXC for the PID of CT {name}: {source}")]
    Asking {
        /// The container's name: its VMID.
        name: String,
        /// Why.
        source: io::Error,
    },
    /// The caller's hook asked for an end.
    #[error("interrupted")]
    Interrupted,
}

/// Where LXC keeps its containers.
#[derive(Debug, Clone)]
pub struct LxcPath(PathBuf);

impl LxcPath {
    /// `/var/lib/lxc` below `root`; an empty `root` stands for `/`. The socket's name is made of this path as it is, so it
    /// must have one slash at its start.
    #[must_use]
    pub fn below(root: &OsStr) -> Self {
        let mut path = if root == "/" { OsString::new() } else { root.to_owned() };
        path.push("/var/lib/lxc");
        Self(path.into())
    }

    /// The process id of container `name`, which must be running. `poll` runs at least every 50 ms while LXC takes its
    /// time.
    ///
    /// # Errors
    /// [`PidError`].
    pub fn init_pid(&self, name: &str, poll: &mut Poll<'_>) -> Result<u32, PidError> {
        let failed = |source| PidError::Asking { name: name.into(), source };
        let address = SocketAddr::from_abstract_name(self.socket_name(name)).map_err(failed)?;
        let mut socket = match UnixStream::connect_addr(&address) {
            Ok(socket) => socket,
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                return Err(self.no_socket(name));
            }
            Err(error) => return Err(failed(error)),
        };
        let mut message = [0; MESSAGE];
        for (to, from) in message.iter_mut().zip(LXC_CMD_GET_INIT_PID.to_ne_bytes()) {
            *to = from;
        }
        // A container that is about to end closes the connection.
        match send(&socket, &message).and_then(|()| socket.set_read_timeout(Some(SLICE))) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                return Err(self.no_socket(name));
            }
            sent => sent.map_err(failed)?,
        }
        let mut answer = [0; MESSAGE];
        match read(&mut socket, &mut answer, poll) {
            Ok(true) => {}
            Ok(false) => return Err(self.no_socket(name)),
            Err(ReadError::Interrupted) => return Err(PidError::Interrupted),
            Err(ReadError::Io(error)) => return Err(failed(error)),
        }
        let code = answer.first_chunk().map_or(0, |bytes| i32::from_ne_bytes(*bytes));
        if code < 0 {
            return Err(failed(io::Error::from_raw_os_error(code.wrapping_neg())));
        }
        let pid = answer.last_chunk().map_or(0, |bytes| usize::from_ne_bytes(*bytes));
        match i32::try_from(pid) {
            Ok(pid) if pid > 0 => Ok(pid.unsigned_abs()),
            _ => Err(PidError::NotRunning { name: name.into() }),
        }
    }

    /// Without a socket a container does not run, if there is one.
    fn no_socket(&self, name: &str) -> PidError {
        let name = name.to_owned();
        if self.0.join(&name).join("config").exists() {
            PidError::NotRunning { name }
        } else {
            PidError::NoContainer { name }
        }
    }

    fn socket_name(&self, name: &str) -> Vec<u8> {
        let place = self.0.join(name);
        let plain = [place.as_os_str().as_bytes(), b"/command"].concat();
        if plain.len() < NAME {
            return plain;
        }
        format!("lxc/{:016x}/command", fnv_1a(&place)).into_bytes()
    }
}

/// The hash FNV-1a with 64 bits.
fn fnv_1a(path: &Path) -> u64 {
    path.as_os_str().as_bytes().iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Sends a request together with this process's credentials. LXC asks the kernel for them only after it has accepted the
/// connection, and the kernel makes up a nobody's for what was sent before that without them.
fn send(socket: &UnixStream, message: &[u8]) -> io::Result<()> {
    let own = UnixCredentials::new();
    let sent = sendmsg::<()>(
        socket.as_raw_fd(),
        &[IoSlice::new(message)],
        &[ControlMessage::ScmCredentials(&own)],
        MsgFlags::MSG_NOSIGNAL,
        None,
    )?;
    if sent == message.len() { Ok(()) } else { Err(io::ErrorKind::WriteZero.into()) }
}

enum ReadError {
    Io(io::Error),
    Interrupted,
}

/// Fills the buffer; false where the connection ends before.
fn read(
    socket: &mut UnixStream,
    mut buffer: &mut [u8],
    poll: &mut Poll<'_>,
) -> Result<bool, ReadError> {
    let start = Instant::now();
    while !buffer.is_empty() {
        match socket.read(buffer) {
            Ok(0) => return Ok(false),
            Ok(count) => buffer = buffer.get_mut(count..).unwrap_or_default(),
            Err(error) => match error.kind() {
                io::ErrorKind::ConnectionReset => return Ok(false),
                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => {
                    poll().map_err(|Interrupted| ReadError::Interrupted)?;
                }
                _ => return Err(ReadError::Io(error)),
            },
        }
        if start.elapsed() > DEADLINE {
            return Err(ReadError::Io(io::ErrorKind::TimedOut.into()));
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::fs;
    use std::io::Write;
    use std::os::unix::net::UnixListener;
    use std::thread;

    /// Answers one request the way LXC does, or hangs up.
    fn serve(path: &LxcPath, name: &str, answer: Option<i64>) -> thread::JoinHandle<Vec<u8>> {
        let address = SocketAddr::from_abstract_name(path.socket_name(name)).unwrap();
        let listener = UnixListener::bind_addr(&address).unwrap();
        thread::spawn(move || {
            let (mut client, _) = listener.accept().unwrap();
            let mut request = vec![0; 16];
            client.read_exact(&mut request).unwrap();
            if let Some(pid) = answer {
                client.write_all(&[0; 8]).unwrap();
                client.write_all(&pid.to_ne_bytes()).unwrap();
            }
            request
        })
    }

    fn place(name: &str) -> LxcPath {
        let root = std::env::temp_dir().join(format!("lxc-pid-{}-{name}", std::process::id()));
        LxcPath::below(root.as_os_str())
    }

    #[test]
    fn a_running_container_has_its_pid() {
        let path = place("running");
        let server = serve(&path, "100", Some(4711));
        assert_eq!(path.init_pid("100", &mut || Ok(())).unwrap(), 4711);
        assert_eq!(server.join().unwrap(), [4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn a_container_that_does_not_run_is_told_from_none() {
        let path = place("stopped");
        let text = |name| path.init_pid(name, &mut || Ok(())).unwrap_err().to_string();
        assert_eq!(text("101"), "command 'lxc-info -n 101 -p' failed: exit code 1");
        let folder = path.0.join("100");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("config"), "").unwrap();
        let stopped = "unable to get PID for CT 100 (not running?)";
        assert_eq!(text("100"), stopped);
        for answer in [None, Some(0), Some(-1)] {
            let server = serve(&path, "100", answer);
            assert_eq!(text("100"), stopped, "{answer:?}");
            server.join().unwrap();
        }
        fs::remove_dir_all(path.0.ancestors().nth(3).unwrap()).unwrap();
    }

    #[test]
    fn waiting_can_be_ended() {
        let path = place("slow");
        let address = SocketAddr::from_abstract_name(path.socket_name("100")).unwrap();
        let _listener = UnixListener::bind_addr(&address).unwrap();
        let ended = path.init_pid("100", &mut || Err(Interrupted));
        assert!(matches!(ended, Err(PidError::Interrupted)));
    }

    #[test]
    fn a_long_name_is_hashed() {
        assert_eq!(LxcPath::below(OsStr::new("/")).socket_name("100"), b"/var/lib/lxc/100/command");
        let path = LxcPath::below(OsStr::new(""));
        assert_eq!(path.socket_name("100"), b"/var/lib/lxc/100/command");
        assert_eq!(fnv_1a(Path::new("a")), 0xaf63_dc4c_8601_ec8c);
        let long = LxcPath::below(OsStr::new(&format!("/{}", "x".repeat(90))));
        let name = String::from_utf8(long.socket_name("100")).unwrap();
        assert!(name.starts_with("lxc/") && name.len() == "lxc/0123456789abcdef/command".len());
    }
}
