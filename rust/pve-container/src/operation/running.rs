//! An operation that is being carried out, as its process writes its record.

use std::fs::File;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use pve_netlink::netns::NetNs;
use pve_netlink::wait::{Poll, SLICE};
use pve_netlink::{Errno, Error};

use super::entry::{Ended, Entry, Opened, Place, VERSION, now};
use super::error::OperationError;
use super::folder::{Folder, Lock, append};
use super::id::Id;
use super::process;
use super::status::{Kind, State};
use crate::events::Told;
use crate::hotplug::{self, Before, Journal, Plugged};

/// What an operation is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About {
    /// What is done.
    pub kind: Kind,
    /// The container.
    pub vmid: u32,
    /// The N of netN.
    pub netid: u32,
    /// Whether the caller goes on meanwhile.
    pub background: bool,
}

/// An operation on an interface that it has for itself until [`Running::finish`], or until its process ends.
#[derive(Debug)]
pub struct Running {
    id: Id,
    about: About,
    told: Told,
    record: File,
    lock: Lock,
    /// How long the record is by what was written here. Whatever else is in it, others wrote.
    written: AtomicU64,
    /// Lines that go out with the next one.
    held: Mutex<Vec<u8>>,
    steps: Steps,
}

/// When the lines of steps are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Steps {
    /// As each begins, and then it may be ended.
    AtOnce,
    /// With a line that has to be there: it is one of many that are carried out together, in a moment.
    Later,
}

/// One that waits for its turn.
#[derive(Debug)]
pub(super) struct Pending {
    running: Running,
    folder: Folder,
}

impl Pending {
    /// A new operation's record.
    pub(super) fn open(
        folder: &Folder,
        about: About,
        host_end: &str,
    ) -> Result<Self, OperationError> {
        let lock = folder.lock(host_end)?;
        let (id, opened) = opened(about);
        let record = folder.create(&id)?;
        let running = Running::new((id, about), folder.told.clone(), record, lock, Steps::AtOnce);
        running.write(&[Entry::Opened(opened)])?;
        Ok(Self { running, folder: folder.clone() })
    }

    pub(super) fn id(&self) -> &Id {
        &self.running.id
    }

    /// Wait until the interface is free. Whose process ended while it had it, is given to `finish_other` first.
    pub(super) fn run(
        self,
        poll: &mut Poll<'_>,
        finish_other: impl FnOnce(&Folder, &Id) -> Result<(), OperationError>,
    ) -> Result<Running, OperationError> {
        let waited = self.wait(poll);
        let Self { running, folder } = self;
        match waited.and_then(|()| running.begin(&folder, finish_other)) {
            Ok(()) => {
                running.write(&[Entry::Running { at: now() }])?;
                Ok(running)
            }
            Err(error) => {
                running.end_waiting(&error);
                Err(error)
            }
        }
    }

    fn wait(&self, poll: &mut Poll<'_>) -> Result<(), OperationError> {
        let mut slice = Duration::from_millis(1);
        while !self.running.lock.take()? {
            if self.running.is_cancelled(&self.folder)? || poll().is_err() {
                return Err(OperationError::Interrupted);
            }
            thread::sleep(slice);
            slice = (slice * 2).min(SLICE);
        }
        if self.running.is_cancelled(&self.folder)? {
            Err(OperationError::Interrupted)
        } else {
            Ok(())
        }
    }
}

fn opened(about: About) -> (Id, Opened) {
    let at = now();
    let id = Id::new(at);
    let (pid, process_start) = process::own();
    let About { kind, vmid, netid, background } = about;
    let text = id.to_string();
    let opened = Opened {
        version: VERSION,
        id: text,
        kind,
        vmid,
        netid,
        background,
        pid,
        process_start,
        at,
    };
    (id, opened)
}

impl Running {
    /// Begin an operation whose interface is free; none where another one has it.
    pub(super) fn at_once(
        folder: &Folder,
        about: About,
        host_end: &str,
        finish_other: impl FnOnce(&Folder, &Id) -> Result<(), OperationError>,
    ) -> Result<Option<Self>, OperationError> {
        let lock = folder.lock(host_end)?;
        if !lock.take()? {
            return Ok(None);
        }
        if let Some(other) = lock.holder() {
            finish_other(folder, &other)?;
        }
        Self::locked(folder, about, lock, Steps::AtOnce).map(Some)
    }

    /// Begin an operation that is one of many carried out together; none where another one has the interface, or died while
    /// it had it.
    pub(super) fn if_free(
        folder: &Folder,
        about: About,
        host_end: &str,
    ) -> Result<Option<Self>, OperationError> {
        let lock = folder.lock(host_end)?;
        if !lock.take()? || lock.holder().is_some() {
            return Ok(None);
        }
        Self::locked(folder, about, lock, Steps::Later).map(Some)
    }

    /// Begin an operation whose interface's lock is held. Its first lines go out with the one that is next.
    fn locked(
        folder: &Folder,
        about: About,
        lock: Lock,
        steps: Steps,
    ) -> Result<Self, OperationError> {
        let (id, opened) = opened(about);
        // Before there is a record that says that it runs, so that none seems abandoned.
        lock.set_holder(&id)?;
        let record = folder.create(&id)?;
        let running = Self::new((id, about), folder.told.clone(), record, lock, steps);
        let at = opened.at;
        running.hold(&[Entry::Opened(opened), Entry::Running { at }])?;
        Ok(running)
    }

    fn new((id, about): (Id, About), told: Told, record: File, lock: Lock, steps: Steps) -> Self {
        Self {
            id,
            about,
            told,
            record,
            lock,
            written: AtomicU64::new(0),
            held: Mutex::default(),
            steps,
        }
    }

    fn begin(
        &self,
        folder: &Folder,
        finish_other: impl FnOnce(&Folder, &Id) -> Result<(), OperationError>,
    ) -> Result<(), OperationError> {
        if let Some(other) = self.lock.holder() {
            finish_other(folder, &other)?;
        }
        self.lock.set_holder(&self.id)
    }

    fn end_waiting(&self, error: &OperationError) {
        let (state, error) = match error {
            OperationError::Interrupted => (State::Cancelled, None),
            error => (State::Failed, Some(error.to_string())),
        };
        self.end(Ended { state, at: now(), error, interface: None });
    }

    /// A number that the kernel gave out last for it.
    pub(super) fn descriptor(&self) -> RawFd {
        self.record.as_raw_fd()
    }

    /// It has ended, and so: what its caller is told.
    pub(super) fn ended(
        self,
        result: Result<Option<Plugged>, hotplug::Error>,
    ) -> Result<Option<Plugged>, OperationError> {
        let id = self.id.to_string();
        self.finish(&result);
        result.map_err(|error| match error {
            error if error.is_interrupted() && !error.is_not_undone() => {
                OperationError::Cancelled { id }
            }
            error => error.into(),
        })
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &Id {
        &self.id
    }

    /// It has ended, and so. The interface is free for others.
    pub fn finish(self, result: &Result<Option<Plugged>, hotplug::Error>) {
        let (state, error, interface) = match result {
            Ok(interface) => (State::Succeeded, None, interface.clone()),
            Err(error) if error.is_interrupted() && !error.is_not_undone() => {
                (State::Cancelled, None, None)
            }
            Err(error) => (State::Failed, Some(error.to_string()), None),
        };
        self.end(Ended { state, at: now(), error, interface });
    }

    fn end(&self, ended: Ended) {
        let succeeded = ended.state == State::Succeeded;
        // What cannot be written any more is found out by whoever has the interface next.
        if self.write(&[Entry::Ended(ended)]).is_err() {
            return;
        }
        // While the interface is locked, so that events of one interface are in the order of its changes.
        if let (true, About { kind, vmid, netid, .. }) = (succeeded, self.about) {
            if let Ok(iface) = hotplug::host_end(vmid, netid) {
                self.told.changed(kind, (vmid, netid), iface, self.id.as_str());
            }
        }
        if self.lock.holder().as_ref() == Some(&self.id) {
            self.lock.clear();
        }
    }

    fn write(&self, entries: &[Entry]) -> Result<(), Error> {
        let tried = || format!("write the record of operation '{}'", self.id);
        let mut lines = std::mem::take(&mut *self.held());
        for entry in entries {
            self.line(&mut lines, entry)?;
        }
        append(&self.record, &lines).map_err(|error| Error::System {
            tried: tried(),
            errno: Errno::from_raw(error.raw_os_error().unwrap_or(Errno::ENOSPC as i32)),
            hint: String::new(),
        })?;
        self.written.fetch_add(lines.len() as u64, Ordering::Relaxed);
        Ok(())
    }

    /// Have lines go out with the next one.
    fn hold(&self, entries: &[Entry]) -> Result<(), Error> {
        let mut held = self.held();
        entries.iter().try_for_each(|entry| self.line(&mut held, entry))
    }

    /// One of many is about to be deleted, which is its point of no return; `before` only says which link that is.
    pub(super) fn about_to_delete(&self, before: &Before) -> Result<(), Error> {
        self.or_end()?;
        let before = Entry::Before(Box::new(before.clone()));
        // One write: while there is no point of no return, whoever undoes it would take what is said of the link for all
        // that there was.
        self.write(&[before, Entry::Commit { at: now() }])
    }

    fn held(&self) -> MutexGuard<'_, Vec<u8>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn line(&self, lines: &mut Vec<u8>, entry: &Entry) -> Result<(), Error> {
        serde_json::to_writer(&mut *lines, entry).map_err(|error| {
            Error::Internal(format!("unable to write the record of '{}': {error}", self.id))
        })?;
        lines.push(b'\n');
        Ok(())
    }

    /// Whether others wrote something.
    fn is_spoken_to(&self) -> bool {
        let length = self.record.metadata().map_or(0, |record| record.len());
        length > self.written.load(Ordering::Relaxed)
    }

    /// Whether somebody wants it to end, and said so before the point of no return.
    fn is_cancelled(&self, folder: &Folder) -> Result<bool, OperationError> {
        if !self.is_spoken_to() {
            return Ok(false);
        }
        let record = folder.read(&self.id)?;
        // Whoever does not see this process may have taken it for gone.
        Ok(record.cancelled || record.ended.is_some())
    }

    /// The same by the record that is open.
    pub(super) fn asked_to_end(&self) -> bool {
        use std::os::unix::fs::FileExt;

        if !self.is_spoken_to() {
            return false;
        }
        let length = self.record.metadata().map_or(0, |record| record.len());
        let mut text = vec![0; usize::try_from(length).unwrap_or(0)];
        let read = self.record.read_exact_at(&mut text, 0);
        let record = super::record::Record::parse(std::path::Path::new(""), &text);
        read.is_ok() && record.is_ok_and(|record| record.cancelled)
    }

    fn or_end(&self) -> Result<(), Error> {
        if self.asked_to_end() { Err(Error::Interrupted) } else { Ok(()) }
    }
}

impl Journal for Running {
    fn step(&self, name: &'static str) -> Result<(), Error> {
        let step = Entry::Step { name: name.into(), at: now() };
        match self.steps {
            Steps::AtOnce => {
                self.or_end()?;
                self.write(&[step])
            }
            Steps::Later => self.hold(&[step]),
        }
    }

    fn container(&self, netns: &NetNs) -> Result<(), Error> {
        // Nothing has been done there yet.
        let place = Place::of(netns);
        place.map_or(Ok(()), |place| self.hold(&[Entry::Container(place)]))
    }

    fn before(&self, before: &Before) -> Result<(), Error> {
        self.write(&[Entry::Before(Box::new(before.clone()))])
    }

    fn commit(&self) -> Result<(), Error> {
        let commit = Entry::Commit { at: now() };
        match self.steps {
            Steps::AtOnce => {
                self.write(&[commit])?;
                self.or_end()
            }
            // Who comes between this and its end undoes what is done.
            Steps::Later => {
                self.or_end()?;
                self.hold(&[commit])
            }
        }
    }
}
