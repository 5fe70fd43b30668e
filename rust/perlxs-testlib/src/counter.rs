//! An object that can be asked whether it was dropped, and where.

use std::fs::OpenOptions;
use std::io::Write;
use std::sync::atomic::{AtomicI64, Ordering};

static ALIVE: AtomicI64 = AtomicI64::new(0);

/// A counter; on its end it writes a line to a file, as an object of the product would change something outside.
pub struct Counter {
    value: i64,
    journal: Option<String>,
    forks: u32,
}

impl Counter {
    fn new(value: i64, journal: Option<String>) -> Counter {
        ALIVE.fetch_add(1, Ordering::Relaxed);
        Counter { value, journal, forks: 0 }
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        ALIVE.fetch_sub(1, Ordering::Relaxed);
        if let Some(path) = &self.journal {
            if let Ok(mut file) = OpenOptions::new().append(true).create(true).open(path) {
                let _ = writeln!(file, "dropped {} in {}", self.value, std::process::id());
            }
        }
        // SAFETY: closing a descriptor that cannot be open only sets errno, which DESTROY must not show.
        unsafe {
            libc::close(-1);
        }
    }
}

impl perlxs::Object for Counter {
    fn after_fork(&mut self) {
        self.forks += 1;
    }
}

/// Counters.
#[perlxs::package(name = "PerlXS::Test::Counter", object = super::Counter)]
pub mod bindings {
    use std::sync::atomic::Ordering;
    use std::time::{Duration, Instant};

    use perlxs::{Class, Closing, Error, Handle, Signals};

    use super::{ALIVE, Counter};

    /// A counter that starts at `value`; at its end it appends a line to the file `journal`.
    #[export]
    fn new(class: Class, value: Option<i64>, journal: Option<String>) -> Handle<Counter> {
        Handle::in_class(Counter::new(value.unwrap_or(0), journal), &class)
    }

    /// Its value.
    #[export]
    fn value(this: &Counter) -> i64 {
        this.value
    }

    /// Adds to it.
    #[export]
    fn add(this: &mut Counter, number: i64) -> i64 {
        this.value += number;
        this.value
    }

    /// The sum of two counters, which may be the same.
    #[export]
    fn plus(this: &Counter, other: Option<i64>) -> i64 {
        this.value + other.unwrap_or(0)
    }

    /// How many forks it noticed.
    #[export]
    fn forks(this: &Counter) -> u32 {
        this.forks
    }

    /// Changes it, and fails.
    #[export]
    fn fail(this: &mut Counter, text: String) -> Result<(), Error> {
        this.value += 1;
        Err(Error::die(text))
    }

    /// Panics with it in use.
    #[export]
    fn panic(this: &mut Counter) {
        this.value += 1;
        panic!("with a counter in use")
    }

    /// Ends it; the object is closed afterwards.
    #[export]
    fn close(this: Closing<Counter>) -> i64 {
        this.into_inner().value
    }

    /// In use for so many milliseconds, while signal handlers run.
    #[export]
    fn hold(this: &mut Counter, signals: &Signals, milliseconds: u64) -> Result<i64, Error> {
        let end = Instant::now() + Duration::from_millis(milliseconds);
        while Instant::now() < end {
            signals.poll()?;
            std::thread::sleep(Duration::from_millis(5));
        }
        this.value += 1;
        Ok(this.value)
    }

    /// Read for so many milliseconds, while signal handlers run.
    #[export]
    fn watch(this: &Counter, signals: &Signals, milliseconds: u64) -> Result<i64, Error> {
        let end = Instant::now() + Duration::from_millis(milliseconds);
        while Instant::now() < end {
            signals.poll()?;
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(this.value)
    }

    /// How many counters there are in this process.
    #[export]
    fn alive() -> i64 {
        ALIVE.load(Ordering::Relaxed)
    }
}
