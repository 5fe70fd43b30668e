//! Perl calls Rust: the trampoline, values, handles and errors.
//!
//! A call takes three steps. The C shim of `perlxs-sys` resolves what is magical in the arguments, where Perl may die.
//! Rust runs on what that left, and cannot die: [`trampoline`] catches a panic anywhere in decoding, in the function and
//! in dropping what either made. Then the shim pushes the result, or raises the error, with no Rust frame left.
//!
//! A binding is a function with `#[export]` in a module with `#[package(name = "…")]`; what its parameters and its result
//! may be is what implements [`Arg`] and [`Return`]:
//!
//! | in Rust | in Perl |
//! |---|---|
//! | integers, `f64`, `bool` | a number, or a string that is one; nothing is rounded or cut |
//! | `&str`, `String` | characters |
//! | `&[u8]`, `Vec<u8>` | bytes |
//! | `Option<T>` | as `T`; None: undef, or a trailing argument left out |
//! | [`Data<T>`] | any structure that serde can make of `T` |
//! | [`PerlData<T>`] | the same, but objects are read as Perl code would read them |
//! | [`struct@Hash`]`<T>` | a hash of the caller that the function may change through [`Context`] |
//! | [`Class`], [`Ignored`] | the invocant of a class method |
//! | `this: &T`, `this: &mut T` | an object that owns a `T` ([`Handle`]) |
//! | [`Context`], [`Signals`] | not an argument: warnings and effects; waiting while Perl's signal handlers run |

mod arg;
mod call;
mod context;
mod de;
mod error;
mod export;
mod fork;
mod handle;
mod intercept;
mod interpreter;
mod number;
mod panic;
mod ret;
mod ser;
mod signals;
mod text;
mod thread;
mod truth;

pub use arg::{Arg, Class, Data, Hash, Ignored, Input, PerlData};
pub use call::{Call, trampoline};
pub use context::{Changes, Context};
pub use de::from_perl;
pub use error::{DecodeError, Error, Message, Path};
pub use export::{Argument, Export, Package, boot, c_str, min_args};
pub use handle::{Closing, Handle, HandleMut, HandleRef, HandleType, Handled, Object};
pub use intercept::{Code, Intercept, look_every};
pub use interpreter::{Perl, Sv};
pub use perlxs_macro::{export, package};
pub use ret::{Comparison, Empty, List, Return, Returned};
pub use ser::{EncodeError, JSON_BOOLEAN, PERL_UTF8, to_perl};
pub use signals::{Interrupted, Signals};
pub use text::{Bytes, Text};
pub use thread::spawn;
pub use truth::Truth;

#[cfg(panic = "abort")]
compile_error!(
    "a panic is to become a Perl error, not to end the process: build with panic = \"unwind\""
);

#[doc(hidden)]
pub use perlxs_sys as sys;
