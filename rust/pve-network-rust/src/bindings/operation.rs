//! `PVE::Network::Rust::Hotplug::Operation`

use std::sync::Arc;
use std::time::Duration;

use perlxs::{Data, Error, Object, Signals};
use pve_container::operation::{Background, OperationError};
use pve_netlink::wait::Interrupted;

use super::hotplug::{Done, waiting};
use crate::error;
use crate::waiting::interruptible;

/// An operation under way, as Perl holds it.
pub struct Operation(Background);

impl Operation {
    pub(super) fn new(operation: Background) -> Operation {
        Operation(operation)
    }
}

impl Object for Operation {
    fn after_fork(&mut self) {
        self.0.forget_thread();
    }
}

/// Operations that are under way while their caller goes on.
#[perlxs::package(name = "PVE::Network::Rust::Hotplug::Operation", object = Operation)]
pub mod package {
    use super::*;

    /// Returns the operation's id.
    #[export]
    fn id(this: &Operation) -> String {
        this.0.id().to_string()
    }

    /// Returns the number of a descriptor that becomes readable when the operation has ended, and stays so. It is the
    /// object's: nobody reads from it or closes it.
    #[export]
    fn fd(this: &Operation) -> i32 {
        this.0.fd()
    }

    /// Waits for the operation's end, at most `$seconds` if that is given. Returns 1 if it has ended, 0 if not.
    ///
    /// # Errors
    ///
    /// None of the operation's own. In a child of a fork: that the process which carried it out is gone.
    #[export]
    fn wait(signals: &Signals, this: &Operation, seconds: Option<f64>) -> Result<bool, Error> {
        let time = seconds.map(|seconds| Duration::try_from_secs_f64(seconds.max(0.0)));
        let time = time.transpose().map_err(|_| error::bad_age(seconds.unwrap_or(f64::NAN)))?;
        waiting(signals, |poll| this.0.wait(time, poll))
    }

    /// Waits for the operation's end, and returns what the method that began it would have returned without `async`.
    ///
    /// # Errors
    ///
    /// What that method would have died with.
    #[export]
    fn result(signals: &Signals, this: &Operation) -> Result<Data<Done>, Error> {
        let interface = interruptible(
            signals,
            |error: Arc<OperationError>| error::operation(&error),
            |poll| this.0.result(&mut || poll().map_err(|_| Interrupted)),
        )?;
        Ok(Done::new(this.0.id().as_str(), interface))
    }
}
