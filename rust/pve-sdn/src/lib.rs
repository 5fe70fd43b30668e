//! Zones, VNets, subnets and their addresses: what they mean on this node.
//!
//! Everything here is pure: the texts of files come in, plans and new texts go out. Data has the form that the
//! reference's Perl code keeps it in, a tree of [`Value`]s, because that form is what the files hold and what Perl
//! callers see. Texts are characters; those of files are read as the reference reads them, see [`json`].
#![forbid(unsafe_code)]

pub mod address;
pub mod check;
pub mod config;
pub mod dnsmasq;
mod error;
pub mod ethers;
pub mod ipam_state;
pub mod json;
pub mod mac_cache;
pub mod perl;
pub mod reverse_zone;
pub mod subnet;
pub mod zone;

pub use error::Error;
pub use serde_json::{Map, Value};

/// The options of a zone, VNet, subnet, IPAM or DNS server.
pub type Section = Map<String, Value>;
