//! Reading the journal from a place on.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use pve_types::{Envelope, Time};

use crate::error::EventsError;
use crate::record::{self, Found};
use crate::segments::Folder;
use crate::state::State;

/// Read at once, in bytes; more where one record is longer.
const CHUNK: u64 = 256 * 1024;

/// Where to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// With the oldest event that is there.
    Oldest,
    /// With what is appended from now on.
    New,
    /// With this number.
    Sequence(u64),
    /// With the first event that was written then or later.
    Time(Time),
}

/// Events that are not there: removed because the journal was full, or damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Lost {
    /// The first of them.
    pub first: u64,
    /// The last.
    pub last: u64,
}

/// What was read.
#[derive(Debug, Default, PartialEq)]
pub struct Batch {
    /// In order.
    pub events: Vec<Envelope>,
    /// What should have been among them.
    pub lost: Vec<Lost>,
    /// Whether there may be more by now.
    pub more: bool,
}

/// A reader. It takes no lock, and needs nothing but the right to read the files.
#[derive(Debug)]
pub struct Reader {
    folder: Folder,
    /// The number that is expected; none until the oldest event is known.
    next: Option<u64>,
    segment: Option<Segment>,
}

#[derive(Debug)]
struct Segment {
    file: File,
    first: u64,
    offset: u64,
}

impl Reader {
    /// A reader of the journal of the node whose files are below `root`.
    ///
    /// # Errors
    /// [`EventsError::Io`]
    pub fn below(root: &Path, start: Start) -> Result<Self, EventsError> {
        let mut reader = Self { folder: Folder::below(root), next: None, segment: None };
        reader.seek(start)?;
        Ok(reader)
    }

    /// Goes to another place.
    ///
    /// # Errors
    /// [`EventsError::Io`]
    pub fn seek(&mut self, start: Start) -> Result<(), EventsError> {
        self.segment = None;
        self.next = None;
        match start {
            Start::Oldest => Ok(()),
            Start::Sequence(sequence) => {
                self.next = Some(sequence.max(1));
                Ok(())
            }
            Start::New => match self.go_to_end()? {
                true => Ok(()),
                false => self.skip(self.folder.firsts()?.last().copied(), |_| true),
            },
            Start::Time(time) => {
                let mut from = None;
                for first in self.folder.firsts()? {
                    match self.time_of_first(first)? {
                        Some(begun) if begun >= time => break,
                        _ => from = Some(first),
                    }
                }
                self.skip(from, |event| event.time < time)
            }
        }
    }

    /// The number of the event that is expected next, as far as that is known.
    #[must_use]
    pub fn next_sequence(&self) -> Option<u64> {
        self.next
    }

    /// Goes past the events from the segment `first` on that are as `pass` says.
    fn skip(
        &mut self,
        first: Option<u64>,
        pass: impl Fn(&Envelope) -> bool,
    ) -> Result<(), EventsError> {
        self.next = first;
        loop {
            let mut batch = Batch::default();
            let went_on = self.read_piece(usize::MAX, &mut batch)?;
            if let Some(event) = batch.events.iter().find(|event| !pass(event)) {
                self.next = Some(event.sequence);
                self.segment = None;
                return Ok(());
            }
            if !went_on {
                return Ok(());
            }
        }
    }

    /// Goes to where the last writer left off, if that is known.
    fn go_to_end(&mut self) -> Result<bool, EventsError> {
        let state = File::open(self.folder.state_file()).ok().and_then(|file| State::read(&file));
        let Some(state) = state.filter(State::is_of_this_boot) else { return Ok(false) };
        let Some(file) = self.folder.open_to_read(state.first)? else { return Ok(false) };
        if file.metadata().map_or(0, |file| file.len()) < state.end {
            return Ok(false);
        }
        self.next = Some(state.last + 1);
        self.segment = Some(Segment { file, first: state.first, offset: state.end });
        Ok(true)
    }

    fn time_of_first(&self, first: u64) -> Result<Option<Time>, EventsError> {
        let Some(file) = self.folder.open_to_read(first)? else { return Ok(None) };
        let mut segment = Segment { file, first, offset: 0 };
        let mut batch = Batch::default();
        self.decode(&mut segment, &mut None, &mut batch, 1)?;
        Ok(batch.events.first().map(|event| event.time))
    }

    /// Up to `max` events that came since, all on disk. Waits for nothing but the disk.
    ///
    /// # Errors
    /// [`EventsError::Io`]; the next call reads again what this one could not return.
    pub fn read(&mut self, max: usize) -> Result<Batch, EventsError> {
        let mut batch = Batch::default();
        while batch.events.len() < max {
            match self.read_piece(max - batch.events.len(), &mut batch) {
                Ok(true) => {}
                Ok(false) => return Ok(batch),
                // The next call finds it again.
                Err(_) if !batch.events.is_empty() => return Ok(batch),
                Err(error) => return Err(error),
            }
        }
        batch.more = true;
        Ok(batch)
    }

    /// Reads a piece of one segment, or goes to the next one. False: there is no more.
    fn read_piece(&mut self, max: usize, batch: &mut Batch) -> Result<bool, EventsError> {
        let Some(mut segment) = self.current()? else { return Ok(false) };
        let start = segment.offset;
        let (mut next, mut piece) = (self.next, Batch::default());
        let mut result = self.decode(&mut segment, &mut next, &mut piece, max);
        if segment.offset == start {
            // The one that follows was begun after the last was written to this one: so first look whether there is one.
            let following = self.folder.firsts()?.into_iter().find(|first| *first > segment.first);
            result = self.decode(&mut segment, &mut next, &mut piece, max);
            if let Some(first) = following.filter(|_| segment.offset == start) {
                // A file that cannot be read costs its events, not all that follow. Where the next one has been removed
                // meanwhile, the one after it is found by its name.
                let file = self.folder.open_to_read(first)?;
                self.segment = file.map(|file| Segment { file, first, offset: 0 });
                return Ok(true);
            }
        }
        if result.is_ok() && !piece.events.is_empty() {
            let path = self.folder.segment(segment.first);
            result = segment.file.sync_data().map_err(EventsError::io("sync", path));
        }
        let went_on = segment.offset != start;
        if result.is_ok() {
            self.next = next;
            batch.events.append(&mut piece.events);
            batch.lost.append(&mut piece.lost);
        } else {
            segment.offset = start;
        }
        self.segment = Some(segment);
        result.map(|()| went_on)
    }

    /// The segment that is being read, or that in which the next event is.
    fn current(&mut self) -> Result<Option<Segment>, EventsError> {
        if let Some(segment) = self.segment.take() {
            return Ok(Some(segment));
        }
        let firsts = self.folder.firsts()?;
        let wanted = self.next.unwrap_or(0);
        let with_it = firsts.iter().rev().find(|first| **first <= wanted);
        for first in with_it.into_iter().chain(firsts.iter().filter(|first| **first > wanted)) {
            if let Some(file) = self.folder.open_to_read(*first)? {
                return Ok(Some(Segment { file, first: *first, offset: 0 }));
            }
        }
        Ok(None)
    }

    fn decode(
        &self,
        segment: &mut Segment,
        next: &mut Option<u64>,
        batch: &mut Batch,
        max: usize,
    ) -> Result<(), EventsError> {
        let path = || self.folder.segment(segment.first);
        let length = segment.file.metadata().map_err(EventsError::io("look at", path()))?.len();
        let left = length.saturating_sub(segment.offset);
        let mut bytes = Vec::new();
        for size in [CHUNK.min(left), left] {
            read(&segment.file, segment.offset, size, &mut bytes)
                .map_err(EventsError::io("read", path()))?;
            let at = take_in(&bytes, next, batch, max);
            if at > 0 || size == left {
                segment.offset += at as u64;
                break;
            }
        }
        Ok(())
    }
}

/// Fewer than `size` bytes where a writer has cut its file meanwhile.
fn read(file: &File, start: u64, size: u64, bytes: &mut Vec<u8>) -> std::io::Result<()> {
    bytes.resize(usize::try_from(size).unwrap_or(usize::MAX), 0);
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, start + filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    Ok(())
}

/// Takes in the records of `bytes`; how far that went.
fn take_in(bytes: &[u8], next: &mut Option<u64>, batch: &mut Batch, max: usize) -> usize {
    let mut at = 0;
    while batch.events.len() < max {
        match record::find(bytes, at) {
            Found::Record { json, end } => {
                at = end;
                // What is no event is missed as one that is damaged.
                let Ok(event) = serde_json::from_slice::<Envelope>(json) else { continue };
                let wanted = next.unwrap_or(event.sequence);
                if event.sequence < wanted {
                    continue;
                }
                if event.sequence > wanted {
                    batch.lost.push(Lost { first: wanted, last: event.sequence - 1 });
                }
                *next = Some(event.sequence + 1);
                batch.events.push(event);
            }
            Found::Damage { end } => at = end,
            Found::Rest => break,
        }
    }
    at
}
