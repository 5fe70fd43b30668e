//! The journal's files: `segments/<number of the first event>.log`, oldest first by name. A new one is begun when the
//! newest is full, and the oldest go when all together are too large.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use crate::error::EventsError;

const MODE: u32 = 0o600;

/// Digits of the largest sequence number.
const DIGITS: usize = 20;

/// The folder of a node's journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Folder {
    state: PathBuf,
    events: PathBuf,
}

impl Folder {
    pub(crate) fn below(root: &Path) -> Self {
        let state = root.join("var/lib/pve-network-rust");
        Self { events: state.join("events"), state }
    }

    /// The folder of all this node's state.
    pub(crate) fn node_state(&self) -> &Path {
        &self.state
    }

    pub(crate) fn state_file(&self) -> PathBuf {
        self.events.join("state")
    }

    pub(crate) fn segments(&self) -> PathBuf {
        self.events.join("segments")
    }

    pub(crate) fn segment(&self, first: u64) -> PathBuf {
        self.segments().join(format!("{first:0DIGITS$}.log"))
    }

    pub(crate) fn subscribers(&self) -> PathBuf {
        self.events.join("subscribers")
    }

    /// The first numbers of all segments, oldest first; none where there is no journal.
    pub(crate) fn firsts(&self) -> Result<Vec<u64>, EventsError> {
        let path = self.segments();
        let entries = match fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(EventsError::io("read folder", path)(error)),
        };
        let number =
            |name: &str| name.strip_suffix(".log").filter(|n| n.len() == DIGITS)?.parse().ok();
        let names = entries.flatten().map(|entry| entry.file_name());
        let mut firsts: Vec<u64> = names.filter_map(|name| number(name.to_str()?)).collect();
        firsts.sort_unstable();
        Ok(firsts)
    }

    /// A segment for appending; `None` where it is not there.
    pub(crate) fn open_to_append(&self, first: u64) -> Result<Option<File>, EventsError> {
        let path = self.segment(first);
        // Reading, too: whoever finds more than was known looks what it is.
        let opened = OpenOptions::new().read(true).append(true).custom_flags(flags()).open(&path);
        opened_or_none(opened, &path)
    }

    pub(crate) fn open_to_read(&self, first: u64) -> Result<Option<File>, EventsError> {
        let path = self.segment(first);
        opened_or_none(OpenOptions::new().read(true).custom_flags(flags()).open(&path), &path)
    }

    /// A new segment, known to the disk by its name.
    pub(crate) fn create(&self, first: u64) -> Result<File, EventsError> {
        let path = self.segment(first);
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true).mode(MODE).custom_flags(flags());
        let file = options.open(&path).map_err(EventsError::io("create", path))?;
        self.sync()?;
        Ok(file)
    }

    pub(crate) fn remove(&self, first: u64) -> Result<(), EventsError> {
        let path = self.segment(first);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(EventsError::io("remove", path)(error))
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn sync(&self) -> Result<(), EventsError> {
        let path = self.segments();
        let synced = File::open(&path).and_then(|folder| folder.sync_all());
        synced.map_err(EventsError::io("sync folder", path))
    }
}

fn flags() -> i32 {
    (OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY).bits() as i32
}

fn opened_or_none(opened: io::Result<File>, path: &Path) -> Result<Option<File>, EventsError> {
    match opened {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(EventsError::io("open", path)(error)),
    }
}
