//! The lock of a configuration, against Perl's flock and the reference's own function.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::{Root, never};

use pve_container::lock::{ConfigLock, LockMode};
use pve_files::error::FileError;
use rustix::fs::{FlockOperation, flock};

const SHORT: Duration = Duration::from_millis(120);

/// A Perl program that waits for a line before each step, and answers with one.
struct Perl {
    child: Child,
    answers: BufReader<std::process::ChildStdout>,
}

impl Perl {
    fn start(arguments: &[&str], program: &str) -> Self {
        let mut child = Command::new("perl")
            .args(arguments)
            .args(["-e", &format!("$| = 1; {program}")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Self { child, answers }
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn step(&mut self) {
        self.child.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
    }
}

impl Drop for Perl {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn acquire(path: &Path, mode: LockMode, timeout: Duration) -> Result<ConfigLock, FileError> {
    ConfigLock::acquire(path, mode, timeout, &mut never)
}

fn is_timeout(result: &Result<ConfigLock, FileError>) -> bool {
    matches!(result, Err(FileError::LockTimeout { .. }))
}

#[test]
fn perl_and_rust_exclude_each_other() {
    let root = Root::new();
    let path = root.files().paths().config_lock(100);
    let rust = acquire(&path, LockMode::Exclusive, SHORT).unwrap();
    let mut perl = Perl::start(
        &["-MFcntl=:flock"],
        &format!(
            r#"open(my $fh, '>>', '{}') or die $!;
            print flock($fh, LOCK_EX | LOCK_NB) ? "got\n" : "busy\n";
            <STDIN>; print flock($fh, LOCK_EX) ? "got\n" : "$!\n"; <STDIN>; close($fh); print "free\n"; <STDIN>;"#,
            path.display()
        ),
    );
    assert_eq!(perl.answer(), "busy");
    drop(rust);
    perl.step();
    assert_eq!(perl.answer(), "got");
    assert!(ConfigLock::try_acquire(&path, LockMode::Shared).unwrap().is_none());
    let start = Instant::now();
    let refused = acquire(&path, LockMode::Exclusive, SHORT);
    assert!(is_timeout(&refused) && start.elapsed() >= SHORT);
    assert_eq!(
        refused.unwrap_err().to_string(),
        format!("can't lock file '{}' - got timeout", path.display())
    );
    perl.step();
    assert_eq!(perl.answer(), "free");
    acquire(&path, LockMode::Exclusive, SHORT).unwrap();
    assert!(path.exists());
}

#[test]
fn shared_locks_go_together() {
    let root = Root::new();
    let path = root.files().paths().config_lock(100);
    let _first = acquire(&path, LockMode::Shared, SHORT).unwrap();
    let other = std::thread::spawn(move || {
        let shared = acquire(&path, LockMode::Shared, SHORT).is_ok();
        (shared, is_timeout(&acquire(&path, LockMode::Exclusive, SHORT)))
    });
    assert_eq!(other.join().unwrap(), (true, true));
}

#[test]
fn a_lock_that_this_process_holds_is_not_taken_again() {
    let root = Root::new();
    let path = root.files().paths().config_lock(100);
    let outer = acquire(&path, LockMode::Exclusive, SHORT).unwrap();
    let inner = acquire(&path, LockMode::Exclusive, SHORT).unwrap();
    drop(inner);
    // The outer lock outlives the inner one, and another thread does not count as its holder.
    let from_thread = |path: &Path| {
        let path = path.to_owned();
        let thread = std::thread::spawn(move || acquire(&path, LockMode::Exclusive, SHORT));
        thread.join().unwrap()
    };
    assert!(is_timeout(&from_thread(&path)));
    drop(outer);
    drop(from_thread(&path).unwrap());

    // Perl's lock_file holds the lock in the same process, by a descriptor of its own.
    let perls = File::options().append(true).open(&path).unwrap();
    flock(&perls, FlockOperation::LockExclusive).unwrap();
    drop(acquire(&path, LockMode::Exclusive, SHORT).unwrap());
    assert!(ConfigLock::try_acquire(&path, LockMode::Shared).unwrap().is_some());
}

#[test]
fn the_right_to_a_lock_is_not_inherited() {
    let root = Root::new();
    let path = root.files().paths().config_lock(100);
    // A child that got the holder's descriptor, as a forked Perl worker does.
    let lock = File::options().append(true).create(true).open({
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        &path
    });
    let lock = lock.unwrap();
    flock(&lock, FlockOperation::LockExclusive).unwrap();
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_with_an_inherited_descriptor", "--nocapture"])
        .env("LOCK_TO_TRY", &path)
        .stdin(lock)
        .stdout(Stdio::null())
        .status();
    assert!(status.unwrap().success());
}

#[test]
fn child_with_an_inherited_descriptor() {
    if let Some(path) = std::env::var_os("LOCK_TO_TRY") {
        assert!(is_timeout(&acquire(path.as_ref(), LockMode::Exclusive, SHORT)));
    }
}

#[test]
fn no_other_program_inherits_a_lock() {
    let root = Root::new();
    let path = root.files().paths().config_lock(100);
    let _lock = acquire(&path, LockMode::Exclusive, SHORT).unwrap();
    let output = Command::new("ls").args(["-l", "/proc/self/fd"]).output().unwrap();
    let open_files = String::from_utf8(output.stdout).unwrap();
    assert!(!open_files.contains("pve-config-100.lock"), "{open_files}");
}

#[test]
fn a_link_or_fifo_in_the_place_of_the_lock_is_refused() {
    let root = Root::new();
    let path = root.files().paths().config_lock(100);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(root.path().join("victim"), &path).unwrap();
    let error = acquire(&path, LockMode::Exclusive, SHORT).unwrap_err().to_string();
    let start = format!("can't lock file '{}' - can't open file - ", path.display());
    assert!(error.starts_with(&start), "{error}");
    assert!(!root.path().join("victim").exists());
    fs::remove_file(&path).unwrap();
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let error = acquire(&path, LockMode::Exclusive, SHORT).unwrap_err().to_string();
    assert!(error.starts_with(&start), "{error}");
}

#[test]
fn the_reference_waits_for_rust_and_rust_for_the_reference() {
    let Some(source) = std::env::var_os("PVE_SRC") else {
        println!("skipped: PVE_SRC does not name the reference sources");
        return;
    };
    let root = Root::new();
    let path = root.files().paths().config_lock(100);
    let library = Path::new(&source).join("pve-common/src");
    let mut perl = Perl::start(
        &["-I", library.to_str().unwrap(), "-MPVE::Tools"],
        &format!(
            r#"open(STDERR, '>', '/dev/null'); my $file = '{}';
            PVE::Tools::lock_file($file, 1, sub {{ }}); print $@; <STDIN>;
            PVE::Tools::lock_file($file, 1, sub {{ print "inside\n"; <STDIN> }}); print "outside$@\n"; <STDIN>;"#,
            path.display()
        ),
    );
    let rust = acquire(&path, LockMode::Exclusive, SHORT).unwrap();
    let refused = perl.answer();
    drop(rust);
    perl.step();
    assert_eq!(perl.answer(), "inside");
    let error = acquire(&path, LockMode::Exclusive, SHORT).unwrap_err();
    assert_eq!(error.to_string(), refused);
    perl.step();
    assert_eq!(perl.answer(), "outside");
    acquire(&path, LockMode::Exclusive, SHORT).unwrap();
}
