//! Waiting so that the caller's signal handlers run meanwhile.
//!
//! A netlink request is carried out inside `sendmsg(2)`, where it may wait long for the kernel's RTNL lock and cannot
//! be interrupted. So the work is done on a thread, and the caller waits for it in short slices.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{SigSet, SigmaskHow};

use crate::error::Error;
use crate::same_cpu::SameCpu;
use crate::worker::Worker;

/// The longest time between two runs of the caller's hook.
pub const SLICE: Duration = Duration::from_millis(50);

/// Enough for the parsers of netlink messages in a debug build.
const STACK: usize = 512 * 1024;

/// The caller's hook asks for an end of the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("interrupted")]
pub struct Interrupted;

/// The caller's hook: runs pending signal handlers, at least once every [`SLICE`] while a call waits.
pub type Poll<'a> = dyn FnMut() -> Result<(), Interrupted> + 'a;

const RUNNING: u8 = 0;
const CANCELLED: u8 = 1;
const COMMITTED: u8 = 2;

/// Whether the caller wants an end. The work either commits or is cancelled, never both.
#[derive(Debug)]
pub struct Cancel(AtomicU8);

impl Cancel {
    /// Work that nobody has asked to end.
    #[must_use]
    pub fn new() -> Self {
        Self(AtomicU8::new(RUNNING))
    }

    /// # Errors
    /// [`Error::Interrupted`] when the caller asked for an end.
    pub fn check(&self) -> Result<(), Error> {
        match self.0.load(Ordering::Acquire) {
            CANCELLED => Err(Error::Interrupted),
            _ => Ok(()),
        }
    }

    /// From here on the work counts as done, and a request to end it comes too late.
    ///
    /// # Errors
    /// [`Error::Interrupted`] when the caller asked for an end before.
    pub fn commit(&self) -> Result<(), Error> {
        match self.0.compare_exchange(RUNNING, COMMITTED, Ordering::AcqRel, Ordering::Acquire) {
            Err(CANCELLED) => Err(Error::Interrupted),
            _ => Ok(()),
        }
    }

    /// Ask for an end.
    pub fn cancel(&self) {
        let _ = self.0.compare_exchange(RUNNING, CANCELLED, Ordering::AcqRel, Ordering::Acquire);
    }
}

impl Default for Cancel {
    fn default() -> Self {
        Self::new()
    }
}

/// Run `work` on a thread of its own, in the caller's namespaces and with all signals masked, and wait for it in slices
/// of [`SLICE`], running `poll` between them. When `poll` asks for an end, `work` is told through [`Cancel`] and still
/// waited for, so that it can undo what it did.
///
/// # Errors
/// [`Error::System`] when no thread can be started, [`Error::Internal`] when `work` panics.
pub fn in_thread<T: Send>(
    poll: &mut Poll<'_>,
    work: impl FnOnce(&Cancel) -> T + Send,
) -> Result<T, Error> {
    let cancel = Cancel::new();
    let result = Mutex::new(None);
    let run = || {
        let value = catch_unwind(AssertUnwindSafe(|| work(&cancel)));
        *result.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
    };
    let same_cpu = SameCpu::hold();
    let worker = masked(|| {
        let builder = thread::Builder::new().name("pve-netlink".into()).stack_size(STACK);
        // SAFETY: what the thread borrows lives until this function returns, and `Worker` waits for the thread's end
        // before that, also when `poll` panics.
        unsafe { builder.spawn_unchecked(run) }
    })?;
    let mut worker = Worker::new(worker);
    let mut ended = worker.ended_within(SLICE);
    drop(same_cpu);
    let mut interrupted = false;
    while !ended {
        if !interrupted && poll().is_err() {
            interrupted = true;
            cancel.cancel();
        }
        ended = worker.ended_within(SLICE);
    }
    drop(worker);
    match result.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(Ok(value)) => Ok(value),
        Some(Err(panic)) => Err(Error::Internal(panic_text(panic.as_ref()))),
        None => Err(Error::Internal("the worker thread ended without a result".into())),
    }
}

/// Run `work` on a thread of its own, in the caller's namespaces and with all signals masked, and go on. What it does
/// about the namespaces it is in, it does on a further thread.
///
/// # Errors
/// [`Error::System`] when no thread can be started.
pub fn start_thread(work: impl FnOnce() + Send + 'static) -> Result<(), Error> {
    masked(|| thread::Builder::new().name("pve-netlink".into()).stack_size(STACK).spawn(work))
        .map(drop)
}

/// Start a thread with all signals masked: a signal handler of Perl must only ever run on Perl's own thread.
fn masked<T>(spawn: impl FnOnce() -> std::io::Result<T>) -> Result<T, Error> {
    let old = SigSet::all().thread_swap_mask(SigmaskHow::SIG_SETMASK).map_err(|errno| {
        Error::System { tried: "mask signals".into(), errno, hint: String::new() }
    })?;
    let spawned = spawn();
    // The mask is one that the kernel gave out a moment ago, so setting it again cannot be refused.
    let _ = old.thread_set_mask();
    spawned.map_err(|error| Error::system("start a thread", &error))
}

/// The text of a panic.
fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "panic without a text".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    use nix::sched::sched_getaffinity;
    use nix::unistd::Pid;

    #[test]
    fn the_result_comes_back() {
        assert_eq!(in_thread(&mut || Ok(()), |_| 7), Ok(7));
    }

    #[test]
    fn a_panic_is_an_error() {
        let result = in_thread(&mut || Ok(()), |_| -> u8 { panic!("boom") });
        assert_eq!(result, Err(Error::Internal("boom".into())));
    }

    #[test]
    fn the_hook_runs_and_can_end_the_work() {
        let mut runs = 0;
        let result = in_thread(
            &mut || {
                runs += 1;
                if runs == 2 { Err(Interrupted) } else { Ok(()) }
            },
            |cancel| {
                while cancel.check().is_ok() {
                    thread::sleep(Duration::from_millis(1));
                }
                cancel.commit()
            },
        );
        assert_eq!(result, Ok(Err(Error::Interrupted)));
        assert_eq!(runs, 2, "after its answer the hook is not run again");
    }

    #[test]
    fn what_was_committed_is_not_cancelled() {
        let cancel = Cancel::new();
        assert_eq!(cancel.commit(), Ok(()));
        cancel.cancel();
        assert_eq!(cancel.check(), Ok(()));
    }

    #[test]
    fn the_caller_may_use_the_processors_it_could_before_and_so_may_what_its_hook_starts() {
        let allowed = || sched_getaffinity(Pid::from_raw(0)).unwrap();
        let before = allowed();
        let mut in_hook = None;
        let mut hook = || {
            in_hook = Some(allowed());
            Ok(())
        };
        in_thread(&mut hook, |_| thread::sleep(SLICE * 2)).unwrap();
        assert_eq!(in_hook, Some(before));
        assert_eq!(allowed(), before);
    }

    #[test]
    fn a_hook_that_panics_waits_for_the_thread() {
        let ended = AtomicU8::new(0);
        let result = catch_unwind(AssertUnwindSafe(|| {
            in_thread(&mut || panic!("hook"), |_| {
                thread::sleep(SLICE * 3);
                ended.store(1, Ordering::Release);
            })
        }));
        assert!(result.is_err());
        assert_eq!(ended.load(Ordering::Acquire), 1);
    }

    #[test]
    fn all_signals_are_masked_in_the_thread_and_the_callers_mask_stays() {
        let before = SigSet::thread_get_mask().unwrap();
        let inside = in_thread(&mut || Ok(()), |_| SigSet::thread_get_mask().unwrap()).unwrap();
        for signal in nix::sys::signal::Signal::iterator() {
            let maskable = !matches!(
                signal,
                nix::sys::signal::Signal::SIGKILL | nix::sys::signal::Signal::SIGSTOP
            );
            assert_eq!(inside.contains(signal), maskable, "{signal}");
        }
        assert_eq!(SigSet::thread_get_mask().unwrap(), before);
    }
}
