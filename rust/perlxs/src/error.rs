//! What a failed call raises in Perl.

use std::fmt;

use perlxs_sys as sys;
use serde::Serialize;

use crate::interpreter::{Perl, Sv};
use crate::ser::to_perl;

/// The text of an error or a warning, or a hash key.
#[derive(Debug, Clone)]
pub enum Message {
    /// Bytes, as where it quotes a configuration file.
    Bytes(Vec<u8>),
    /// Characters.
    Text(String),
    /// A text of the program's own.
    Literal(&'static str),
}

impl Message {
    /// A new scalar, owned by the caller.
    pub(crate) fn to_sv(&self, perl: Perl) -> *mut sys::SV {
        let (bytes, text) = match self {
            Message::Bytes(bytes) => (bytes.as_slice(), false),
            Message::Text(text) => (text.as_bytes(), !text.is_ascii()),
            Message::Literal(text) => (text.as_bytes(), !text.is_ascii()),
        };
        // SAFETY: one slice; UTF-8 where the flag is set.
        unsafe {
            let len = bytes.len();
            sys::pxs_new_string(perl.raw(), bytes.as_ptr().cast(), len, text.into())
        }
    }
}

impl From<Vec<u8>> for Message {
    fn from(bytes: Vec<u8>) -> Message {
        Message::Bytes(bytes)
    }
}

impl From<String> for Message {
    fn from(text: String) -> Message {
        Message::Text(text)
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Message {
        Message::Text(text.to_owned())
    }
}

type Fields = Box<dyn FnOnce(Perl) -> Result<Sv, Error>>;

pub(crate) enum Repr {
    /// `die $text`: Perl appends the caller's file and line to a text that does not end in a newline.
    Message(Message),
    /// `die bless $fields, $class`
    Object { class: &'static str, fallback: &'static str, fields: Fields },
    /// What a signal handler did: one of `PXS_*`.
    Interrupted(u32),
}

/// What a failed call raises in Perl: a string, or an object.
pub struct Error(pub(crate) Box<Repr>);

impl Error {
    /// `die $text`; `text` ends in a newline.
    pub fn die(text: impl Into<Message>) -> Error {
        Error(Box::new(Repr::Message(text.into())))
    }

    /// `die $text` where the text does not end in a newline: Perl appends the caller's file and line.
    pub fn die_at_caller(text: impl Into<Message>) -> Error {
        Error(Box::new(Repr::Message(text.into())))
    }

    /// `die bless $fields, $class`. The module of that name is loaded if it is installed; where it is not, the object is
    /// blessed into `fallback`.
    pub fn object(
        class: &'static str,
        fallback: &'static str,
        fields: impl Serialize + 'static,
    ) -> Error {
        let fields: Fields = Box::new(move |perl| {
            let object = to_perl(perl, &fields);
            // Before the object is returned: a return value leaks where dropping a local panics.
            drop(fields);
            object
        });
        Error(Box::new(Repr::Object { class, fallback, fields }))
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Repr::Message(text) => write!(f, "Error {{ {text:?} }}"),
            Repr::Object { class, .. } => write!(f, "Error {{ class: {class} }}"),
            Repr::Interrupted(by) => write!(f, "Error {{ interrupted: {by} }}"),
        }
    }
}

/// Where in an argument a value stands, innermost step last; written as Perl would write the access.
#[derive(Debug, Default, Clone)]
pub struct Path(Vec<Step>);

#[derive(Debug, Clone)]
enum Step {
    Key(String),
    Index(usize),
}

/// A value that could not be decoded, and where it stands.
#[derive(Debug)]
pub struct DecodeError {
    reason: String,
    /// Innermost step first: it grows while the error travels outwards.
    steps: Vec<Step>,
}

impl DecodeError {
    pub(crate) fn new(reason: impl Into<String>) -> DecodeError {
        DecodeError { reason: reason.into(), steps: Vec::new() }
    }

    pub(crate) fn at_key(mut self, key: &str) -> DecodeError {
        self.steps.push(Step::Key(key.to_owned()));
        self
    }

    pub(crate) fn at_index(mut self, index: usize) -> DecodeError {
        self.steps.push(Step::Index(index));
        self
    }

    pub(crate) fn into_parts(self) -> (String, Path) {
        (self.reason, Path(self.steps.into_iter().rev().collect()))
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.is_empty() {
            f.write_str("->")?;
        }
        for step in &self.0 {
            match step {
                Step::Key(key) => write!(f, "{{{key}}}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for DecodeError {}

impl serde::de::Error for DecodeError {
    fn custom<T: fmt::Display>(reason: T) -> DecodeError {
        DecodeError::new(reason.to_string())
    }

    fn missing_field(field: &'static str) -> DecodeError {
        DecodeError::new("is missing").at_key(field)
    }

    fn unknown_field(_: &str, expected: &'static [&'static str]) -> DecodeError {
        let expected = expected.join(", ");
        DecodeError::new(format!("is not known here (known are: {expected})"))
    }
}
