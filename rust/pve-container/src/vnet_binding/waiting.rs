//! A call that may wait for the lock or the kernel, while the caller's signal handlers run.

use std::time::Duration;

use pve_netlink::wait::{Poll, in_thread};

use super::error::BindingError;
use crate::config_file::Wait;
use crate::lock::Interrupted;

/// Run `work` on a thread of its own, in the caller's namespaces, while `poll` runs at least every 50 ms. When that asks
/// for an end, a wait for the lock ends; what has the lock is finished.
///
/// # Errors
/// What `work` returns, and [`BindingError::Netlink`] when no thread can be started.
pub fn waiting<T: Send>(
    poll: &mut Poll<'_>,
    timeout: Duration,
    work: impl FnOnce(&mut Wait<'_>) -> Result<T, BindingError> + Send,
) -> Result<T, BindingError> {
    in_thread(poll, |cancel| {
        let mut interrupt = || cancel.check().map_err(|_| Interrupted);
        work(&mut Wait { timeout, interrupt: &mut interrupt })
    })?
}
