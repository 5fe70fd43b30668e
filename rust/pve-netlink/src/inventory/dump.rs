//! A dump: all objects of one kind, as the kernel sends them.

use std::sync::atomic::{AtomicU32, Ordering};

use netlink_packet_core::{NLM_F_DUMP, NLM_F_DUMP_INTR, NLM_F_REQUEST, NetlinkBuffer};
use nix::errno::Errno;

use super::attributes::u32_of;
use crate::error::Error;
use crate::request::ANSWER_DEADLINE;
use crate::wire::Wire;

const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
/// How often a dump is begun anew when something changed meanwhile, so that the kernel may have left out an object or
/// shown it twice. iproute2 shows the first attempt and warns.
const ATTEMPTS: u32 = 5;

/// A request of this type, with flags beside `NLM_F_REQUEST`, and what follows its header.
pub(crate) fn request(kind: u16, flags: u16, sequence: u32, body: &[u8]) -> Vec<u8> {
    const HEADER: usize = 16;
    let length = (HEADER + body.len()) as u32;
    let mut bytes = Vec::with_capacity(HEADER + body.len());
    bytes.extend_from_slice(&length.to_ne_bytes());
    bytes.extend_from_slice(&kind.to_ne_bytes());
    bytes.extend_from_slice(&(NLM_F_REQUEST | flags).to_ne_bytes());
    bytes.extend_from_slice(&sequence.to_ne_bytes());
    bytes.extend_from_slice(&0_u32.to_ne_bytes());
    bytes.extend_from_slice(body);
    bytes
}

/// The messages of a dump, one after the other: the answer to a request of type `kind`. `check` is run between the
/// kernel's answers and may end the work; `tried` completes the sentence "unable to …".
///
/// # Errors
/// [`Error::System`], [`Error::Refused`], [`Error::NoAnswer`], and what `check` gives.
pub(crate) fn dump(
    wire: &mut dyn Wire,
    kind: u16,
    body: &[u8],
    tried: &str,
    check: impl Fn() -> Result<(), Error>,
) -> Result<Vec<u8>, Error> {
    // No answer to an earlier request on this socket has the sequence number of a later one.
    static SEQUENCE: AtomicU32 = AtomicU32::new(1);
    let mut messages = Vec::new();
    for _ in 0..ATTEMPTS {
        messages.clear();
        let sequence = SEQUENCE.fetch_add(1, Ordering::Relaxed);
        let bytes = request(kind, NLM_F_DUMP, sequence, body);
        wire.send(&bytes).map_err(|error| Error::system(tried, &error))?;
        if collect(wire, sequence, tried, &mut messages, &check)? {
            break;
        }
    }
    Ok(messages)
}

/// The messages of one type, with the place of each.
pub(crate) fn messages(bytes: &[u8], kind: u16) -> impl Iterator<Item = (usize, &[u8])> {
    let mut start = 0;
    std::iter::from_fn(move || {
        loop {
            let rest = bytes.get(start..)?;
            let length = length(rest)?;
            let at = start;
            start += length.next_multiple_of(4);
            let message = rest.get(..length)?;
            if message.get(4..6) == Some(&kind.to_ne_bytes()) {
                return Some((at, message));
            }
        }
    })
}

/// The length of the message that starts here, if one does.
pub(crate) fn length(bytes: &[u8]) -> Option<usize> {
    let length = NetlinkBuffer::new_checked(bytes).ok()?.length() as usize;
    (length <= bytes.len()).then_some(length)
}

/// All messages of one dump; whether nothing changed meanwhile.
fn collect(
    wire: &mut dyn Wire,
    sequence: u32,
    tried: &str,
    messages: &mut Vec<u8>,
    check: &impl Fn() -> Result<(), Error>,
) -> Result<bool, Error> {
    let mut whole = true;
    loop {
        check()?;
        let received = wire.receive(ANSWER_DEADLINE).map_err(|error| Error::system(tried, &error));
        let Some(mut rest) = received? else {
            let seconds = ANSWER_DEADLINE.as_secs();
            return Err(Error::NoAnswer { tried: tried.into(), seconds });
        };
        while let Some(length) = length(rest) {
            let (message, after) = rest.split_at(length);
            rest = after.get(length.next_multiple_of(4) - length..).unwrap_or_default();
            let head = NetlinkBuffer::new(message);
            if head.sequence_number() != sequence {
                continue;
            }
            whole &= head.flags() & NLM_F_DUMP_INTR == 0;
            if !matches!(head.message_type(), NLMSG_DONE | NLMSG_ERROR) {
                messages.extend_from_slice(message);
                messages.resize(messages.len().next_multiple_of(4), 0);
                continue;
            }
            let code = u32_of(message.get(16..).unwrap_or_default()).cast_signed();
            let errno = Errno::from_raw(code.wrapping_neg());
            if code < 0 && errno != Errno::EINTR {
                let (tried, detail, hint) = (tried.into(), String::new(), String::new());
                return Err(Error::Refused { tried, errno, detail, hint });
            }
            return Ok(whole && code == 0);
        }
    }
}
