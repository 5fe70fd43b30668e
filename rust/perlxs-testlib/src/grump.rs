//! An object that panics at its end.

/// Panics when it is dropped.
pub struct Grump {
    text: String,
}

impl Drop for Grump {
    fn drop(&mut self) {
        panic!("{}", self.text)
    }
}

impl perlxs::Object for Grump {}

/// Grumps.
#[perlxs::package(name = "PerlXS::Test::Grump", object = super::Grump)]
pub mod bindings {
    use perlxs::{Closing, Handle, Ignored};

    use super::Grump;

    /// An object that panics with `text` when it goes.
    #[export]
    fn new(_class: Ignored, text: String) -> Handle<Grump> {
        Handle::new(Grump { text })
    }

    /// What it will say.
    #[export]
    fn text(this: &Grump) -> String {
        this.text.clone()
    }

    /// Drops it within a call.
    #[export]
    fn close(this: Closing<Grump>) {
        drop(this.into_inner())
    }
}
