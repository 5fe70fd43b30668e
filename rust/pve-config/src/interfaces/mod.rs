//! The host's network configuration: `/etc/network/interfaces` (interfaces(5)), as ifupdown2 and the reference read it.
//!
//! [`read`] and [`write()`] do what `__read_etc_network_interfaces` and `__write_etc_network_interfaces` of
//! `PVE::Network::Interfaces` do: same structure, same warnings, same error texts. [`validate`] finds what these let
//! through and ifupdown2 then fails on.

mod address;
mod complete;
mod config;
mod names;
mod option;
mod ovs;
mod read;
mod space;
mod validate;
mod write;

pub use config::{Config, Link};
pub use read::read;
pub use validate::{Finding, validate};
pub use write::{Change, Changed, Written, write};
