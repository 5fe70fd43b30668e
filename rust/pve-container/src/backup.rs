//! The backup of a container's last configuration, in this node's own state folder.
//!
//! A backup is the configuration's bytes after one line that says what they must add up to.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sha1::{Digest, Sha1};

use crate::atomic_write::Replacement;
use crate::config_error::ConfigError;
use crate::read_file::{CONFIG_LIMIT, read_file};
use pve_files::state_folder::create_private;

const MAGIC: &str = "pve-network-rust-backup-1";
const HEADER_LIMIT: u64 = 4096;
const FILE_MODE: u32 = 0o600;

/// SHA-1 of a configuration's bytes in lower-case hexadecimal: the `digest` of the reference.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut text = String::with_capacity(40);
    for byte in Sha1::digest(bytes) {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// A version of a configuration that was replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// The configuration's bytes.
    pub bytes: Vec<u8>,
    /// Their digest.
    pub digest: String,
    /// The configuration's name below /etc/pve.
    pub name: String,
    /// When it was replaced.
    pub saved: SystemTime,
}

impl Backup {
    /// Describes `bytes`, the configuration `name`, as replaced now.
    #[must_use]
    pub fn new(name: &str, bytes: Vec<u8>) -> Self {
        Self { digest: digest(&bytes), name: name.to_owned(), bytes, saved: SystemTime::now() }
    }

    /// Prepares the backup for `path`, below the folder `state`, which only its owner may enter.
    ///
    /// # Errors
    /// [`FileError::StateFolder`](pve_files::error::FileError::StateFolder), and as [`Replacement::prepare`].
    pub fn prepare(&self, state: &Path, path: &Path) -> Result<Replacement, ConfigError> {
        create_private(state, path)?;
        let saved = self.saved.duration_since(UNIX_EPOCH).unwrap_or_default();
        let (digest, name, saved) = (&self.digest, &self.name, saved.as_secs());
        let mut content = format!("{MAGIC} {digest} {saved} {name}\n").into_bytes();
        content.extend_from_slice(&self.bytes);
        Ok(Replacement::prepare(path, &content, FILE_MODE)?)
    }

    /// Reads the backup at `path` and checks that it is whole; `None` when there is none.
    ///
    /// # Errors
    /// [`ConfigError::DamagedBackup`], and as [`read_file`].
    pub fn read(path: &Path) -> Result<Option<Self>, ConfigError> {
        let Some(content) = read_file(path, CONFIG_LIMIT + HEADER_LIMIT)? else {
            return Ok(None);
        };
        let damaged = |why| ConfigError::DamagedBackup { path: path.to_owned(), why };
        let (header, bytes) = split_header(&content.bytes)
            .ok_or_else(|| damaged("its first line is not a backup's"))?;
        let backup = Self { digest: digest(bytes), bytes: bytes.to_vec(), ..header };
        if backup.digest == header.digest {
            Ok(Some(backup))
        } else {
            Err(damaged("its content does not have the digest that its first line names"))
        }
    }
}

/// The header, as a backup without bytes, and the bytes after it.
fn split_header(content: &[u8]) -> Option<(Backup, &[u8])> {
    let end = content.iter().position(|byte| *byte == b'\n')?;
    let line = std::str::from_utf8(&content[..end]).ok()?;
    let mut words = line.splitn(4, ' ');
    if words.next()? != MAGIC {
        return None;
    }
    let digest = words.next()?.to_owned();
    let saved = UNIX_EPOCH.checked_add(Duration::from_secs(words.next()?.parse().ok()?))?;
    let header = Backup { bytes: Vec::new(), digest, name: words.next()?.to_owned(), saved };
    Some((header, &content[end + 1..]))
}
