//! A descriptor that is readable when there may be something to do: something was appended, or it is time.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::event::epoll;
use rustix::fs::inotify;
use rustix::io::Errno;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};

use crate::error::EventsError;

/// That a file was removed, too: the folder may be going.
const WANTED: inotify::WatchFlags = inotify::WatchFlags::MODIFY
    .union(inotify::WatchFlags::CREATE)
    .union(inotify::WatchFlags::DELETE);

/// An epoll(7) of an inotify(7) on the journal's folder and a timer.
#[derive(Debug)]
pub(crate) struct Wakeup {
    folder: PathBuf,
    epoll: OwnedFd,
    inotify: OwnedFd,
    timer: OwnedFd,
}

impl Wakeup {
    /// One for the folder, which exists. It is readable at first: what is there already is to be read, too.
    pub(crate) fn new(folder: &Path) -> Result<Self, EventsError> {
        let made = || -> Result<Self, Errno> {
            let flags = inotify::CreateFlags::CLOEXEC | inotify::CreateFlags::NONBLOCK;
            let inotify = inotify::init(flags)?;
            inotify::add_watch(&inotify, folder, WANTED)?;
            let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
            let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
            let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
            for source in [inotify.as_fd(), timer.as_fd()] {
                epoll::add(&epoll, source, epoll::EventData::new_u64(0), epoll::EventFlags::IN)?;
            }
            Ok(Self { folder: folder.to_owned(), epoll, inotify, timer })
        };
        let wakeup = made().map_err(|errno| EventsError::Watch {
            path: folder.to_owned(),
            source: errno.into(),
            hint: match errno {
                Errno::MFILE => ": raise fs.inotify.max_user_instances, or close descriptors",
                Errno::NOSPC => ": raise fs.inotify.max_user_watches",
                _ => "",
            },
        })?;
        wakeup.wake_in(Some(Duration::ZERO));
        Ok(wakeup)
    }

    pub(crate) fn fd(&self) -> RawFd {
        self.epoll.as_raw_fd()
    }

    /// It is not readable until something happens after this.
    pub(crate) fn rest(&self) {
        let mut seen = [0; 4096];
        while rustix::io::read(&self.inotify, &mut seen).is_ok_and(|count| count > 0) {}
        let _ = rustix::io::read(&self.timer, &mut seen);
        // The same watch as before, unless the folder was removed and made anew.
        let _ = inotify::add_watch(&self.inotify, &self.folder, WANTED);
    }

    /// It becomes readable after that time, whatever happens; `None`: not by itself.
    pub(crate) fn wake_in(&self, time: Option<Duration>) {
        // A timer that is set to nothing is off.
        let time = time.map_or(Duration::ZERO, |time| time.max(Duration::from_nanos(1)));
        let at = Timespec {
            tv_sec: i64::try_from(time.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: time.subsec_nanos().into(),
        };
        let once = Timespec { tv_sec: 0, tv_nsec: 0 };
        let timer = Itimerspec { it_interval: once, it_value: at };
        // It fails for times that are none.
        let _ = timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &timer);
    }
}

impl AsFd for Wakeup {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.epoll.as_fd()
    }
}
