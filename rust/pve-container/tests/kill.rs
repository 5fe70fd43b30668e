//! A process that is killed while it saves leaves the old or the new file, whole, and a lock that can be taken.
//!
//! Run without arguments, this program starts itself as the process to kill.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use common::{Root, files_below, names, waiting};
use nix::sys::ptrace;
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;
use pve_container::backup::{Backup, digest};
use pve_container::config_file::ConfigFiles;

const VMID: u32 = 100;
const SAVES: u32 = 1000;
const KILLS: u32 = 50;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.get(1).map(String::as_str) {
        Some("--save-once") => save_once(Path::new(&arguments[2])),
        Some("--save-on") => save_on(Path::new(&arguments[2])),
        // cargo-nextest asks for the tests by name before it runs them.
        _ if arguments.iter().any(|argument| argument == "--list") => {
            if !arguments.iter().any(|argument| argument == "--ignored") {
                println!("killed_while_saving: test");
            }
        }
        _ => {
            killed_at_every_system_call();
            killed_at_random();
        }
    }
}

/// A configuration that says itself whether it is whole: its number, padding over several pages, its digest.
fn version(number: u32) -> Vec<u8> {
    let mut text = format!("{number}\n{}\n", "#".repeat(20_000 + (number as usize % 7) * 3000));
    let sum = digest(text.as_bytes());
    text.push_str(&sum);
    text.into_bytes()
}

/// The number of a whole configuration.
fn number_of(text: &[u8]) -> u32 {
    let text = std::str::from_utf8(text).unwrap();
    let number = text.lines().next().unwrap().parse().unwrap();
    assert_eq!(text.as_bytes(), version(number), "not whole");
    number
}

fn save(files: &ConfigFiles, number: u32) {
    waiting(|wait| files.save(VMID, &version(number), None, wait)).unwrap();
}

fn current(files: &ConfigFiles) -> u32 {
    number_of(&files.load(VMID, None).unwrap())
}

fn save_once(root: &Path) {
    let files = files_below(root);
    let next = current(&files) + 1;
    // std would hold back what does not end a line.
    nix::unistd::write(std::io::stdout(), b"r").unwrap();
    std::io::stdin().read_exact(&mut [0]).unwrap();
    save(&files, next);
}

fn save_on(root: &Path) {
    let files = files_below(root);
    let mut number = current(&files);
    loop {
        number += 1;
        save(&files, number);
    }
}

fn start(role: &str, root: &Root) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([role.as_ref(), root.path().as_os_str()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// What must hold after a kill; returns the number of the version in place.
fn check(root: &Root, possible: impl Fn(u32) -> bool) -> u32 {
    let files = root.files();
    let found = current(&files);
    assert!(possible(found), "version {found} is in place");
    if let Some(backup) = Backup::read(&files.paths().config_backup(VMID)).unwrap() {
        let last = number_of(&backup.bytes);
        assert!(last == found || last + 1 == found, "backup of {last}, {found} in place");
    }
    // Nobody holds the lock any more, and the next save removes what the killed one left.
    save(&files, found + 1);
    assert_eq!(root.names(), ["100.conf"]);
    let backups = files.paths().config_backup(VMID);
    assert_eq!(names(backups.parent().unwrap()), ["100.conf"]);
    found + 1
}

/// Kills at the entry and at the exit of each system call of one save.
fn killed_at_every_system_call() {
    let root = Root::new();
    save(&root.files(), 1);
    let mut number = 1;
    let mut kills = 0;
    let (mut old, mut new) = (0, 0);
    while run_and_kill_after(&root, kills) {
        kills += 1;
        let before = number;
        number = check(&root, |found| found == before || found == before + 1);
        if number == before + 1 { old += 1 } else { new += 1 }
    }
    println!(
        "killed at {kills} system call stops of a save: {old} times the old file, {new} times the new"
    );
    assert!(old > 20 && new > 2, "{old} {new}");
}

/// Runs one save and kills it at its system call stop number `stop`; false when the save was over before.
#[expect(clippy::zombie_processes, reason = "waitpid takes it, as ptrace(2) wants")]
fn run_and_kill_after(root: &Root, stop: u32) -> bool {
    let mut child = start("--save-once", root);
    let pid = Pid::from_raw(child.id() as i32);
    // Nothing but the save remains once the child is ready and waits for its byte.
    let ready = child.stdout.as_mut().unwrap().read_exact(&mut [0]);
    ready.unwrap();
    ptrace::seize(pid, ptrace::Options::PTRACE_O_TRACESYSGOOD).unwrap();
    ptrace::interrupt(pid).unwrap();
    waitpid(pid, None).unwrap();
    child.stdin.take().unwrap().write_all(b"x").unwrap();
    let mut stops = 0;
    loop {
        ptrace::syscall(pid, None).unwrap();
        match waitpid(pid, None).unwrap() {
            WaitStatus::PtraceSyscall(_) => {
                if stops == stop {
                    break;
                }
                stops += 1;
            }
            WaitStatus::Exited(_, code) => {
                assert_eq!(code, 0);
                return false;
            }
            WaitStatus::Stopped(..) | WaitStatus::PtraceEvent(..) => {}
            other => panic!("{other:?}"),
        }
    }
    nix::sys::signal::kill(pid, Signal::SIGKILL).unwrap();
    while !matches!(waitpid(pid, None).unwrap(), WaitStatus::Signaled(..)) {}
    true
}

/// Kills a process that saves without pause, at random moments, for at least a thousand saves and fifty kills.
fn killed_at_random() {
    let root = Root::new();
    save(&root.files(), 1);
    let mut number = 1;
    let mut kills = 0;
    let mut random: u64 = 0x2545_f491_4f6c_dd1d ^ u64::from(std::process::id());
    while number < SAVES || kills < KILLS {
        let mut child = start("--save-on", &root);
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        std::thread::sleep(Duration::from_micros(2000 + random % 40_000));
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
        let before = number;
        number = check(&root, |found| found >= before);
    }
    println!("killed {kills} times in {number} saves");
}
