//! Waiting while Perl's signal handlers run.
//!
//! Perl defers a signal until it is between two of its own operations. A call that waits must therefore let it run its
//! handlers from time to time, or `alarm` and `$SIG{TERM}` would only be seen when the call is over.

use std::fmt;

use perlxs_sys as sys;

use crate::interpreter::Perl;

/// A signal handler died or exited: the call must return this at once, as its error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interrupted(u32);

impl Interrupted {
    pub(crate) fn status(self) -> u32 {
        self.0
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
    /// A handler died, or called `exit`.
    pub fn poll(&self) -> Result<(), Interrupted> {
        // SAFETY: we are on the interpreter's own thread, inside a call of its making, and hold no borrow of its data.
        match unsafe { sys::pxs_poll_signals(self.perl.raw()) } as u32 {
            sys::PXS_OK => Ok(()),
            status => Err(Interrupted(status)),
        }
    }
}
