//! Containers of this node: their configuration files and hotplug operations.
#![forbid(unsafe_code)]

pub mod backup;
pub mod config_cache;
pub mod config_error;
pub mod config_file;
pub mod datacenter;
pub mod events;
mod firewall;
pub mod hotplug;
pub mod hotplug_net;
pub mod interfaces;
pub mod ipconfig;
pub mod lxc_pid;
pub mod mac;
pub mod namespace;
pub mod net_plug;
pub mod network_lock;
pub mod operation;
pub mod paths;
pub mod vnet_binding;
pub mod vnet_plug;
pub mod vnets;

pub use pve_files::{atomic_write, lock, read_file};
