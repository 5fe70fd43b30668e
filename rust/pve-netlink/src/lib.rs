//! Links, addresses, routes and namespaces of the host, through netlink alone.
//!
//! A change of the host is a [`plan::Plan`]: a list of steps, each with its inverse, made by a pure function of another
//! crate. [`apply::apply`] carries it out with as few sends as the kernel allows, reads back what it did, and undoes it
//! when anything fails.
//!
//! | file | the command whose work it does |
//! |---|---|
//! | [`link`] | `ip link` |
//! | [`addr`] | `ip addr` |
//! | [`route`] | `ip route` |
//! | [`bridge`] | `bridge vlan` |
//! | [`netns`] | `nsenter --net`, `ip netns` |
//! | [`sysctl`] | `sysctl net.…` |
//! | [`inventory`] | `ip -details -json link` |
//! | [`monitor`] | `ip monitor`, `bridge monitor vlan` |
//! | [`interface`] | what `/sys/class/net` tells of one interface |
//!
//! Below them are [`wire`] (one netlink socket), [`request`] (messages and their answers) and [`wait`] (a call that a
//! signal handler may end). [`kernel::Kernel`] is the seam where a test takes the kernel's place.

pub mod addr;
pub mod apply;
pub mod bridge;
pub mod error;
mod hint;
pub mod interface;
pub mod inventory;
pub mod kernel;
pub mod link;
pub mod monitor;
pub mod netns;
pub mod plan;
pub mod request;
pub mod route;
mod same_cpu;
pub mod sysctl;
mod undo;
mod verify;
pub mod wait;
pub mod wire;
mod worker;

pub use error::Error;
pub use kernel::{Host, Kernel};
pub use nix::errno::Errno;
pub use wait::Interrupted;
