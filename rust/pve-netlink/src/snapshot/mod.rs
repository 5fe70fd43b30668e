//! What a change is about as it is before, in a form that can be written down, and made so again by whoever reads that:
//! the process that made the change may be gone.
//!
//! [`crate::transaction`] undoes what it did itself, step by step. Here, what there is now is compared with what there was,
//! and only the difference is changed: it does not matter how far the change came.

pub mod host;
pub mod inside;
mod message;

pub use host::Links;
pub use inside::Inside;
pub use message::Message;

use crate::error::Error;

/// Read what there is, and again where that fails: an answer that is lost must not keep all the rest from being undone.
fn persistently<T>(mut read: impl FnMut() -> Result<T, Error>) -> Result<T, Error> {
    const MORE: usize = 2;
    let mut result = read();
    for _ in 0..MORE {
        if result.is_ok() {
            break;
        }
        result = read();
    }
    result
}
