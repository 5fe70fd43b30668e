//! Containers of this node: their configuration files and hotplug operations.
#![forbid(unsafe_code)]

pub mod hotplug;
