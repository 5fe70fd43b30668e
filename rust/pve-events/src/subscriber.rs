//! Readers that are remembered: each event is delivered until it is acknowledged or given up, also after a crash.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::RawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pve_files::state_folder::create_private;
use pve_types::{Envelope, Time};
use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;

use crate::error::EventsError;
use crate::follower::watch;
use crate::reader::{Lost, Reader, Start};
use crate::segments::Folder;
use crate::subscription::{DeadLetter, Failed, Retries, Subscription};
use crate::wakeup::Wakeup;

/// The most events that are delivered and not acknowledged.
const UNDER_WAY: usize = 10_000;

/// An event for a subscriber.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// The event.
    pub event: Envelope,
    /// 1, unless it failed before.
    pub attempt: u32,
}

/// A durable subscriber, for as long as this process is it.
#[derive(Debug)]
pub struct Subscriber {
    name: String,
    root: PathBuf,
    path: PathBuf,
    /// Held until this is dropped.
    lock: File,
    retries: Retries,
    subscription: Subscription,
    reader: Reader,
    /// Read and not dealt with: those that are delivered, and those that are to be delivered again.
    open: BTreeMap<u64, Open>,
    lost: Vec<Lost>,
    /// What the last call of `next` delivered.
    latest: Vec<u64>,
    wakeup: Option<Wakeup>,
    of_parent: bool,
}

#[derive(Debug)]
struct Open {
    event: Envelope,
    failures: u32,
    /// `None`: it is delivered.
    due: Option<Time>,
}

impl Subscriber {
    /// The subscriber `name` of the node whose files are below `root`. A new one begins at `start`; one that is known goes on
    /// where it was, with what it has not acknowledged.
    ///
    /// # Errors
    /// [`EventsError`]
    pub fn below(
        root: &Path,
        name: &str,
        start: Start,
        retries: Retries,
    ) -> Result<Self, EventsError> {
        check_name(name)?;
        let folder = Folder::below(root);
        let path = folder.subscribers().join(format!("{name}.json"));
        create_private(folder.node_state(), &path)?;
        let lock = lock(name, &path.with_extension("lock"))?;
        let (subscription, reader) = match Subscription::read(name, &path)? {
            Some(known) => {
                let reader = Reader::below(root, Start::Sequence(known.acknowledged + 1))?;
                (known, reader)
            }
            None => begin(root, &path, start)?,
        };
        let (name, root) = (name.to_owned(), root.to_owned());
        let mut subscriber = Self {
            name,
            root,
            path,
            lock,
            retries,
            subscription,
            reader,
            open: BTreeMap::new(),
            lost: Vec::new(),
            latest: Vec::new(),
            wakeup: None,
            of_parent: false,
        };
        subscriber.take_up_old_letters();
        Ok(subscriber)
    }

    /// Events that were to be delivered again, and are not read from the journal.
    fn take_up_old_letters(&mut self) {
        for (sequence, failed) in &self.subscription.failed {
            if let Some(event) = &failed.event {
                let open =
                    Open { event: event.clone(), failures: failed.failures, due: Some(failed.due) };
                self.open.insert(*sequence, open);
            }
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    fn of_this_process(&self) -> Result<(), EventsError> {
        match self.of_parent {
            true => Err(EventsError::OfParent { name: self.name.clone() }),
            false => Ok(()),
        }
    }

    /// Up to `max` events that are to be dealt with: those whose time to be tried again has come, then new ones. Each is to
    /// be acknowledged or refused.
    ///
    /// # Errors
    /// [`EventsError`]; nothing is lost.
    pub fn next(&mut self, max: usize) -> Result<Vec<Delivery>, EventsError> {
        self.of_this_process()?;
        if let Some(wakeup) = &self.wakeup {
            wakeup.rest();
        }
        let deliveries = self.due(max);
        let result = self.read(max, deliveries);
        let latest = result.iter().flatten().map(|delivery| delivery.event.sequence);
        self.latest = latest.collect();
        self.arm(result.as_ref().map_or(true, |deliveries| deliveries.len() == max));
        result
    }

    /// What the last call of [`Subscriber::next`] returned has reached nobody: the next one returns it again.
    pub fn put_back(&mut self) {
        let now = now();
        for sequence in std::mem::take(&mut self.latest) {
            if let Some(open) = self.open.get_mut(&sequence) {
                open.due = Some(now);
            }
        }
        self.arm(true);
    }

    fn due(&mut self, max: usize) -> Vec<Delivery> {
        let now = now();
        let due = self.open.values_mut().filter(|open| open.due.is_some_and(|due| due <= now));
        let deliver = |open: &mut Open| {
            open.due = None;
            Delivery { event: open.event.clone(), attempt: open.failures + 1 }
        };
        due.take(max).map(deliver).collect()
    }

    fn read(
        &mut self,
        max: usize,
        mut deliveries: Vec<Delivery>,
    ) -> Result<Vec<Delivery>, EventsError> {
        while deliveries.len() < max && self.open.len() < UNDER_WAY {
            let batch = match self.reader.read(max - deliveries.len()) {
                Ok(batch) => batch,
                Err(_) if !deliveries.is_empty() => break,
                Err(error) => return Err(error),
            };
            if batch.events.is_empty() {
                break;
            }
            self.lost.extend(batch.lost);
            for event in batch.events {
                deliveries.extend(self.take(event));
            }
        }
        Ok(deliveries)
    }

    /// A new event, unless it is dealt with, or not to be delivered yet.
    fn take(&mut self, event: Envelope) -> Option<Delivery> {
        let sequence = event.sequence;
        if self.subscription.beyond.contains(&sequence) || self.open.contains_key(&sequence) {
            return None;
        }
        let failed = self.subscription.failed.get(&sequence);
        let failures = failed.map_or(0, |failed| failed.failures);
        let due = failed.map(|failed| failed.due).filter(|due| *due > now());
        let delivery =
            due.is_none().then(|| Delivery { event: event.clone(), attempt: failures + 1 });
        self.open.insert(sequence, Open { event, failures, due });
        delivery
    }

    /// Has the descriptor tell when the next retry is due, or at once if there may be more.
    fn arm(&self, more: bool) {
        let Some(wakeup) = &self.wakeup else { return };
        let next = self.open.values().filter_map(|open| open.due).min();
        let wait = next.map(|due| Duration::from_millis(due.0.saturating_sub(now().0)));
        wakeup.wake_in(if more { Some(Duration::ZERO) } else { wait });
    }

    /// The descriptor, which is readable while there may be something to deliver. It is this object's.
    ///
    /// # Errors
    /// [`EventsError::Watch`], [`EventsError::OfParent`].
    pub fn fd(&mut self) -> Result<RawFd, EventsError> {
        self.of_this_process()?;
        let wakeup = match self.wakeup.take() {
            Some(wakeup) => wakeup,
            None => watch(&self.root)?,
        };
        Ok(self.wakeup.insert(wakeup).fd())
    }

    /// These are dealt with. When this returns, that is on disk.
    ///
    /// # Errors
    /// [`EventsError::NotDelivered`]: none of them counts. That it cannot be written: they are to be acknowledged again.
    pub fn acknowledge(&mut self, sequences: &[u64]) -> Result<(), EventsError> {
        self.of_this_process()?;
        sequences.iter().try_for_each(|sequence| self.is_delivered(*sequence))?;
        self.change(|subscriber, subscription| {
            for sequence in sequences {
                subscription.failed.remove(sequence);
                subscription.beyond.insert(*sequence);
            }
            subscriber.settle(subscription, sequences);
        })?;
        let was_full = self.open.len() >= UNDER_WAY;
        for sequence in sequences {
            self.open.remove(sequence);
        }
        if was_full {
            self.arm(true);
        }
        Ok(())
    }

    /// This one failed, and why: it is delivered again later, or given up. Returns whether it was given up.
    ///
    /// # Errors
    /// As [`Subscriber::acknowledge`].
    pub fn refuse(&mut self, sequence: u64, error: &str) -> Result<bool, EventsError> {
        self.of_this_process()?;
        self.is_delivered(sequence)?;
        let Some(open) = self.open.get(&sequence) else { return Ok(false) };
        let (failures, now) = (open.failures + 1, now());
        let give_up = failures >= self.retries.attempts;
        let pause = u64::try_from(self.retries.pause(failures).as_millis()).unwrap_or(u64::MAX);
        let due = Time(now.0.saturating_add(pause));
        let (event, error) = (open.event.clone(), error.to_owned());
        let kept = self.subscription.failed.get(&sequence).and_then(|failed| failed.event.clone());
        self.change(|subscriber, subscription| {
            if give_up {
                subscription.failed.remove(&sequence);
                subscription.beyond.insert(sequence);
                subscription.bury(DeadLetter { event, attempts: failures, error, failed: now });
                subscriber.settle(subscription, &[sequence]);
            } else {
                let failed = Failed { failures, due, error, event: kept };
                subscription.failed.insert(sequence, failed);
            }
        })?;
        match self.open.get_mut(&sequence) {
            Some(_) if give_up => drop(self.open.remove(&sequence)),
            Some(open) => {
                open.failures = failures;
                open.due = Some(due);
            }
            None => {}
        }
        self.arm(false);
        Ok(give_up)
    }

    fn is_delivered(&self, sequence: u64) -> Result<(), EventsError> {
        match self.open.get(&sequence) {
            Some(Open { due: None, .. }) => Ok(()),
            _ => Err(EventsError::NotDelivered { name: self.name.clone(), sequence }),
        }
    }

    /// Everything before the first that is open, less `closed`, is dealt with.
    fn settle(&self, subscription: &mut Subscription, closed: &[u64]) {
        let first_open = self
            .open
            .keys()
            .find(|open| !closed.contains(open) && **open > subscription.acknowledged);
        let read = self.reader.next_sequence().unwrap_or(0);
        let until = first_open.copied().unwrap_or(read).saturating_sub(1);
        subscription.acknowledged = subscription.acknowledged.max(until);
        subscription.beyond = subscription.beyond.split_off(&(subscription.acknowledged + 1));
        let acknowledged = subscription.acknowledged;
        subscription
            .failed
            .retain(|sequence, failed| *sequence > acknowledged || failed.event.is_some());
    }

    /// What is remembered changes on disk first.
    fn change(&mut self, change: impl FnOnce(&Self, &mut Subscription)) -> Result<(), EventsError> {
        let mut subscription = self.subscription.clone();
        change(self, &mut subscription);
        subscription.write(&self.path)?;
        self.subscription = subscription;
        Ok(())
    }

    /// The number up to which all events are dealt with.
    #[must_use]
    pub fn acknowledged(&self) -> u64 {
        self.subscription.acknowledged
    }

    /// What it will never get, since the last time that this was asked: it was removed before it was read, or is damaged.
    pub fn take_lost(&mut self) -> Vec<Lost> {
        std::mem::take(&mut self.lost)
    }

    /// Events that were given up, oldest first, and how many more there was no room for.
    #[must_use]
    pub fn dead_letters(&self) -> (&[DeadLetter], u64) {
        (&self.subscription.dead, self.subscription.dropped)
    }

    /// Has a dead letter delivered again, as if it had never failed.
    ///
    /// # Errors
    /// [`EventsError::NoDeadLetter`]; that it cannot be written.
    pub fn redeliver(&mut self, sequence: u64) -> Result<(), EventsError> {
        self.of_this_process()?;
        let event = self.letter(sequence)?;
        let again = event.clone();
        self.change(|_, subscription| {
            subscription.dead.retain(|letter| letter.event.sequence != sequence);
            let failed =
                Failed { failures: 0, due: now(), error: String::new(), event: Some(again) };
            subscription.failed.insert(sequence, failed);
        })?;
        self.open.insert(sequence, Open { event, failures: 0, due: Some(now()) });
        self.arm(true);
        Ok(())
    }

    /// Forgets a dead letter.
    ///
    /// # Errors
    /// As [`Subscriber::redeliver`].
    pub fn discard(&mut self, sequence: u64) -> Result<(), EventsError> {
        self.of_this_process()?;
        self.letter(sequence)?;
        self.change(|_, subscription| {
            subscription.dead.retain(|letter| letter.event.sequence != sequence);
        })
    }

    fn letter(&self, sequence: u64) -> Result<Envelope, EventsError> {
        let letter = self.subscription.dead.iter().find(|l| l.event.sequence == sequence);
        letter
            .map(|letter| letter.event.clone())
            .ok_or_else(|| EventsError::NoDeadLetter { name: self.name.clone(), sequence })
    }

    /// Goes on at another place: everything from there is delivered again, everything before is dealt with. Dead letters
    /// stay.
    ///
    /// # Errors
    /// [`EventsError`]; it goes on where it was.
    pub fn replay(&mut self, start: Start) -> Result<(), EventsError> {
        self.of_this_process()?;
        let reader = Reader::below(&self.root, start)?;
        let acknowledged = match reader.next_sequence() {
            Some(next) => next - 1,
            None => oldest(&self.root)?,
        };
        self.change(|_, subscription| {
            subscription.acknowledged = acknowledged;
            subscription.beyond.clear();
            subscription.failed.clear();
        })?;
        self.reader = reader;
        self.open.clear();
        self.arm(true);
        Ok(())
    }

    /// Forgets the subscriber: the next one of its name is a new one.
    ///
    /// # Errors
    /// That its file cannot be removed.
    pub fn forget(self) -> Result<(), EventsError> {
        self.of_this_process()?;
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(EventsError::io("remove", &self.path)(error))
            }
            _ => Ok(()),
        }
    }

    /// In a child of a fork: the subscriber is the parent.
    pub fn after_fork(&mut self) {
        self.of_parent = true;
        self.wakeup = None;
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        if !self.of_parent {
            // A child that was forked holds the same open file; closing this one would not free the name.
            let _ = flock(&self.lock, FlockOperation::Unlock);
        }
    }
}

fn begin(root: &Path, path: &Path, start: Start) -> Result<(Subscription, Reader), EventsError> {
    let reader = Reader::below(root, start)?;
    let acknowledged = match reader.next_sequence() {
        Some(next) => next - 1,
        None => oldest(root)?,
    };
    let subscription = Subscription::new(acknowledged);
    // At once: it is remembered from here on, though it acknowledges nothing.
    subscription.write(path)?;
    Ok((subscription, reader))
}

/// The number before the oldest event.
fn oldest(root: &Path) -> Result<u64, EventsError> {
    Ok(Folder::below(root).firsts()?.first().map_or(0, |first| first - 1))
}

fn check_name(name: &str) -> Result<(), EventsError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    let first = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    match first && name.len() <= 64 && name.bytes().all(allowed) {
        true => Ok(()),
        false => Err(EventsError::BadName { name: name.to_owned() }),
    }
}

fn lock(name: &str, path: &Path) -> Result<File, EventsError> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY).bits() as i32;
    let mut options = OpenOptions::new();
    options.append(true).create(true).mode(0o600).custom_flags(flags);
    let file = options.open(path).map_err(EventsError::io("open", path))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(Errno::WOULDBLOCK) => Err(EventsError::InUse { name: name.to_owned() }),
        Err(errno) => Err(EventsError::io("lock", path)(errno.into())),
    }
}

fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
