//! What this process knows of its node: where its files are, and what was last read from them.
//!
//! One for each thread, hence for each interpreter. `PVE_RUST_ROOT` puts all files below another folder, for tests.

use std::cell::RefCell;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use pve_config::sdn::{File, vnet_names};
use pve_container::config_cache::{CacheCounts, ConfigCache};
use pve_container::config_error::ConfigError;
use pve_container::config_file::ConfigFiles;
use pve_container::datacenter::{MacPrefix, read_mac_prefix};
use pve_container::lxc_pid::LxcPath;
use pve_container::mac::random_ether_addr;
use pve_container::paths::Paths;
use pve_container::read_file::{CONFIG_LIMIT, read_file};
use pve_container::vnet_binding::{StateFile, ThisNode};
use pve_events::Journal;

/// More configurations than a node runs guests.
const CONFIGS: usize = 4096;

thread_local! {
    static CONFIG_TEXTS: RefCell<ConfigCache<Vec<u8>>> = RefCell::new(ConfigCache::new(CONFIGS));
    static MAC_PREFIXES: RefCell<ConfigCache<MacPrefix>> = RefCell::new(ConfigCache::new(1));
}

/// The folder that all files are below: `/` on a host.
pub(crate) fn root() -> PathBuf {
    let root = std::env::var_os("PVE_RUST_ROOT").filter(|root| !root.is_empty());
    root.map_or_else(|| PathBuf::from("/"), PathBuf::from)
}

fn paths() -> Result<Paths, ConfigError> {
    Paths::of_this_host(root())
}

/// This node, which bindings are held against, and the file that holds them.
pub(crate) fn vnet_bindings() -> Result<(ThisNode, StateFile), ConfigError> {
    let paths = paths()?;
    let file = StateFile::new(&paths);
    Ok((ThisNode::new(paths), file))
}

/// The journal of this node's events.
pub(crate) fn journal() -> Result<Journal, ConfigError> {
    paths().map(|paths| Journal::below(paths.root(), paths.node()))
}

/// Where LXC keeps its containers.
pub(crate) fn lxc_path() -> LxcPath {
    LxcPath::below(root().as_os_str())
}

/// The configuration files of this node's containers.
pub(crate) fn config_files() -> Result<ConfigFiles, ConfigError> {
    paths().map(ConfigFiles::new)
}

/// A container's configuration as it was read, and whether that was just now.
pub(crate) struct ConfigText {
    pub(crate) name: String,
    pub(crate) bytes: Arc<Vec<u8>>,
    pub(crate) read_now: bool,
}

/// The configuration of a container on this node or on `node`, from memory if the file has not changed since.
pub(crate) fn config_text(vmid: u32, node: Option<&str>) -> Result<ConfigText, ConfigError> {
    let paths = paths()?;
    let name = paths.config_name(vmid, node)?;
    CONFIG_TEXTS.with_borrow_mut(|cache| {
        let misses = cache.counts().misses;
        let found = cache.get(&paths.config(vmid, node)?, CONFIG_LIMIT, |raw| {
            Ok::<_, ConfigError>(raw.to_vec())
        })?;
        let read_now = cache.counts().misses != misses;
        match found {
            Some(bytes) => Ok(ConfigText { name, bytes, read_now }),
            None => Err(ConfigError::Missing { name }),
        }
    })
}

/// How the cache of configurations has been used.
pub(crate) fn config_cache_counts() -> (CacheCounts, usize) {
    CONFIG_TEXTS.with_borrow(|cache| (cache.counts(), cache.len()))
}

/// Forgets all configurations.
pub(crate) fn clear_config_cache() {
    CONFIG_TEXTS.with_borrow_mut(ConfigCache::clear);
}

/// A file by its name below /etc/pve; none where it does not exist.
pub(crate) fn cluster_file(name: &str) -> Result<Option<Vec<u8>>, ConfigError> {
    let content = read_file(&paths()?.cluster(name), CONFIG_LIMIT)?;
    Ok(content.map(|content| content.bytes))
}

/// This node's name.
pub(crate) fn name() -> Result<String, ConfigError> {
    paths().map(|paths| paths.node().to_owned())
}

/// The names of the cluster's VNets; none where there is no SDN configuration.
pub(crate) fn vnets() -> Result<Vec<String>, ConfigError> {
    let content = cluster_file(File::Vnets.layout().name)?;
    Ok(content.map_or(Vec::new(), |content| vnet_names(&content)))
}

/// A new hardware address with the cluster's prefix, and what reading that prefix warned about.
pub(crate) fn new_address() -> Result<(String, Vec<Vec<u8>>), ConfigError> {
    let (prefix, read_now) =
        MAC_PREFIXES.with_borrow_mut(|cache| read_mac_prefix(&paths()?, cache))?;
    let warnings = if read_now { prefix.warnings.clone() } else { Vec::new() };
    Ok((random_ether_addr(Some(&prefix.prefix))?, warnings))
}

/// Whether the host knows a time zone: the third column of its zone table (tzfile(5)).
pub(crate) fn has_time_zone(name: &[u8]) -> bool {
    let table = fs::read("/usr/share/zoneinfo/zone.tab").unwrap_or_default();
    table
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.trim_ascii_start().starts_with(b"#"))
        .any(|line| line.split(|byte| *byte == b'\t').nth(2) == Some(name))
}
