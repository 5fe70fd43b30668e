//! Configurations of containers: `/etc/pve/lxc/<vmid>.conf` (pct.conf(5)).
//!
//! [`parse_pct_config`] and [`write_pct_config`] and the functions for single values do what the functions of the same
//! name of `PVE::LXC::Config` do: same structure, same warnings, same error texts.

mod config;
pub mod container;
mod device;
mod features;
pub mod formats;
mod keys;
mod lxc_keys;
mod network;
mod parse;
pub mod schema;
mod setting;
mod volume;
mod write;

pub use config::{Config, Section};
pub use container::{generate_container_config, parse_container_config};
pub use device::{parse_device, print_device};
pub use features::parse_features;
pub use network::{parse_lxc_network, print_lxc_network};
pub use parse::{Parsed, parse_pct_config};
pub use volume::{is_volume_key, parse_volume, print_volume};
pub use write::{Written, write_pct_config};
