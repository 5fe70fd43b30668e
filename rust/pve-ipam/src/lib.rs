//! Addresses of guests in VNets: IPAM, DNS and DHCP servers, and the cluster's files about them.
//!
//! [`Sdn`] has the functions that Perl code calls. What they need of the host goes through [`Host`]: [`ThisHost`] is the
//! real one, a test has its own. What the files mean is pve-sdn's.
#![forbid(unsafe_code)]

pub mod api;
mod bus;
mod cfs_lock;
mod dhcp;
mod dns;
mod dnsmasq;
mod error;
mod host;
mod http;
mod ipam;
mod mac_cache;
mod proxy;
mod regenerate;
mod sdn;
mod subnets;
mod this_host;
mod tls;
mod validity;
mod vnets;

pub use error::Error;
pub use host::{Held, Host, Interrupted};
pub use sdn::Sdn;
pub use subnets::{Guest, Names};
pub use this_host::ThisHost;
