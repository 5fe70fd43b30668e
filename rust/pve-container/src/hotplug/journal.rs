//! Who is told how far a change has come, so that another process can finish or undo it.

use pve_netlink::Error;
use pve_netlink::netns::NetNs;

use super::before::Before;

/// Notes of a change. Each is made before what it is about is done.
pub trait Journal: Sync {
    /// A step begins.
    ///
    /// # Errors
    /// [`Error::Interrupted`] when somebody asked for an end; that it cannot be noted.
    fn step(&self, name: &'static str) -> Result<(), Error>;

    /// The container's namespace.
    ///
    /// # Errors
    /// That it cannot be noted.
    fn container(&self, netns: &NetNs) -> Result<(), Error>;

    /// Whether anything is noted: what would be noted need not be found out otherwise.
    fn is_kept(&self) -> bool {
        true
    }

    /// What is about to be changed, as it is. What was told of a link first, counts.
    ///
    /// # Errors
    /// That it cannot be noted.
    fn before(&self, before: &Before) -> Result<(), Error>;

    /// The point of no return: the change is complete or, where it cannot be undone, begins.
    ///
    /// # Errors
    /// As [`Journal::step`].
    fn commit(&self) -> Result<(), Error>;
}

/// For a change of which nothing is noted.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unnoted;

impl Journal for Unnoted {
    fn is_kept(&self) -> bool {
        false
    }
    fn step(&self, _: &'static str) -> Result<(), Error> {
        Ok(())
    }
    fn container(&self, _: &NetNs) -> Result<(), Error> {
        Ok(())
    }
    fn before(&self, _: &Before) -> Result<(), Error> {
        Ok(())
    }
    fn commit(&self) -> Result<(), Error> {
        Ok(())
    }
}
