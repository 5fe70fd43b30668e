//! A container's network interface is plugged in and taken out while the container runs.
//!
//! [`hotplug_add`] stands for what the reference does in `PVE::LXC::hotplug_net` and, for a new interface, in
//! `PVE::LXC::update_ipconfig`: afterwards `ip link`, `ip addr` and `ip route` show the same on the host and in the
//! container, save indexes and queue counts. Unlike the reference it starts no process and moves no link between
//! namespaces, and when anything fails, nothing of it stays. Writing the container's configuration is the caller's.

pub(crate) mod add;
mod addresses;
mod before;
pub(crate) mod carry_out;
mod error;
mod journal;
mod names;
mod nic;
pub(crate) mod plan;
pub(crate) mod remove;
mod update;

pub use add::{Plugged, hotplug_add, hotplug_add_below, hotplug_add_on};
pub use before::{Before, restore};
pub use carry_out::{Here, Wanted, Where, carry_out, host_end, remove_rest};
pub use error::{Error, Kind};
pub use journal::{Journal, Unnoted};
pub use nic::ContainerNic;
pub use plan::{NodeSetup, Plan, plan, supported};
pub use pve_netlink::wait::{Interrupted, Poll};
pub use remove::{hotplug_remove, hotplug_remove_on};
