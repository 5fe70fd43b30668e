//! Remembers what was parsed from files that have not changed since.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config_error::ConfigError;
use crate::read_file::{FileVersion, read_file};

/// How a cache has been used since it was made, cleared, or brought into a child process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheCounts {
    /// Answers without reading the file.
    pub hits: u64,
    /// Answers after reading and parsing the file.
    pub misses: u64,
    /// Misses that were not remembered, as the file had changed so recently that another change might not show.
    pub unsettled: u64,
    /// Entries dropped to make room for others.
    pub evicted: u64,
}

/// Values parsed from files, each valid while the file at its path keeps device, inode, size and time stamps.
///
/// Bounded by a number of entries; the least recently used makes room. After fork(2) the child starts with an empty
/// cache.
#[derive(Debug)]
pub struct ConfigCache<T> {
    capacity: usize,
    process: u32,
    entries: HashMap<PathBuf, Entry<T>>,
    // From when an entry was last used to its path.
    by_use: BTreeMap<u64, PathBuf>,
    clock: u64,
    counts: CacheCounts,
}

#[derive(Debug)]
struct Entry<T> {
    version: FileVersion,
    value: Arc<T>,
    last_use: u64,
}

impl<T> ConfigCache<T> {
    /// An empty cache for at most `capacity` values.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self {
            capacity,
            process: std::process::id(),
            entries: HashMap::new(),
            by_use: BTreeMap::new(),
            clock: 0,
            counts: CacheCounts::default(),
        }
    }

    /// What `parse` makes of the file at `path`, remembered or new; `None` when nothing is there. Errors are not
    /// remembered.
    ///
    /// # Errors
    /// As [`read_file`] with `limit` in bytes, and those of `parse`.
    pub fn get<E: From<ConfigError>>(
        &mut self,
        path: &Path,
        limit: u64,
        parse: impl FnOnce(&[u8]) -> Result<T, E>,
    ) -> Result<Option<Arc<T>>, E> {
        self.start_anew_in_child();
        let Some(version) =
            FileVersion::at(path).map_err(ConfigError::from).inspect_err(|_| self.forget(path))?
        else {
            self.forget(path);
            return Ok(None);
        };
        if let Some(value) = self.look_up(path, version) {
            self.counts.hits += 1;
            return Ok(Some(value));
        }
        self.forget(path);
        let Some(content) = read_file(path, limit).map_err(ConfigError::from)? else {
            return Ok(None);
        };
        self.counts.misses += 1;
        let value = Arc::new(parse(&content.bytes)?);
        if content.settled {
            self.remember(path, content.version, Arc::clone(&value));
        } else {
            self.counts.unsettled += 1;
        }
        Ok(Some(value))
    }

    /// Forgets the file at `path`.
    pub fn forget(&mut self, path: &Path) {
        if let Some(entry) = self.entries.remove(path) {
            self.by_use.remove(&entry.last_use);
        }
    }

    /// Forgets everything and counts from zero.
    pub fn clear(&mut self) {
        *self = Self::new(self.capacity);
    }

    /// How the cache has been used.
    #[must_use]
    pub fn counts(&self) -> CacheCounts {
        self.counts
    }

    /// How many values are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn start_anew_in_child(&mut self) {
        if self.process != std::process::id() {
            self.clear();
        }
    }

    fn look_up(&mut self, path: &Path, version: FileVersion) -> Option<Arc<T>> {
        let entry = self.entries.get_mut(path)?;
        if entry.version != version {
            return None;
        }
        self.clock += 1;
        let used = self.by_use.remove(&entry.last_use)?;
        self.by_use.insert(self.clock, used);
        entry.last_use = self.clock;
        Some(Arc::clone(&entry.value))
    }

    fn remember(&mut self, path: &Path, version: FileVersion, value: Arc<T>) {
        if self.capacity == 0 {
            return;
        }
        while self.entries.len() >= self.capacity {
            let Some((_, oldest)) = self.by_use.pop_first() else {
                break;
            };
            self.entries.remove(&oldest);
            self.counts.evicted += 1;
        }
        self.clock += 1;
        self.by_use.insert(self.clock, path.to_owned());
        let last_use = self.clock;
        let entry = Entry { version, value, last_use };
        self.entries.insert(path.to_owned(), entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_process_starts_with_an_empty_cache() {
        let folder = std::env::temp_dir();
        let path = folder.join(format!("pve-cache-{}", std::process::id()));
        std::fs::write(&path, "text").unwrap();
        let parse = |raw: &[u8]| Ok::<_, ConfigError>(raw.len());
        let mut cache = ConfigCache::new(1);
        let version = FileVersion::at(&path).unwrap().unwrap();
        cache.remember(&path, version, Arc::new(4));
        assert_eq!(cache.get(&path, 10, parse).unwrap().as_deref(), Some(&4));
        assert_eq!(cache.counts().hits, 1);
        cache.process = 0;
        cache.get(&path, 10, parse).unwrap();
        assert_eq!((cache.counts().hits, cache.counts().misses), (0, 1));
        std::fs::remove_file(&path).unwrap();
    }
}
