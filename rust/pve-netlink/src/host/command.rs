//! A program is run with a list of arguments and a deadline, where neither a library nor netlink does it.

use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

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
    let mut child = Command::new(program)
        .args(arguments)
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{}: {error}\n", program.display()))?;
    let pipe = child.stderr.take();
    // Read beside the wait, or a program that says much would never end.
    let reader = thread::spawn(move || {
        let mut text = Vec::new();
        if let Some(mut pipe) = pipe {
            let _ = pipe.read_to_end(&mut text);
        }
        String::from_utf8_lossy(&text).into_owned()
    });
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
    let error = reader.join().unwrap_or_default();
    let code = status.code().ok_or_else(|| status.signal().unwrap_or_default());
    Ok(Ended { code, error })
}
