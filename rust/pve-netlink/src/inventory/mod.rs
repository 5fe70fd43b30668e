//! `ip -details -json link show`: all links of a namespace with everything that iproute2 shows of them, in the structure
//! of its JSON (version 6.15, which Debian 13 has), without a process and without JSON.
//!
//! [`Links`] holds the kernel's answer as it came; serializing it gives the structure. What the keys and forms are is
//! iproute2's (`print_linkinfo` and each kind's `print_opt`); the attributes' numbers are those of `<linux/if_link.h>`
//! and `<linux/if_tunnel.h>`.

mod addressed;
mod attributes;
mod brief;
pub(crate) mod dump;
mod field;
mod kind;
mod link;
mod links;
pub(crate) mod message;
mod tables;
mod value;
mod vf;
mod words;

use crate::error::Error;
use crate::wait::{Poll, in_thread};
use crate::wire::RouteSocket;

pub use addressed::{Addressed, addressed};
pub use brief::Brief;
pub use links::Links;
pub use tables::{LinkAddress, LinkVlan, Tables};
pub use value::JSON_BOOLEAN;

/// All links of the calling thread's network namespace. `poll` runs at least every 50 ms meanwhile and may end the call.
///
/// # Errors
/// As [`Links::read`]; [`Error::Interrupted`] when `poll` asked for an end.
pub fn read(poll: &mut Poll<'_>) -> Result<Links, Error> {
    in_thread(poll, |cancel| Links::read(&mut RouteSocket::open()?, || cancel.check()))?
}
