//! What applying a configuration would change on a node.

use pve_schema::{Error, Map, PerlString};
use pve_sdn::diff::Diff;
use pve_sdn::generate::{Machine, generate};

/// What came of a comparison.
pub struct Compared {
    /// What differs, or what the reference dies with.
    pub diff: Result<Diff, Error>,
    /// What there is to warn of in the new configuration.
    pub warnings: Vec<PerlString<'static>>,
}

/// Compares a configuration with the one in effect. What is wrong with that one has been told when it was applied.
pub fn diff(old: &Map<'_>, new: &Map<'_>, machine: &mut dyn Machine) -> Compared {
    let before = generate(old, machine);
    let after = generate(new, machine);
    let plans = before.plan.and_then(|before| Ok((before, after.plan?)));
    let diff = plans.and_then(|(before, after)| pve_sdn::diff::diff((old, &before), (new, &after)));
    Compared { diff, warnings: after.warnings }
}
