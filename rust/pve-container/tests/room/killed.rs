//! A process is killed where it is about to change something.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::process::Child;

use nix::libc;
use nix::sys::ptrace;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

/// Lets a process go on that has written a byte and waits to read one, and kills it where it enters its system call number
/// `stop` of those that matter; false when it was over before.
pub fn kill_at(mut child: Child, stop: usize) -> bool {
    let pid = Pid::from_raw(child.id() as i32);
    child.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
    let options = ptrace::Options::PTRACE_O_TRACESYSGOOD
        | ptrace::Options::PTRACE_O_TRACECLONE
        | ptrace::Options::PTRACE_O_EXITKILL;
    ptrace::seize(pid, options).unwrap();
    ptrace::interrupt(pid).unwrap();
    waitpid(pid, None).unwrap();
    child.stdin.take().unwrap().write_all(b"x").unwrap();
    ptrace::syscall(pid, None).unwrap();
    let mut stops = 0;
    let mut inside = BTreeSet::new();
    loop {
        let thread = match waitpid(None, Some(WaitPidFlag::__WALL)).unwrap() {
            WaitStatus::Exited(one, code) if one == pid => {
                assert_eq!(code, 0);
                return false;
            }
            WaitStatus::Exited(..) => continue,
            WaitStatus::PtraceSyscall(thread) => {
                // Stops at the entry and at the exit of a call take turns.
                let enters = !inside.remove(&thread) && inside.insert(thread);
                let matters = enters && matters(pid, thread);
                if matters && stops == stop {
                    break;
                }
                stops += usize::from(matters);
                thread
            }
            WaitStatus::Stopped(thread, _) | WaitStatus::PtraceEvent(thread, ..) => thread,
            other => panic!("{other:?}"),
        };
        let _ = ptrace::syscall(thread, None);
    }
    kill(pid, Signal::SIGKILL).unwrap();
    loop {
        match waitpid(None, Some(WaitPidFlag::__WALL)).unwrap() {
            WaitStatus::Signaled(one, ..) if one == pid => return true,
            _ => {}
        }
    }
}

/// What changes the record, the lock, the kernel's network, or where the thread is.
fn matters(pid: Pid, thread: Pid) -> bool {
    let number = number(pid, thread);
    [libc::SYS_write, libc::SYS_pwrite64, libc::SYS_flock, libc::SYS_sendto, libc::SYS_setns]
        .iter()
        .any(|one| number == Some(*one))
}

/// The system call that a thread is about to enter.
fn number(pid: Pid, thread: Pid) -> Option<i64> {
    match fs::read_to_string(format!("/proc/{pid}/task/{thread}/syscall")) {
        Ok(text) => text.split(' ').next()?.trim().parse().ok(),
        Err(_) => from_registers(thread),
    }
}

/// User-Mode Linux has no such file.
#[cfg(target_arch = "x86_64")]
fn from_registers(thread: Pid) -> Option<i64> {
    i64::try_from(ptrace::getregs(thread).ok()?.orig_rax).ok()
}

#[cfg(not(target_arch = "x86_64"))]
fn from_registers(_: Pid) -> Option<i64> {
    None
}
