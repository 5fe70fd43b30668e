//! Links, addresses, routes and namespaces of the host, through netlink alone.
//!
//! A change of the host is a list of [`plan::Step`]s, each with its interface and its inverse, made by a pure function from
//! the state that was read. A [`transaction::Transaction`] carries them out with as few sends as the kernel allows, reads
//! back what it did, and undoes it when anything fails.
//!
//! | file | the command whose work it does |
//! |---|---|
//! | [`link`] | `ip link` |
//! | [`delete_group`] | `ip link delete group` |
//! | [`addr`] | `ip addr` |
//! | [`route`] | `ip route` |
//! | [`bridge`] | `bridge vlan`, `bridge link` |
//! | [`fdb`] | `bridge fdb` |
//! | [`tc`] | `tc` |
//! | [`netns`] | `nsenter --net`, `ip netns` |
//! | [`sysctl`] | `sysctl net.…` |
//! | [`psched`] | `cat /proc/net/psched` |
//! | [`inventory`] | `ip -details -json link` |
//! | [`monitor`] | `ip monitor`, `bridge monitor vlan` |
//! | [`inside`] | `ip` and `sysctl` in a container's namespace |
//! | [`snapshot`] | links, addresses and routes as they were, and made so again |
//! | [`interface`] | what `/sys/class/net` tells of one interface |
//!
//! Below them are [`wire`] (one netlink socket), [`request`] (messages and their answers) and [`wait`] (a call that a
//! signal handler may end). [`kernel::Kernel`] is the seam where a test takes the kernel's place.

pub mod addr;
mod attribute;
pub mod bridge;
pub mod delete_group;
pub mod error;
pub mod fdb;
mod hint;
pub mod host;
pub mod inside;
pub mod interface;
pub mod inventory;
pub mod kernel;
pub mod link;
pub mod monitor;
pub mod netns;
pub mod physical_ports;
pub mod plan;
pub mod psched;
pub mod request;
pub mod route;
mod same_cpu;
pub mod snapshot;
pub mod sysctl;
pub mod tc;
pub mod transaction;
mod verify;
pub mod wait;
pub mod wire;
mod worker;

pub use error::Error;
pub use kernel::{Host, Kernel};
pub use nix::errno::Errno;
pub use wait::Interrupted;
