//! An operation's record, as it can be read.

use std::path::Path;

use super::entry::{Ended, Entry, Opened, Place, Time, VERSION};
use super::error::OperationError;
use super::status::{State, Status, Step};
use crate::hotplug::Before;

/// What the lines of a record come to.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Record {
    pub(super) opened: Opened,
    pub(super) running: Option<Time>,
    pub(super) steps: Vec<(String, Time)>,
    pub(super) container: Option<Place>,
    /// None where nothing was about to be changed.
    pub(super) before: Option<Before>,
    /// Whether somebody wanted it to end before the point of no return.
    pub(super) cancelled: bool,
    pub(super) committed: bool,
    pub(super) ended: Option<Ended>,
    /// Whether it is being undone after it had succeeded.
    pub(super) undoing: bool,
}

impl Record {
    /// Read the lines of the file at `path`. A last line without its end was being written when its process was killed.
    pub(super) fn parse(path: &Path, text: &[u8]) -> Result<Self, OperationError> {
        let bad = |why: String| OperationError::Unreadable { path: path.into(), why };
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let text = text.get(..whole).unwrap_or_default();
        let mut lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let first = lines.next().ok_or_else(|| bad("it is empty".into()))?;
        check_version(path, first)?;
        let parse = |line: &[u8]| {
            serde_json::from_slice::<Entry>(line).map_err(|error| bad(error.to_string()))
        };
        let Entry::Opened(opened) = parse(first)? else {
            return Err(bad("its first line does not say what it is".into()));
        };
        let mut record = Self {
            opened,
            running: None,
            steps: Vec::new(),
            container: None,
            before: None,
            cancelled: false,
            committed: false,
            ended: None,
            undoing: false,
        };
        for line in lines {
            record.take(parse(line)?);
        }
        Ok(record)
    }

    fn take(&mut self, entry: Entry) {
        match entry {
            Entry::Opened(_) => {}
            Entry::Running { at } => self.running = Some(at),
            Entry::Step { name, at } => self.steps.push((name, at)),
            Entry::Container(place) => self.container = Some(place),
            Entry::Before(before) => self.before.get_or_insert_default().add(*before),
            Entry::Cancel { .. } => self.cancelled |= !self.committed,
            Entry::Commit { .. } => self.committed |= !self.cancelled,
            Entry::Ended(ended) => {
                self.ended = Some(ended);
                self.undoing = false;
            }
            Entry::Undoing { .. } => self.undoing = true,
        }
    }

    pub(super) fn state(&self) -> State {
        match (&self.ended, self.running) {
            (Some(_), _) if self.undoing => State::Running,
            (Some(ended), _) => ended.state,
            (None, Some(_)) => State::Running,
            (None, None) => State::Pending,
        }
    }

    pub(super) fn status(&self) -> Status {
        let Opened { id, kind, vmid, netid, background, pid, at, .. } = self.opened.clone();
        let ends = self.steps.iter().skip(1).map(|(_, at)| Some(*at));
        let last = self.ended.as_ref().map(|ended| ended.at);
        let steps = self.steps.iter().zip(ends.chain([last]));
        let steps = steps.map(|((name, start), end)| Step {
            name: name.clone(),
            start: seconds(*start),
            end: end.map(seconds),
        });
        Status {
            id,
            kind,
            vmid,
            netid,
            state: self.state(),
            background,
            pid,
            created: seconds(at),
            started: self.running.map(seconds),
            ended: last.map(seconds),
            steps: steps.collect(),
            error: self.ended.as_ref().and_then(|ended| ended.error.clone()),
            interface: self.ended.as_ref().and_then(|ended| ended.interface.clone()),
        }
    }
}

/// Before anything else of the line is understood.
fn check_version(path: &Path, first: &[u8]) -> Result<(), OperationError> {
    let value: serde_json::Value = serde_json::from_slice(first).map_err(|error| {
        OperationError::Unreadable { path: path.into(), why: error.to_string() }
    })?;
    let version = value.get("opened").and_then(|opened| opened.get("version"));
    match version.and_then(serde_json::Value::as_u64) {
        Some(version) if version > u64::from(VERSION) => Err(OperationError::Newer {
            path: path.into(),
            version: u32::try_from(version).unwrap_or(u32::MAX),
        }),
        _ => Ok(()),
    }
}

fn seconds(at: Time) -> f64 {
    at as f64 / 1e6
}
