//! An event of this version or of a later one.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::event::SystemEvent;

/// An event whose name or fields this version does not know: kept as it is, so that nobody who reads and writes loses
/// any of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OtherEvent {
    /// Its name.
    #[serde(rename = "event")]
    pub name: String,
    /// Everything else.
    #[serde(flatten)]
    pub fields: Map<String, Value>,
}

/// What is read from a journal, which a later version may have written.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum AnyEvent {
    /// An event of this version.
    Known(SystemEvent),
    /// Another one.
    Other(OtherEvent),
}

impl AnyEvent {
    /// The event's name, as the field `event` has it.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Other(other) => other.name.clone(),
            Self::Known(known) => match serde_json::to_value(known) {
                Ok(Value::Object(mut object)) => match object.remove("event") {
                    Some(Value::String(name)) => name,
                    _ => String::new(),
                },
                _ => String::new(),
            },
        }
    }
}

impl From<SystemEvent> for AnyEvent {
    fn from(event: SystemEvent) -> Self {
        Self::Known(event)
    }
}

impl<'de> Deserialize<'de> for AnyEvent {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let object = Value::deserialize(from)?;
        match SystemEvent::deserialize(&object) {
            Ok(known) => Ok(Self::Known(known)),
            Err(_) => {
                OtherEvent::deserialize(object).map(Self::Other).map_err(serde::de::Error::custom)
            }
        }
    }
}
