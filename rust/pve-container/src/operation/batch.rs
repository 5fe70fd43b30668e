//! Many interfaces plugged in or taken out at once, as when a node boots or is emptied: an operation each.

mod add;
mod given;
mod remove;

use std::cell::Cell;
use std::collections::HashSet;

use pve_netlink::Kernel;
use pve_netlink::wait::{Interrupted, Poll};
use rustix::process::{Resource, getrlimit};

use super::carry_out::{Change, Request};
use super::error::OperationError;
use super::id::Id;
use super::status::Kind;
use super::{Operations, Running};
use crate::hotplug::{self, Plugged, host_end};

pub use given::Given;

/// How many interfaces are on their way at once: few enough for the descriptors of their namespaces, records and locks, and
/// for the caller's hook to run in time.
const ADDED_AT_ONCE: usize = 32;

/// How many interfaces are deleted at once, while nobody else can change the host's network: some 60 ms.
const REMOVED_AT_ONCE: usize = 128;

/// What is wanted of one interface, or what is wrong with it.
pub type Item = Result<Request, hotplug::Error>;

/// What became of one interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Did {
    /// The operation.
    pub id: Id,
    /// The name of the host's end.
    pub name: String,
    /// The interface, unless it was taken out.
    pub interface: Option<Plugged>,
}

/// Descriptors that stay free for what a round opens besides those of each interface, and the next interface's own.
const SPARE_DESCRIPTORS: u64 = 16;

/// What became of some.
type Results = Vec<Result<Did, OperationError>>;

impl Operations {
    /// Do what the items say; for each what became of it, in their order. It is as if they were done one after another, and
    /// one that fails is undone by itself. `poll` runs at least every 50 ms meanwhile and may end the call: what is on its
    /// way then is undone, what is done stays.
    ///
    /// # Errors
    /// Only what ends the call as a whole: [`OperationError::Interrupted`].
    pub fn batch(
        &self,
        kernel: &dyn Kernel,
        items: &[Item],
        poll: &mut Poll<'_>,
    ) -> Result<Results, OperationError> {
        let ended = Cell::new(false);
        let mut poll = || poll().inspect_err(|Interrupted| ended.set(true));
        let mut results = Vec::new();
        while let Some(first) = items.get(results.len()) {
            let rest = items.get(results.len()..).unwrap_or_default();
            let run = first_run(rest);
            let done = match run.as_slice() {
                [first, _, ..] if first.change == Change::Remove => {
                    self.remove_together(kernel, &run, &mut poll)?
                }
                [_, _, ..] => self.add_together(kernel, &run, &mut poll)?,
                _ => Vec::new(),
            };
            if done.is_empty() {
                results.push(self.alone(kernel, first, &mut poll));
            }
            results.extend(done);
            if ended.get() || poll().is_err() {
                return Err(OperationError::Interrupted);
            }
        }
        Ok(results)
    }

    fn alone(
        &self,
        kernel: &dyn Kernel,
        item: &Item,
        poll: &mut Poll<'_>,
    ) -> Result<Did, OperationError> {
        let request = item.as_ref().map_err(Clone::clone)?;
        let (id, interface) = self.carry_out(kernel, request, poll)?;
        Ok(Did { id, name: host_end(request.vmid, request.netid)?, interface })
    }

    /// Its operation, whose record says only what must be known before something is done; none where another one has the
    /// interface, or died while it had it.
    fn begin_with_others(
        &self,
        request: &Request,
        host_end: &str,
    ) -> Result<Option<Running>, OperationError> {
        let running = Running::if_free(&self.folder, request.about(false), host_end)?;
        if let Some(running) = &running {
            self.clean_up_now_and_then(running.id());
        }
        Ok(running)
    }
}

/// Those from the first one on that can be done together: all plugged in, or all taken out, each another interface.
fn first_run(items: &[Item]) -> Vec<&Request> {
    let kind = |item: &Item| item.as_ref().ok().map(|request| request.change.kind());
    let kind_of_all = items.first().and_then(kind);
    let most = match kind_of_all {
        Some(Kind::Add) => ADDED_AT_ONCE,
        Some(Kind::Remove) => REMOVED_AT_ONCE,
        Some(Kind::Update) | None => 1,
    };
    let mut seen = HashSet::new();
    let mut fits = |request: &Request| {
        Some(request.change.kind()) == kind_of_all && seen.insert((request.vmid, request.netid))
    };
    let requests = items.iter().take(most).map_while(|item| item.as_ref().ok());
    requests.take_while(|request| fits(request)).collect()
}

/// Whether this process may open the files of one more interface. The kernel gives out the lowest number that is free.
fn has_descriptors(last: &Running) -> bool {
    let most = getrlimit(Resource::Nofile).current;
    let used = u64::try_from(last.descriptor()).unwrap_or_default();
    most.is_none_or(|most| used + SPARE_DESCRIPTORS < most)
}

/// An operation has ended: what its caller is told.
fn did(
    running: Running,
    name: String,
    result: Result<Option<Plugged>, hotplug::Error>,
) -> Result<Did, OperationError> {
    let id = running.id().clone();
    Ok(Did { id, name, interface: running.ended(result)? })
}
