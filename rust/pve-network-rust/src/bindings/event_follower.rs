//! `PVE::Network::Rust::EventBus::Follower`

use perlxs::{Error, Object, Signals};
use pve_events::{Follower, Lost, Start};
use pve_types::Envelope;

use super::event_bus::{Options, with_disk};
use crate::{error, node};

/// A follower that Perl holds.
pub struct Following {
    follower: Follower,
    lost: Vec<Lost>,
}

impl Object for Following {
    fn after_fork(&mut self) {
        self.follower.after_fork();
    }
}

/// Readers of the journal.
#[perlxs::package(name = "PVE::Network::Rust::EventBus::Follower", object = Following)]
pub mod package {
    use super::*;

    use perlxs::{Class, Closing, Data, Handle};

    /// Returns a new object. `$options` is a reference to a hash: `from` says where to begin, `new` (with what comes from now
    /// on, the default), `oldest`, or the number of an event; `from_time`, in place of it, is a time in seconds since 1970.
    ///
    /// # Errors
    ///
    /// An object of PVE::Network::Rust::Error: the options are not valid, or the journal cannot be read.
    #[export]
    fn new(
        signals: &Signals,
        class: Class,
        options: Option<Data<Options>>,
    ) -> Result<Handle<Following>, Error> {
        let start = options.map(|options| options.0).unwrap_or_default().start()?;
        let follower = with_disk(signals, |_| Follower::below(&node::root(), start))?;
        Ok(Handle::in_class(Following { follower, lost: Vec::new() }, &class))
    }

    /// Returns the number of a descriptor that is readable while there may be events to read. It is the object's: nothing
    /// else reads from it or closes it. In a child of a fork it is another one than in its parent.
    ///
    /// # Errors
    ///
    /// An object of PVE::Network::Rust::Error.
    #[export]
    fn fileno(this: &mut Following) -> Result<i32, Error> {
        this.follower.fd().map_err(error::events)
    }

    /// Returns the events that were journalled since, `$max` at most if that is given, as a reference to an array. They are
    /// on disk. Waits for nothing else.
    ///
    /// # Errors
    ///
    /// An object of PVE::Network::Rust::Error. The next call returns what this one could not, also where a signal handler
    /// ended it.
    #[export]
    fn read(
        signals: &Signals,
        this: &mut Following,
        max: Option<usize>,
    ) -> Result<Data<Vec<Envelope>>, Error> {
        let follower = &mut this.follower;
        let before = follower.next_sequence().map_or(Start::Oldest, Start::Sequence);
        match with_disk(signals, |_| follower.read(max.unwrap_or(usize::MAX))) {
            Ok(batch) => {
                this.lost.extend(batch.lost);
                Ok(Data(batch.events))
            }
            Err(error) => {
                // Whatever is wrong with the journal is the error that is told.
                let _ = this.follower.seek(before);
                Err(error)
            }
        }
    }

    /// Returns the numbers of events that should have been read since this was asked for the last time, and are not there
    /// any more: a reference to an array of hashes with the `first` and the `last` of some in a row. The journal was full,
    /// or its files were damaged.
    #[export]
    fn lost(this: &mut Following) -> Data<Vec<Lost>> {
        Data(std::mem::take(&mut this.lost))
    }

    /// Returns the number of the event that is expected next, or undef where there is no event yet.
    #[export]
    fn next_sequence(this: &Following) -> Option<u64> {
        this.follower.next_sequence()
    }

    /// Goes on at another place; `$options` is as for `new`.
    ///
    /// # Errors
    ///
    /// As `new`.
    #[export]
    fn seek(signals: &Signals, this: &mut Following, options: Data<Options>) -> Result<(), Error> {
        let start = options.0.start()?;
        let follower = &mut this.follower;
        with_disk(signals, |_| follower.seek(start))
    }

    /// Ends reading; the object cannot be used afterwards. An object that goes away ends it as well.
    #[export]
    fn close(this: Closing<Following>) {
        drop(this.into_inner());
    }
}
