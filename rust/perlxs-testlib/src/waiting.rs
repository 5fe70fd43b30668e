//! Calls that wait, and threads.

/// Waiting.
#[perlxs::package(name = "PerlXS::Test::Waiting")]
pub mod bindings {
    use std::time::{Duration, Instant};

    use perlxs::{Data, Error, Signals};

    use crate::any::Any;

    /// Waits, and returns the text, which it got before it waited.
    #[export]
    fn wait(signals: &Signals, milliseconds: u64, text: &str) -> Result<String, Error> {
        let end = Instant::now() + Duration::from_millis(milliseconds);
        while Instant::now() < end {
            signals.poll()?;
            std::thread::sleep(Duration::from_millis(5));
        }
        signals.poll()?;
        Ok(text.to_owned())
    }

    /// Raises a signal and lets its handler run, with data at hand.
    #[export]
    fn raise(signals: &Signals, signal: i32, data: Data<Any>) -> Result<Data<Any>, Error> {
        // SAFETY: has no precondition.
        unsafe {
            libc::raise(signal);
        }
        signals.poll()?;
        Ok(data)
    }

    /// Waits for a thread that takes so many milliseconds; tells whether that thread had every signal masked.
    #[export]
    fn thread(signals: &Signals, milliseconds: u64) -> Result<bool, Error> {
        let thread = perlxs::spawn(move || {
            std::thread::sleep(Duration::from_millis(milliseconds));
            masked()
        })
        .map_err(|error| Error::die(format!("cannot start a thread: {error}\n")))?;
        while !thread.is_finished() {
            signals.poll()?;
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(thread.join().unwrap_or(false))
    }

    fn masked() -> bool {
        // SAFETY: an empty set is filled with the calling thread's mask.
        unsafe {
            let mut set = std::mem::zeroed::<libc::sigset_t>();
            libc::pthread_sigmask(libc::SIG_BLOCK, std::ptr::null(), &mut set);
            [libc::SIGALRM, libc::SIGTERM, libc::SIGINT, libc::SIGCHLD, libc::SIGUSR1]
                .iter()
                .all(|&signal| libc::sigismember(&set, signal) == 1)
        }
    }
}
