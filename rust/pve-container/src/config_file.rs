//! Loading, saving and recovering containers' configuration files. Content is bytes: parsing belongs to pve-config.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::atomic_write::{Replacement, remove_leftover};
use crate::backup::{Backup, digest};
use pve_files::error::FileError;

use crate::config_error::ConfigError;
use crate::lock::{ConfigLock, Interrupted, LockMode};
use crate::paths::Paths;
use crate::read_file::{CONFIG_LIMIT, read_file};

/// Permissions of a new configuration file, less the umask, as `PVE::Cluster::cfs_write_file` creates it. pmxcfs gives
/// every file its own.
const NEW_FILE_MODE: u32 = 0o666;

/// How to wait for a configuration's lock.
pub struct Wait<'a> {
    /// The longest wait.
    pub timeout: Duration,
    /// Called every 50 ms or sooner; its error ends the wait.
    pub interrupt: &'a mut dyn FnMut() -> Result<(), Interrupted>,
}

/// What a save did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// Digest of the version now in place.
    pub digest: String,
    /// Digest of the version before, or `None` when there was none.
    pub replaced: Option<String>,
}

/// What a recovery found and did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// The configuration's name below /etc/pve.
    pub name: String,
    /// Digest of the backup.
    pub digest: String,
    /// When the version in the backup was replaced by another.
    pub saved: SystemTime,
    /// What became of the configuration.
    pub outcome: Outcome,
    /// Temporary files of killed saves that were removed.
    pub removed: Vec<PathBuf>,
}

/// What a recovery did with the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was the same as the backup: nothing to do.
    Unchanged,
    /// It was missing, and is the backup's version now.
    Restored,
    /// It was another version, and is the backup's now. The other version is the backup now, so that a second recovery
    /// undoes this one.
    Replaced {
        /// Digest of the other version.
        digest: String,
    },
}

/// The configuration files of this node's containers.
#[derive(Clone, Debug)]
pub struct ConfigFiles {
    paths: Paths,
}

impl ConfigFiles {
    /// The configuration files at `paths`.
    #[must_use]
    pub fn new(paths: Paths) -> Self {
        Self { paths }
    }

    /// Where the files are.
    #[must_use]
    pub fn paths(&self) -> &Paths {
        &self.paths
    }

    /// The bytes of a container's configuration on this node, or on `node` (`PVE::AbstractConfig::load_config`).
    ///
    /// # Errors
    /// [`ConfigError::Missing`], [`ConfigError::InvalidName`], and as [`read_file`].
    pub fn load(&self, vmid: u32, node: Option<&str>) -> Result<Vec<u8>, ConfigError> {
        let content = read_file(&self.paths.config(vmid, node)?, CONFIG_LIMIT)?;
        match content {
            Some(content) => Ok(content.bytes),
            None => Err(self.missing(vmid, node)?),
        }
    }

    /// Replaces a container's configuration by `text`, under its lock, and keeps the version before as backup.
    ///
    /// With `expected`, the digest of the version that the caller has read, the save is refused when the file is
    /// another one by now. As in `PVE::Tools::assert_if_modified`, "" and "0" expect nothing.
    ///
    /// # Errors
    /// [`ConfigError::Modified`]; [`ConfigError::Missing`] when `expected` is given and there is no file;
    /// [`FileError::TooLong`] for more than [`CONFIG_LIMIT`] bytes; one variant for each step of locking and writing.
    /// After an error the old version is in place, except after [`FileError::SyncFolder`].
    pub fn save(
        &self,
        vmid: u32,
        text: &[u8],
        expected: Option<&str>,
        wait: &mut Wait<'_>,
    ) -> Result<Saved, ConfigError> {
        let path = self.paths.config(vmid, None)?;
        if text.len() as u64 > CONFIG_LIMIT {
            return Err(FileError::TooLong { path, limit: CONFIG_LIMIT }.into());
        }
        let _lock = self.lock(vmid, wait)?;
        let old = read_file(&path, CONFIG_LIMIT)?.map(|content| content.bytes);
        let replaced = old.as_deref().map(digest);
        if let Some(expected) = expected.filter(|digest| !matches!(*digest, "" | "0")) {
            match &replaced {
                None => return Err(self.missing(vmid, None)?),
                Some(found) if found != expected => return Err(ConfigError::Modified),
                Some(_) => {}
            }
        }
        let new = Replacement::prepare(&path, text, NEW_FILE_MODE)?;
        if let Some(old) = old.filter(|old| old != text) {
            self.prepare_backup(vmid, old)?.commit()?;
        }
        new.commit()?;
        Ok(Saved { digest: digest(text), replaced })
    }

    /// Puts the backup of a container's configuration in place, under its lock, and removes what killed saves left.
    ///
    /// # Errors
    /// [`ConfigError::NoBackup`], [`ConfigError::DamagedBackup`]; [`ConfigError::OnOtherNode`] when the configuration is
    /// missing here because the guest is elsewhere; one variant for each step of locking and writing.
    pub fn recover(&self, vmid: u32, wait: &mut Wait<'_>) -> Result<Recovery, ConfigError> {
        let path = self.paths.config(vmid, None)?;
        let backup_path = self.paths.config_backup(vmid);
        let name = self.paths.config_name(vmid, None)?;
        let _lock = self.lock(vmid, wait)?;
        let removed: Vec<PathBuf> = [remove_leftover(&path)?, remove_leftover(&backup_path)?]
            .into_iter()
            .flatten()
            .collect();
        let Some(backup) = Backup::read(&backup_path)? else {
            return Err(ConfigError::NoBackup { name, path: backup_path });
        };
        let current = read_file(&path, CONFIG_LIMIT)?.map(|content| content.bytes);
        let outcome = match current {
            Some(current) if current == backup.bytes => Outcome::Unchanged,
            None => {
                self.refuse_if_elsewhere(vmid)?;
                Replacement::prepare(&path, &backup.bytes, NEW_FILE_MODE)?.commit()?;
                Outcome::Restored
            }
            Some(current) => {
                let digest = digest(&current);
                // In this order, so that a kill in between loses neither version that is still wanted.
                let undo = self.prepare_backup(vmid, current)?;
                Replacement::prepare(&path, &backup.bytes, NEW_FILE_MODE)?.commit()?;
                undo.commit()?;
                Outcome::Replaced { digest }
            }
        };
        Ok(Recovery { name, digest: backup.digest, saved: backup.saved, outcome, removed })
    }

    /// Takes the lock of a container's configuration (`PVE::AbstractConfig::lock_config`).
    ///
    /// # Errors
    /// As [`ConfigLock::acquire`].
    pub fn lock(&self, vmid: u32, wait: &mut Wait<'_>) -> Result<ConfigLock, ConfigError> {
        let path = self.paths.config_lock(vmid);
        Ok(ConfigLock::acquire(&path, LockMode::Exclusive, wait.timeout, wait.interrupt)?)
    }

    fn prepare_backup(&self, vmid: u32, bytes: Vec<u8>) -> Result<Replacement, ConfigError> {
        let name = self.paths.config_name(vmid, None)?;
        let path = self.paths.config_backup(vmid);
        Backup::new(&name, bytes).prepare(&self.paths.state(), &path)
    }

    fn missing(&self, vmid: u32, node: Option<&str>) -> Result<ConfigError, ConfigError> {
        let name = self.paths.config_name(vmid, node)?;
        Ok(ConfigError::Missing { name })
    }

    /// A guest's number is unique in a cluster: a configuration here beside one elsewhere would start it twice.
    fn refuse_if_elsewhere(&self, vmid: u32) -> Result<(), ConfigError> {
        let nodes = self.paths.nodes();
        let entries =
            fs::read_dir(&nodes).map_err(|source| FileError::Open { path: nodes, source })?;
        for entry in entries.flatten() {
            for (folder, guest_type) in [("lxc", "CT"), ("qemu-server", "VM")] {
                let config = entry.path().join(folder).join(format!("{vmid}.conf"));
                if exists(&config) {
                    return Err(ConfigError::OnOtherNode {
                        guest_type,
                        vmid,
                        node: entry.file_name().to_string_lossy().into_owned(),
                    });
                }
            }
        }
        Ok(())
    }
}

fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}
