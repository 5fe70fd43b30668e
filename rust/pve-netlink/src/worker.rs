//! A thread that is waited for in slices.
//!
//! The standard library waits for a thread's end without a time limit only. Waiting for its result first and for its
//! end then would take two turns of the scheduler.

use std::os::unix::thread::JoinHandleExt;
use std::ptr;
use std::thread::JoinHandle;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::time::TimeSpec;
use nix::time::{ClockId, clock_gettime};

unsafe extern "C" {
    /// pthread_clockjoin_np(3), glibc 2.31 and later.
    fn pthread_clockjoin_np(
        thread: libc::pthread_t,
        result: *mut *mut libc::c_void,
        clock: libc::clockid_t,
        until: *const libc::timespec,
    ) -> libc::c_int;
}

/// A running thread, whose end is waited for at the latest when this is dropped.
pub(crate) struct Worker {
    /// None once it has ended.
    thread: Option<libc::pthread_t>,
}

impl Worker {
    pub(crate) fn new(handle: JoinHandle<()>) -> Self {
        Self { thread: Some(handle.into_pthread_t()) }
    }

    /// Wait for the thread's end, at most that long; whether it has ended.
    pub(crate) fn ended_within(&mut self, time: Duration) -> bool {
        match self.join(time) {
            Err(Errno::ETIMEDOUT) => false,
            Err(_) => {
                self.join_however_long();
                true
            }
            Ok(()) => {
                self.thread = None;
                true
            }
        }
    }

    fn join(&self, time: Duration) -> Result<(), Errno> {
        let Some(thread) = self.thread else { return Ok(()) };
        let until = clock_gettime(ClockId::CLOCK_MONOTONIC)? + TimeSpec::from_duration(time);
        let clock = libc::CLOCK_MONOTONIC;
        // SAFETY: the thread was neither joined nor detached before, or `thread` would be none. The thread's own result
        // is not asked for, and `until` outlives the call.
        match unsafe { pthread_clockjoin_np(thread, ptr::null_mut(), clock, until.as_ref()) } {
            0 => Ok(()),
            error => Err(Errno::from_raw(error)),
        }
    }

    fn join_however_long(&mut self) {
        if let Some(thread) = self.thread.take() {
            // SAFETY: as in `join`.
            unsafe { libc::pthread_join(thread, ptr::null_mut()) };
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.join_however_long();
    }
}
