//! What functions return.

use serde::{Serialize, Serializer};

/// A truth value that is JSON's.
#[derive(Debug)]
pub struct JsonBoolean(bool);

impl Serialize for JsonBoolean {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(perlxs::JSON_BOOLEAN, &self.0)
    }
}

/// Twenty texts, which cost nothing to have.
#[derive(Debug, Serialize)]
#[allow(missing_docs)]
pub struct Twenty {
    pub key00: &'static str,
    pub key01: &'static str,
    pub key02: &'static str,
    pub key03: &'static str,
    pub key04: &'static str,
    pub key05: &'static str,
    pub key06: &'static str,
    pub key07: &'static str,
    pub key08: &'static str,
    pub key09: &'static str,
    pub key10: &'static str,
    pub key11: &'static str,
    pub key12: &'static str,
    pub key13: &'static str,
    pub key14: &'static str,
    pub key15: &'static str,
    pub key16: &'static str,
    pub key17: &'static str,
    pub key18: &'static str,
    pub key19: &'static str,
}

/// Nothing, everywhere.
#[derive(Debug, Serialize)]
pub struct Nothings {
    /// as a hash's value
    pub none: Option<u32>,
    /// likewise
    pub unit: (),
    /// as an array's elements
    pub list: Vec<Option<u32>>,
}

/// Results.
#[perlxs::package(name = "PerlXS::Test::Results")]
pub mod bindings {
    use perlxs::{Comparison, Data, Empty, List};

    use super::{JsonBoolean, Nothings, Twenty};

    /// A hash with undefined values.
    #[export]
    fn nothings() -> Data<Nothings> {
        Data(Nothings { none: None, unit: (), list: vec![None, Some(1), None] })
    }

    /// undef
    #[export]
    fn undefined() -> Option<u32> {
        None
    }

    /// A list of 1 to `count`.
    #[export]
    fn list(count: u32) -> List<u32> {
        List((1..=count).collect())
    }

    /// 1, or the empty list.
    #[export]
    fn maybe(wanted: bool) -> Empty<u32> {
        if wanted { Empty::Value(1) } else { Empty::Nothing }
    }

    /// Truth values inside data.
    #[export]
    fn booleans() -> Data<[bool; 2]> {
        Data([true, false])
    }

    /// The same, as JSON's own.
    #[export]
    fn json_booleans() -> Data<[JsonBoolean; 3]> {
        Data([true, false, true].map(JsonBoolean))
    }

    /// What a comparison in Perl gives.
    #[export]
    fn comparison(value: bool) -> Comparison {
        Comparison(value)
    }

    /// A hash of twenty texts.
    #[export]
    fn twenty() -> Data<Twenty> {
        Data(Twenty {
            key00: "value00",
            key01: "value01",
            key02: "value02",
            key03: "value03",
            key04: "value04",
            key05: "value05",
            key06: "value06",
            key07: "value07",
            key08: "value08",
            key09: "value09",
            key10: "value10",
            key11: "value11",
            key12: "value12",
            key13: "value13",
            key14: "value14",
            key15: "value15",
            key16: "value16",
            key17: "value17",
            key18: "value18",
            key19: "value19",
        })
    }

    /// Sets errno, then succeeds.
    #[export]
    fn change_errno() -> bool {
        // SAFETY: closing a descriptor that cannot be open only sets errno.
        unsafe { libc::close(-1) == -1 }
    }
}
