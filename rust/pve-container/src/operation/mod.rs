//! Each plugging in, taking out and changing of a container's interface is an operation: it has an id and a record, it
//! can be looked at and ended by other processes, and when its process dies, whoever comes next undoes or completes it.
//!
//! | file | what |
//! |---|---|
//! | `entry.rs`, `record.rs`, `status.rs` | the lines of a record, what they come to, what is told of it |
//! | `folder.rs`, `id.rs`, `process.rs` | where records are, how they are called, whether their process lives |
//! | `running.rs` | a record being written |
//! | `carry_out.rs`, `background.rs`, `batch.rs` | operations, while the caller waits or not, and many at once |
//! | `undo.rs` | cancelling and reconciling |

mod background;
pub mod batch;
mod carry_out;
mod entry;
mod error;
mod folder;
mod id;
mod process;
mod record;
mod running;
mod status;
mod undo;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

pub use background::{Background, finish_all};
pub use carry_out::{Change, Request};
pub use error::OperationError;
pub use id::Id;
pub use running::{About, Running};
pub use status::{Filter, Kind, State, Status, Step};

use folder::Folder;

/// How long records are kept where nobody cleans them up.
const KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// How long it takes at most from a record's file to its first line.
const BEGINNING: Duration = Duration::from_secs(60);

/// The operations of a node.
#[derive(Debug, Clone)]
pub struct Operations {
    root: PathBuf,
    folder: Folder,
}

impl Operations {
    /// Those of the node whose files are below `root`, which is `/` on a host.
    #[must_use]
    pub fn below(root: &Path) -> Self {
        Self { root: root.into(), folder: Folder::below(root) }
    }

    /// One operation.
    ///
    /// # Errors
    /// [`OperationError::BadId`], [`OperationError::Unknown`], and that its record cannot be read.
    pub fn status(&self, id: &str) -> Result<Status, OperationError> {
        Ok(self.folder.read(&id.parse()?)?.status())
    }

    /// Operations, oldest first.
    ///
    /// # Errors
    /// That a record cannot be read.
    pub fn list(&self, filter: &Filter) -> Result<Vec<Status>, OperationError> {
        let mut all = Vec::new();
        for id in self.folder.ids()? {
            match self.folder.read(&id) {
                Ok(record) => all.push(record.status()),
                // It was cleaned up, or is not written yet.
                Err(OperationError::Unknown { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        all.retain(|status| filter.takes(status));
        Ok(all)
    }

    /// Remove the records of operations that ended longer ago than that; their ids.
    ///
    /// # Errors
    /// That a record cannot be read or removed.
    pub fn clean_up(&self, older_than: Duration) -> Result<Vec<String>, OperationError> {
        let mut removed = Vec::new();
        let kept = u64::try_from(older_than.as_micros()).unwrap_or(u64::MAX);
        let until = entry::now().saturating_sub(kept);
        // None ended before it was asked for, so those that were asked for since, which are most, need not be looked at.
        for id in self.folder.ids()?.into_iter().take_while(|id| id.time() <= until) {
            let path = self.folder.record(&id);
            // The last line is the one that says that it ended.
            let written = fs::metadata(&path).and_then(|record| record.modified());
            let Ok(written) = written else { continue };
            let age = SystemTime::now().duration_since(written).unwrap_or_default();
            if age < older_than {
                continue;
            }
            match self.folder.read(&id) {
                Ok(record) if record.state().is_final() => {}
                Err(OperationError::Unknown { .. }) if age > BEGINNING => {}
                Ok(_) | Err(OperationError::Unknown { .. }) => continue,
                Err(error) => return Err(error),
            }
            match fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(OperationError::file("remove", &path)(error));
                }
                _ => removed.push(id.to_string()),
            }
        }
        Ok(removed)
    }

    /// Records must not fill the memory that `/run` is in.
    fn clean_up_now_and_then(&self, id: &Id) {
        if id.is_cleaner() {
            // Whatever is wrong with a record, the one who asks for it is told.
            let _ = self.clean_up(KEPT);
        }
    }

    /// Whether an operation has not ended, but its process has.
    fn is_abandoned(&self, id: &Id) -> Result<bool, OperationError> {
        let record = self.folder.read(id)?;
        if record.state().is_final() {
            return Ok(false);
        }
        let gone = !process::is_there(record.opened.pid, record.opened.process_start);
        Ok(gone && !self.folder.read(id)?.state().is_final())
    }
}
