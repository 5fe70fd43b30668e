//! Calls that wait, ended by a Perl signal handler that dies.

use perlxs::{Error, Signals};

/// A handler died or exited.
pub(crate) struct Interrupted;

/// Runs what waits, with a hook for it to call every 50 ms at least that runs Perl's pending signal handlers. Where one
/// died, its error is what the call raises, whatever else came of it.
pub(crate) fn interruptible<T, E>(
    signals: &Signals,
    error: impl FnOnce(E) -> Error,
    run: impl FnOnce(&mut dyn FnMut() -> Result<(), Interrupted>) -> Result<T, E>,
) -> Result<T, Error> {
    let mut by = None;
    let result = run(&mut || {
        signals.poll().map_err(|interrupted| {
            by = Some(interrupted);
            Interrupted
        })
    });
    match by {
        Some(interrupted) => Err(interrupted.into()),
        None => result.map_err(error),
    }
}
