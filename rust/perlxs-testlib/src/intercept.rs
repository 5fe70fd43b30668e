//! Subs that another one answers for.

use perlxs::{Code, Handle, Object};

/// A sub whose calls come by here.
pub struct Intercept(perlxs::Intercept);

impl Object for Intercept {}

/// The same as the product's, whose internal errors a test cannot have.
#[perlxs::package(name = "PerlXS::Test::Intercept", object = Intercept)]
pub mod bindings {
    use super::*;

    use perlxs::{Class, Closing};

    /// An object by which the calls of `$sub` come.
    #[export]
    fn new(class: Class, sub: Code) -> Option<Handle<Intercept>> {
        let intercept = perlxs::Intercept::new(&sub)?;
        Some(Handle::in_class(Intercept(intercept), &class))
    }

    /// Has `$instead` answer, and the sub itself where that has an internal error, of which `$failed` is told.
    #[export]
    fn answer(this: &mut Intercept, instead: Option<Code>, failed: Option<Code>) {
        this.0.answer(instead.as_ref(), failed.as_ref());
    }

    /// Has the sub itself answer its next call.
    #[export]
    fn pass(this: &mut Intercept) {
        this.0.pass();
    }

    /// How often the sub was called.
    #[export]
    fn calls(this: &Intercept) -> u64 {
        this.0.calls()
    }

    /// How many of the calls that another sub answered were measured.
    #[export]
    fn measured(this: &Intercept) -> u64 {
        this.0.measured().0
    }

    /// Has the sub be as it was.
    #[export]
    fn remove(this: Closing<Intercept>) {
        drop(this.into_inner());
    }

    /// Has `$code` called from time to time while intercepted subs are.
    #[export]
    fn look_every(seconds: u32, code: Code) {
        perlxs::look_every(seconds, &code);
    }
}
