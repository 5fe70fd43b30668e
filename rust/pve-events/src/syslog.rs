//! Lines to the system's log, by its socket: syslog(3) keeps settings that belong to the program.

use std::os::unix::net::UnixDatagram;

/// LOG_DAEMON with LOG_INFO and LOG_WARNING
const INFO: u8 = (3 << 3) | 6;
const WARNING: u8 = (3 << 3) | 4;

/// The most bytes of a line.
const LIMIT: usize = 2000;

/// Writes a line that informs. That nobody takes it is no error.
pub(crate) fn info(text: &str) {
    write(INFO, text);
}

/// Writes a line that warns. That nobody takes it is no error.
pub fn warn(text: &str) {
    write(WARNING, text);
}

fn write(priority: u8, text: &str) {
    let Ok(socket) = UnixDatagram::unbound() else { return };
    // A full log must not hold up what it tells of.
    let _ = socket.set_nonblocking(true);
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut end = text.len().min(LIMIT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let pid = std::process::id();
    let line = format!("<{priority}>pve-network-rust[{pid}]: {}", text.get(..end).unwrap_or(""));
    let _ = socket.send_to(line.as_bytes(), "/dev/log");
}
