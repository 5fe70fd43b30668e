//! `PVE::Network::Rust::EventBus::Subscriber`

use perlxs::{Error, Object, Signals};
use pve_events::{DeadLetter, Delivery, EventsError, Lost, Subscriber};
use pve_types::Envelope;
use serde::Serialize;

use super::event_bus::{Options, with_disk};
use crate::{error, node};

/// A subscriber that Perl holds.
pub struct Subscribed(Subscriber);

impl Object for Subscribed {
    fn after_fork(&mut self) {
        self.0.after_fork();
    }
}

/// An event, and how often it was delivered.
#[derive(Serialize)]
pub struct Delivered {
    #[serde(flatten)]
    event: Envelope,
    attempt: u32,
}

impl From<Delivery> for Delivered {
    fn from(Delivery { event, attempt }: Delivery) -> Self {
        Self { event, attempt }
    }
}

fn change<T: Send>(
    signals: &Signals,
    this: &mut Subscribed,
    change: impl FnOnce(&mut Subscriber) -> Result<T, EventsError> + Send,
) -> Result<T, Error> {
    let subscriber = &mut this.0;
    with_disk(signals, |_| change(subscriber))
}

/// Readers of the journal that are remembered.
#[perlxs::package(name = "PVE::Network::Rust::EventBus::Subscriber", object = Subscribed)]
pub mod package {
    use super::*;

    use perlxs::{Class, Closing, Data, Handle};

    /// Returns the subscriber `$name`: up to 64 letters, digits, dots, dashes and underscores, a letter or digit first. One
    /// process at a time can be it, until the object goes away.
    ///
    /// `$options` is a reference to a hash. A subscriber that is new begins where `from` or `from_time` say, as in
    /// PVE::Network::Rust::EventBus::Follower; one that is known goes on with the first event that it has not acknowledged.
    /// An event that fails is delivered `attempts` times (8), `retry_after` seconds (1) after the first failure, after each
    /// further one twice as long, `retry_after_at_most` seconds (300) at most.
    ///
    /// # Errors
    ///
    /// An object of PVE::Network::Rust::Error: the name or the options are not valid, the name is in use, or files cannot be
    /// read or written.
    #[export]
    fn new(
        signals: &Signals,
        class: Class,
        name: String,
        options: Option<Data<Options>>,
    ) -> Result<Handle<Subscribed>, Error> {
        let options = options.map(|options| options.0).unwrap_or_default();
        let (start, retries) = (options.start()?, options.retries()?);
        let subscriber =
            with_disk(signals, |_| Subscriber::below(&node::root(), &name, start, retries))?;
        Ok(Handle::in_class(Subscribed(subscriber), &class))
    }

    /// Returns the subscriber's name.
    #[export]
    fn name(this: &Subscribed) -> &str {
        this.0.name()
    }

    /// Returns the number of a descriptor that is readable while there may be events for it, those that failed and are due
    /// included. It is the object's: nothing else reads from it or closes it.
    ///
    /// # Errors
    ///
    /// An object of PVE::Network::Rust::Error.
    #[export]
    fn fileno(this: &mut Subscribed) -> Result<i32, Error> {
        this.0.fd().map_err(error::events)
    }

    /// Returns events that are to be dealt with, `$max` at most (100), as a reference to an array: those that failed and are
    /// due, then new ones. Each has its `attempt`, 1 at first. Waits for nothing.
    ///
    /// # Errors
    ///
    /// An object of PVE::Network::Rust::Error. The next call returns what this one could not, also where a signal handler
    /// ended it.
    #[export]
    fn next(
        signals: &Signals,
        this: &mut Subscribed,
        max: Option<usize>,
    ) -> Result<Data<Vec<Delivered>>, Error> {
        match change(signals, this, |subscriber| subscriber.next(max.unwrap_or(100))) {
            Ok(deliveries) => Ok(Data(deliveries.into_iter().map(Delivered::from).collect())),
            Err(error) => {
                this.0.put_back();
                Err(error)
            }
        }
    }

    /// The events with the numbers in `$sequences`, a reference to an array, are dealt with. That is on disk when this
    /// returns, which takes as long for many as for one.
    ///
    /// # Errors
    ///
    /// An object of PVE::Network::Rust::Error: one of them was not delivered, or was acknowledged already; then none counts.
    /// That it cannot be written: they are to be acknowledged again, or will be delivered again.
    #[export]
    fn ack(
        signals: &Signals,
        this: &mut Subscribed,
        sequences: Data<Vec<u64>>,
    ) -> Result<(), Error> {
        change(signals, this, |subscriber| subscriber.acknowledge(&sequences.0))
    }

    /// The event `$sequence` failed, and `$error` says why: it is delivered again later, or becomes a dead letter. Returns 1
    /// if it has, 0 if not.
    ///
    /// # Errors
    ///
    /// As `ack`.
    #[export]
    fn nack(
        signals: &Signals,
        this: &mut Subscribed,
        sequence: u64,
        error: Option<String>,
    ) -> Result<bool, Error> {
        let error = error.unwrap_or_default();
        change(signals, this, |subscriber| subscriber.refuse(sequence, &error))
    }

    /// Returns the number up to which all events are dealt with.
    #[export]
    fn acknowledged(this: &Subscribed) -> u64 {
        this.0.acknowledged()
    }

    /// Returns the numbers of events that it will never get, see `lost` of PVE::Network::Rust::EventBus::Follower.
    #[export]
    fn lost(this: &mut Subscribed) -> Data<Vec<Lost>> {
        Data(this.0.take_lost())
    }

    /// Returns the events that were given up, oldest first, as a reference to an array. Each has `attempts`, how often it
    /// was delivered, `failed`, when it failed the last time, and `error`, why. There are a thousand, and 4 MiB, at most.
    #[export]
    fn dead_letters(this: &Subscribed) -> Data<Vec<DeadLetter>> {
        Data(this.0.dead_letters().0.to_vec())
    }

    /// Returns how many dead letters there was no room for.
    #[export]
    fn dropped_letters(this: &Subscribed) -> u64 {
        this.0.dead_letters().1
    }

    /// Has the dead letter `$sequence` delivered again, as if it had never failed.
    ///
    /// # Errors
    ///
    /// An object of PVE::Network::Rust::Error: there is no such letter, or that cannot be written.
    #[export]
    fn redeliver(signals: &Signals, this: &mut Subscribed, sequence: u64) -> Result<(), Error> {
        change(signals, this, |subscriber| subscriber.redeliver(sequence))
    }

    /// Forgets the dead letter `$sequence`.
    ///
    /// # Errors
    ///
    /// As `redeliver`.
    #[export]
    fn discard(signals: &Signals, this: &mut Subscribed, sequence: u64) -> Result<(), Error> {
        change(signals, this, |subscriber| subscriber.discard(sequence))
    }

    /// Goes on at another place, `$options` being as for `new`: everything from there on is delivered again, everything
    /// before is dealt with. Dead letters stay.
    ///
    /// # Errors
    ///
    /// An object of PVE::Network::Rust::Error; it goes on where it was.
    #[export]
    fn replay(
        signals: &Signals,
        this: &mut Subscribed,
        options: Data<Options>,
    ) -> Result<(), Error> {
        let start = options.0.start()?;
        change(signals, this, |subscriber| subscriber.replay(start))
    }

    /// Forgets the subscriber, its dead letters included, and closes the object.
    ///
    /// # Errors
    ///
    /// An object of PVE::Network::Rust::Error: its file cannot be removed.
    #[export]
    fn forget(this: Closing<Subscribed>) -> Result<(), Error> {
        this.into_inner().0.forget().map_err(error::events)
    }

    /// Ends being the subscriber; the object cannot be used afterwards. An object that goes away ends it as well.
    #[export]
    fn close(this: Closing<Subscribed>) {
        drop(this.into_inner());
    }
}
