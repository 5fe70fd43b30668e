//! Which process this is: a number that changes in every child of a fork.
//!
//! A handle that a child inherited must not act for its parent; a handle that it uses must not use the parent's sockets.
//! Counting forks costs nothing a call, where asking the kernel for the pid costs a system call.

use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

static GENERATION: AtomicU32 = AtomicU32::new(0);
static INSTALL: Once = Once::new();

extern "C" fn in_child() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
}

/// Starts counting; called when the library is loaded.
pub(crate) fn watch() {
    INSTALL.call_once(|| {
        // SAFETY: the handler only adds to an atomic, which is allowed after a fork. It cannot fail but for memory, and
        // then the process is ending anyway.
        unsafe {
            libc::pthread_atfork(None, None, Some(in_child));
        }
    });
}

/// The same number as long as no fork lies between two calls.
pub(crate) fn generation() -> u32 {
    GENERATION.load(Ordering::Relaxed)
}
