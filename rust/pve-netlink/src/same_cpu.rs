//! A thread started on the processor that its starter leaves.
//!
//! The starter sleeps until the thread ends, so there is one processor's work at any time. Left to itself, the kernel
//! starts the thread on another, idle processor and wakes the starter from there again: each time it interrupts a
//! processor that may be asleep, which takes longer than all else about a thread.

use nix::sched::{CpuSet, sched_getaffinity, sched_getcpu, sched_setaffinity};
use nix::unistd::Pid;

/// The calling thread.
const THIS: Pid = Pid::from_raw(0);

/// While this lives, the calling thread stays on its processor, and a thread that it starts is to stay there for good.
/// No code of the caller's may run meanwhile: a process that it starts would inherit the restriction.
pub(crate) struct SameCpu {
    before: Option<CpuSet>,
}

impl SameCpu {
    /// Where the kernel refuses, all goes on without: it is a matter of speed only.
    pub(crate) fn hold() -> Self {
        let Ok(before) = sched_getaffinity(THIS) else { return Self { before: None } };
        let allowed = (0..CpuSet::count()).filter(|cpu| before.is_set(*cpu) == Ok(true));
        if allowed.take(2).count() < 2 {
            return Self { before: None };
        }
        let mut here = CpuSet::new();
        let held = sched_getcpu()
            .and_then(|cpu| here.set(cpu))
            .and_then(|()| sched_setaffinity(THIS, &here));
        Self { before: held.ok().map(|()| before) }
    }
}

impl Drop for SameCpu {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            // These are the processors that it was allowed a moment ago.
            let _ = sched_setaffinity(THIS, before);
        }
    }
}
