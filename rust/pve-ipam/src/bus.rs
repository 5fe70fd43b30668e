//! One call on D-Bus' system bus (D-Bus Specification: authentication, message format).

use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use crate::{Error, Interrupted};

/// How long libdbus waits for an answer.
const TIMEOUT: Duration = Duration::from_secs(25);

/// Longest time between two calls of the caller's check.
const SLICE: Duration = Duration::from_millis(50);

/// The most that a message may hold.
const LIMIT: u32 = 128 << 20;

const METHOD_CALL: u8 = 1;
const METHOD_RETURN: u8 = 2;
const ERROR: u8 = 3;

/// Fields of a message's header.
mod field {
    pub(super) const PATH: u8 = 1;
    pub(super) const INTERFACE: u8 = 2;
    pub(super) const MEMBER: u8 = 3;
    pub(super) const ERROR_NAME: u8 = 4;
    pub(super) const REPLY_SERIAL: u8 = 5;
    pub(super) const DESTINATION: u8 = 6;
    pub(super) const SIGNATURE: u8 = 8;
}

/// A method and where it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Method<'a> {
    /// The service's name on the bus.
    pub destination: &'a str,
    /// The object.
    pub path: &'a str,
    /// The interface.
    pub interface: &'a str,
    /// The method.
    pub member: &'a str,
}

/// Values in the bus' format, little endian.
#[derive(Debug, Default)]
pub(crate) struct Body {
    signature: String,
    bytes: Vec<u8>,
}

impl Body {
    /// Adds a string.
    pub(crate) fn string(mut self, text: &str) -> Body {
        self.signature.push('s');
        put_string(&mut self.bytes, text);
        self
    }

    /// Adds an array of bytes.
    pub(crate) fn byte_array(mut self, array: &[u8]) -> Body {
        self.signature.push_str("ay");
        put_u32(&mut self.bytes, array.len());
        self.bytes.extend_from_slice(array);
        self
    }

    /// Adds an unsigned number.
    pub(crate) fn number(mut self, number: u32) -> Body {
        self.signature.push('u');
        align(&mut self.bytes, 4);
        self.bytes.extend_from_slice(&number.to_le_bytes());
        self
    }

    /// Adds a truth value.
    pub(crate) fn boolean(mut self, value: bool) -> Body {
        self = self.number(value.into());
        self.signature.pop();
        self.signature.push('b');
        self
    }
}

fn align(bytes: &mut Vec<u8>, to: usize) {
    bytes.resize(bytes.len().next_multiple_of(to), 0);
}

fn put_u32(bytes: &mut Vec<u8>, number: usize) {
    align(bytes, 4);
    bytes.extend_from_slice(&u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes());
}

fn put_string(bytes: &mut Vec<u8>, text: &str) {
    put_u32(bytes, text.len());
    bytes.extend_from_slice(text.as_bytes());
    bytes.push(0);
}

/// A field of a header: its code and a variant that holds a string, path or signature.
fn put_field(bytes: &mut Vec<u8>, code: u8, kind: u8, text: &str) {
    align(bytes, 8);
    bytes.extend_from_slice(&[code, 1, kind, 0]);
    if kind == b'g' {
        bytes.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
        bytes.extend_from_slice(text.as_bytes());
        bytes.push(0);
    } else {
        put_string(bytes, text);
    }
}

fn message(method: &Method<'_>, serial: u32, body: &Body) -> Vec<u8> {
    let mut bytes = vec![b'l', METHOD_CALL, 0, 1];
    put_u32(&mut bytes, body.bytes.len());
    bytes.extend_from_slice(&serial.to_le_bytes());
    put_u32(&mut bytes, 0);
    let start = bytes.len();
    put_field(&mut bytes, field::PATH, b'o', method.path);
    put_field(&mut bytes, field::INTERFACE, b's', method.interface);
    put_field(&mut bytes, field::MEMBER, b's', method.member);
    put_field(&mut bytes, field::DESTINATION, b's', method.destination);
    if !body.signature.is_empty() {
        put_field(&mut bytes, field::SIGNATURE, b'g', &body.signature);
    }
    let length = u32::try_from(bytes.len() - start).unwrap_or(u32::MAX);
    bytes[start - 4..start].copy_from_slice(&length.to_le_bytes());
    align(&mut bytes, 8);
    bytes.extend_from_slice(&body.bytes);
    bytes
}

/// What matters of a message that came.
#[derive(Debug, Default, PartialEq, Eq)]
struct Reply {
    kind: u8,
    to: Option<u32>,
    error: Option<String>,
    text: String,
}

/// Reads values of a message.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    big_endian: bool,
}

impl Reader<'_> {
    fn take(&mut self, count: usize) -> Option<&[u8]> {
        let taken = self.bytes.get(self.at..self.at.checked_add(count)?)?;
        self.at += count;
        Some(taken)
    }

    fn u32(&mut self) -> Option<u32> {
        self.at = self.at.next_multiple_of(4);
        let big_endian = self.big_endian;
        let bytes = self.take(4)?.try_into().ok()?;
        Some(if big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    fn string(&mut self) -> Option<String> {
        let length = usize::try_from(self.u32()?).ok()?;
        let text = String::from_utf8_lossy(self.take(length)?).into_owned();
        self.take(1)?;
        Some(text)
    }

    /// A header field's code and value, as a number or as text.
    fn field(&mut self) -> Option<(u8, Option<u32>, String)> {
        self.at = self.at.next_multiple_of(8);
        let code = *self.take(1)?.first()?;
        let length = usize::from(*self.take(1)?.first()?);
        let signature = self.take(length + 1)?.to_vec();
        match signature.first()? {
            b'u' => Some((code, Some(self.u32()?), String::new())),
            b'g' => {
                let length = usize::from(*self.take(1)?.first()?);
                let text = String::from_utf8_lossy(self.take(length + 1)?).into_owned();
                Some((code, None, text.trim_end_matches('\0').to_owned()))
            }
            _ => Some((code, None, self.string()?)),
        }
    }
}

/// Lengths of the header's fields, with padding, and of the body, from the first 16 bytes.
fn lengths(head: &[u8; 16]) -> Option<(usize, usize)> {
    let mut reader = Reader { bytes: head, at: 4, big_endian: head[0] == b'B' };
    let body = reader.u32()?;
    reader.u32()?;
    let fields = reader.u32()?;
    if body > LIMIT || fields > LIMIT {
        return None;
    }
    Some((usize::try_from(fields).ok()?.next_multiple_of(8), usize::try_from(body).ok()?))
}

fn parse(head: &[u8; 16], rest: &[u8], fields_end: usize) -> Option<Reply> {
    let mut whole = head.to_vec();
    whole.extend_from_slice(rest);
    let mut reader = Reader { bytes: &whole, at: 12, big_endian: head[0] == b'B' };
    let end = usize::try_from(reader.u32()?).ok()? + 16;
    let mut reply = Reply { kind: head[1], ..Reply::default() };
    let mut signature = String::new();
    while reader.at < end {
        match reader.field()? {
            (field::REPLY_SERIAL, serial, _) => reply.to = serial,
            (field::ERROR_NAME, _, name) => reply.error = Some(name),
            (field::SIGNATURE, _, text) => signature = text,
            _ => {}
        }
    }
    if signature.starts_with('s') {
        let mut body = Reader {
            bytes: whole.get(16 + fields_end..)?,
            at: 0,
            big_endian: reader.big_endian,
        };
        reply.text = body.string()?;
    }
    Some(reply)
}

/// The bus, waited for in slices.
struct Connection<'a> {
    stream: UnixStream,
    deadline: Instant,
    interrupt: &'a mut dyn FnMut() -> Result<(), Interrupted>,
}

fn failed(error: &io::Error) -> Error {
    Error::Bus {
        name: "org.freedesktop.DBus.Error.Disconnected".to_owned(),
        message: error.to_string(),
    }
}

fn no_reply() -> Error {
    Error::Bus {
        name: "org.freedesktop.DBus.Error.NoReply".to_owned(),
        message: "Did not receive a reply from the message bus in time".to_owned(),
    }
}

impl Connection<'_> {
    fn send(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.stream.write_all(bytes).map_err(|error| failed(&error))
    }

    fn receive(&mut self, buffer: &mut [u8]) -> Result<(), Error> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.stream.read(&mut buffer[filled..]) {
                Ok(0) => return Err(failed(&ErrorKind::UnexpectedEof.into())),
                Ok(count) => filled += count,
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
                    ) =>
                {
                    (self.interrupt)().map_err(|Interrupted| Error::Interrupted)?;
                    if Instant::now() >= self.deadline {
                        return Err(no_reply());
                    }
                }
                Err(error) => return Err(failed(&error)),
            }
        }
        Ok(())
    }

    /// The bus takes the user that the socket tells of.
    fn authenticate(&mut self) -> Result<(), Error> {
        let user = rustix::process::geteuid().as_raw().to_string();
        let hex: String = user.bytes().map(|byte| format!("{byte:02x}")).collect();
        self.send(format!("\0AUTH EXTERNAL {hex}\r\n").as_bytes())?;
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            let mut byte = [0];
            self.receive(&mut byte)?;
            line.extend_from_slice(&byte);
            if line.len() > 4096 {
                break;
            }
        }
        if !line.starts_with(b"OK ") {
            return Err(Error::Bus {
                name: "org.freedesktop.DBus.Error.AuthFailed".to_owned(),
                message: String::from_utf8_lossy(&line).trim_end().to_owned(),
            });
        }
        self.send(b"BEGIN\r\n")
    }

    /// Calls a method and waits for its answer; other messages are passed over.
    fn call(&mut self, method: &Method<'_>, serial: u32, body: &Body) -> Result<(), Error> {
        self.send(&message(method, serial, body))?;
        loop {
            let mut head = [0; 16];
            self.receive(&mut head)?;
            let malformed = || failed(&ErrorKind::InvalidData.into());
            let (fields, body) = lengths(&head).ok_or_else(malformed)?;
            let mut rest = vec![0; fields + body];
            self.receive(&mut rest)?;
            let reply = parse(&head, &rest, fields).ok_or_else(malformed)?;
            if reply.to != Some(serial) {
                continue;
            }
            match reply.kind {
                METHOD_RETURN => return Ok(()),
                ERROR => {
                    let name = reply.error.unwrap_or_default();
                    return Err(Error::Bus { name, message: reply.text });
                }
                _ => {}
            }
        }
    }
}

/// Calls a method of a service on the bus whose socket is at `path`, and waits until it returns.
///
/// # Errors
/// [`Error::Bus`], [`Error::Interrupted`].
pub(crate) fn call(
    path: &std::path::Path,
    method: &Method<'_>,
    body: &Body,
    interrupt: &mut dyn FnMut() -> Result<(), Interrupted>,
) -> Result<(), Error> {
    let connect = |path| {
        let stream = UnixStream::connect(path)?;
        stream.set_read_timeout(Some(SLICE))?;
        stream.set_write_timeout(Some(TIMEOUT))?;
        Ok::<_, io::Error>(stream)
    };
    let stream = connect(path).map_err(|error| Error::Bus {
        name: "org.freedesktop.DBus.Error.FileNotFound".to_owned(),
        message: format!("Failed to connect to socket {}: {}", path.display(), error),
    })?;
    let deadline = Instant::now() + TIMEOUT;
    let mut connection = Connection { stream, deadline, interrupt };
    connection.authenticate()?;
    let hello = Method {
        destination: "org.freedesktop.DBus",
        path: "/org/freedesktop/DBus",
        interface: "org.freedesktop.DBus",
        member: "Hello",
    };
    connection.call(&hello, 1, &Body::default())?;
    connection.call(method, 2, body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_aligned() {
        let body = Body::default().string("ab").byte_array(b"*").number(7).boolean(true);
        assert_eq!(body.signature, "sayub");
        let wanted = b"\x02\0\0\0ab\0\0\x01\0\0\0*\0\0\0\x07\0\0\0\x01\0\0\0";
        assert_eq!(body.bytes, wanted);
    }

    #[test]
    fn a_message_reads_back() {
        let method = Method { destination: "a.b", path: "/c", interface: "d.e", member: "F" };
        let bytes = message(&method, 9, &Body::default().string("text"));
        let head: [u8; 16] = bytes[..16].try_into().unwrap();
        let (fields, body) = lengths(&head).unwrap();
        assert_eq!(bytes.len(), 16 + fields + body);
        let reply = parse(&head, &bytes[16..], fields).unwrap();
        let wanted = Reply { kind: METHOD_CALL, to: None, error: None, text: "text".into() };
        assert_eq!(reply, wanted);
    }

    #[test]
    fn nonsense_is_refused() {
        let mut head = [0xff; 16];
        assert_eq!(lengths(&head), None);
        head = *b"l\x02\0\x01\0\0\0\0\0\0\0\0\x08\0\0\0";
        assert_eq!(parse(&head, &[5, 9, 0, 0, 0, 0, 0, 0], 8), None);
    }
}
