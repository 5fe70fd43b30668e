//! `PVE::Network::Rust::Takeover::Intercept`

use perlxs::{Code, Handle, Object};
use serde::Serialize;

/// A sub whose calls come by here, as Perl holds it.
pub struct Intercept(perlxs::Intercept);

impl Object for Intercept {}

/// Of the calls that another sub answered, those that were measured.
#[derive(Serialize)]
struct Measured {
    calls: u64,
    seconds: f64,
}

/// Subs that another one answers for, whatever name or reference they are called through.
#[perlxs::package(name = "PVE::Network::Rust::Takeover::Intercept", object = Intercept)]
pub mod package {
    use super::*;

    use perlxs::{Class, Closing, Data};

    /// Returns a new object by which the calls of `$sub` come, a reference; undef where the sub has no body in Perl, or has
    /// such an object already.
    ///
    /// The sub goes on answering until `answer` says otherwise. When the object goes away it is as it was.
    #[export]
    fn new(class: Class, sub: Code) -> Option<Handle<Intercept>> {
        let intercept = perlxs::Intercept::new(&sub)?;
        Some(Handle::in_class(Intercept(intercept), &class))
    }

    /// From the next call on the sub that `$instead` refers to answers, with the caller's own `@_` and context; undef has the
    /// sub itself answer.
    ///
    /// With `$failed`, a reference to a sub, the sub itself answers where `$instead` dies of an internal error of this
    /// library, and `$failed` is called with its text. Whatever else `$instead` dies with is what the caller gets.
    #[export]
    fn answer(this: &mut Intercept, instead: Option<Code>, failed: Option<Code>) {
        this.0.answer(instead.as_ref(), failed.as_ref());
    }

    /// Has the sub itself answer its next call.
    #[export]
    fn pass(this: &mut Intercept) {
        this.0.pass();
    }

    /// Returns how often the sub was called since the object was made, without calls that `pass` was for. A child of a fork
    /// starts at none.
    #[export]
    fn calls(this: &Intercept) -> u64 {
        this.0.calls()
    }

    /// Returns a reference to a hash of `calls`, how many of those that another sub answered were measured, one in sixteen, and
    /// `seconds`, how long these took together. A child of a fork starts at none.
    #[export]
    fn measured(this: &Intercept) -> Data<Measured> {
        let (calls, time) = this.0.measured();
        Data(Measured { calls, seconds: time.as_secs_f64() })
    }

    /// Has the sub be as it was; the object cannot be used afterwards.
    #[export]
    fn remove(this: Closing<Intercept>) {
        drop(this.into_inner());
    }
}
