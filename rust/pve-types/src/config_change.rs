//! What was changed in a configuration.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::lenient;

/// What became of the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeType {
    /// It is new.
    Create,
    /// It is replaced as a whole.
    Update,
    /// It is gone.
    Delete,
    /// Parts of it are other than before.
    Modify,
}

/// One change of a configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigChange {
    /// What became of the target.
    pub change_type: ChangeType,
    /// What was changed: an interface, VNet, zone, storage, or a file's name.
    #[serde(deserialize_with = "lenient::name")]
    pub target: String,
    /// How it was; null where it is new or that is not known.
    #[serde(default)]
    pub old_config: Option<Value>,
    /// How it is; null where it is gone or that is not known.
    #[serde(default)]
    pub new_config: Option<Value>,
    /// For people; may be empty.
    #[serde(default, deserialize_with = "lenient::text")]
    pub description: String,
}
