//! The names of operations.

use std::fmt;
use std::str::FromStr;

use rustix::rand::{GetRandomFlags, getrandom};

use super::entry::Time;
use super::error::OperationError;

/// An operation's id: when it was asked for, in microseconds since the epoch, and a random number. So ids sort by time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(String);

/// Digits of the time and of the number.
const DIGITS: (usize, usize) = (16, 8);

impl Id {
    /// A new one.
    pub(super) fn new(at: u64) -> Self {
        let mut random = [0; 4];
        // Without random numbers the time alone has to do: a record is never made over another one.
        let _ = getrandom(&mut random, GetRandomFlags::empty());
        Self(format!("{at:016x}-{:08x}", u32::from_ne_bytes(random)))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// When it was asked for.
    pub(super) fn time(&self) -> Time {
        let (time, _) = self.0.split_at(DIGITS.0);
        Time::from_str_radix(time, 16).unwrap_or_default()
    }

    /// Whether one in 256 records' turn it is to have old ones removed.
    pub(super) fn is_cleaner(&self) -> bool {
        self.0.ends_with("00")
    }
}

impl FromStr for Id {
    type Err = OperationError;

    fn from_str(text: &str) -> Result<Self, OperationError> {
        let digits = |part: &str, count| {
            part.len() == count
                && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        };
        match text.split_once('-') {
            Some((time, number)) if digits(time, DIGITS.0) && digits(number, DIGITS.1) => {
                Ok(Self(text.into()))
            }
            _ => Err(OperationError::BadId { id: text.into() }),
        }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_as_they_are_made_and_sort_by_time() {
        let (one, two) = (Id::new(1_700_000_000_000_000), Id::new(1_700_000_000_000_001));
        assert_eq!(one.as_str().parse::<Id>().unwrap(), one);
        assert!(one < two);
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for bad in [
            "",
            "x",
            "../../etc/passwd",
            "000000000000000a",
            "000000000000000a-0000000",
            "000000000000000A-00000000",
            "000000000000000a-00000000\n",
        ] {
            assert!(matches!(bad.parse::<Id>(), Err(OperationError::BadId { .. })), "{bad:?}");
        }
    }
}
