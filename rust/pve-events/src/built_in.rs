//! Listeners of this library, known by their names.

use pve_types::Envelope;

use crate::syslog;

/// One who is told of events.
pub trait Listener: Sync {
    /// Its name, by which it is registered.
    fn name(&self) -> &'static str;

    /// An event was journalled.
    ///
    /// # Errors
    /// Why it could not do with it what it does; others are told all the same.
    fn on_event(&self, event: &Envelope) -> Result<(), String>;
}

/// A line in the system's log for each event.
struct EventLogger;

impl Listener for EventLogger {
    fn name(&self) -> &'static str {
        "event-logger"
    }

    fn on_event(&self, event: &Envelope) -> Result<(), String> {
        let text = serde_json::to_string(&event.event).map_err(|error| error.to_string())?;
        syslog::info(&format!("event {}: {text}", event.sequence));
        Ok(())
    }
}

/// All of them.
pub const BUILT_IN: &[&dyn Listener] = &[&EventLogger];

/// The one of that name.
#[must_use]
pub fn built_in(name: &str) -> Option<&'static dyn Listener> {
    BUILT_IN.iter().copied().find(|listener| listener.name() == name)
}
