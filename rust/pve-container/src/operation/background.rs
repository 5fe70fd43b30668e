//! Operations whose caller goes on meanwhile.

use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use pve_netlink::Kernel;
use pve_netlink::wait::{Poll, SLICE, start_thread};
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll as poll_fds};
use rustix::fd::OwnedFd;

use super::Operations;
use super::carry_out::Request;
use super::error::OperationError;
use super::id::Id;
use super::status::State;
use crate::hotplug::Plugged;

/// What the thread tells.
struct Shared {
    /// Readable for good once the operation has ended.
    ended: OwnedFd,
    result: OnceLock<Result<Option<Plugged>, Arc<OperationError>>>,
}

/// An operation that is carried out by a thread of this process. It goes on when this is dropped.
pub struct Background {
    operations: Operations,
    id: Id,
    /// None in a child of the process that carries it out.
    shared: Option<Arc<Shared>>,
    /// Kept by the number alone in a child, too: a descriptor that is shared with the parent.
    fd: RawFd,
}

/// The operations of this process that may be under way, and the process: a child has none of its parent's. Only taken by
/// threads that call, never by one that carries an operation out, so that a fork does not leave it taken.
static UNDER_WAY: Mutex<(u32, Vec<Arc<Shared>>)> = Mutex::new((0, Vec::new()));

impl Operations {
    /// Have a change carried out, and go on. The kernel is used by a thread of this process.
    ///
    /// # Errors
    /// [`OperationError`]: values that are not valid, no record, no thread. Nothing was touched.
    pub fn start(
        &self,
        kernel: &'static dyn Kernel,
        request: Request,
    ) -> Result<Background, OperationError> {
        let pending = self.ask_for(&request)?;
        let id = pending.id().clone();
        let flags = EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK;
        let ended = eventfd(0, flags)
            .map_err(|errno| OperationError::file("make an event for", &self.root)(errno.into()))?;
        let fd = ended.as_raw_fd();
        let shared = Arc::new(Shared { ended, result: OnceLock::new() });
        let (operations, told) = (self.clone(), shared.clone());
        start_thread(move || {
            let result = operations.carry_out_later(kernel, pending, &request);
            let _ = told.result.set(result.map_err(Arc::new));
            let _ = rustix::io::write(&told.ended, &1_u64.to_ne_bytes());
        })?;
        remember(&shared);
        Ok(Background { operations: self.clone(), id, shared: Some(shared), fd })
    }
}

fn remember(shared: &Arc<Shared>) {
    let mut under_way = UNDER_WAY.lock().unwrap_or_else(PoisonError::into_inner);
    let pid = std::process::id();
    if under_way.0 != pid {
        // A child's own: what its parent had, its parent sees to.
        std::mem::forget(std::mem::take(&mut under_way.1));
        under_way.0 = pid;
    }
    under_way.1.retain(|one| one.result.get().is_none());
    under_way.1.push(shared.clone());
}

/// Wait until all operations have ended that threads of this process carry out.
///
/// # Errors
/// [`OperationError::Interrupted`] when `poll` ends the wait.
pub fn finish_all(poll: &mut Poll<'_>) -> Result<(), OperationError> {
    let pid = std::process::id();
    let all = {
        let under_way = UNDER_WAY.lock().unwrap_or_else(PoisonError::into_inner);
        if under_way.0 == pid { under_way.1.clone() } else { Vec::new() }
    };
    for shared in all {
        shared.wait(None, poll)?;
    }
    Ok(())
}

impl Shared {
    /// Whether it ended within the time; without one, it is waited for until it does.
    fn wait(&self, time: Option<Duration>, poll: &mut Poll<'_>) -> Result<bool, OperationError> {
        let start = Instant::now();
        loop {
            let left = time.map_or(SLICE, |time| time.saturating_sub(start.elapsed()).min(SLICE));
            let left_spec = Timespec::try_from(left).unwrap_or_default();
            let mut fds = [PollFd::new(&self.ended, PollFlags::IN)];
            if let Ok(1..) = poll_fds(&mut fds, Some(&left_spec)) {
                return Ok(true);
            }
            if left.is_zero() {
                return Ok(false);
            }
            poll().map_err(|_| OperationError::Interrupted)?;
        }
    }
}

impl Background {
    /// The operation's id.
    #[must_use]
    pub fn id(&self) -> &Id {
        &self.id
    }

    /// A descriptor that becomes readable when the operation has ended, and stays so. Nobody reads it.
    #[must_use]
    pub fn fd(&self) -> RawFd {
        self.shared.as_ref().map_or(self.fd, |shared| shared.ended.as_fd().as_raw_fd())
    }

    /// This process is a child of the one whose thread carries the operation out: from here on its record tells.
    pub fn forget_thread(&mut self) {
        std::mem::forget(self.shared.take());
    }

    /// Whether it ended within the time; without one, it is waited for until it does.
    ///
    /// # Errors
    /// [`OperationError::Interrupted`] when `poll` ends the wait. In a child, also [`OperationError::Abandoned`].
    pub fn wait(
        &self,
        time: Option<Duration>,
        poll: &mut Poll<'_>,
    ) -> Result<bool, OperationError> {
        if let Some(shared) = &self.shared {
            return shared.wait(time, poll);
        }
        let start = Instant::now();
        loop {
            let status = self.operations.status(self.id.as_str())?;
            if status.state.is_final() {
                return Ok(true);
            }
            if self.operations.is_abandoned(&self.id)? {
                return Err(OperationError::Abandoned { id: self.id.to_string() });
            }
            let left = time.map_or(SLICE, |time| time.saturating_sub(start.elapsed()).min(SLICE));
            if left.is_zero() {
                return Ok(false);
            }
            poll().map_err(|_| OperationError::Interrupted)?;
            std::thread::sleep(left.min(Duration::from_millis(10)));
        }
    }

    /// What the operation came to, which is waited for: the interface, unless it was taken out.
    ///
    /// # Errors
    /// What it failed with, and as [`Background::wait`].
    pub fn result(&self, poll: &mut Poll<'_>) -> Result<Option<Plugged>, Arc<OperationError>> {
        self.wait(None, poll)?;
        if let Some(result) = self.shared.as_ref().and_then(|shared| shared.result.get()) {
            return result.clone();
        }
        let status = self.operations.status(self.id.as_str())?;
        match (status.state, status.error) {
            (State::Succeeded, _) => Ok(status.interface),
            (_, Some(why)) => Err(OperationError::Failed { why }.into()),
            (state, None) => {
                let (id, state) = (self.id.to_string(), state.as_str());
                Err(OperationError::Failed { why: format!("operation '{id}' was {state}") }.into())
            }
        }
    }
}
