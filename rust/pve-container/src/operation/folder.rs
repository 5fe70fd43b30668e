//! The folder of the records, and the locks of interfaces.
//!
//! It is in `/run`: what a record tells of ends when the node does.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, OFlags, flock};

use super::error::OperationError;
use super::id::Id;
use super::record::Record;
use crate::events::Told;

const FOLDER: &str = "run/pve-network-rust/operations";
const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;
const RECORD: &str = ".jsonl";

/// What makes of the id in a lock something that is no id.
const NOBODY: &[u8] = b"-";

/// The folder, and where the end of operations is told.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    path: PathBuf,
    pub(super) told: Told,
}

impl Folder {
    pub(super) fn below(root: &Path) -> Self {
        Self { path: root.join(FOLDER), told: Told::below(root) }
    }

    pub(super) fn record(&self, id: &Id) -> PathBuf {
        self.path.join(format!("{id}{RECORD}"))
    }

    fn open(&self, path: &Path, options: &OpenOptions) -> Result<File, OperationError> {
        let mut opened = options.open(path);
        if matches!(&opened, Err(error) if error.kind() == ErrorKind::NotFound) {
            let mut builder = DirBuilder::new();
            builder.recursive(true).mode(FOLDER_MODE);
            builder
                .create(&self.path)
                .map_err(OperationError::file("create the folder", &self.path))?;
            opened = options.open(path);
        }
        opened.map_err(OperationError::file("open", path))
    }

    /// A new record.
    pub(super) fn create(&self, id: &Id) -> Result<File, OperationError> {
        let mut options = OpenOptions::new();
        options.read(true).append(true).create_new(true).mode(FILE_MODE);
        self.open(&self.record(id), &options)
    }

    /// A record that is there, to add to it.
    pub(super) fn append(&self, id: &Id) -> Result<File, OperationError> {
        let path = self.record(id);
        OpenOptions::new().append(true).open(&path).map_err(|error| unknown(id, &path, error))
    }

    pub(super) fn read(&self, id: &Id) -> Result<Record, OperationError> {
        let path = self.record(id);
        let text = fs::read(&path).map_err(|error| unknown(id, &path, error))?;
        // Its first line is about to be written, or its process was killed before that.
        if !text.contains(&b'\n') {
            return Err(OperationError::Unknown { id: id.to_string() });
        }
        Record::parse(&path, &text)
    }

    /// All records' ids, oldest first.
    pub(super) fn ids(&self) -> Result<Vec<Id>, OperationError> {
        let fail = OperationError::file("read the folder", &self.path);
        let entries = match fs::read_dir(&self.path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(fail(error)),
        };
        let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
        let ids = names.filter_map(|name| name.strip_suffix(RECORD)?.parse().ok());
        let mut ids: Vec<Id> = ids.collect();
        ids.sort();
        Ok(ids)
    }

    /// The lock of an interface, not taken yet.
    pub(super) fn lock(&self, host_end: &str) -> Result<Lock, OperationError> {
        let path = self.path.join(format!("{host_end}.lock"));
        let mut options = OpenOptions::new();
        let flags = OFlags::NOFOLLOW.bits() as i32;
        options.read(true).write(true).create(true).mode(FILE_MODE).custom_flags(flags);
        let file = self.open(&path, &options)?;
        Ok(Lock { path, file })
    }
}

fn unknown(id: &Id, path: &Path, error: io::Error) -> OperationError {
    match error.kind() {
        ErrorKind::NotFound => OperationError::Unknown { id: id.to_string() },
        _ => OperationError::file("read", path)(error),
    }
}

/// The file by which one operation at a time has an interface for itself: locked by flock(2), and with that one's id in it.
/// An id in a file that nobody has locked is of an operation whose process ended.
#[derive(Debug)]
pub(super) struct Lock {
    path: PathBuf,
    file: File,
}

impl Lock {
    /// Take it, if nobody has it.
    pub(super) fn take(&self) -> Result<bool, OperationError> {
        loop {
            match flock(&self.file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(true),
                Err(rustix::io::Errno::WOULDBLOCK) => return Ok(false),
                Err(rustix::io::Errno::INTR) => {}
                Err(errno) => return Err(OperationError::file("lock", &self.path)(errno.into())),
            }
        }
    }

    /// The operation that has it, or had it when its process ended.
    pub(super) fn holder(&self) -> Option<Id> {
        let mut text = [0; 64];
        let length = self.file.read_at(&mut text, 0).ok()?;
        std::str::from_utf8(text.get(..length)?).ok()?.parse().ok()
    }

    pub(super) fn set_holder(&self, id: &Id) -> Result<(), OperationError> {
        let written = self.file.write_all_at(id.as_str().as_bytes(), 0);
        written.map_err(OperationError::file("write", &self.path))
    }

    /// Nobody has it. Where that cannot be written, the next one finds a record that has ended. The file keeps its length:
    /// giving its page back and getting another one takes the kernel thirty times as long.
    pub(super) fn clear(&self) {
        let _ = self.file.write_all_at(NOBODY, 0);
    }
}

impl Drop for Lock {
    /// Closing is not enough: a child that was forked meanwhile has the same open file, and would keep the lock.
    fn drop(&mut self) {
        let _ = flock(&self.file, FlockOperation::NonBlockingUnlock);
    }
}

/// One line in one write, so that it is there as a whole or, after the last one, not at all.
pub(super) fn append(mut file: &File, line: &[u8]) -> io::Result<()> {
    let written = file.write(line)?;
    if written == line.len() { Ok(()) } else { Err(ErrorKind::StorageFull.into()) }
}
