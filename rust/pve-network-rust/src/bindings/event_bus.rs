//! `PVE::Network::Rust::EventBus`

use std::time::Duration;

use perlxs::{Error, Signals};
use pve_events::{BUILT_IN, EventsError, Retries, Start, built_in};
use pve_netlink::wait::{Interrupted, in_thread};
use pve_types::{AnyEvent, Envelope, SystemEvent, Time};
use serde::Deserialize;

use crate::json::JsonObject;
use crate::waiting::interruptible;
use crate::{error, node};

/// Where to begin, and how failures are tried again.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    from: Option<String>,
    from_time: Option<f64>,
    attempts: Option<u32>,
    retry_after: Option<f64>,
    retry_after_at_most: Option<f64>,
}

impl Options {
    pub(super) fn start(&self) -> Result<Start, Error> {
        match (self.from.as_deref(), self.from_time) {
            (None | Some("new"), None) => Ok(Start::New),
            (Some("oldest"), None) => Ok(Start::Oldest),
            (Some(number), None) => match number.parse() {
                Ok(sequence) => Ok(Start::Sequence(sequence)),
                Err(_) => Err(error::parameter("from", "it is 'new', 'oldest' or a number")),
            },
            (None, Some(time)) => Ok(Start::Time(Time::from_seconds(time))),
            (Some(_), Some(_)) => Err(error::parameter("from_time", "from is given, too")),
        }
    }

    pub(super) fn retries(&self) -> Result<Retries, Error> {
        let seconds = |name, given: Option<f64>, default| match given {
            None => Ok(default),
            Some(seconds) => Duration::try_from_secs_f64(seconds)
                .map_err(|_| error::parameter(name, "it is a number of seconds, 0 or more")),
        };
        let default = Retries::default();
        let attempts = self.attempts.unwrap_or(default.attempts);
        if attempts == 0 {
            return Err(error::parameter("attempts", "an event is delivered once at least"));
        }
        Ok(Retries {
            attempts,
            first: seconds("retry_after", self.retry_after, default.first)?,
            longest: seconds("retry_after_at_most", self.retry_after_at_most, default.longest)?,
        })
    }
}

/// Runs on a thread what may wait for the disk.
pub(super) fn with_disk<T: Send>(
    signals: &Signals,
    work: impl FnOnce(&pve_netlink::wait::Cancel) -> Result<T, EventsError> + Send,
) -> Result<T, Error> {
    interruptible(
        signals,
        |error| error,
        |poll| match in_thread(&mut || poll().map_err(|_| Interrupted), work) {
            Ok(result) => result.map_err(error::events),
            Err(error) => Err(error::netlink(error)),
        },
    )
}

fn append(signals: &Signals, events: Vec<AnyEvent>, wait: bool) -> Result<Vec<Envelope>, Error> {
    let journal = node::journal().map_err(error::config_file)?;
    if wait {
        return with_disk(signals, |cancel| {
            let mut interrupt = || cancel.check().map_err(|_| pve_files::lock::Interrupted);
            let appended = journal.append(events, &mut interrupt)?;
            appended.sync().map(|()| appended.envelopes)
        });
    }
    interruptible(signals, error::events, |poll| {
        let mut interrupt = || poll().map_err(|_| pve_files::lock::Interrupted);
        journal.append(events, &mut interrupt).map(|appended| appended.envelopes)
    })
}

/// What happens on this node.
#[perlxs::package(name = "PVE::Network::Rust::EventBus")]
pub mod package {
    use super::*;

    use perlxs::Data;

    /// A function, not a method: checks events, and appends them to the node's journal. `$events` is a reference to an array
    /// of them. With a true `$wait` they are on disk when it returns. No listener is called.
    ///
    /// Returns a reference to an array of the events as they were journalled, see EVENTS.
    ///
    /// # Errors
    ///
    /// An object of PVE::Network::Rust::Error: an event is not valid, and then none is journalled; the journal cannot be
    /// written.
    #[export]
    fn journal(
        signals: &Signals,
        events: Data<Vec<JsonObject>>,
        wait: bool,
    ) -> Result<Data<Vec<Envelope>>, Error> {
        let events = events.0.into_iter().map(|event| SystemEvent::from_object(event.0));
        let events = events.map(|event| event.map(AnyEvent::from)).collect::<Result<_, _>>();
        append(signals, events.map_err(error::event)?, wait).map(Data)
    }

    /// A function, not a method: returns the names of the listeners that this library has, as a reference to an array.
    #[export]
    fn built_in_listeners() -> Data<Vec<&'static str>> {
        Data(BUILT_IN.iter().map(|listener| listener.name()).collect())
    }

    /// A function, not a method: tells `$event`, as it was journalled, to the built-in listener `$name`.
    ///
    /// # Errors
    ///
    /// An object of PVE::Network::Rust::Error: there is none of that name, or it failed.
    #[export]
    fn tell_built_in(name: &str, event: Data<JsonObject>) -> Result<(), Error> {
        let listener = built_in(name).ok_or_else(|| error::no_listener(name))?;
        let event = error::journalled(event.0.0)?;
        listener.on_event(&event).map_err(|why| error::listener(name, &why))
    }
}
