//! One netlink socket: bytes out, bytes in.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::error::Error;

/// What goes over a route netlink socket. A test puts a recording fake in its place.
pub trait Wire: Send {
    /// Send one datagram of one or more messages. The kernel carries them out before this returns.
    ///
    /// # Errors
    /// What `sendto(2)` gives.
    fn send(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// The next datagram from the kernel, or `None` when none comes within `timeout`.
    ///
    /// # Errors
    /// What `recv(2)` and `poll(2)` give; `ENOBUFS` means that answers were lost.
    fn receive(&mut self, timeout: Duration) -> io::Result<Option<&[u8]>>;

    /// The socket itself, for what netdevice(7) asks of one.
    fn socket(&self) -> BorrowedFd<'_>;
}

/// The kernel never puts more than this in one datagram: 32 KiB in dumps (`netlink_dump`), less elsewhere. Larger ones
/// would make malloc give the memory of each call back to the kernel, and the next call pay for it anew.
const LARGEST_DATAGRAM: usize = 32 * 1024;

/// A socket of the network namespace that the opening thread was in, for as long as it lives.
#[derive(Debug)]
pub struct RouteSocket {
    socket: Socket,
    buffer: Vec<u8>,
}

impl RouteSocket {
    /// Open a `NETLINK_ROUTE` socket in the calling thread's network namespace, with extended acknowledgements.
    ///
    /// # Errors
    /// [`Error::System`] with what `socket(2)` gives.
    pub fn open() -> Result<Self, Error> {
        let socket = Socket::new(NETLINK_ROUTE)
            .map_err(|error| Error::system("open a netlink socket", &error))?;
        // Both only make error answers better and shorter; a kernel without them still answers.
        let _ = socket.set_ext_ack(true);
        let _ = socket.set_cap_ack(true);
        Ok(Self { socket, buffer: Vec::with_capacity(LARGEST_DATAGRAM) })
    }

    /// One datagram into the buffer, if one is there.
    fn take(&mut self) -> io::Result<bool> {
        self.buffer.clear();
        match self.socket.recv(&mut self.buffer, libc::MSG_DONTWAIT) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            received => received.map(|_| true),
        }
    }

    fn wait(&self, timeout: Duration) -> io::Result<()> {
        let timeout = PollTimeout::try_from(timeout).unwrap_or(PollTimeout::MAX);
        match poll(&mut [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)], timeout) {
            Ok(_) | Err(Errno::EINTR) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }
}

impl Wire for RouteSocket {
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let sent = self.socket.send_to(bytes, &SocketAddr::new(0, 0), 0)?;
        if sent == bytes.len() { Ok(()) } else { Err(io::ErrorKind::WriteZero.into()) }
    }

    fn receive(&mut self, timeout: Duration) -> io::Result<Option<&[u8]>> {
        // The answers are there when send returns, so the first attempt nearly always has one.
        let mut there = self.take()?;
        if !there {
            self.wait(timeout)?;
            there = self.take()?;
        }
        Ok(there.then_some(self.buffer.as_slice()))
    }

    fn socket(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
