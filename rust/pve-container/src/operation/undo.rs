//! Operations whose process ended are undone or completed; those that are done are undone.

use std::thread;
use std::time::Duration;

use pve_netlink::Kernel;
use pve_netlink::netns::NetNs;
use pve_netlink::wait::{Poll, SLICE, in_thread};

use super::Operations;
use super::entry::{Ended, Entry, now};
use super::error::OperationError;
use super::folder::{Folder, append};
use super::id::Id;
use super::process;
use super::record::Record;
use super::status::{Kind, State, Status};
use crate::hotplug::{self, host_end, remove_rest, restore};

impl Operations {
    /// End an operation, of this process or another. Before its point of no return it ends, and what it did is undone;
    /// after it, and when it is done, it is undone. `poll` runs at least every 50 ms meanwhile and may end the wait.
    ///
    /// # Errors
    /// [`OperationError`]: among them, that it has ended without success, and that another operation on the interface came
    /// after it.
    pub fn cancel(
        &self,
        kernel: &dyn Kernel,
        id: &str,
        poll: &mut Poll<'_>,
    ) -> Result<Status, OperationError> {
        let id: Id = id.parse()?;
        let mut record = self.folder.read(&id)?;
        if !record.state().is_final() {
            write(&self.folder, &id, &Entry::Cancel { at: now() })?;
            record = self.wait_for_end(kernel, &id, poll)?;
            // Its own process, or we in its place, have done what was asked for.
            if matches!(record.state(), State::Cancelled | State::Undone) {
                return Ok(record.status());
            }
        }
        let state = record.state();
        if state != State::Succeeded {
            return Err(OperationError::HasEnded { id: id.to_string(), state: state.as_str() });
        }
        self.take_back(kernel, &id, poll)
    }

    fn wait_for_end(
        &self,
        kernel: &dyn Kernel,
        id: &Id,
        poll: &mut Poll<'_>,
    ) -> Result<Record, OperationError> {
        let mut slice = Duration::from_millis(1);
        loop {
            let record = self.folder.read(id)?;
            if record.state().is_final() {
                return Ok(record);
            }
            self.finish_abandoned(kernel, id, &record, poll)?;
            poll().map_err(|_| OperationError::Interrupted)?;
            thread::sleep(slice);
            slice = (slice * 2).min(SLICE);
        }
    }

    /// Undo what an operation did that succeeded.
    fn take_back(
        &self,
        kernel: &dyn Kernel,
        id: &Id,
        poll: &mut Poll<'_>,
    ) -> Result<Status, OperationError> {
        let record = self.folder.read(id)?;
        let lock = self.folder.lock(&name(&record)?)?;
        let mut slice = Duration::from_millis(1);
        while !lock.take()? {
            poll().map_err(|_| OperationError::Interrupted)?;
            thread::sleep(slice);
            slice = (slice * 2).min(SLICE);
        }
        if let Some(other) = lock.holder() {
            self.finish_locked(kernel, &other, poll)?;
        }
        let record = self.folder.read(id)?;
        if record.state() != State::Succeeded {
            let state = record.state().as_str();
            return Err(OperationError::HasEnded { id: id.to_string(), state });
        }
        self.check_last(id, &record)?;
        let not = |why| OperationError::NotUndoable { id: id.to_string(), why };
        let before = record.before.as_ref().ok_or_else(|| not("it changed nothing"))?;
        let needs_container = record.opened.kind != Kind::Add;
        let there = record.container.as_ref().is_some_and(super::entry::Place::is_there);
        if needs_container && (before.inside.is_none() || !there) {
            return Err(not("its container is not known, or was stopped since"));
        }
        // Whoever is killed in here leaves an operation that runs and whose process ended.
        lock.set_holder(id)?;
        write(&self.folder, id, &Entry::Undoing { at: now() })?;
        let failed = put_back(kernel, &record, poll)?;
        let state = if failed.is_some() { State::Failed } else { State::Undone };
        let status = self.end(id, state, failed.clone())?;
        if state == State::Undone {
            self.tell(id, &record, record.opened.kind.inverse());
        }
        lock.clear();
        let not = |why| Err(OperationError::NotUndone { id: id.to_string(), why });
        failed.map_or(Ok(status), not)
    }

    fn check_last(&self, id: &Id, record: &Record) -> Result<(), OperationError> {
        let later = self.folder.ids()?.into_iter().filter(|other| other > id);
        for other in later {
            let Ok(found) = self.folder.read(&other) else { continue };
            let same = (found.opened.vmid, found.opened.netid)
                == (record.opened.vmid, record.opened.netid);
            if same && matches!(found.state(), State::Succeeded | State::Running) {
                let (id, by) = (id.to_string(), other.to_string());
                return Err(OperationError::Superseded { id, by });
            }
        }
        Ok(())
    }

    /// Undo or complete every operation whose process ended before it; what became of them.
    ///
    /// # Errors
    /// The first [`OperationError`], with all others done.
    pub fn reconcile(
        &self,
        kernel: &dyn Kernel,
        poll: &mut Poll<'_>,
    ) -> Result<Vec<Status>, OperationError> {
        let mut done = Vec::new();
        let mut failed = None;
        for id in self.folder.ids()? {
            let finished = match self.folder.read(&id) {
                Ok(record) if !record.state().is_final() => {
                    self.finish_abandoned(kernel, &id, &record, poll)
                }
                Ok(_) | Err(OperationError::Unknown { .. }) => continue,
                Err(error) => Err(error),
            };
            match finished {
                Ok(status) => done.extend(status),
                Err(OperationError::Interrupted) => return Err(OperationError::Interrupted),
                // One that cannot be finished is not in the way of others.
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(done), Err)
    }

    /// Undo or complete an operation, if its process ended before it.
    fn finish_abandoned(
        &self,
        kernel: &dyn Kernel,
        id: &Id,
        record: &Record,
        poll: &mut Poll<'_>,
    ) -> Result<Option<Status>, OperationError> {
        if record.state() == State::Pending {
            let (pid, start) = (record.opened.pid, record.opened.process_start);
            if process::is_there(pid, start) || self.folder.read(id)?.state() != State::Pending {
                return Ok(None);
            }
            return self.end(id, State::Cancelled, None).map(Some);
        }
        let lock = self.folder.lock(&name(record)?)?;
        if !lock.take()? {
            return Ok(None);
        }
        let finished = self.finish_locked(kernel, id, poll)?;
        if lock.holder().as_ref() == Some(id) {
            lock.clear();
        }
        Ok(finished)
    }

    /// The same for one whose interface's lock is held here.
    pub(super) fn finish_locked(
        &self,
        kernel: &dyn Kernel,
        id: &Id,
        poll: &mut Poll<'_>,
    ) -> Result<Option<Status>, OperationError> {
        let record = match self.folder.read(id) {
            Ok(record) => record,
            // It was killed before it had one, and so before it did anything.
            Err(OperationError::Unknown { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        if record.state().is_final() {
            return Ok(None);
        }
        let (state, failed) = match (record.opened.kind, record.committed && !record.undoing) {
            // Its deletion was the point of no return.
            (Kind::Remove, true) => (State::Succeeded, remove(kernel, &record, poll)?),
            (_, true) => (State::Succeeded, None),
            _ => (State::Undone, put_back(kernel, &record, poll)?),
        };
        let state = if failed.is_some() { State::Failed } else { state };
        let status = self.end(id, state, failed)?;
        match state {
            State::Succeeded => self.tell(id, &record, record.opened.kind),
            // It had succeeded, and whoever undid it was killed.
            State::Undone if record.undoing => self.tell(id, &record, record.opened.kind.inverse()),
            // Nobody was told of it.
            _ => {}
        }
        Ok(Some(status))
    }

    fn tell(&self, id: &Id, record: &Record, done: Kind) {
        if let Ok(iface) = name(record) {
            let target = (record.opened.vmid, record.opened.netid);
            self.folder.told.changed(done, target, iface, id.as_str());
        }
    }

    fn end(&self, id: &Id, state: State, error: Option<String>) -> Result<Status, OperationError> {
        let ended = Ended { state, at: now(), error, interface: None };
        write(&self.folder, id, &Entry::Ended(ended))?;
        Ok(self.folder.read(id)?.status())
    }
}

fn name(record: &Record) -> Result<String, OperationError> {
    Ok(host_end(record.opened.vmid, record.opened.netid)?)
}

fn write(folder: &Folder, id: &Id, entry: &Entry) -> Result<(), OperationError> {
    let path = folder.record(id);
    let mut line = serde_json::to_vec(entry)
        .map_err(|error| OperationError::file("write", &path)(error.into()))?;
    line.push(b'\n');
    append(&folder.append(id)?, &line).map_err(OperationError::file("write", &path))
}

/// The container's namespace, if it is the one that it was.
fn container(kernel: &dyn Kernel, record: &Record) -> Option<NetNs> {
    let place = record.container.as_ref().filter(|place| place.is_there())?;
    let wire = kernel.wire().ok()?;
    kernel.netns(wire.as_ref(), &place.path).ok()
}

/// Make everything what it was; what could not be done, in one text.
fn put_back(
    kernel: &dyn Kernel,
    record: &Record,
    poll: &mut Poll<'_>,
) -> Result<Option<String>, OperationError> {
    let Some(before) = &record.before else { return Ok(None) };
    let name = name(record)?;
    let errors =
        in_thread(poll, |_| restore(kernel, &name, before, container(kernel, record).as_ref()))?;
    let texts: Vec<_> = errors.iter().map(ToString::to_string).collect();
    Ok((!texts.is_empty()).then(|| format!("undoing failed: {}", texts.join("; "))))
}

fn remove(
    kernel: &dyn Kernel,
    record: &Record,
    poll: &mut Poll<'_>,
) -> Result<Option<String>, OperationError> {
    let name = name(record)?;
    let index = record.before.as_ref().and_then(|before| before.links.get(&name));
    let index = index.map(|own| own.shown.index);
    let removed: Result<(), hotplug::Error> =
        in_thread(poll, |_| remove_rest(kernel, &name, index))?;
    Ok(removed.err().map(|error| error.to_string()))
}
