//! What is remembered of a subscriber: which events it has dealt with, which failed and how often, and which were given
//! up. One file each, replaced as a whole.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::Duration;

use pve_files::atomic_write::atomic_write;
use pve_files::read_file::read_file;
use pve_types::{Envelope, Time};
use serde::{Deserialize, Serialize};

use crate::error::EventsError;

const VERSION: u32 = 1;
const MODE: u32 = 0o600;
const LIMIT: u64 = 64 << 20;

/// The most dead letters that are kept; the oldest go.
const DEAD: usize = 1000;

/// And the most bytes of them.
const DEAD_BYTES: usize = 4 << 20;

/// How often, and how soon, what failed is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retries {
    /// How often an event is delivered before it is given up.
    pub attempts: u32,
    /// After the first failure; twice as long after each further one.
    pub first: Duration,
    /// At most.
    pub longest: Duration,
}

impl Default for Retries {
    fn default() -> Self {
        Self { attempts: 8, first: Duration::from_secs(1), longest: Duration::from_secs(300) }
    }
}

impl Retries {
    /// How long to wait after that many failures.
    pub(crate) fn pause(&self, failures: u32) -> Duration {
        let doubled = 1u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
        self.first.saturating_mul(doubled).min(self.longest)
    }
}

/// An event that failed and is to be delivered again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Failed {
    /// How often.
    pub(crate) failures: u32,
    /// Not before.
    pub(crate) due: Time,
    /// Why, the last time.
    pub(crate) error: String,
    /// The event where it is not to be read from the journal again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) event: Option<Envelope>,
}

/// An event that failed too often.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// The event.
    #[serde(flatten)]
    pub event: Envelope,
    /// How often it was delivered.
    pub attempts: u32,
    /// Why it failed the last time.
    pub error: String,
    /// When.
    pub failed: Time,
}

/// What is remembered.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Subscription {
    version: u32,
    /// All up to this one are dealt with.
    pub(crate) acknowledged: u64,
    /// And these.
    #[serde(default)]
    pub(crate) beyond: BTreeSet<u64>,
    /// Those that failed.
    #[serde(default)]
    pub(crate) failed: BTreeMap<u64, Failed>,
    /// Those that were given up, oldest first.
    #[serde(default)]
    pub(crate) dead: Vec<DeadLetter>,
    /// How many of those there was no room for any more.
    #[serde(default)]
    pub(crate) dropped: u64,
}

impl Subscription {
    pub(crate) fn new(acknowledged: u64) -> Self {
        Self { version: VERSION, acknowledged, ..Self::default() }
    }

    /// `None` where there is none yet.
    pub(crate) fn read(name: &str, path: &Path) -> Result<Option<Self>, EventsError> {
        let Some(content) = read_file(path, LIMIT)? else { return Ok(None) };
        let unreadable =
            |why| EventsError::Subscription { name: name.to_owned(), path: path.to_owned(), why };
        let read: Self = serde_json::from_slice(&content.bytes)
            .map_err(|error| unreadable(format!("it is damaged ({error})")))?;
        if read.version != VERSION {
            let found = read.version;
            return Err(unreadable(format!("it has version {found}, this is {VERSION}")));
        }
        Ok(Some(read))
    }

    pub(crate) fn write(&self, path: &Path) -> Result<(), EventsError> {
        let text =
            serde_json::to_vec(self).map_err(|error| EventsError::Json(error.to_string()))?;
        Ok(atomic_write(path, &text, MODE)?)
    }

    /// Keeps a dead letter.
    pub(crate) fn bury(&mut self, letter: DeadLetter) {
        self.dead.push(letter);
        let size = |letter: &DeadLetter| serde_json::to_vec(letter).map_or(0, |text| text.len());
        let mut sizes: usize = self.dead.iter().map(size).sum();
        let mut over = 0;
        for letter in &self.dead {
            if sizes <= DEAD_BYTES && self.dead.len() - over <= DEAD {
                break;
            }
            sizes -= size(letter);
            over += 1;
        }
        self.dead.drain(..over);
        self.dropped += over as u64;
    }
}

/// The last event that any subscriber has dealt with.
pub(crate) fn highest(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let subscriptions = entries.filter_map(|entry| Subscription::read("", &entry.path()).ok()?);
    let last = |read: Subscription| read.beyond.last().copied().unwrap_or(0).max(read.acknowledged);
    subscriptions.map(last).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use pve_types::SystemEvent;

    fn letter(sequence: u64, size: usize) -> DeadLetter {
        let event = SystemEvent::Custom { name: "x".repeat(size), data: serde_json::Value::Null };
        let event = Envelope::new(sequence, Time(0), "node", event.into());
        DeadLetter { event, attempts: 1, error: String::new(), failed: Time(0) }
    }

    #[test]
    fn dead_letters_have_a_bound() {
        let mut subscription = Subscription::new(0);
        (1..=1003).for_each(|sequence| subscription.bury(letter(sequence, 1)));
        assert_eq!((subscription.dead.len(), subscription.dropped), (DEAD, 3));
        assert_eq!(subscription.dead[0].event.sequence, 4);
        subscription.bury(letter(2000, DEAD_BYTES - 1000));
        assert!(subscription.dead.len() < 10);
        assert_eq!(subscription.dropped + subscription.dead.len() as u64, 1004);
        subscription.bury(letter(2001, DEAD_BYTES));
        assert!(subscription.dead.is_empty(), "not even one that is as large as that");
    }

    #[test]
    fn pauses_grow_to_the_longest() {
        let retries = Retries {
            attempts: 5,
            first: Duration::from_secs(1),
            longest: Duration::from_secs(10),
        };
        let pauses =
            [1, 2, 3, 4, 5, 40, u32::MAX].map(|failures| retries.pause(failures).as_secs());
        assert_eq!(pauses, [1, 2, 4, 8, 10, 10, 10]);
    }
}
