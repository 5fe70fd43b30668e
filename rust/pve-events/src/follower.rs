//! Reading what is appended, as it comes.

use std::os::fd::{AsFd, BorrowedFd, RawFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use pve_files::state_folder::create_private;

use crate::error::EventsError;
use crate::reader::{Batch, Reader, Start};
use crate::segments::Folder;
use crate::wakeup::Wakeup;

/// A reader with a descriptor that tells when there is more.
#[derive(Debug)]
pub struct Follower {
    root: PathBuf,
    reader: Reader,
    /// Made when it is asked for.
    wakeup: Option<Wakeup>,
}

impl Follower {
    /// A follower of the journal of the node whose files are below `root`.
    ///
    /// # Errors
    /// As [`Reader::below`].
    pub fn below(root: &Path, start: Start) -> Result<Self, EventsError> {
        Ok(Self { root: root.to_owned(), reader: Reader::below(root, start)?, wakeup: None })
    }

    /// The descriptor, which is readable while there may be something to read. It is this object's.
    ///
    /// # Errors
    /// [`EventsError::Watch`], and that the folder cannot be made.
    pub fn fd(&mut self) -> Result<RawFd, EventsError> {
        let wakeup = match self.wakeup.take() {
            Some(wakeup) => wakeup,
            None => watch(&self.root)?,
        };
        Ok(self.wakeup.insert(wakeup).fd())
    }

    /// Lends the descriptor, where it was asked for before.
    pub fn with_fd<T>(&self, use_it: impl FnOnce(BorrowedFd<'_>) -> T) -> Option<T> {
        self.wakeup.as_ref().map(|wakeup| use_it(wakeup.as_fd()))
    }

    /// As [`Reader::read`].
    ///
    /// # Errors
    /// As [`Reader::read`].
    pub fn read(&mut self, max: usize) -> Result<Batch, EventsError> {
        if let Some(wakeup) = &self.wakeup {
            wakeup.rest();
        }
        let batch = self.reader.read(max);
        if let (Some(wakeup), Err(_) | Ok(Batch { more: true, .. })) = (&self.wakeup, &batch) {
            wakeup.wake_in(Some(Duration::ZERO));
        }
        batch
    }

    /// The number of the event that is expected next, as far as that is known.
    #[must_use]
    pub fn next_sequence(&self) -> Option<u64> {
        self.reader.next_sequence()
    }

    /// Goes to another place.
    ///
    /// # Errors
    /// As [`Reader::seek`].
    pub fn seek(&mut self, start: Start) -> Result<(), EventsError> {
        self.reader.seek(start)?;
        if let Some(wakeup) = &self.wakeup {
            wakeup.wake_in(Some(Duration::ZERO));
        }
        Ok(())
    }

    /// In a child of a fork: the descriptor is the parent's.
    pub fn after_fork(&mut self) {
        self.wakeup = None;
    }
}

/// A descriptor for the journal below `root`, whose folder is made where there is none.
pub(crate) fn watch(root: &Path) -> Result<Wakeup, EventsError> {
    let folder = Folder::below(root);
    create_private(folder.node_state(), &folder.segments().join("any"))?;
    Wakeup::new(&folder.segments())
}
