//! One binding.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// An interface of a container that belongs to a VNet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Binding {
    /// The VNet.
    pub vnet: String,
    /// The container.
    pub vmid: u32,
    /// The interface: its key in the container's configuration (`net0`) or its name in the container (`eth0`).
    pub iface: String,
    /// What the caller wants to be kept with it.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub metadata: Map<String, Value>,
    /// When it was bound, in seconds since 1970.
    pub bound: u64,
}

impl Binding {
    /// What it binds; no two bindings bind the same.
    #[must_use]
    pub fn target(&self) -> (u32, &str) {
        (self.vmid, &self.iface)
    }
}

/// The version of the state file that [`to_text`] writes and [`from_text`] reads.
pub const VERSION: u64 = 1;

#[derive(Serialize, Deserialize)]
struct State<B> {
    version: u64,
    bindings: B,
}

#[derive(Deserialize)]
struct Version {
    version: u64,
}

/// Why a state file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is no JSON of the expected form.
    #[error("it is damaged ({0}); move it away to begin anew")]
    Damaged(String),
    /// A newer version of this library wrote it.
    #[error(
        "it has version {found}, this library reads version {VERSION}: install the newer package \
         again, or move the file away to begin anew"
    )]
    Version {
        /// Its version.
        found: u64,
    },
}

/// The bindings of a state file.
///
/// # Errors
/// [`Unreadable`].
pub fn from_text(bytes: &[u8]) -> Result<Vec<Binding>, Unreadable> {
    let damaged = |error: serde_json::Error| Unreadable::Damaged(error.to_string());
    // Of a newer version only this much is known.
    let Version { version } = serde_json::from_slice(bytes).map_err(damaged)?;
    if version != VERSION {
        return Err(Unreadable::Version { found: version });
    }
    let state: State<Vec<Binding>> = serde_json::from_slice(bytes).map_err(damaged)?;
    Ok(state.bindings)
}

/// The text of a state file, sorted, one line a binding.
///
/// # Errors
/// [`Unreadable::Damaged`] for metadata that JSON cannot hold.
pub fn to_text(bindings: &[Binding]) -> Result<String, Unreadable> {
    let mut sorted: Vec<_> = bindings.iter().collect();
    sorted.sort_by(|one, other| one.target().cmp(&other.target()));
    let lines: Result<Vec<_>, _> = sorted.iter().map(serde_json::to_string).collect();
    let lines = lines.map_err(|error| Unreadable::Damaged(error.to_string()))?;
    let separator = if lines.is_empty() { "" } else { "\n" };
    let lines = lines.join(",\n");
    Ok(format!("{{\"version\":{VERSION},\"bindings\":[{separator}{lines}{separator}]}}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binding(vmid: u32, iface: &str) -> Binding {
        let metadata = [("note".to_owned(), Value::from("a\nb")), ("n".to_owned(), Value::from(7))];
        let metadata = metadata.into_iter().collect();
        Binding { vnet: "blue".into(), vmid, iface: iface.into(), metadata, bound: 1_700_000_000 }
    }

    #[test]
    fn what_is_written_is_read_again_sorted() {
        let text = to_text(&[binding(101, "net0"), binding(100, "net1")]).unwrap();
        assert_eq!(text.lines().count(), 4, "a binding a line: {text}");
        let read = from_text(text.as_bytes()).unwrap();
        assert_eq!(read, [binding(100, "net1"), binding(101, "net0")]);
        assert_eq!(from_text(to_text(&[]).unwrap().as_bytes()), Ok(Vec::new()));
    }

    #[test]
    fn another_version_and_damage_are_told_apart() {
        let newer = br#"{"version":2,"bindings":{}}"#;
        assert_eq!(from_text(newer), Err(Unreadable::Version { found: 2 }));
        for damaged in ["", "{", "[]", r#"{"version":1}"#, r#"{"version":1,"bindings":[{}]}"#] {
            let error = from_text(damaged.as_bytes()).unwrap_err();
            assert!(matches!(error, Unreadable::Damaged(_)), "{damaged}: {error}");
        }
    }
}
