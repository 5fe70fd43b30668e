//! One Perl package a file.

pub(crate) mod hotplug;
pub(crate) mod lxc_config;
pub(crate) mod rust;
pub(crate) mod sdn;
pub(crate) mod sdn_subnets;
