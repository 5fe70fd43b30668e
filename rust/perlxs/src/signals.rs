//! Waiting while Perl's signal handlers run.
//!
//! Perl defers a signal until it is between two of its own operations. A call that waits must therefore let it run its
//! handlers from time to time, or `alarm` and `$SIG{TERM}` would only be seen when the call is over.

use std::fmt;

use perlxs_sys as sys;

use crate::error::{Error, Repr};
use crate::fork;
use crate::interpreter::Perl;

/// A signal handler died, exited or forked: the call must return this at once, as its error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interrupted(By);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// What the shim said: one of `PXS_*`.
    Handler(u32),
    /// This is the child.
    Fork,
}

impl From<Interrupted> for Error {
    fn from(by: Interrupted) -> Error {
        match by.0 {
            By::Handler(status) => Error(Box::new(Repr::Interrupted(status))),
            By::Fork => Error::die(
                "the process was forked by a signal handler during a call; the child cannot finish \
                 what its parent began and must make the call anew\n",
            ),
        }
    }
}

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("interrupted by a signal handler")
    }
}

impl std::error::Error for Interrupted {}

/// A parameter that lets a function that waits run Perl's pending signal handlers. It is no argument in Perl.
///
/// A handler may do anything, so a function with this parameter gets all its arguments owned.
pub struct Signals {
    perl: Perl,
}

impl Signals {
    #[doc(hidden)]
    pub fn new(perl: Perl) -> Signals {
        Signals { perl }
    }

    /// Runs the handlers of the signals that came since the last time; to be called every 50 ms at least while waiting.
    ///
    /// # Errors
    /// A handler died or called `exit`, or this is the child of a handler that forked.
    pub fn poll(&self) -> Result<(), Interrupted> {
        let before = fork::generation();
        // SAFETY: we are on the interpreter's own thread, inside a call of its making, and hold no borrow of its data.
        match unsafe { sys::pxs_poll_signals(self.perl.raw()) } as u32 {
            sys::PXS_OK if fork::generation() == before => Ok(()),
            sys::PXS_OK => Err(Interrupted(By::Fork)),
            status => Err(Interrupted(By::Handler(status))),
        }
    }
}
