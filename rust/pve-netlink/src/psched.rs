//! The units of this kernel's packet scheduler, and how this machine's tc(8) rounds to them.

use std::fs;
use std::sync::OnceLock;

use crate::tc::{Clock, Rounding};

/// Both, which stay as they are as long as the kernel runs and until the next release of Debian is installed.
#[must_use]
pub fn clock() -> Clock {
    static CLOCK: OnceLock<Clock> = OnceLock::new();
    if let Some(clock) = CLOCK.get() {
        return *clock;
    }
    let rounding = rounding();
    let text = fs::read_to_string("/proc/net/psched").unwrap_or_default();
    match Clock::parse(&text, rounding) {
        Some(clock) => *CLOCK.get_or_init(|| clock),
        // There may be a /proc the next time.
        None => Clock::precise(rounding),
    }
}

/// From the file that os-release(5) names first and, without it, the other one.
fn rounding() -> Rounding {
    let release = fs::read_to_string("/etc/os-release")
        .or_else(|_| fs::read_to_string("/usr/lib/os-release"));
    Rounding::of_release(&release.unwrap_or_default())
}
