//! Where the files of a node's containers are.

use std::path::{Path, PathBuf};

use crate::config_error::ConfigError;

/// The places of a node's files, below a root folder that is `/` on a host and a private folder in a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    root: PathBuf,
    node: String,
}

impl Paths {
    /// The places of node `node` below `root`. An empty `root` stands for `/`.
    ///
    /// # Errors
    /// [`ConfigError::InvalidName`] for a node name that is no single part of a path.
    pub fn new(root: impl Into<PathBuf>, node: impl Into<String>) -> Result<Self, ConfigError> {
        let (root, node) = (root.into(), node.into());
        if !is_path_part(&node) {
            return Err(ConfigError::InvalidName { name: format!("nodes/{node}") });
        }
        let root = if root.as_os_str().is_empty() { PathBuf::from("/") } else { root };
        Ok(Self { root, node })
    }

    /// The places of this host's node: its name is uname(2)'s, up to the first dot (`PVE::INotify::nodename`).
    ///
    /// # Errors
    /// [`ConfigError::NodeName`] when the host has no name.
    pub fn of_this_host(root: impl Into<PathBuf>) -> Result<Self, ConfigError> {
        let uname = rustix::system::uname();
        let name = uname.nodename().to_string_lossy();
        match name.split('.').next() {
            Some(node) if is_path_part(node) => Self::new(root, node),
            _ => Err(ConfigError::NodeName),
        }
    }

    /// The node's name.
    #[must_use]
    pub fn node(&self) -> &str {
        &self.node
    }

    /// The root folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Name of a container's configuration below /etc/pve (`PVE::LXC::Config::cfs_config_path`): of this node, or of
    /// `node`.
    ///
    /// # Errors
    /// [`ConfigError::InvalidName`] for a node name that is no single part of a path.
    pub fn config_name(&self, vmid: u32, node: Option<&str>) -> Result<String, ConfigError> {
        let node = node.filter(|node| !node.is_empty()).unwrap_or(&self.node);
        let name = format!("nodes/{node}/lxc/{vmid}.conf");
        if is_path_part(node) { Ok(name) } else { Err(ConfigError::InvalidName { name }) }
    }

    /// A container's configuration file, of this node or of `node`.
    ///
    /// # Errors
    /// As [`Paths::config_name`].
    pub fn config(&self, vmid: u32, node: Option<&str>) -> Result<PathBuf, ConfigError> {
        Ok(self.cluster(&self.config_name(vmid, node)?))
    }

    /// The file whose flock(2) guards a container's configuration (`PVE::LXC::Config::config_file_lock`).
    #[must_use]
    pub fn config_lock(&self, vmid: u32) -> PathBuf {
        self.root.join(format!("run/lock/lxc/pve-config-{vmid}.lock"))
    }

    /// The cluster-wide settings.
    #[must_use]
    pub fn datacenter(&self) -> PathBuf {
        self.cluster("datacenter.cfg")
    }

    /// The cluster's VNets.
    #[must_use]
    pub fn vnets(&self) -> PathBuf {
        self.cluster("sdn/vnets.cfg")
    }

    /// The folder that has one sub-folder a node of the cluster.
    #[must_use]
    pub fn nodes(&self) -> PathBuf {
        self.cluster("nodes")
    }

    /// The folder of this node's own state, which is never on the cluster file system.
    #[must_use]
    pub fn state(&self) -> PathBuf {
        self.root.join("var/lib/pve-network-rust")
    }

    /// The backup of a container's configuration.
    #[must_use]
    pub fn config_backup(&self, vmid: u32) -> PathBuf {
        self.state().join(format!("config-backup/lxc/{vmid}.conf"))
    }

    /// A file by its name below /etc/pve.
    #[must_use]
    pub fn cluster(&self, name: &str) -> PathBuf {
        self.root.join("etc/pve").join(name)
    }
}

fn is_path_part(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && !name.contains(['/', '\0'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_the_reference_ones_below_the_root() {
        let host = Paths::new("", "a").unwrap();
        assert_eq!(host.config(100, None).unwrap(), Path::new("/etc/pve/nodes/a/lxc/100.conf"));
        assert_eq!(
            host.config(100, Some("b")).unwrap(),
            Path::new("/etc/pve/nodes/b/lxc/100.conf")
        );
        assert_eq!(host.config_lock(100), Path::new("/run/lock/lxc/pve-config-100.lock"));
        let test = Paths::new("/tmp/r", "a").unwrap();
        assert_eq!(test.datacenter(), Path::new("/tmp/r/etc/pve/datacenter.cfg"));
        assert!(test.config_backup(100).starts_with(test.state()));
    }

    #[test]
    fn a_node_name_cannot_leave_its_folder() {
        let paths = Paths::new("/", "a").unwrap();
        for node in ["a/b", "..", ".", "a\0"] {
            let error = paths.config(7, Some(node)).unwrap_err();
            assert_eq!(error.to_string(), format!("unknown file type 'nodes/{node}/lxc/7.conf'"));
            assert!(Paths::new("/", node).is_err());
        }
        assert!(Paths::new("/", "").is_err());
        assert_eq!(paths.config_name(7, Some("")).unwrap(), "nodes/a/lxc/7.conf");
    }
}
