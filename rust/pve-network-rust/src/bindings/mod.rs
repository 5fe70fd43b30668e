//! One Perl package a file.

pub(crate) mod container;
pub(crate) mod host;
pub(crate) mod host_links;
pub(crate) mod hotplug;
pub(crate) mod hotplug_batch;
pub(crate) mod interfaces;
pub(crate) mod lxc_config;
pub(crate) mod monitor;
pub(crate) mod operation;
pub(crate) mod rust;
pub(crate) mod sdn;
pub(crate) mod sdn_controllers;
pub(crate) mod sdn_dns;
pub(crate) mod sdn_fabrics;
pub(crate) mod sdn_generate;
pub(crate) mod sdn_ipams;
pub(crate) mod sdn_plug;
pub(crate) mod sdn_subnets;
pub(crate) mod sdn_subnets_config;
pub(crate) mod sdn_vnets;
pub(crate) mod sdn_zones;
pub(crate) mod storage_config;
pub(crate) mod takeover;
pub(crate) mod takeover_intercept;
pub(crate) mod vnet_binding;
