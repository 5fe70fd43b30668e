//! What the tests of the journal share.

#![allow(clippy::unwrap_used, clippy::panic, dead_code)]

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use pve_events::{EventsError, Journal, Limits, Lost, Reader, Start};
use pve_types::{AnyEvent, Envelope, SystemEvent};
use serde_json::json;

/// A folder that stands for `/`, and goes with this.
pub struct Root(PathBuf);

impl Root {
    pub fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("pve-events-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn journal(&self) -> Journal {
        Journal::below(&self.0, "node")
    }

    /// One whose files are full soon.
    pub fn small(&self, segment: u64, total: u64) -> Journal {
        Journal::with_limits(&self.0, "node", Limits { segment, total })
    }

    pub fn events(&self) -> PathBuf {
        self.0.join("var/lib/pve-network-rust/events")
    }

    /// The journal's files, oldest first.
    pub fn segments(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.events().join("segments")).unwrap();
        let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths
    }

    pub fn read(&self, start: Start) -> (Vec<u32>, Vec<(u64, u64)>) {
        let batch = Reader::below(&self.0, start).unwrap().read(usize::MAX).unwrap();
        (ids(&batch.events), lost(&batch.lost))
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub fn lost(lost: &[Lost]) -> Vec<(u64, u64)> {
    lost.iter().map(|lost| (lost.first, lost.last)).collect()
}

pub fn started(id: u32) -> AnyEvent {
    SystemEvent::ContainerStarted { id }.into()
}

/// One of some size.
pub fn large(size: usize) -> AnyEvent {
    SystemEvent::Custom { name: "large".into(), data: json!("x".repeat(size)) }.into()
}

pub fn id(event: &Envelope) -> u32 {
    match event.event {
        AnyEvent::Known(SystemEvent::ContainerStarted { id }) => id,
        _ => 0,
    }
}

pub fn ids(events: &[Envelope]) -> Vec<u32> {
    events.iter().map(id).collect()
}

/// Appends and syncs; the last event's number.
pub fn publish(journal: &Journal, ids: impl IntoIterator<Item = u32>) -> Result<u64, EventsError> {
    let appended = journal.append(ids.into_iter().map(started).collect(), &mut || Ok(()))?;
    appended.sync()?;
    Ok(appended.envelopes.last().unwrap().sequence)
}
