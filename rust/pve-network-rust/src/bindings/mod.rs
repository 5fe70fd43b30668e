//! One Perl package a file.

pub(crate) mod host;
pub(crate) mod hotplug;
pub(crate) mod lxc_config;
pub(crate) mod rust;
