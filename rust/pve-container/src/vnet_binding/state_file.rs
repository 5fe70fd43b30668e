//! The file that holds this node's bindings: `vnet-bindings.json` in the node's state folder.

use std::path::PathBuf;

use super::binding::{Binding, from_text, to_text};
use super::error::BindingError;
use crate::atomic_write::atomic_write;
use crate::config_file::Wait;
use crate::lock::{ConfigLock, LockMode};
use crate::paths::Paths;
use crate::read_file::read_file;
use pve_files::state_folder::create_private;

/// Metadata may be kept with it.
const FILE_MODE: u32 = 0o600;

/// More bindings than a node has interfaces, with metadata.
const LIMIT: u64 = 64 * 1024 * 1024;

/// The state file and its lock.
#[derive(Clone, Debug)]
pub struct StateFile {
    folder: PathBuf,
    file: PathBuf,
    lock: PathBuf,
}

impl StateFile {
    /// Those of the node at `paths`.
    #[must_use]
    pub fn new(paths: &Paths) -> Self {
        let folder = paths.state();
        Self {
            file: folder.join("vnet-bindings.json"),
            lock: folder.join("vnet-bindings.lock"),
            folder,
        }
    }

    /// The bindings. A change puts a new file in place, so no lock is needed.
    ///
    /// # Errors
    /// [`BindingError::File`], [`BindingError::State`].
    pub fn read(&self) -> Result<Vec<Binding>, BindingError> {
        let content = read_file(&self.file, LIMIT)?;
        content.map_or(Ok(Vec::new()), |content| {
            from_text(&content.bytes)
                .map_err(|why| BindingError::State { path: self.file.clone(), why })
        })
    }

    /// Change the bindings under their lock; a crash leaves the old or the new ones. What `change` returns an error for
    /// stays as it was. `done` runs when the new ones are on disk, before the lock is given back.
    ///
    /// # Errors
    /// As [`StateFile::read`], and what `change` returns.
    pub fn change<T>(
        &self,
        wait: &mut Wait<'_>,
        change: impl FnOnce(&mut Vec<Binding>) -> Result<T, BindingError>,
        done: impl FnOnce(&T),
    ) -> Result<T, BindingError> {
        create_private(&self.folder, &self.file)?;
        let _lock =
            ConfigLock::acquire(&self.lock, LockMode::Exclusive, wait.timeout, wait.interrupt)?;
        let before = self.read()?;
        let mut after = before.clone();
        let result = change(&mut after)?;
        if after != before {
            let text = to_text(&after)
                .map_err(|why| BindingError::State { path: self.file.clone(), why })?;
            atomic_write(&self.file, text.as_bytes(), FILE_MODE)?;
        }
        done(&result);
        Ok(result)
    }
}
