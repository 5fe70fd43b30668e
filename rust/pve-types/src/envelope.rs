//! An event with its place in a node's journal: what is on disk, and what listeners get.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::any_event::AnyEvent;

/// The version that this library writes.
///
/// A later version may add fields and events; both are kept and delivered.
pub const VERSION: u32 = 1;

/// A moment: milliseconds since 1970, in JSON and Perl seconds with three decimals, which every JSON encoder of Perl's
/// writes without loss.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub u64);

impl Time {
    /// From seconds; what is before 1970 or no number is 1970.
    #[must_use]
    pub fn from_seconds(seconds: f64) -> Self {
        // `as` saturates, and gives 0 for what is no number.
        Self((seconds * 1000.0).round() as u64)
    }

    /// In seconds.
    #[must_use]
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1000.0
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 % 1000 {
            0 => serializer.serialize_u64(self.0 / 1000),
            _ => serializer.serialize_f64(self.seconds()),
        }
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        f64::deserialize(from).map(Self::from_seconds)
    }
}

/// An event with its place in a node's journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// [`VERSION`], or that of a later library.
    pub version: u32,
    /// The event's number: 1 and up, each once on a node, later ones greater.
    pub sequence: u64,
    /// When it was written to the journal.
    pub time: Time,
    /// The node on which it happened.
    pub node: String,
    /// What happened.
    pub event: AnyEvent,
    /// What a later version has added.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

impl Envelope {
    /// One of this version.
    #[must_use]
    pub fn new(sequence: u64, time: Time, node: &str, event: AnyEvent) -> Self {
        Self { version: VERSION, sequence, time, node: node.to_owned(), event, more: Map::new() }
    }
}
