//! Whether a process is still the one that it was: its number may be another's by now.

use std::fs;
use std::sync::Mutex;

/// When a process was started, in the kernel's ticks since the node was (proc_pid_stat(5), starttime).
pub(super) fn start_of(pid: u32) -> Option<u64> {
    const AFTER_NAME: usize = 19;
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace();
    let dead = matches!(fields.clone().next(), Some("Z" | "X"));
    let start = fields.nth(AFTER_NAME)?.parse().ok()?;
    (!dead).then_some(start)
}

/// This process, and when it was started.
pub(super) fn own() -> (u32, u64) {
    static OWN: Mutex<Option<(u32, u64)>> = Mutex::new(None);
    let pid = std::process::id();
    // A fork while another thread is in here must not leave the child waiting for that.
    let Ok(mut own) = OWN.try_lock() else {
        return (pid, start_of(pid).unwrap_or(0));
    };
    match *own {
        Some(known) if known.0 == pid => known,
        _ => *own.insert((pid, start_of(pid).unwrap_or(0))),
    }
}

/// Whether a process that was started then is still there.
pub(super) fn is_there(pid: u32, start: u64) -> bool {
    start_of(pid) == Some(start)
}
