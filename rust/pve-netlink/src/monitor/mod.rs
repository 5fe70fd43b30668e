//! `ip monitor`, `bridge monitor vlan`: what changes about links, addresses and VLANs of a namespace.
//!
//! A [`Monitor`] knows the state of its namespace. The kernel's multicast messages are compared with that, and so is
//! everything there is after messages were lost (`ENOBUFS`, netlink(7)): an event is a difference, so none is missing and
//! none comes twice.

mod event;
mod state;

use std::io;
use std::mem;
use std::os::fd::{AsRawFd, RawFd};
use std::path::Path;

use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};
use nix::errno::Errno;

use crate::error::Error;
use crate::inventory::dump::{dump, length, request};
use crate::netns::NetNs;
use crate::wait::{Cancel, Poll, in_thread};
use crate::wire::RouteSocket;

pub use event::{Action, AddressEvent, Event, LinkEvent, OldLink, VlanEvent};
use state::State;
pub use state::Wanted;

/// `RTNLGRP_…` of `<linux/rtnetlink.h>`.
const LINK: u32 = 1;
const IPV4_IFADDR: u32 = 5;
const IPV6_IFADDR: u32 = 9;
const BRVLAN: u32 = 36;

const RTM_GETVLAN: u16 = 114;
/// The kernel puts no more in one datagram.
const DATAGRAM: usize = 32 * 1024;
/// So many datagrams are taken in by one read, that one ends also where changes come faster than they are read.
const DATAGRAMS: usize = 10_000;

/// Watches a namespace.
#[derive(Debug)]
pub struct Monitor {
    netns: Option<NetNs>,
    wanted: Wanted,
    receive_buffer: Option<usize>,
    /// None in a child of a fork, until it is used there.
    sockets: Option<Sockets>,
    state: State,
    /// Messages were lost, and the state has not been compared since.
    stale: bool,
    /// Events that no read has given away.
    pending: Vec<Event>,
    resyncs: u64,
}

#[derive(Debug)]
struct Sockets {
    events: Socket,
    dump: RouteSocket,
    buffer: Vec<u8>,
}

impl Monitor {
    /// Watch the namespace at `netns`, or the calling thread's own. `receive_buffer` is the room for what is not read yet,
    /// in bytes (`SO_RCVBUF`, socket(7)); the system's default for none. `poll` runs at least every 50 ms meanwhile and may
    /// end the call.
    ///
    /// # Errors
    /// As [`NetNs::open`] and [`NetNs::enter`]; [`Error::System`] for sockets; as dumps.
    pub fn open(
        netns: Option<&Path>,
        wanted: Wanted,
        receive_buffer: Option<usize>,
        poll: &mut Poll<'_>,
    ) -> Result<Self, Error> {
        let netns = netns.map(NetNs::open).transpose()?;
        let mut monitor = Self {
            netns,
            wanted,
            receive_buffer,
            sockets: None,
            state: State::default(),
            stale: false,
            pending: Vec::new(),
            resyncs: 0,
        };
        monitor.state = monitor.connect(poll)?;
        Ok(monitor)
    }

    /// The descriptor that is readable while there are events to read, until this is closed or the process forked.
    ///
    /// # Errors
    /// As [`Monitor::open`].
    pub fn fileno(&mut self, poll: &mut Poll<'_>) -> Result<RawFd, Error> {
        self.reconnect(poll)?;
        match &self.sockets {
            Some(sockets) => Ok(sockets.events.as_raw_fd()),
            None => Err(Error::Internal("a monitor without its sockets".into())),
        }
    }

    /// How often messages were lost and the whole state was compared instead.
    #[must_use]
    pub fn resyncs(&self) -> u64 {
        self.resyncs
    }

    /// Forget the sockets, which a fork made two processes share. The next use makes new ones.
    pub fn forget_sockets(&mut self) {
        self.sockets = None;
    }

    /// What changed since the last read; nothing is waited for. Where messages were lost, or a fork lies between, the whole
    /// state is read and compared.
    ///
    /// # Errors
    /// As [`Monitor::open`]. Nothing is lost by one: the next read tells what this one could not.
    pub fn read(&mut self, poll: &mut Poll<'_>) -> Result<Vec<Event>, Error> {
        let mut interrupted = false;
        let mut poll = || poll().inspect_err(|_| interrupted = true);
        let taken = self.reconnect(&mut poll).and_then(|()| self.take_in_all(&mut poll));
        // The caller does not get what a call returns that it wanted to end.
        match taken.and_then(|()| if interrupted { Err(Error::Interrupted) } else { Ok(()) }) {
            Ok(()) => Ok(mem::take(&mut self.pending)),
            Err(error) => {
                self.nudge();
                Err(error)
            }
        }
    }

    fn take_in_all(&mut self, poll: &mut Poll<'_>) -> Result<(), Error> {
        self.stale |= self.take_in()?;
        if self.stale {
            self.compare(poll)?;
            // What came meanwhile, or part of it.
            if self.take_in()? {
                self.stale = true;
                self.nudge();
            }
        }
        Ok(())
    }

    /// After a fork: sockets of this process's own, and what changed since.
    fn reconnect(&mut self, poll: &mut Poll<'_>) -> Result<(), Error> {
        if self.sockets.is_none() {
            let now = self.connect(poll)?;
            self.state.become_state(now, self.wanted, &mut self.pending);
            if !self.pending.is_empty() {
                self.nudge();
            }
        }
        Ok(())
    }

    /// Sockets, and the state as it was after they began to listen.
    fn connect(&mut self, poll: &mut Poll<'_>) -> Result<State, Error> {
        let (netns, wanted, room) = (self.netns.as_ref(), self.wanted, self.receive_buffer);
        let (events, dump, state) = in_thread(poll, |cancel| {
            let mut dump = match netns {
                Some(netns) => netns.enter()?,
                None => RouteSocket::open()?,
            };
            let events = listen(wanted, room)
                .map_err(|error| Error::system("listen to the kernel's changes", &error))?;
            let state = whole_state(&mut dump, wanted, cancel)?;
            Ok((events, dump, state))
        })??;
        self.stale = false;
        self.sockets = Some(Sockets { events, dump, buffer: Vec::with_capacity(DATAGRAM) });
        Ok(state)
    }

    /// Compare the whole state.
    fn compare(&mut self, poll: &mut Poll<'_>) -> Result<(), Error> {
        let Some(sockets) = &mut self.sockets else { return Ok(()) };
        let (dump, wanted) = (&mut sockets.dump, self.wanted);
        let now = in_thread(poll, |cancel| whole_state(dump, wanted, cancel))??;
        self.state.become_state(now, self.wanted, &mut self.pending);
        self.stale = false;
        self.resyncs += 1;
        Ok(())
    }

    /// Take in what the kernel has sent; whether messages were lost.
    fn take_in(&mut self) -> Result<bool, Error> {
        let Some(sockets) = &mut self.sockets else { return Ok(false) };
        let mut lost = false;
        for _ in 0..DATAGRAMS {
            sockets.buffer.clear();
            match sockets.events.recv(&mut sockets.buffer, libc::MSG_DONTWAIT) {
                Ok(_) => {
                    let mut rest = sockets.buffer.as_slice();
                    while let Some(length) = length(rest) {
                        let (message, after) = rest.split_at(length);
                        self.state.apply(message, self.wanted, &mut self.pending);
                        let padding = length.next_multiple_of(4) - length;
                        rest = after.get(padding..).unwrap_or_default();
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.raw_os_error() == Some(Errno::ENOBUFS as i32) => lost = true,
                Err(error) => return Err(Error::system("read the kernel's changes", &error)),
            }
        }
        Ok(lost)
    }

    /// Make the descriptor readable: the kernel is asked for a link, and its answer lies there until the next read.
    fn nudge(&self) {
        const LOOPBACK: u32 = 1;
        let Some(sockets) = &self.sockets else { return };
        let mut body = [0; 16];
        for (to, from) in body.iter_mut().skip(4).zip(LOOPBACK.to_ne_bytes()) {
            *to = from;
        }
        let bytes = request(libc::RTM_GETLINK, 0, 1, &body);
        // Where that fails, the descriptor is readable with the next change.
        let _ = sockets.events.send_to(&bytes, &SocketAddr::new(0, 0), libc::MSG_DONTWAIT);
    }
}

/// A socket that gets the changes.
fn listen(wanted: Wanted, room: Option<usize>) -> io::Result<Socket> {
    let mut socket = Socket::new(NETLINK_ROUTE)?;
    if let Some(room) = room {
        socket.set_rx_buf_sz(libc::c_int::try_from(room).unwrap_or(libc::c_int::MAX))?;
    }
    socket.bind_auto()?;
    // Links always: the other events have their names.
    socket.add_membership(LINK)?;
    if wanted.addresses {
        socket.add_membership(IPV4_IFADDR)?;
        socket.add_membership(IPV6_IFADDR)?;
    }
    if wanted.vlans {
        socket.add_membership(BRVLAN)?;
    }
    Ok(socket)
}

/// Everything there is.
fn whole_state(wire: &mut RouteSocket, wanted: Wanted, cancel: &Cancel) -> Result<State, Error> {
    const NO_DETAILS: [u8; 24] = {
        let mut body = [0; 24];
        // IFLA_EXT_MASK with RTEXT_FILTER_SKIP_STATS.
        let mask = 8_u32.to_ne_bytes();
        let length = 8_u16.to_ne_bytes();
        let kind = libc::IFLA_EXT_MASK.to_ne_bytes();
        (body[16], body[17], body[18], body[19]) = (length[0], length[1], kind[0], kind[1]);
        (body[20], body[21], body[22], body[23]) = (mask[0], mask[1], mask[2], mask[3]);
        body
    };
    let mut state = State::default();
    let mut take = |kind: u16, body: &[u8], tried: &str| {
        let all = dump(wire, kind, body, tried, || cancel.check())?;
        let mut rest = all.as_slice();
        while let Some(length) = length(rest) {
            let (message, after) = rest.split_at(length);
            let none = Wanted { links: false, addresses: false, vlans: false };
            state.apply(message, none, &mut Vec::new());
            rest = after.get(length.next_multiple_of(4) - length..).unwrap_or_default();
        }
        Ok(())
    };
    take(libc::RTM_GETLINK, &NO_DETAILS, "read the links")?;
    if wanted.addresses {
        take(libc::RTM_GETADDR, &[0; 8], "read the addresses")?;
    }
    if wanted.vlans {
        let bridges = [libc::AF_BRIDGE as u8, 0, 0, 0, 0, 0, 0, 0];
        match take(RTM_GETVLAN, &bridges, "read the VLANs of bridges") {
            // A kernel without VLAN filtering, or without bridges.
            Err(Error::Refused { errno: Errno::EOPNOTSUPP | Errno::EINVAL, .. }) => {}
            taken => taken?,
        }
    }
    Ok(state)
}
