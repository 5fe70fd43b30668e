//! Appending to the journal.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pve_files::error::FileError;
use pve_files::lock::Interrupted;
use pve_files::short_lock::ShortLock;
use pve_files::state_folder::create_private;
use pve_types::{AnyEvent, Envelope, Time};
use serde::Deserialize;

use crate::error::EventsError;
use crate::record::{self, Found};
use crate::segments::Folder;
use crate::state::{State, boot};
use crate::subscription;

/// How long a writer waits by default for others, each of which takes microseconds.
const TIMEOUT: Duration = Duration::from_secs(10);

const STATE_MODE: u32 = 0o600;

/// How much of the past is kept, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Of one file.
    pub segment: u64,
    /// Of all together; the oldest file goes before there is more.
    pub total: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { segment: 4 << 20, total: 64 << 20 }
    }
}

/// The journal of a node, as its writers see it. It keeps nothing open between two calls, so it may be used from many
/// threads and after a fork.
#[derive(Debug, Clone)]
pub struct Journal {
    folder: Folder,
    node: String,
    limits: Limits,
    patience: Duration,
}

/// Events that are in the journal: any process that reads it gets them.
#[derive(Debug)]
pub struct Appended {
    /// With their numbers, in order.
    pub envelopes: Vec<Envelope>,
    /// What they were written to; none where there are none.
    file: Option<(File, PathBuf)>,
}

impl Appended {
    /// Waits until the events are on disk. Calls that wait at once, in any number of processes, share what the disk does.
    ///
    /// # Errors
    /// [`EventsError::NotSynced`]
    pub fn sync(&self) -> Result<(), EventsError> {
        let Some((file, path)) = &self.file else { return Ok(()) };
        file.sync_data().map_err(|source| {
            let sequence = self.envelopes.last().map_or(0, |envelope| envelope.sequence);
            EventsError::NotSynced { sequence, path: path.clone(), source }
        })
    }
}

impl Journal {
    /// That of the node whose files are below `root`, which is `/` on a host. Its events say that they are of `node`.
    #[must_use]
    pub fn below(root: &Path, node: &str) -> Self {
        Self::with_limits(root, node, Limits::default())
    }

    /// The same with other limits.
    #[must_use]
    pub fn with_limits(root: &Path, node: &str, limits: Limits) -> Self {
        Self { folder: Folder::below(root), node: node.to_owned(), limits, patience: TIMEOUT }
    }

    /// The same, waiting for other writers as long as that.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Appends events, in order and without others between them. They are not on disk yet, see [`Appended::sync`]; but no
    /// reader gets them before they are.
    ///
    /// While it waits for other writers it calls `interrupt` every few milliseconds.
    ///
    /// # Errors
    /// [`EventsError`]. No event is in the journal then; of more than fit one file, those at the beginning may be.
    pub fn append(
        &self,
        events: Vec<AnyEvent>,
        interrupt: &mut dyn FnMut() -> Result<(), Interrupted>,
    ) -> Result<Appended, EventsError> {
        let lock = match self.lock(interrupt) {
            Err(_) if !self.folder.segments().is_dir() => {
                self.create_folders()?;
                self.lock(interrupt)?
            }
            other => other?,
        };
        let mut writer = Writer::open(self, lock.file())?;
        let mut envelopes = Vec::with_capacity(events.len());
        for event in events {
            let sequence = writer.state.last + writer.held + 1;
            let envelope = Envelope::new(sequence, now(), &self.node, event);
            writer.hold(&envelope)?;
            envelopes.push(envelope);
        }
        writer.write()?;
        let file = (writer.file, self.folder.segment(writer.state.first));
        Ok(Appended { file: (!envelopes.is_empty()).then_some(file), envelopes })
    }

    fn lock(
        &self,
        interrupt: &mut dyn FnMut() -> Result<(), Interrupted>,
    ) -> Result<ShortLock, FileError> {
        ShortLock::acquire(&self.folder.state_file(), STATE_MODE, self.patience, interrupt)
    }

    fn create_folders(&self) -> Result<(), EventsError> {
        for folder in [self.folder.segments(), self.folder.subscribers()] {
            create_private(self.folder.node_state(), &folder.join("any"))?;
        }
        Ok(())
    }
}

/// One who has the lock.
struct Writer<'a> {
    journal: &'a Journal,
    state_file: &'a File,
    state: State,
    file: File,
    /// Records that are not written yet, and how many.
    bytes: Vec<u8>,
    held: u64,
}

impl<'a> Writer<'a> {
    fn open(journal: &'a Journal, state_file: &'a File) -> Result<Self, EventsError> {
        let left = State::read(state_file);
        let (state, file) = match continued(journal, left)? {
            Some(continued) => continued,
            None => recovered(journal, left)?,
        };
        Ok(Self { journal, state_file, state, file, bytes: Vec::new(), held: 0 })
    }

    fn hold(&mut self, envelope: &Envelope) -> Result<(), EventsError> {
        let json = serde_json::to_vec(envelope);
        let json = json.map_err(|error| EventsError::Json(error.to_string()))?;
        if json.len() > record::LIMIT {
            return Err(EventsError::TooLarge { bytes: json.len(), limit: record::LIMIT });
        }
        let after = self.state.end + (self.bytes.len() + record::HEADER + json.len()) as u64;
        if after > self.journal.limits.segment && self.state.end + self.held > 0 {
            self.write()?;
            self.rotate()?;
        }
        record::put(&mut self.bytes, &json);
        self.held += 1;
        Ok(())
    }

    fn write(&mut self) -> Result<(), EventsError> {
        if self.held == 0 {
            return Ok(());
        }
        if let Err(source) = self.file.write_all(&self.bytes) {
            // What is there of it would be cut by the next writer, too.
            let _ = self.file.set_len(self.state.end);
            let path = self.journal.folder.segment(self.state.first);
            return Err(EventsError::Io { tried: "write", path, source });
        }
        self.state.end += self.bytes.len() as u64;
        self.state.last += self.held;
        self.bytes.clear();
        self.held = 0;
        self.leave_state();
        Ok(())
    }

    /// The next writer finds out by itself what could not be left to it.
    fn leave_state(&self) {
        let _ = self.state.write(self.state_file);
    }

    fn rotate(&mut self) -> Result<(), EventsError> {
        let folder = &self.journal.folder;
        let path = folder.segment(self.state.first);
        self.file.sync_data().map_err(EventsError::io("sync", path))?;
        self.make_room()?;
        self.state = State { first: self.state.last + 1, end: 0, ..self.state };
        // Before the file is there: who finds it missing looks at all of them.
        self.leave_state();
        self.file = folder.create(self.state.first)?;
        Ok(())
    }

    fn make_room(&self) -> Result<(), EventsError> {
        let Limits { segment, total } = self.journal.limits;
        let folder = &self.journal.folder;
        let firsts = folder.firsts()?;
        let size = |first| fs::metadata(folder.segment(first)).map_or(0, |file| file.len());
        let mut sizes: u64 = firsts.iter().map(|first| size(*first)).sum();
        for first in firsts {
            if sizes + segment <= total {
                break;
            }
            sizes -= size(first);
            folder.remove(first)?;
        }
        Ok(())
    }
}

/// Where the last writer left off, if it left the journal in order.
fn continued(journal: &Journal, left: Option<State>) -> Result<Option<(State, File)>, EventsError> {
    let Some(state) = left.filter(State::is_of_this_boot) else { return Ok(None) };
    let Some(file) = journal.folder.open_to_append(state.first)? else { return Ok(None) };
    let path = journal.folder.segment(state.first);
    let length = file.metadata().map_err(EventsError::io("look at", path))?.len();
    match length.cmp(&state.end) {
        std::cmp::Ordering::Equal => Ok(Some((state, file))),
        std::cmp::Ordering::Less => Ok(None),
        std::cmp::Ordering::Greater => scanned(journal, state, file).map(Some),
    }
}

/// Where the journal ends by its files alone.
fn recovered(journal: &Journal, left: Option<State>) -> Result<(State, File), EventsError> {
    journal.create_folders()?;
    let folder = &journal.folder;
    // No number is given twice, whatever became of the files.
    let floor = match left {
        Some(state) => state.last,
        None => subscription::highest(&folder.subscribers()),
    };
    let newest = folder.firsts()?.last().copied();
    if let Some(first) = newest {
        if let Some(file) = folder.open_to_append(first)? {
            let state = State { first, end: 0, last: floor.max(first - 1), boot: boot() };
            return scanned(journal, state, file);
        }
    }
    let state = State { first: floor + 1, end: 0, last: floor, boot: boot() };
    Ok((state, folder.create(state.first)?))
}

/// Takes in what is in a segment after `state.end`, and cuts off what is not whole at its end.
fn scanned(journal: &Journal, mut state: State, file: File) -> Result<(State, File), EventsError> {
    #[derive(Deserialize)]
    struct Head {
        sequence: u64,
    }
    let path = journal.folder.segment(state.first);
    let bytes = read_from(&file, state.end).map_err(EventsError::io("read", &path))?;
    let mut at = 0;
    loop {
        match record::find(&bytes, at) {
            Found::Record { json, end } => {
                if let Ok(Head { sequence }) = serde_json::from_slice(json) {
                    state.last = state.last.max(sequence);
                }
                at = end;
            }
            Found::Damage { end } => at = end,
            Found::Rest => break,
        }
    }
    state.end += at as u64;
    if at < bytes.len() {
        file.set_len(state.end).map_err(EventsError::io("cut", path))?;
    }
    Ok((state, file))
}

fn read_from(file: &File, start: u64) -> io::Result<Vec<u8>> {
    let left = file.metadata()?.len().saturating_sub(start);
    let mut bytes = vec![0; usize::try_from(left).unwrap_or(0)];
    file.read_exact_at(&mut bytes, start)?;
    Ok(bytes)
}

fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
