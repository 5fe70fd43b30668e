//! Threads that Perl's signals never reach.

use std::io;
use std::mem::MaybeUninit;
use std::ptr;
use std::thread::{Builder, JoinHandle};

/// Starts a thread with every signal masked.
///
/// The kernel delivers a signal to any thread that does not mask it, and Perl's handler, run on a thread that Perl does
/// not know, ends the process. The mask is set before the thread exists, so there is no moment without it.
///
/// # Errors
/// The system has no room for another thread.
pub fn spawn<T: Send + 'static>(
    body: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    let mut all = MaybeUninit::<libc::sigset_t>::uninit();
    let mut before = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: sigfillset initialises `all`, and the first call `before`; both fail only for a first argument that is
    // none of the three that there are.
    unsafe {
        libc::sigfillset(all.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr());
        let thread = Builder::new().spawn(body);
        libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), ptr::null_mut());
        thread
    }
}
