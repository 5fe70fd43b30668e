//! `startup`, typed.

use pve_schema::{PerlStr, PerlString, startup};
use serde::{Deserialize, Serialize};

use super::property::{misfit, parse_number};

/// The place in the order in which guests start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Startup {
    /// Guests with lower numbers start earlier and stop later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<u64>,
    /// Seconds to wait after it was started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up: Option<u64>,
    /// Seconds to wait for it to stop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub down: Option<u64>,
}

impl Startup {
    /// Reads the value of `startup`.
    pub(super) fn read(value: PerlStr<'_>) -> Result<Self, PerlString<'static>> {
        let map = startup::parse(value)
            .ok_or_else(|| PerlString::literal("unable to parse startup options\n"))?;
        if map.is_empty() {
            return Err(misfit("startup", value));
        }
        let number = |key: &str| {
            let digits = map.get(key).and_then(|value| value.as_scalar());
            digits.map(|digits| parse_number(key, digits.to_perl().as_perl())).transpose()
        };
        Ok(Startup { order: number("order")?, up: number("up")?, down: number("down")? })
    }

    /// The value of `startup`; `None` where nothing is given.
    pub(super) fn write(&self) -> Option<String> {
        let parts = [("order", self.order), ("up", self.up), ("down", self.down)];
        let given = parts.iter().filter_map(|(key, number)| number.map(|n| format!("{key}={n}")));
        let text = given.collect::<Vec<_>>().join(",");
        (!text.is_empty()).then_some(text)
    }
}
