//! The host's kernel with faults: a chosen message is taken out of what is sent and answered with an error, a chosen
//! call fails. Everything else reaches the real kernel.

use std::io;
use std::os::fd::BorrowedFd;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pve_netlink::interface::Interface;
use pve_netlink::netns::NetNs;
use pve_netlink::wait::{Interrupted, SLICE};
use pve_netlink::wire::Wire;
use pve_netlink::{Errno, Error, Host, Kernel};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// This message of this send is answered with this error and does not reach the kernel.
    Message {
        send: usize,
        message: usize,
        errno: Errno,
    },
    /// This send fails as a whole.
    Send(usize),
    /// The answers to this send are lost.
    Answers(usize),
    Interface,
    Netns,
    Wire,
    WireIn,
    DisableIpv6,
    StillThere,
    /// The caller asks for an end while this send is on its way.
    Interrupt(usize),
}

/// The number of messages in each send so far.
pub type Log = Arc<Mutex<Vec<usize>>>;

#[derive(Default)]
pub struct Faulty {
    faults: Vec<Fault>,
    log: Log,
    meanwhile: Option<Box<dyn Fn() + Sync>>,
    interrupted: Arc<AtomicBool>,
    before_send: Option<(usize, Arc<dyn Fn() + Send + Sync>)>,
}

impl Faulty {
    pub fn with(faults: &[Fault]) -> Self {
        Self { faults: faults.to_vec(), ..Self::default() }
    }

    /// Something happens between making the pair and bringing it up.
    pub fn meanwhile(what: impl Fn() + Sync + 'static) -> Self {
        Self { meanwhile: Some(Box::new(what)), ..Self::default() }
    }

    /// Something happens before this send.
    pub fn before_send(send: usize, what: impl Fn() + Send + Sync + 'static) -> Self {
        Self { before_send: Some((send, Arc::new(what))), ..Self::default() }
    }

    /// The caller's hook, which asks for an end when [`Fault::Interrupt`] says so.
    pub fn poll(&self) -> Result<(), Interrupted> {
        if self.interrupted.load(Ordering::Acquire) { Err(Interrupted) } else { Ok(()) }
    }

    pub fn sends(&self) -> Vec<usize> {
        self.log.lock().unwrap().clone()
    }

    fn check(&self, fault: Fault) -> Result<(), Error> {
        if self.faults.contains(&fault) {
            return Err(Error::System {
                tried: format!("{fault:?}"),
                errno: Errno::EIO,
                hint: String::new(),
            });
        }
        Ok(())
    }

    fn wrap(&self, inner: Box<dyn Wire>) -> Box<dyn Wire> {
        Box::new(FaultyWire {
            inner,
            faults: self.faults.clone(),
            log: self.log.clone(),
            interrupted: self.interrupted.clone(),
            before_send: self.before_send.clone(),
            last: 0,
            made_up: Vec::new(),
            answer: Vec::new(),
        })
    }
}

impl Kernel for Faulty {
    fn interface(&self, wire: &dyn Wire, name: &str) -> Result<Option<Interface>, Error> {
        self.check(Fault::Interface)?;
        Host.interface(wire, name)
    }
    fn wire(&self) -> Result<Box<dyn Wire>, Error> {
        self.check(Fault::Wire)?;
        Ok(self.wrap(Host.wire()?))
    }
    fn netns(&self, wire: &dyn Wire, path: &Path) -> Result<NetNs, Error> {
        self.check(Fault::Netns)?;
        Host.netns(wire, path)
    }
    fn wire_in(&self, netns: &NetNs) -> Result<Box<dyn Wire>, Error> {
        self.check(Fault::WireIn)?;
        Ok(self.wrap(Host.wire_in(netns)?))
    }
    fn check_still_there(&self, netns: &NetNs) -> Result<(), Error> {
        self.check(Fault::StillThere)?;
        Host.check_still_there(netns)
    }
    fn disable_ipv6(&self, name: &str) -> Result<(), Error> {
        self.check(Fault::DisableIpv6)?;
        if let Some(what) = &self.meanwhile {
            what();
        }
        Host.disable_ipv6(name)
    }
}

struct FaultyWire {
    inner: Box<dyn Wire>,
    faults: Vec<Fault>,
    log: Log,
    interrupted: Arc<AtomicBool>,
    before_send: Option<(usize, Arc<dyn Fn() + Send + Sync>)>,
    last: usize,
    made_up: Vec<Vec<u8>>,
    answer: Vec<u8>,
}

impl Wire for FaultyWire {
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let messages = split(bytes);
        let send = {
            let mut log = self.log.lock().unwrap();
            log.push(messages.len());
            log.len() - 1
        };
        self.last = send;
        if let Some((_, what)) = self.before_send.as_ref().filter(|(at, _)| *at == send) {
            what();
        }
        if self.faults.contains(&Fault::Interrupt(send)) {
            self.interrupted.store(true, Ordering::Release);
            // Long enough for the caller's hook to run.
            std::thread::sleep(SLICE * 3);
        }
        if self.faults.contains(&Fault::Send(send)) {
            return Err(Errno::EIO.into());
        }
        let mut rest = Vec::new();
        for (message, bytes) in messages.into_iter().enumerate() {
            let fault = self.faults.iter().find_map(|fault| match fault {
                Fault::Message { send: at, message: which, errno }
                    if (*at, *which) == (send, message) =>
                {
                    Some(*errno)
                }
                _ => None,
            });
            match fault {
                Some(errno) => self.made_up.push(refusal(bytes, errno)),
                None => rest.extend_from_slice(bytes),
            }
        }
        if rest.is_empty() { Ok(()) } else { self.inner.send(&rest) }
    }

    fn receive(&mut self, timeout: Duration) -> io::Result<Option<&[u8]>> {
        if self.faults.contains(&Fault::Answers(self.last)) {
            return Err(Errno::ENOBUFS.into());
        }
        if let Some(answer) = self.made_up.pop() {
            self.answer = answer;
            return Ok(Some(&self.answer));
        }
        self.inner.receive(timeout)
    }

    fn socket(&self) -> BorrowedFd<'_> {
        self.inner.socket()
    }
}

fn split(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut messages = Vec::new();
    while bytes.len() >= 16 {
        let length = u32::from_ne_bytes(bytes[..4].try_into().unwrap()) as usize;
        let (message, rest) = bytes.split_at(length.next_multiple_of(4));
        messages.push(message);
        bytes = rest;
    }
    messages
}

/// NLMSG_ERROR for the sequence number of the message.
fn refusal(message: &[u8], errno: Errno) -> Vec<u8> {
    let mut answer = Vec::new();
    answer.extend_from_slice(&36_u32.to_ne_bytes());
    answer.extend_from_slice(&2_u16.to_ne_bytes());
    answer.extend_from_slice(&0_u16.to_ne_bytes());
    answer.extend_from_slice(&message[8..12]);
    answer.extend_from_slice(&0_u32.to_ne_bytes());
    answer.extend_from_slice(&(-(errno as i32)).to_ne_bytes());
    answer.extend_from_slice(&message[..16]);
    answer
}
