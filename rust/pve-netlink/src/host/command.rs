//! A program is run with a list of arguments and a deadline, where neither a library nor netlink does it.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::memfd::{MFdFlags, memfd_create};

/// How long one may take.
const DEADLINE: Duration = Duration::from_secs(30);

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Its exit code, or the signal that ended it.
    pub code: Result<i32, i32>,
    /// What it wrote to its standard error.
    pub error: String,
}

/// Run it. What it writes to its standard output is of no interest.
///
/// # Errors
/// Why it could not be run, or that it did not end in time.
pub fn run(program: &Path, arguments: &[&str]) -> Result<Ended, String> {
    let failed = |error: io::Error| format!("{}: {error}\n", program.display());
    // Memory instead of a pipe: nobody has to read beside the wait, however much the program says.
    let memory =
        memfd_create("stderr", MFdFlags::MFD_CLOEXEC).map_err(|errno| failed(errno.into()))?;
    let mut said = File::from(memory);
    let mut child = Command::new(program)
        .args(arguments)
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(said.try_clone().map_err(failed)?)
        .spawn()
        .map_err(failed)?;
    let start = Instant::now();
    let mut pause = Duration::from_millis(1);
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if start.elapsed() < DEADLINE => thread::sleep(pause),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return Err("got timeout\n".into());
            }
        }
        pause = (pause * 2).min(Duration::from_millis(20));
    };
    let mut text = Vec::new();
    said.rewind().and_then(|()| said.read_to_end(&mut text)).map_err(failed)?;
    let error = String::from_utf8_lossy(&text).into_owned();
    let code = status.code().ok_or_else(|| status.signal().unwrap_or_default());
    Ok(Ended { code, error })
}
