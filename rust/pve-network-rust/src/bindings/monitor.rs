//! `PVE::Network::Rust::Monitor`

use std::path::Path;

use perlxs::{Error, Object, Signals};
use pve_netlink::monitor::{Event, Monitor, Wanted};
use pve_netlink::wait::{Interrupted, Poll};
use serde::Deserialize;

use crate::error;
use crate::waiting::interruptible;

/// A monitor that Perl holds.
pub struct Watch(Monitor);

impl Object for Watch {
    fn after_fork(&mut self) {
        self.0.forget_sockets();
    }
}

/// What to watch.
#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    links: bool,
    addresses: bool,
    vlans: bool,
    netns: Option<String>,
    receive_buffer: Option<u32>,
}

impl Options {
    /// Everything, where nothing is named.
    fn wanted(&self) -> Wanted {
        let Options { links, addresses, vlans, .. } = *self;
        let all = !(links || addresses || vlans);
        Wanted { links: links || all, addresses: addresses || all, vlans: vlans || all }
    }
}

fn waiting<T>(
    signals: &Signals,
    run: impl FnOnce(&mut Poll<'_>) -> Result<T, pve_netlink::Error>,
) -> Result<T, Error> {
    interruptible(signals, error::netlink, |poll| run(&mut || poll().map_err(|_| Interrupted)))
}

/// Monitors of a namespace.
#[perlxs::package(name = "PVE::Network::Rust::Monitor", object = Watch)]
pub mod package {
    use super::*;

    use perlxs::{Class, Closing, Data, Handle};

    /// Returns a new object that watches from now on.
    ///
    /// `$options` is a reference to a hash: `links`, `addresses` and `vlans` say what to watch (all three, where none of
    /// them is true); `netns` is the path of another network namespace; `receive_buffer` is the room in bytes for what
    /// is not read yet, which the system limits (`net.core.rmem_max`).
    ///
    /// # Errors
    ///
    /// An object of PVE::Network::Rust::Error.
    #[export]
    fn new(
        signals: &Signals,
        class: Class,
        options: Option<Data<Options>>,
    ) -> Result<Handle<Watch>, Error> {
        let options = options.map(|options| options.0).unwrap_or_default();
        let (netns, room) = (options.netns.as_deref().map(Path::new), options.receive_buffer);
        let room = room.map(|room| room as usize);
        let monitor = waiting(signals, |poll| Monitor::open(netns, options.wanted(), room, poll))?;
        Ok(Handle::in_class(Watch(monitor), &class))
    }

    /// Returns the number of a descriptor that is readable while there are events to read. It is the object's: nothing
    /// else reads from it or closes it.
    ///
    /// In a child of a fork it is another one than in its parent.
    ///
    /// # Errors
    ///
    /// As `new`.
    #[export]
    fn fileno(signals: &Signals, this: &mut Watch) -> Result<i32, Error> {
        waiting(signals, |poll| this.0.fileno(poll))
    }

    /// Returns what changed since the last call, or since the object was made, as a reference to an array of references
    /// to hashes, in the order in which it happened. Waits for nothing.
    ///
    /// Where the kernel had to drop changes because they were not read in time, all there is now is compared with what was
    /// known, and what differs is what is returned.
    ///
    /// # Errors
    ///
    /// As `new`. The next call tells what this one could not.
    #[export]
    fn read(signals: &Signals, this: &mut Watch) -> Result<Data<Vec<Event>>, Error> {
        waiting(signals, |poll| this.0.read(poll)).map(Data)
    }

    /// Returns how often changes were dropped and all was compared instead.
    #[export]
    fn resyncs(this: &Watch) -> u64 {
        this.0.resyncs()
    }

    /// Ends watching; the object cannot be used afterwards. An object that goes away ends it as well.
    #[export]
    fn close(this: Closing<Watch>) {
        drop(this.into_inner());
    }
}
