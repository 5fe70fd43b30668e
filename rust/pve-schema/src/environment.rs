//! What the reference reads from the host while it checks a value.

use crate::text::Decoder;

/// Answers that a check needs from the host, so that the checks themselves stay pure.
#[derive(Clone, Copy)]
pub struct Environment<'e> {
    time_zone: &'e dyn Fn(&[u8]) -> bool,
    decoder: Decoder,
}

impl<'e> Environment<'e> {
    /// `time_zone` tells whether a name is one of the zones of the host: for the reference, the third column of
    /// `/usr/share/zoneinfo/zone.tab` (tzfile(5)). `UTC` is never asked for.
    pub fn new(time_zone: &'e dyn Fn(&[u8]) -> bool) -> Self {
        Self { time_zone, decoder: Decoder::new() }
    }

    /// The same host, with Perl 5.`version` on it. Without, it is a current one.
    pub fn with_perl(self, version: u32) -> Self {
        Self { decoder: Decoder::of_perl(version), ..self }
    }

    /// How descriptions are decoded.
    pub fn decoder(&self) -> Decoder {
        self.decoder
    }

    /// Whether the host knows the time zone `name`.
    pub fn has_time_zone(&self, name: &[u8]) -> bool {
        (self.time_zone)(name)
    }
}

impl Environment<'static> {
    /// A host that knows no time zone at all.
    pub const fn empty() -> Self {
        Self { time_zone: &|_| false, decoder: Decoder::new() }
    }
}
