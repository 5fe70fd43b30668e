//! What is told of an operation.

use serde::{Deserialize, Serialize};

use crate::hotplug::Plugged;

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// An interface is plugged in.
    Add,
    /// One is taken out.
    Remove,
    /// One is changed.
    Update,
}

impl Kind {
    /// What undoes it.
    pub(super) fn inverse(self) -> Self {
        match self {
            Self::Add => Self::Remove,
            Self::Remove => Self::Add,
            Self::Update => Self::Update,
        }
    }
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It waits for another operation on the same interface.
    Pending,
    /// It is carried out.
    Running,
    /// It is done.
    Succeeded,
    /// It failed, and what it did was undone as far as the error does not say otherwise.
    Failed,
    /// It was undone after its process had ended, or after it was done.
    Undone,
    /// It was ended on request before it was done, and what it did was undone.
    Cancelled,
}

impl State {
    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Undone => "undone",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether it has ended.
    #[must_use]
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Pending | Self::Running)
    }
}

/// One step of an operation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// What is done in it.
    pub name: String,
    /// When it began, in seconds since the epoch.
    pub start: f64,
    /// When it ended, unless it goes on.
    pub end: Option<f64>,
}

/// An operation. Times are in seconds since the epoch.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Status {
    /// Its id.
    pub id: String,
    /// What it does.
    pub kind: Kind,
    /// The container.
    pub vmid: u32,
    /// The N of netN.
    pub netid: u32,
    /// How far it is.
    pub state: State,
    /// Whether its caller went on meanwhile.
    #[serde(rename = "async")]
    pub background: bool,
    /// The process that carries it out, or did.
    pub pid: u32,
    /// When it was asked for.
    pub created: f64,
    /// When it began.
    pub started: Option<f64>,
    /// When it ended.
    pub ended: Option<f64>,
    /// Its steps so far.
    pub steps: Vec<Step>,
    /// Why it failed.
    pub error: Option<String>,
    /// The interface, as it was when it had succeeded.
    pub interface: Option<Plugged>,
}

/// Which operations to list; all, where nothing is given.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Filter {
    /// Those of a container.
    pub vmid: Option<u32>,
    /// Those of the interface netN.
    pub netid: Option<u32>,
    /// Those of a kind.
    pub kind: Option<Kind>,
    /// Those in a state.
    pub state: Option<State>,
}

impl Filter {
    /// Whether an operation is one of those.
    #[must_use]
    pub fn takes(&self, status: &Status) -> bool {
        self.vmid.is_none_or(|vmid| vmid == status.vmid)
            && self.netid.is_none_or(|netid| netid == status.netid)
            && self.kind.is_none_or(|kind| kind == status.kind)
            && self.state.is_none_or(|state| state == status.state)
    }
}
